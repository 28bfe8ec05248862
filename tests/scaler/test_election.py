"""One leader at a time, by a Lease."""

import threading

from tree import eventually

from scaler.cluster import Cluster
from scaler.election import lead
from scaler.options import parse

LEASE = "/apis/coordination.k8s.io/v1/namespaces/monitoring/leases/shardex-scaler"


class Candidate:
    """A replica in a thread, which leads until it is told to give up or its body fails."""

    def __init__(self, server):
        self.cluster = Cluster(parse({"apiserver": server.url}))
        self.leading, self.fail = threading.Event(), threading.Event()
        self.thread = threading.Thread(
            target=lead, args=(self.cluster, "monitoring", "shardex-scaler", self.body), daemon=True
        )
        self.thread.start()

    def body(self, stop):
        self.leading.set()
        self.fail.wait(60)
        raise RuntimeError("the body ends")

    def holder(self):
        return self.cluster.request("GET", LEASE)["spec"].get("holderIdentity")


def test_one_leads_and_another_takes_over(server):
    """The second waits while the first renews; when the first ends it gives the Lease back and the second leads."""
    first = Candidate(server)
    assert first.leading.wait(30)
    second = Candidate(server)
    held = first.holder()
    assert held
    assert not second.leading.wait(2.5)
    assert first.holder() == held
    first.fail.set()
    first.thread.join(30)
    assert not first.thread.is_alive()
    assert second.leading.wait(30)
    assert eventually(second.holder) != held
    second.fail.set()
    second.thread.join(30)
    assert not second.thread.is_alive()
    assert second.holder() is None


def test_a_server_that_is_away_for_a_while(server):
    """A candidate goes on asking; an API server that breaks a connection does not end it."""
    server.fault("reset", "leases", count=2)
    candidate = Candidate(server)
    try:
        assert candidate.leading.wait(30)
    finally:
        server.clear_faults()
        candidate.fail.set()
        candidate.thread.join(30)
    assert not candidate.thread.is_alive()
