"""A pod's place in its StatefulSet, and what its processes are told of it, on a synthetic API server."""

import threading

import msgspec
import pytest
from helpers import cases
from tree import eventually

from load import testing
from load.reshard.api import NAME, NAMESPACE, Api
from shardex.errors import ShardexError
from shardex.kube.client import Client
from shardex.kube.endpoint import Credentials, Endpoint
from shardex.workers.board import Board
from shardex.workers.shardset import PREPARING, SERVING, Place, ShardSet, StatefulSet, Unfound, find
from shardex.workers.share import Share, share_of
from shardex.workers.totals import View, Waits

POD = f"{NAME}-2"
SET = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{NAME}"


@pytest.fixture(scope="module")
def server():
    with testing.running(pods=0) as found:
        yield found


@pytest.fixture
def api(server):
    """An API server with a StatefulSet of three, which knows nothing of its pods yet."""
    found = Api(server.url)
    found.create_set(3)
    found.stop = threading.Event()
    yield found
    found.stop.set()
    server.clear_faults()
    for path in [SET, *(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}" for name in (POD, f"{NAME}-0", "other"))]:
        try:
            server.delete(path)
        except testing.ControlError:
            continue


def client(api):
    return Client(Credentials(Endpoint(api.url), ""), "test")


def owned(server, name=POD, kind="StatefulSet", controller=True, owner=NAME):
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": owner, "uid": "1", "controller": controller}
    server.add(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}", {"metadata": {"ownerReferences": [reference]}})


def test_a_place(server, api):
    """The controller's reference says which StatefulSet, whatever the labels; the name's number says which pod."""
    owned(server)
    assert find(client(api), NAMESPACE, POD) == Place(NAMESPACE, NAME, 2)


@pytest.mark.parametrize(("given", "want"), cases("sharding_cases", "autosharding_from_statefulset"))
def test_a_place_is_the_peers(server, api, given, want):
    """A pod's shard and total are the peer's; one below 0, with which the peer runs and shows nothing, is refused."""
    name = given["pod"]
    owned(server, name, owner=given["statefulset"])
    document = msgspec.json.encode({"metadata": {}, "spec": {"replicas": given["replicas"]}})
    seen = msgspec.json.decode(document, type=StatefulSet)
    try:
        if "error" in want or want["shard"] < 0:
            with pytest.raises(Unfound, match=f"--pod={name}: not a pod's name in StatefulSet ksm"):
                find(client(api), NAMESPACE, name)
        else:
            found = {"shard": find(client(api), NAMESPACE, name).number - seen.first, "total": seen.view.replicas}
            assert found == want
    finally:
        server.delete(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}")


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        (POD, {"kind": "ReplicaSet"}, "a ReplicaSet controls it"),
        (POD, {"controller": False}, "nobody controls it"),
        ("other", {}, "use --shard and --total-shards"),
    ],
)
def test_no_place(server, api, name, more, said):
    """A pod that is of no StatefulSet will never be: that is said at once, with what to do."""
    owned(server, name, **more)
    with pytest.raises(Unfound, match=said):
        find(client(api), NAMESPACE, name)


def test_a_pod_that_is_not_there(api):
    """A wrong name is a fault of the command line."""
    with pytest.raises(Unfound, match=f"--pod={POD}: 404"):
        find(client(api), NAMESPACE, POD)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_cannot_say_it_now(server, api, status):
    """What may be otherwise a moment later is no reason to end."""
    owned(server)
    server.fault("status", "pods", "get", status=status)
    with pytest.raises(ShardexError) as caught:
        find(client(api), NAMESPACE, POD)
    assert not isinstance(caught.value, Unfound)
    assert find(client(api), NAMESPACE, POD).number == 2


@pytest.mark.parametrize(
    ("document", "want"),
    [
        ({}, View(1, 0, 0, 0)),
        ({"spec": {"replicas": 0}}, View(0, 0, 0, 0)),
        ({"metadata": {"annotations": {PREPARING: "3", SERVING: "x"}}}, View(1, 0, 0, 0, announced=3)),
        ({"metadata": {"annotations": {PREPARING: "-1", SERVING: "99999"}}}, View(1, 0, 0, 0)),
        (
            {
                "metadata": {"generation": 7},
                "spec": {"replicas": 5},
                "status": {"readyReplicas": 5, "updatedReplicas": 4, "currentReplicas": 4, "observedGeneration": 7},
            },
            View(5, 4, 7, 7),
        ),
        (
            {
                "spec": {"replicas": 5},
                "status": {
                    "readyReplicas": 4, "updatedReplicas": 2, "currentReplicas": 3, "currentRevision": "a",
                    "updateRevision": "b",
                },
            },
            View(5, 4, 0, 0),
        ),
    ],
)  # fmt: skip
def test_views(document, want):
    """What is absent is nothing; a pod that is being deleted is ready to the last, but not counted on."""
    text = msgspec.json.encode({"metadata": {}} | document)
    assert msgspec.json.decode(text, type=StatefulSet).view == want


class Followed:
    """A shard set followed in a thread, on a board of one worker that holds everything at once."""

    def __init__(self, api, pod=POD, word=0):
        self.board = Board(1)
        self.board.share = word
        self.shard_set = ShardSet(client(api), NAMESPACE, pod, Waits(60.0, 0.2, 2.0))
        threading.Thread(target=self.shard_set.run, args=(self.board, api.stop), daemon=True).start()

    def saw(self, **fields):
        """Wait until the StatefulSet was seen so, and decided upon."""
        latest = self.shard_set._latest

        def seen():
            view = latest.seen.view if latest.seen and not latest.news.is_set() else None
            return view and all(getattr(view, name) == value for name, value in fields.items())

        eventually(seen)

    def told(self, share, hold=True, seconds=15.0):
        """Wait for a word, and hold it if told to."""

        def said():
            if hold:
                self.board.hold(0, self.board.share)
            return share_of(self.board.share) == share

        eventually(said, seconds, lambda: f"{share_of(self.board.share)}, {self.shard_set.fault}")


def status(api, ready, **more):
    meta = api.stateful_set()["metadata"]
    api.patch(
        {
            "status": {
                "readyReplicas": ready,
                "updatedReplicas": ready,
                "observedGeneration": meta["generation"],
                **more,
            }
        },
        "/status",
    )


def test_from_three_to_four_and_back(server, api):
    """Every step of the protocol, as the pod's processes are told it."""
    owned(server)
    status(api, 3)
    followed = Followed(api)
    followed.told(Share(2, 3))
    api.scale(4)
    followed.told(Share(2, 3, 4))
    status(api, 4)
    followed.told(Share(2, 4, 3, overlap=True))
    followed.told(Share(2, 4))
    api.patch(api.annotate(preparing=3, serving=4))
    followed.told(Share(2, 4, 3))
    api.patch(api.annotate(serving=3))
    followed.told(Share(2, 3))
    api.patch({**api.annotate(preparing=None), "spec": {"replicas": 3}})
    followed.saw(replicas=3, announced=0)
    assert share_of(followed.board.share) == Share(2, 3)
    assert dict(followed.shard_set.outcomes) == {("flipped", "Grown"): 1, ("flipped", "Shrunk"): 1}


def test_nothing_flips_before_it_is_held(server, api):
    """Everyone else may be ready: a pod that has not built its part serves on what it has."""
    owned(server)
    status(api, 3)
    followed = Followed(api)
    followed.told(Share(2, 3))
    api.patch(api.annotate(preparing=2, serving=3))
    followed.told(Share(2, 3, 2), hold=False)
    api.patch({**api.annotate(preparing=None), "spec": {"replicas": 4}})
    followed.told(Share(2, 3, 4), hold=False)
    status(api, 4)
    followed.saw(ready=4)
    assert share_of(followed.board.share) == Share(2, 3, 4)
    followed.told(Share(2, 4), hold=True)


def test_the_first_pod_writes_down_what_is_served(server, api):
    """So that one that restarts in the middle of a change knows it; the others only read it."""
    first = f"{NAME}-0"
    owned(server)
    owned(server, first)
    status(api, 3)
    Followed(api).told(Share(2, 3))
    assert SERVING not in (api.stateful_set()["metadata"].get("annotations") or {})
    Followed(api, first).told(Share(0, 3))
    eventually(lambda: (api.stateful_set()["metadata"].get("annotations") or {}).get(SERVING) == "3")


def test_a_server_that_restarts_in_the_middle(server, api):
    """The watch is begun again at once, and what was missed is made up for."""
    owned(server)
    status(api, 3)
    followed = Followed(api)
    followed.told(Share(2, 3))
    api.scale(4)
    followed.told(Share(2, 3, 4))
    server.restart()
    status(api, 4)
    followed.told(Share(2, 4), seconds=5.0)


def test_a_front_that_starts_anew(server, api):
    """It takes up what the board says, in the middle of a change too."""
    owned(server)
    status(api, 2)
    followed = Followed(api, word=Share(2, 2, 3).word)
    eventually(lambda: not followed.shard_set.fault)
    followed.told(Share(2, 2, 3))
    status(api, 3)
    followed.told(Share(2, 3))


def test_what_is_not_known_is_said(server, api):
    """Without a StatefulSet nothing is decided, and /readyz has the reason."""
    server.fault("status", "pods", "get", status=503, count=-1)
    followed = Followed(api)
    eventually(lambda: "503" in followed.shard_set.fault)
    assert share_of(followed.board.share) is None


def test_a_pod_before_the_first(server, api):
    """.spec.ordinals.start moves the numbers: shards count from it."""
    owned(server)
    api.patch({"spec": {"ordinals": {"start": 3}}})
    followed = Followed(api)
    eventually(lambda: "has number 3" in followed.shard_set.fault)
    api.patch({"spec": {"ordinals": {"start": 1}}})
    status(api, 3)
    followed.told(Share(1, 3))
