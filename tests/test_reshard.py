"""Shard sets of real process trees that grow and shrink under scrapes: what the simulation counts must be nothing."""

from contextlib import ExitStack

import pytest
from tree import adopting, eventually, running

from load import testing
from load.reshard.api import NAME, NAMESPACE, Api
from load.reshard.controller import Controller
from load.reshard.results import Settings, judged
from load.reshard.run import simulate
from scaler.resize import Outcome, Seen, Shard, resize

pytestmark = pytest.mark.slow


def simulated(**settings):
    """Results of a small run; what it found wrong is in the failure."""
    said = []
    with adopting():
        results = simulate(Settings(pods=200, churn=30.0, steady_seconds=1.0, **settings), said.append, said.append)
    return results, "\n".join(said)


def step(results, name):
    (found,) = [one for one in results.steps if one.name == name]
    return found


def test_grow_and_shrink():
    """Nothing is lost from one to three to two pods, and what is shown twice is shown around a flip."""
    results, said = simulated(steps=(1, 3, 2))
    assert judged(results) == [], said
    assert step(results, "1 -> 3").doubled, "the flip of a growing set leaves a gap"
    assert results.restarts == 0


@pytest.mark.parametrize("fault", ["pod", "worker", "apiserver"])
def test_faults_in_the_middle(fault):
    """A preparing pod is killed, or a worker, or the API server restarts: it takes longer, and loses nothing."""
    results, said = simulated(steps=(2, 3, 1), fault=fault)
    assert judged(results) == [], said
    assert results.restarts == (fault == "pod")


def test_a_dead_scaler():
    """Pods give an announcement up that nobody ends, serve on, and follow the next one."""
    results, said = simulated(steps=(2, 1), fault="scaler")
    assert judged(results) == [], said


def test_kubectl_scale():
    """Unannounced, what deleted pods held is missing for as long as the others list it, and then it is all there."""
    results, said = simulated(steps=(3, 1), bare=True)
    assert judged(results) == [], said
    assert step(results, "3 -> 1").lost_seconds < 60  # on a fast machine the gap lies between two rounds
    assert step(results, "steady at 1").lost == 0


class ShardSet:
    """What resize() asks, of a simulated controller and its pods."""

    def __init__(self, api, controller):
        self.api, self.controller = api, controller

    def seen(self):
        found = self.api.stateful_set()
        given = found["metadata"].get("annotations") or {}
        numbers = (int(given.get(f"shardex.dev/{name}", 0)) for name in NAMES)
        return Seen(found["spec"]["replicas"], *numbers)

    def shards(self):
        told = {ordinal: pod.telemetry() for ordinal, pod in dict(self.controller.pods).items()}
        return {
            ordinal: Shard(int(one["serving"]), int(one["preparing"]), bool(one["prepared"]))
            for ordinal, one in told.items()
            if "serving" in one
        }

    def patch(self, body):
        self.api.patch(body)


NAMES = ("preparing-total", "serving-total", "preparing-attempt")


def test_resize_drives_real_pods(tmp_path):
    """The scaler's protocol and the pods' are one: up, down, and on from an order that somebody else gave."""
    with adopting(), ExitStack() as stack:
        server = stack.enter_context(testing.running(pods=100))
        api = Api(server.url)
        api.create_set(1)
        controller = stack.enter_context(Controller(api, ["--resources=pods"], tmp_path))
        shard_set = ShardSet(api, controller)
        for target in (1, 3, 2):
            assert resize(shard_set, target, 120.0).outcome is Outcome.DONE
            assert set(shard_set.shards().values()) >= {Shard(target)}
        api.patch(api.annotate(preparing=1, serving=2))
        eventually(lambda: shard_set.shards().get(0) == Shard(2, 1, True), 60)
        api.patch(api.annotate(serving=1))
        assert resize(shard_set, 3, 120.0).outcome is Outcome.DONE
        eventually(lambda: sorted(controller.pods) == [0, 1, 2], 60)
        assert shard_set.seen() == Seen(3, 0, 3, 1)


def test_a_pod_of_no_stateful_set():
    """It says so and ends: no number of shards could ever be found."""
    with testing.running(pods=5) as server:
        server.add(f"/api/v1/namespaces/{NAMESPACE}/pods/lone-0", {})
        with (
            pytest.raises(AssertionError, match="nobody controls it, not a StatefulSet"),
            running(server.url, "--pod=lone-0", f"--pod-namespace={NAMESPACE}"),
        ):
            pass


def test_an_api_server_that_is_away_at_the_start():
    """The pod is up, alive and not ready, says why, and goes on by itself."""
    with testing.running(pods=20) as server:
        Api(server.url).create_set(1)
        Api(server.url).create_pod(f"{NAME}-0", "1")
        server.fault("status", "pods", "get", status=503, count=2)
        flags = (f"--pod={NAME}-0", f"--pod-namespace={NAMESPACE}", "--resources=pods")
        with running(server.url, *flags, ready=False) as tree:
            eventually(lambda: "503" in tree.readyz().text, 20)
            tree.ready()
            assert tree.told("shardex_shards_serving") == 1
            assert len(tree.scrape().samples) > 100
