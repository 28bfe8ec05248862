"""Options -> a running process tree: resolve, bind, plan, then fork."""

import logging
from collections.abc import Callable

from shardex import __version__, logs
from shardex.customfile import custom_resources
from shardex.errors import ShardexError
from shardex.kube.client import Client
from shardex.kube.endpoint import Credentials, Endpoint, resolve, ssl_context
from shardex.options import Options
from shardex.serving.gunicorn_conf import serve
from shardex.serving.sockets import listen
from shardex.workers.plan import plan
from shardex.workers.shardset import ShardSet, Unfound, find
from shardex.workers.supervisor import Setup, Supervisor
from shardex.workers.totals import Waits

log = logging.getLogger(__name__)


def run(options: Options, again: Callable[[], Options]) -> int:
    """Until told to stop; the exit status.

    again   the options of now, for a reload
    raise   ShardexError when something that every worker needs is not there
    """
    first = setup(options)
    shard_set = _shard_set(options, first.endpoint)
    main = listen("port", options.host, options.port)
    own = listen("telemetry-port", options.telemetry_host, options.telemetry_port)
    log.info("metrics on port %d, telemetry and /readyz on port %d", main.getsockname()[1], own.getsockname()[1])
    supervisor = Supervisor(
        first,
        front=lambda board, ends: serve(options, (main, own), board, ends, shard_set),
        listeners=(main, own),
        again=lambda: setup(again()),
        log_up=lambda shard: logs.set_up(options.log_format, options.v, shard),
    )
    return supervisor.run()


def setup(options: Options) -> Setup:
    """What the workers are to run; what is wrong with it is said here, not in each of them."""
    custom = custom_resources(options)
    endpoint = resolve(options.apiserver, options.kubeconfig)
    if endpoint.url.startswith("https"):
        ssl_context(endpoint)
    return Setup(options, plan(options), endpoint, custom)


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
    waits = Waits(options.reshard_timeout, options.reshard_overlap)
    # A client of its own: a connection does not survive a fork.
    client = Client(Credentials(endpoint, options.kubeconfig), agent)
    return ShardSet(client, options.pod_namespace, options.pod, waits)
