"""Faults on request: each does what its name says, to the requests it matches, as often as it was told to."""

import http.client
import json
import time

import pytest
from wire import Client, Watch

from load.testing import ControlError, running

PODS = "/api/v1/pods"
STREAM = f"{PODS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"


@pytest.fixture(scope="module")
def module_server():
    with running() as server:
        server.apply(
            [{"action": "add", "path": f"/api/v1/namespaces/n/pods/pod-{number}"} for number in range(5)]
            + [{"action": "add", "path": "/api/v1/namespaces/n/services/s"}]
        )
        yield server


@pytest.fixture
def server(module_server):
    module_server.clear_faults()
    module_server.clear_requests()
    return module_server


@pytest.fixture
def client(server):
    return Client(server.url)


def statuses(client, *paths):
    return [client.request("GET", path).status for path in paths]


def version(client):
    return client.request("GET", PODS).json()["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("match", "paths"),
    [
        ({"resource": "pods"}, [(PODS, 500), ("/api/v1/services", 200), ("/api/v1/namespaces/n/pods/pod-1", 500)]),
        ({"verb": "list"}, [(PODS, 500), ("/api/v1/services", 500), ("/api/v1/namespaces/n/pods/pod-1", 200)]),
        ({"verb": "get"}, [(PODS, 200), ("/api/v1/namespaces/n/pods/pod-1", 500)]),
        ({"namespace": "n"}, [(PODS, 200), ("/api/v1/namespaces/n/pods", 500), ("/api/v1/namespaces/m/pods", 200)]),
        ({"verb": "continue"}, [(f"{PODS}?limit=2", 200), ("{next}", 500)]),
        ({"verb": "watch"}, [(PODS, 200), (f"{PODS}?watch=true&timeoutSeconds=1", 500), (STREAM, 500)]),
        ({"verb": "stream"}, [(STREAM, 500), (f"{PODS}?watch=true&resourceVersion=x", 500)]),
        ({"verb": "write"}, [(PODS, 200)]),
        ({}, [(PODS, 500), ("/api/v1/services", 500), ("/version", 200)]),
    ],
    ids=str,
)
def test_match(server, client, match, paths):
    """A rule meets only the verb, the resource and the namespace it names."""
    token = client.request("GET", f"{PODS}?limit=2").json()["metadata"]["continue"]
    server.fault("status", count=-1, **match)
    for path, status in paths:
        answer = client.request("GET", path.replace("{next}", f"{PODS}?limit=2&continue={token}"))
        assert answer.status == status, path


def test_counts(server, client):
    """A rule lets `skip` requests pass, then takes `count`, then none; the next rule gets those it leaves."""
    server.fault("status", "pods", skip=1, count=2, status=503)
    server.fault("status", "pods", count=1, status=429)
    assert statuses(client, *[PODS] * 5) == [429, 503, 503, 200, 200]
    assert [entry["status"] for entry in server.requests("list", "pods")] == [429, 503, 503, 200, 200]


def test_unknown_fault(server):
    """A rule that cannot be followed is refused, so that no test passes for want of its fault."""
    with pytest.raises(ControlError, match="explode"):
        server.fault("explode")
    with pytest.raises(ControlError, match="afterbytes"):
        server.fault("cut", afterbytes=3)
    assert server.state()["faults"] == []


@pytest.mark.parametrize(
    ("status", "reason", "retry_after"),
    [
        (401, "Unauthorized", None),
        (403, "Forbidden", None),
        (404, "NotFound", None),
        (429, None, "1"),
        (500, "InternalError", None),
        (503, "ServiceUnavailable", "5"),
    ],
)
def test_status(server, client, status, reason, retry_after):
    """An error has the body and the Retry-After of a kube-apiserver's, unless the rule has others."""
    server.fault("status", "pods", status=status)
    server.fault("status", "pods", status=status, retry_after=7, body='{"mine": true}')
    answer, own = client.request("GET", PODS), client.request("GET", PODS)
    assert (answer.status, answer.headers.get("retry-after")) == (status, retry_after)
    assert reason is None or answer.json()["reason"] == reason
    assert (own.status, own.headers["retry-after"], own.json()) == (status, "7", {"mine": True})


def test_gone(server, client):
    """410 for a list or for a later page of it; inside a watch as an ERROR event that ends it."""
    token = client.request("GET", f"{PODS}?limit=2").json()["metadata"]["continue"]
    server.fault("gone", "pods", "continue")
    answer = client.request("GET", f"{PODS}?limit=2&continue={token}")
    assert (answer.status, answer.json()["reason"]) == (410, "Expired")
    assert client.request("GET", f"{PODS}?limit=2&continue={token}").status == 200
    server.fault("gone", "pods", "watch", after_events=2)
    with client.watch(f"{PODS}?watch=true&resourceVersion=0") as watch:
        events = watch.events(9)
        assert [event["type"] for event in events] == ["ADDED", "ADDED", "ERROR"]
        assert events[-1]["object"]["code"] == 410
        assert watch.ended == "terminating chunk"


def test_error_event(server, client):
    """An ERROR event may carry any status."""
    server.fault("error_event", "pods", "watch", status=500)
    with client.watch(f"{PODS}?watch=true&resourceVersion={version(client)}") as watch:
        assert [(event["type"], event["object"]["code"]) for event in watch.events(9)] == [("ERROR", 500)]


@pytest.mark.parametrize("path", [PODS, f"{PODS}?watch=true&resourceVersion=0"])
def test_cut(server, client, path):
    """The connection ends after so many bytes, without the end that its framing promised."""
    server.fault("cut", "pods", after_bytes=333)
    answer = client.request("GET", path)
    assert (answer.status, len(answer.body), answer.ended) == (200, 333, "connection")
    assert server.requests(resource="pods")[-1]["ended"]


def test_reset(server, client):
    """The connection may also end before there is any answer."""
    server.fault("reset", "pods")
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        client.request("GET", PODS)
    assert client.request("GET", PODS).status == 200


def test_stall(server, client):
    """Nothing comes any more, and the connection stays; it is over when the client goes."""
    server.fault("stall", "pods", "watch", after_bytes=100)
    with client.watch(f"{PODS}?watch=true&resourceVersion=0&timeoutSeconds=1") as watch:
        assert watch.line(seconds=1.2) is None
        assert len(watch.rest) == 100
        assert not watch.ended
    deadline = time.monotonic() + 5
    while not server.requests("watch")[-1]["ended"]:
        assert time.monotonic() < deadline, "the server did not notice that the client had gone"


def test_slow(server, client):
    """A body comes at its bytes a second, whole."""
    body = client.request("GET", PODS).body
    server.fault("slow", "pods", bytes_per_second=len(body) * 2)
    start = time.monotonic()
    assert client.request("GET", PODS).body == body
    assert 0.4 < time.monotonic() - start < 3


def test_delay(server, client):
    """Headers may come late."""
    server.fault("delay", "pods", seconds=0.4)
    start = time.monotonic()
    assert client.request("GET", PODS).status == 200
    assert time.monotonic() - start > 0.4


def test_lines(server, client):
    """A line that is no JSON, an event of an unknown type: the stream goes on after them."""
    server.fault("garbage", "pods", "watch", after_events=1)
    server.fault("unknown_event", "pods", "watch", after_events=1)
    for spoiled in (None, "SURPRISE"):
        with client.watch(f"{PODS}?watch=true&resourceVersion=0") as watch:
            lines = [watch.line() for _ in range(6)]
            if spoiled is None:
                with pytest.raises(ValueError, match=r"Expecting"):
                    json.loads(lines[1])
            else:
                assert json.loads(lines[1])["type"] == spoiled
            names = [json.loads(line)["object"]["metadata"]["name"] for line in lines[:1] + lines[2:]]
            assert names == [f"pod-{number}" for number in range(5)]


def test_garbage_list(server, client):
    """A list may be no JSON either."""
    server.fault("garbage", "pods", "list")
    with pytest.raises(ValueError, match="Expecting"):
        client.request("GET", PODS).json()


def test_halfline(server, client):
    """Half an event, then the clean end of the stream."""
    server.fault("halfline", "pods", "watch", after_events=2)
    answer = client.request("GET", f"{PODS}?watch=true&resourceVersion=0")
    assert answer.ended == "terminating chunk"
    *whole, half = answer.body.split(b"\n")
    assert len(whole) == 2
    assert half.startswith(b'{"type":"ADDED"')


@pytest.mark.parametrize("path", [PODS, f"{PODS}?watch=true&resourceVersion=0&timeoutSeconds=1"])
def test_wrong_type(server, client, path):
    """One object has a value that does not belong there; the others are as they were."""
    server.fault("wrong_type", "pods", path="spec.nodeName", value={"not": "a name"})
    body = client.request("GET", path).body
    objects = json.loads(body)["items"] if "watch" not in path else [json.loads(x)["object"] for x in body.splitlines()]
    assert [obj.get("spec") for obj in objects] == [{"nodeName": {"not": "a name"}}, None, None, None, None]
    assert len({obj["metadata"]["uid"] for obj in objects}) == 5


def test_streaming_lists(server, client):
    """Streaming lists may be refused, or never come to the end of their initial events."""
    server.fault("refuse_streaming", "pods")
    answer = client.request("GET", STREAM)
    assert (answer.status, answer.json()["reason"]) == (422, "Invalid")
    server.fault("no_initial_end", "pods", "stream")
    with client.watch(f"{STREAM}&timeoutSeconds=9") as watch:
        assert [event["type"] for event in watch.events(6, seconds=0.3)] == ["ADDED"] * 5
        server.modify("/api/v1/namespaces/n/pods/pod-0", {"spec": {}})
        assert watch.event()["type"] == "MODIFIED"
    with client.watch(STREAM) as watch:
        assert watch.events(6)[-1]["type"] == "BOOKMARK"


def test_empty_page(server, client):
    """A page without items whose token leads on to all of them."""
    server.fault("empty_continue", "pods", "list")
    empty = client.request("GET", f"{PODS}?limit=3").json()
    assert empty["items"] == []
    rest = client.request("GET", f"{PODS}?limit=9&continue={empty['metadata']['continue']}").json()
    assert [item["metadata"]["name"] for item in rest["items"]] == [f"pod-{number}" for number in range(5)]
    server.fault("empty_continue", "pods", "continue")
    first = client.request("GET", f"{PODS}?limit=3").json()
    empty = client.request("GET", f"{PODS}?limit=3&continue={first['metadata']['continue']}").json()
    rest = client.request("GET", f"{PODS}?limit=3&continue={empty['metadata']['continue']}").json()
    assert [len(page["items"]) for page in (first, empty, rest)] == [3, 0, 2]


def test_restart(server, client):
    """A restart drops every connection, and watches no longer start in the past."""
    before = version(client)
    server.modify("/api/v1/namespaces/n/pods/pod-0", {"spec": {}})
    with Watch(client.host, f"{PODS}?watch=true&resourceVersion={before}") as watch:
        assert watch.event()["type"] == "MODIFIED"
        server.restart()
        assert watch.event() is None
        assert watch.ended == "connection"
    with client.watch(f"{PODS}?watch=true&resourceVersion={before}") as watch:
        assert watch.event()["object"]["code"] == 410
    with client.watch(f"{PODS}?watch=true&resourceVersion={version(client)}&timeoutSeconds=1") as watch:
        assert watch.event(seconds=2) is None


def test_compact(server, client):
    """A compaction leaves running watches alone and expires every older version."""
    page = client.request("GET", f"{PODS}?limit=2").json()["metadata"]
    with client.watch(f"{PODS}?watch=true&resourceVersion={page['resourceVersion']}") as watch:
        server.add("/api/v1/namespaces/n/services/t")
        server.compact()
        server.modify("/api/v1/namespaces/n/pods/pod-0", {"spec": {}})
        assert watch.event()["type"] == "MODIFIED"
    server.delete("/api/v1/namespaces/n/services/t")
    assert client.request("GET", f"{PODS}?limit=2&continue={page['continue']}").status == 410
    with client.watch(f"{PODS}?watch=true&resourceVersion={page['resourceVersion']}") as watch:
        assert watch.event()["object"]["reason"] == "Expired"


def test_tokens(server, client):
    """Tokens can be exchanged while the server runs, as when one expires."""
    server.tokens({"token": "a"}, {"token": "b", "user": "nobody", "allowed": False})
    headers = [{}, {"Authorization": "Bearer a"}, {"Authorization": "Bearer b"}, {"Authorization": "Bearer c"}]
    assert [client.request("GET", PODS, each).status for each in headers] == [403, 200, 403, 401]
    assert client.request("GET", "/livez").body == b"ok"
    server.tokens()
    assert client.request("GET", PODS).status == 200
