"""Options -> a running process tree: resolve, bind, plan, then fork."""

import logging
from collections.abc import Callable

from shardex import logs
from shardex.customfile import custom_resources
from shardex.kube.endpoint import resolve, ssl_context
from shardex.options import Options
from shardex.serving.gunicorn_conf import serve
from shardex.serving.sockets import listen
from shardex.workers.plan import plan
from shardex.workers.supervisor import Setup, Supervisor

log = logging.getLogger(__name__)


def run(options: Options, again: Callable[[], Options]) -> int:
    """Until told to stop; the exit status.

    again   the options of now, for a reload
    raise   ShardexError when something that every worker needs is not there
    """
    first = setup(options)
    main = listen("port", options.host, options.port)
    own = listen("telemetry-port", options.telemetry_host, options.telemetry_port)
    log.info("metrics on port %d, telemetry and /readyz on port %d", main.getsockname()[1], own.getsockname()[1])
    supervisor = Supervisor(
        first,
        front=lambda board, ends: serve(options, (main, own), board, ends),
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
