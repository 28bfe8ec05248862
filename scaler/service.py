"""`run` as a process: its metrics, its election, and the eyes that wake it when the StatefulSet changes."""

import logging
import signal
import sys
import threading
from typing import NoReturn

from prometheus_client import start_http_server

from scaler.apply import Teller
from scaler.cluster import Cluster, ClusterError
from scaler.controller import Controller
from scaler.decide import PAUSED
from scaler.election import lead
from scaler.metrics import Metrics
from scaler.observe import Observer
from scaler.options import Options
from scaler.shardset import ClusterResizer

log = logging.getLogger(__name__)

_WATCH_SECONDS = 300
_PAUSE_SECONDS = 5.0


def serve(options: Options) -> int:
    """Until SIGTERM (0) or until the Lease is lost (1): then the kubelet starts this anew, as a follower."""
    signal.signal(signal.SIGTERM, _end)
    cluster = Cluster(options)
    observer, metrics = Observer(options, cluster), Metrics()
    server, _ = start_http_server(options.metrics_port, options.metrics_host, metrics.registry)
    log.info("metrics on port %d", server.server_port)
    if not options.apply:
        log.info("a dry run: decisions are told, and nothing is changed without --apply")
    namespace, name = observer.place

    def body(stop: threading.Event) -> None:
        metrics.leading.set(1)
        wake = threading.Event()
        threading.Thread(target=_watch, args=(cluster, namespace, name, wake, stop), daemon=True).start()
        teller = Teller(cluster, acts=options.apply)
        resizer = ClusterResizer(options, cluster) if options.apply else None
        Controller(options, observer.observe, teller, resizer, metrics).run(wake, stop)

    lead(cluster, namespace, options.lease, body)
    return 1


def _end(*_: object) -> NoReturn:
    log.info("stopping")
    sys.exit(0)


def _watch(cluster: Cluster, namespace: str, name: str, wake: threading.Event, stop: threading.Event) -> None:
    """Wake the controller when someone changes the spec, or pauses it; what it writes itself wakes nobody."""
    before: object = None
    while not stop.is_set():
        try:
            for document in cluster.watch_set(namespace, name, _WATCH_SECONDS):
                meta = document["metadata"]
                now = (meta.get("generation"), (meta.get("annotations") or {}).get(PAUSED))
                if before is not None and now != before:
                    wake.set()
                before = now
        except ClusterError as error:
            log.debug("the watch of the StatefulSet ended: %s", error)
            stop.wait(_PAUSE_SECONDS)  # the interval of the controller goes on meanwhile
