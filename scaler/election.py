"""One leader among the replicas: a Lease, held by the `kubernetes` package's leader election."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

from scaler.cluster import Cluster, ClusterError

log = logging.getLogger(__name__)

# client-go's defaults, as every controller of a cluster has them.
_LEASE_SECONDS, _RENEW_SECONDS, _RETRY_SECONDS = 15, 10, 2


def lead(cluster: Cluster, namespace: str, name: str, body: Callable[[threading.Event], None]) -> None:
    """Wait for the Lease, then run the body beside its renewal; returns when the Lease or the body is lost.

    body   given an event that is set when it must end; whatever it does after that, another leader does too
    """
    logging.getLogger("leaderelection").setLevel(logging.WARNING)  # it says at every renewal that it has renewed
    lock = _Lock(cluster, name, namespace)
    stop = threading.Event()
    times = {"lease_duration": _LEASE_SECONDS, "renew_deadline": _RENEW_SECONDS, "retry_period": _RETRY_SECONDS}

    def leading() -> None:
        log.info("leading, as %s", lock.identity)
        body(stop)

    settings = electionconfig.Config(lock, onstarted_leading=leading, onstopped_leading=stop.set, **times)
    log.info("waiting for the Lease %s/%s, as %s", namespace, name, lock.identity)
    try:
        leaderelection.LeaderElection(settings).run()
    finally:
        stop.set()
        lock.release()
    log.error("the Lease was lost")


class _Lock(LeaseLock):  # type: ignore[misc]
    """A Lease whose server may be away for a while: the package expects answers, be they errors."""

    def __init__(self, cluster: Cluster, name: str, namespace: str) -> None:
        super().__init__(
            name, namespace, f"{os.environ.get('POD_NAME') or socket.gethostname()}_{uuid.uuid4().hex[:8]}"
        )
        self._cluster = cluster
        self.api_instance = client.CoordinationV1Api(cluster.api)

    def get(self, name: str, namespace: str) -> tuple[bool, Any]:
        try:
            found, record = super().get(name, namespace)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return False, ApiException(status=0, reason=str(error))
        return found, record

    def create(self, name: str, namespace: str, election_record: Any) -> bool:
        with suppress(urllib3.exceptions.HTTPError, OSError):
            return bool(super().create(name, namespace, election_record))
        return False

    def update(self, name: str, namespace: str, updated_record: Any) -> bool:
        with suppress(urllib3.exceptions.HTTPError, OSError):
            return bool(super().update(name, namespace, updated_record))
        return False

    def release(self) -> None:
        """Let another replica lead at once, instead of when the Lease has run out."""
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/{self.name}"
        with suppress(ClusterError):
            found = self._cluster.request("GET", path)
            if found["spec"].get("holderIdentity") == self.identity:
                found["spec"]["holderIdentity"] = None
                self._cluster.request("PUT", path, None, found)
