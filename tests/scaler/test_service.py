"""`shardex-scaler run` as a process: it leads, tells, wakes when the StatefulSet changes, and ends in order."""

import pytest
from observing import answering, page, shard
from scaling import scaling
from tree import eventually

from scaler.cluster import Cluster
from scaler.decide import PAUSED
from scaler.options import parse

pytestmark = pytest.mark.slow

LEASE = "/apis/coordination.k8s.io/v1/namespaces/monitoring/leases/shardex-scaler"
FLAGS = ("--namespace=monitoring", "--resources=pods", "--interval=10m")


def test_a_life(server, set_path):
    """From the first decision to SIGTERM: the Lease is held and given back, and a pause is seen at once."""
    cluster = Cluster(parse({"apiserver": server.url}))

    def reason():
        return cluster.set("monitoring", "shardex").annotations.get("shardex.dev/scaler-reason")

    with (
        answering([page(shard(objects={"pods": 120}))]) as urls,
        scaling(server.url, *FLAGS, f"--shard-url={urls[0]}") as scaler,
    ):
        eventually(lambda: reason() == "Satisfied", 60, scaler.log)
        assert "shardex_scaler_leading 1.0" in scaler.metrics()
        assert 'shardex_scaler_decision_total{reason="Satisfied"} 1.0' in scaler.metrics()
        assert cluster.request("GET", LEASE)["spec"]["holderIdentity"]
        eventually(lambda: server.requests("watch", "statefulsets"), 30)
        cluster.patch_set("monitoring", "shardex", {"metadata": {"annotations": {PAUSED: "true"}}})
        eventually(lambda: reason() == "Paused", 60, scaler.log)
        assert "a dry run" in scaler.log()
    assert not cluster.request("GET", LEASE)["spec"].get("holderIdentity")
