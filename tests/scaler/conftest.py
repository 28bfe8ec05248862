"""One synthetic API server for the tests of a file, with a StatefulSet and a few objects."""

import pytest

from load.testing import running

NAMESPACE = "/namespaces/monitoring"
SET_PATH = f"/apis/apps/v1{NAMESPACE}/statefulsets/shardex"


def stateful_set(replicas=1, memory="256Mi", cpu="2", **annotations):
    """As a user writes it."""
    limits = {"limits": {"memory": memory, "cpu": cpu}}
    containers = [{"name": "sidecar"}, {"name": "shardex", "resources": limits}]
    spec = {"replicas": replicas, "serviceName": "shardex", "template": {"spec": {"containers": containers}}}
    return {"metadata": {"annotations": annotations}, "spec": spec}


@pytest.fixture(scope="module")
def server():
    """120 pods and what belongs to them."""
    with running(pods=120, kinds="pods,configmaps,namespaces") as server:
        yield server


@pytest.fixture
def set_path(server):
    """A StatefulSet of one replica, as good as new."""
    server.add(SET_PATH, stateful_set())
    yield SET_PATH
    server.delete(SET_PATH)
    server.clear_faults()
