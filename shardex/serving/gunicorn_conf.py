"""The front's process: gunicorn around the WSGI application, on sockets that are bound already."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from shardex.options import Options
from shardex.serving.connections import limits
from shardex.serving.upstream import Upstream
from shardex.serving.wsgi import Front
from shardex.workers.board import Board
from shardex.workers.children import die_with_parent
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
    def __init__(self, front: Front, settings: dict[str, Any], beside: Callable[[], None] | None) -> None:
        self._front = front
        self._beside = beside
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Front:
        if self._beside is not None:  # here, since a thread of the arbiter's would not come along into its worker
            threading.Thread(target=_guarded, args=(self._beside,), daemon=True).start()
        return self._front


def serve(
    options: Options,
    listeners: Sequence[socket.socket],
    board: Board,
    ends: Sequence[socket.socket],
    shard_set: ShardSet | None = None,
) -> None:
    """Answer until SIGTERM, then finish what is under way; the body of a forked process.

    listeners  of the main port and of the telemetry port
    ends       the front's ends of the workers' channels
    shard_set  followed beside the answers; None where the number of shards never changes
    """
    telemetry_port = listeners[1].getsockname()[1]
    front = Front(Upstream(board, ends, options.stale_segments_ttl), options, telemetry_port, shard_set)
    settings = {
        # gunicorn closes what it is given and takes copies: a socket object that still thinks it owns the number would
        # one day close somebody else's file.
        "bind": [f"fd://{listener.detach()}" for listener in listeners],
        "workers": 1,
        "worker_class": limits(
            _sooner(options.server_read_header_timeout, options.server_read_timeout), options.server_write_timeout
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
    beside = (lambda: shard_set.run(board, threading.Event())) if shard_set is not None else None
    _Application(front, settings, beside).run()


def _guarded(body: Callable[[], None]) -> None:
    """A thread that cannot go on ends the process, and gunicorn starts a whole one instead of half of one."""
    try:
        body()
    except BaseException:
        log.exception("the shard set cannot be followed")
        os._exit(1)


def _sooner(*seconds: float) -> float:
    """The smallest, where 0 is no limit: a request without a body is read when its header is."""
    return min((one for one in seconds if one), default=0.0)
