"""Who a token belongs to and what they may, as the API server says it; every way in which it does not say."""

import json

import pytest
from kubeconfigs import kubeconfig
from reflecting import client_of

from load import testing
from shardex.errors import ShardexError
from shardex.kube import reviews
from shardex.kube.client import Client, RefusedError
from shardex.kube.endpoint import Credentials, resolve
from shardex.kube.reviews import Review, Reviewer

KNOWN, UNKNOWN = {"authenticated": True, "user": {"username": "u"}}, {"user": {}, "error": "invalid bearer token"}


@pytest.fixture(scope="module")
def server():
    with testing.running(token=("own:shardex", "good:alice"), powerless_token=("weak:bob",)) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_faults(server):
    server.clear_faults()


@pytest.fixture
def reviewer(server):
    return Reviewer(client_of(server.url, token="own"))


@pytest.mark.parametrize(
    ("token", "want"),
    [
        ("good", Review("alice", allowed=True)),
        ("weak", Review("bob", allowed=False)),
        ("wrong", Review(None)),
        ("own", Review("shardex", allowed=True)),
    ],
)
def test_verdicts(reviewer, token, want):
    """One review of the token, and one of the access when it belongs to somebody."""
    assert reviewer.review(token, "/metrics", "get") == want


class Scripted:
    """An API server that answers reviews as told, and keeps what it was asked."""

    def __init__(self, *statuses):
        self.asked = []
        self._statuses = iter(statuses)

    def post(self, path, body, patience):
        self.asked.append((path, json.loads(body)))
        return json.dumps({"status": next(self._statuses)}).encode()


def test_what_is_asked():
    """The user goes to the second review as the first one gave it, groups and extras too; the token does not."""
    user = {"username": "u", "uid": "1", "groups": ["g"], "extra": {"k": ["v"]}}
    server = Scripted({"authenticated": True, "user": user}, {"allowed": True})
    assert Reviewer(server).review("tok", "/metrics", "get") == Review("u", allowed=True)
    (path, first), (_, second) = server.asked
    assert path == "/apis/authentication.k8s.io/v1/tokenreviews"
    assert first == {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "tok"}}
    attributes = {"path": "/metrics", "verb": "get"}
    wanted = {"user": "u", "uid": "1", "groups": ["g"], "extra": {"k": ["v"]}, "nonResourceAttributes": attributes}
    assert (second["kind"], second["spec"]) == ("SubjectAccessReview", wanted)


@pytest.mark.parametrize(
    ("statuses", "want"),
    [
        ((KNOWN, {"allowed": True}), Review("u", allowed=True)),
        ((KNOWN, {"allowed": False}), Review("u", allowed=False)),
        ((KNOWN, {"allowed": True, "denied": True}), Review("u", allowed=False)),
        ((KNOWN, {}), Review("u", allowed=False)),
        ((UNKNOWN,), Review(None)),
        (({},), Review(None)),
        (({"authenticated": True},), Review(None)),
        (({"authenticated": False, "user": {"username": "u"}},), Review(None)),
    ],
)
def test_what_counts_as_a_yes(statuses, want):
    """Only a plain yes to both questions; what is missing is a no."""
    assert Reviewer(Scripted(*statuses)).review("t", "/", "get") == want


@pytest.mark.parametrize("status", ['{"status": {"authenticated": "yes"}}', "nothing", ""])
def test_an_answer_that_is_none(status):
    """Text that is no review is a fault, not a verdict."""

    class Odd:
        def post(self, *_):
            return status.encode()

    with pytest.raises(ShardexError, match="tokenreviews: the answer cannot be read"):
        Reviewer(Odd()).review("t", "/metrics", "get")


@pytest.mark.parametrize("plural", ["tokenreviews", "subjectaccessreviews"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "status", "status": 403}, "system:auth-delegator"),
        ({"kind": "status", "status": 500}, "500"),
        ({"kind": "status", "status": 503}, "503"),
        ({"kind": "reset"}, "no connection"),
        ({"kind": "delay", "seconds": 30}, "no answer within"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_no_answer(server, reviewer, monkeypatch, plural, fault, said):
    """Whatever goes wrong at either review is an error with a cause, never a verdict, and soon enough for a scrape."""
    monkeypatch.setattr(reviews, "_SECONDS", 0.5)
    server.fault(resource=plural, verb="write", count=-1, **fault)
    with pytest.raises(ShardexError, match=said):
        reviewer.review("good", "/metrics", "get")


def test_without_rights_of_our_own(server):
    """An account that may not ask says which ClusterRole it needs."""
    with pytest.raises(ShardexError, match="needs the ClusterRole system:auth-delegator"):
        Reviewer(client_of(server.url)).review("good", "/metrics", "get")


def test_our_own_token_is_renewed(server, tmp_path):
    """A 401 to ourselves is not the caller's: the credentials are read again, and the question is asked again."""
    path = tmp_path / "config"
    config = kubeconfig(path, {"token": "old"}, server=server.url)
    reviewer = Reviewer(Client(Credentials(resolve("", config), config), "shardex/test"))
    kubeconfig(path, {"token": "own"}, server=server.url)
    assert reviewer.review("good", "/metrics", "get") == Review("alice", allowed=True)


def test_nobody_there():
    """No API server is an error too."""
    with pytest.raises(RefusedError):
        Reviewer(client_of("http://127.0.0.1:1")).review("t", "/metrics", "get")
