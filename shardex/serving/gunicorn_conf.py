"""The front's process: gunicorn around the WSGI application, on sockets that are bound already."""

import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from shardex.errors import OptionsError
from shardex.kube.client import Client
from shardex.kube.endpoint import Credentials, Endpoint
from shardex.kube.reviews import Reviewer
from shardex.options import Options
from shardex.serving.connections import limits
from shardex.serving.doors import Doors
from shardex.serving.locks import Tokens
from shardex.serving.tls import WebFile
from shardex.serving.upstream import Upstream
from shardex.serving.wsgi import Front
from shardex.workers.board import Board
from shardex.workers.children import die_with_parent
from shardex.workers.guard import guarded
from shardex.workers.shardset import ShardSet

log = logging.getLogger(__name__)

# Answers under way at once: a scrape that is read slowly holds a thread, and probes must still find one.
_THREADS = 32
_CONNECTIONS = 500  # kept open; with all else the process has open it stays below the usual limit of 1024 files
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  writable in a container whose root file system is not


class _Log(Logger):  # type: ignore[misc]  # the package has no types
    """gunicorn's messages as lines like all others."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
        self.error_log.setLevel(logging.WARNING)
        self.access_log.setLevel(logging.CRITICAL)


class _Application(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Doors, settings: dict[str, Any], beside: Sequence[Callable[[], None]]) -> None:
        self._app = app
        self._beside = beside
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Doors:
        for body in self._beside:  # here, since a thread of the arbiter's would not come along into its worker
            threading.Thread(target=guarded, args=(body,), daemon=True).start()
        return self._app


def serve(
    options: Options,
    endpoint: Endpoint,
    listeners: Sequence[socket.socket],
    board: Board,
    ends: Sequence[socket.socket],
    shard_set: ShardSet | None = None,
) -> None:
    """Answer until SIGTERM, then finish what is under way; the body of a forked process.

    endpoint   the API server, for --auth-filter
    listeners  of the main port and of the telemetry port
    ends       the front's ends of the workers' channels
    shard_set  followed beside the answers; None where the number of shards never changes
    """
    telemetry_port = listeners[1].getsockname()[1]
    web = _web_file(options.tls_config)
    tokens = None
    if options.auth_filter:
        client = Client(Credentials(endpoint, options.kubeconfig), "shardex --auth-filter")
        tokens = Tokens(Reviewer(client).review)
    front = Front(Upstream(board, ends, options.stale_segments_ttl), options, telemetry_port, shard_set)
    app = Doors(front, web.now if web else None, tokens, front.refused)
    settings = {
        # gunicorn closes what it is given and takes copies: a socket object that still thinks it owns the number would
        # one day close somebody else's file.
        "bind": [f"fd://{listener.detach()}" for listener in listeners],
        "workers": 1,
        "worker_class": limits(
            _sooner(options.server_read_header_timeout, options.server_read_timeout),
            options.server_write_timeout,
            (lambda: web.now().context) if web and web.now().context else None,
        ),
        "threads": _THREADS,
        "worker_connections": _CONNECTIONS,
        "keepalive": max(1, int(options.server_idle_timeout)),
        "graceful_timeout": max(1, int(options.drain_timeout) - 1),
        "logger_class": _Log,
        "control_socket_disable": True,
        "post_fork": lambda _arbiter, _worker: die_with_parent(signal.SIGTERM),
        "proc_name": "shardex front",
    }
    if _SHARED_MEMORY.is_dir():
        settings["worker_tmp_dir"] = str(_SHARED_MEMORY)
    beside: list[Callable[[], None]] = []
    if shard_set is not None:
        beside.append(lambda: shard_set.run(board, threading.Event()))
    if options.ready_file:
        beside.append(lambda: front.readiness.post(threading.Event()))
    _Application(app, settings, beside).run()


def _web_file(path: str) -> WebFile | None:
    """It was right when the pod started; a front that begins again may find it broken, and is tried again later."""
    try:
        return WebFile(Path(path)) if path else None
    except OptionsError as error:
        log.error("no answers until it is mended: %s", error)  # noqa: TRY400  a traceback says no more
        sys.exit(1)


def _sooner(*seconds: float) -> float:
    """The smallest, where 0 is no limit: a request without a body is read when its header is."""
    return min((one for one in seconds if one), default=0.0)
