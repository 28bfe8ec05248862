"""20,000 pods that change all the time, an API server that restarts, and a storm of 410s."""

import itertools
import re
import urllib.request

import msgspec
import pytest
from reflecting import PODS, QUICK, READING, Reflection, asked, kind_of, reflecting, until

from load.testing import running

PODS_COUNT = 20_000
STORM = 4  # watches in a row that begin with 410
BACKOFF = msgspec.structs.replace(QUICK, first_seconds=0.05, cap_seconds=10.0)

_INFO = re.compile(r'uid="([^"]*)",host_ip="([^"]*)",pod_ip="([^"]*)",node="([^"]*)"')


class Uids(Reflection):
    """A reflection whose scrapes are read for uids: those of 20,000 pods, several times a second."""

    pause_seconds = 0.25

    def lines(self):
        return frozenset(uid for uid, *_ in self.pods())

    def pods(self):
        """(uid, host IP, pod IP, node) of each pod, as its kube_pod_info says."""
        found = _INFO.findall(self.text())
        assert len(found) == len({uid for uid, *_ in found}), "a pod is shown twice"
        return found


class Meta(msgspec.Struct):
    uid: str


class Spec(msgspec.Struct, rename="camel"):
    node_name: str = ""


class Status(msgspec.Struct):
    host_ip: str = msgspec.field(name="hostIP", default="")
    pod_ip: str = msgspec.field(name="podIP", default="")


class Pod(msgspec.Struct):
    metadata: Meta
    spec: Spec
    status: Status


class Listed(msgspec.Struct):
    items: list[Pod]


def listed(server):
    """The same of the server's own list, read without any of our code."""
    with urllib.request.urlopen(f"{server.url}/api/v1/pods") as answer:
        pods = msgspec.json.decode(answer.read(), type=Listed).items
    return {(pod.metadata.uid, pod.status.host_ip, pod.status.pod_ip, pod.spec.node_name) for pod in pods}


def changing(shown):
    """Wait until changes arrive by the watch."""
    before = shown.standing().lists["success"], shown.standing().events["OBJECT"]

    def more(standing):
        nonlocal before
        if standing.lists["success"] != before[0]:
            before = standing.lists["success"], standing.events["OBJECT"]
        return standing.events["OBJECT"] > before[1] + 100

    shown.until(more, seconds=60)


@pytest.mark.slow
@pytest.mark.parametrize("streams", [True, False], ids=["stream", "pages"])
def test_a_storm_loses_nothing(streams):
    """Every scrape shows every pod that lives through it; each lost version costs one list, after growing waits; and
    what is shown in the end is what the server has."""
    whole = "stream" if streams else "list"
    with running(pods=PODS_COUNT, kinds="pods") as server:
        if not streams:
            server.fault("refuse_streaming", "pods", "stream", count=-1)
        reading = msgspec.structs.replace(READING, page_size=500, stream_idle_seconds=15.0, backoff=BACKOFF)
        options = {"target": PODS, "reading": reading, "families": {"kube_pod_info"}}
        with reflecting(server, kind=Uids, **options) as shown:
            shown.until(lambda standing: standing.synced, seconds=60)
            shown.kept = shown.lines()
            assert shown.kept == {uid for uid, *_ in listed(server)}
            first = asked(server).count(whole)

            server.churn("steady", 200)
            changing(shown)
            server.restart()
            changing(shown)
            assert asked(server).count(whole) <= first + 1
            lists_before = shown.standing().lists["success"]

            server.clear_requests()
            server.fault("gone", "pods", "watch", count=STORM)
            server.restart()
            want = 1 if streams else STORM  # a stream that is gone at its beginning has listed nothing
            until(lambda: server.state()["faults"][-1]["count"] == 0, seconds=60)
            shown.until(lambda standing: standing.lists["success"] == lists_before + want, seconds=60)
            until(lambda: asked(server)[-1] in {"stream", "watch"}, seconds=60)
            lists = [entry["time"] for entry in server.requests(resource="pods") if kind_of(entry) == whole]
            assert len(lists) == STORM
            gaps = [after - before for before, after in itertools.pairwise(lists)]
            assert all(gap >= BACKOFF.delay(turn, 0.0) for turn, gap in enumerate(gaps, start=2))

            changing(shown)
            server.churn("steady", 0)
            here = listed(server)
            until(lambda: set(shown.pods()) == here, seconds=60)
            assert shown.scrapes > 20
            # The others went away, as pods do; the scrapes, which go on, must not miss them any more.
            shown.kept &= {uid for uid, *_ in here}
            shown.lost &= shown.kept
