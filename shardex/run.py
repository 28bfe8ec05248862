"""Options -> a running process tree: resolve, bind, plan, then fork."""

import gc
import logging
import socket
from collections.abc import Callable

from shardex import __version__, logs
from shardex.customfile import custom_resources
from shardex.errors import ShardexError
from shardex.kube.client import Client
from shardex.kube.endpoint import Credentials, Endpoint, resolve, ssl_context
from shardex.options import Options
from shardex.serving.sockets import listen
from shardex.verify import verify
from shardex.workers.board import Board
from shardex.workers.plan import plan
from shardex.workers.readyfile import ReadyFile
from shardex.workers.reload import Setup
from shardex.workers.shardset import ShardSet, Unfound, find
from shardex.workers.supervisor import Supervisor
from shardex.workers.totals import Waits
from shardex.workers.watching import files, look

_LINGER_SECONDS = 10.0  # more than the others take to begin a watch of the StatefulSet anew, and the scaler to see them

log = logging.getLogger(__name__)


def run(options: Options, again: Callable[[], Options]) -> int:
    """Until told to stop; the exit status.

    options  as they were read to begin with
    again    reads them anew
    raise    ShardexError when something that every worker needs is not there
    """
    before = look(files(options))
    options = again()  # what was written between the first reading and the look would go unnoticed for ever
    verify(options)
    ready = ReadyFile(options.ready_file)
    ready.show(ready=False)  # one that a pod left that was killed: the volume outlives the container
    first = setup(options)
    shard_set = _shard_set(options, first.endpoint)
    main = listen("port", options.host, options.port)
    own = listen("telemetry-port", options.telemetry_host, options.telemetry_port)
    log.info("metrics on port %d, telemetry and /readyz on port %d", main.getsockname()[1], own.getsockname()[1])
    supervisor = Supervisor(
        first,
        front=_front(options, first.endpoint, (main, own), shard_set),
        listeners=(main, own),
        again=lambda: answered(setup(again())),
        log_up=lambda shard: logs.set_up(options.log_format, options.v, shard),
        before=before,
        ready=ready,
    )
    return supervisor.run()


def setup(options: Options) -> Setup:
    """What the workers are to run; what is wrong with it is said here, not in each of them."""
    custom = custom_resources(options)
    endpoint = resolve(options.apiserver, options.kubeconfig)
    if endpoint.url.startswith("https"):
        ssl_context(endpoint)
    return Setup(options, plan(options), endpoint, custom)


def answered(setup: Setup) -> Setup:
    """The same, once the API server has answered: a reload ends workers that know their objects for ones that ask it.

    raise   ShardexError when it does not answer, or does not know who we are
    """
    Client(Credentials(setup.endpoint, setup.options.kubeconfig), f"shardex/{__version__} (reload)").knock()
    return setup


def _front(
    options: Options, endpoint: Endpoint, listeners: tuple[socket.socket, socket.socket], shard_set: ShardSet | None
) -> Callable[[Board, list[socket.socket]], None]:
    """The body of the front's process."""

    def front(board: Board, ends: list[socket.socket]) -> None:
        # gunicorn and prometheus-client: a third of all that is imported, and it is loaded while the workers list.
        from shardex.serving.gunicorn_conf import serve  # noqa: PLC0415

        gc.freeze()  # shared with the process that gunicorn forks, as what came before is by all
        serve(options, endpoint, listeners, board, ends, shard_set)

    return front


def _shard_set(options: Options, endpoint: Endpoint) -> ShardSet | None:
    """The shard set that --pod is of; None without it.

    raise  Unfound when it is of none; when the API server cannot be asked now, it is asked again later
    """
    if not options.pod:
        return None
    agent = f"shardex/{__version__} (pod {options.pod})"
    client = Client(Credentials(endpoint, options.kubeconfig), agent)
    try:
        find(client, options.pod_namespace, options.pod)
    except Unfound:
        raise
    except ShardexError as error:
        log.warning("the StatefulSet of pod %s is not known yet: %s", options.pod, error)
    overlap = options.reshard_overlap
    waits = Waits(options.reshard_timeout, overlap, overlap + _LINGER_SECONDS)
    # A client of its own: a connection does not survive a fork.
    client = Client(Credentials(endpoint, options.kubeconfig), agent)
    return ShardSet(client, options.pod_namespace, options.pod, waits)
