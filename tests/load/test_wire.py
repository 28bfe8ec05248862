"""The synthetic API server answers as a recorded kube-apiserver v1.36: status, headers, framing, bodies, events."""

import gzip
import json

import pytest
from wire import Client, Watch, differences, exchanges, lines, normal

from load.testing import running

CONFIG_MAPS = "/api/v1/namespaces/wire/configmaps"
ADMIN = {"Accept": "application/json", "Authorization": "Bearer admintoken"}

# Recorded without any state but the seven config maps, or answered before the state matters.
STATELESS = [
    "error-401",
    "error-403",
    "error-404",
    "error-405-406-415",
    "list-empty",
    "list-limit-continue",
    "list-rv0",
    "scale-subresource",
    "lease",
    "tokenreview",
    "subjectaccessreview",
]


def config_maps():
    """The config maps that most recordings were made with, as another recording shows them."""
    return json.loads(exchanges("list-rv0")[0]["response"]["body"])["items"]


@pytest.fixture(scope="module")
def server():
    options = {"token": ["admintoken:admin", "ksmtoken:ksm"], "powerless_token": "nobodytoken:nobody"}
    with running(**options) as running_server:
        running_server.apply(
            [
                {"action": "add", "path": f"{CONFIG_MAPS}/{item['metadata']['name']}", "object": item}
                for item in config_maps()
            ]
        )
        spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}}
        running_server.add("/apis/apps/v1/namespaces/wire/statefulsets/sts", {"spec": spec, "status": {"replicas": 0}})
        yield running_server


@pytest.fixture
def client(server):
    server.clear_faults()
    return Client(server.url)


@pytest.mark.parametrize("name", STATELESS)
def test_exchanges(client, name):
    """Every exchange of the recording, in its order, has the same answer."""
    for exchange in exchanges(name):
        answer = client.send(exchange)
        client.learn(exchange, answer)
        found = differences(exchange, answer, body=not quotes_a_document(exchange))
        assert not found, (exchange["request"]["line"], found)


def quotes_a_document(exchange):
    """Whether the message holds a whole object, as that of a refused patch does: its order is the encoder's."""
    return "patch: Invalid value" in exchange["response"].get("body", "")


def test_refused_patch(client):
    """A Lease's times need six digits after the point; the message says which digits are missing."""
    for exchange in exchanges("lease"):
        if quotes_a_document(exchange):
            recorded = json.loads(exchange["response"]["body"])["message"]
            client.request("POST", "/apis/coordination.k8s.io/v1/namespaces/wire/leases", ADMIN, lease("lock"))
            message = client.send(exchange).json()["message"]
            assert message.rpartition("parsing time")[2] == recorded.rpartition("parsing time")[2]


def lease(name):
    return json.dumps({"metadata": {"name": name}, "spec": {"renewTime": "2026-03-14T15:09:26.000000Z"}})


def test_compaction(server, client):
    """A token older than the history is 410, with a token in it for an inconsistent continuation that is served."""
    first, expired, inconsistent, exact, malformed = exchanges("list-continue-expired")
    answer = client.send(first)
    client.learn(first, answer)
    assert not differences(first, answer)
    server.apply([{"action": "modify", "path": f"{CONFIG_MAPS}/cm-0", "object": config_maps()[0]}])
    server.compact()
    for exchange in (expired, inconsistent, exact, malformed):
        answer = client.send(exchange)
        client.learn(exchange, answer)
        assert not differences(exchange, answer), exchange["request"]["line"]


def test_field_selectors(server, client):
    """A page of a selection has a token but no count of the rest; an unknown field is refused."""
    by_node, unknown, by_namespace = exchanges("list-fieldselector")
    for number in range(2):
        pod = {"spec": {"nodeName": "pub-node-5"}, "status": {"message": "x" * 2048}}
        server.add(f"/api/v1/namespaces/pub-quarry/pods/pod-{number}", pod)
        server.add(f"/api/v1/namespaces/gz/configmaps/large-{number}", {"data": {"x": "z" * 4096}})
    assert not differences(unknown, client.send(unknown))
    for exchange, place in ((by_node, "pub-quarry/pod-0"), (by_namespace, "gz/large-0")):
        answer = client.send(exchange)
        assert not differences(exchange, answer)
        recorded = exchange["response"]["body"].partition('"items"')[0] + '"items":[]}'
        own = answer.json()
        assert [f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in own["items"]] == [place]
        assert list(normal(own)["metadata"].items()) == list(normal(json.loads(recorded))["metadata"].items())
    for path in ("pub-quarry/pods/pod-0", "pub-quarry/pods/pod-1", "gz/configmaps/large-0", "gz/configmaps/large-1"):
        server.delete(f"/api/v1/namespaces/{path}")


def test_watch_events(client):
    """ADDED, MODIFIED and DELETED, the last with the last state under the deletion's own version."""
    (exchange,) = exchanges("watch-events")
    listed = client.request("GET", CONFIG_MAPS, ADMIN).json()["metadata"]["resourceVersion"]
    headers = {**ADMIN, "User-Agent": "corpus-recorder/1", "Content-Type": "application/json"}
    with client.watch(f"{CONFIG_MAPS}?watch=true&resourceVersion={listed}&timeoutSeconds=9") as watch:
        made = client.request("POST", CONFIG_MAPS, headers, '{"metadata":{"name":"w-1"},"data":{"k":"w-1"}}').json()
        made["data"]["k"] = "changed"
        changed = client.request("PUT", f"{CONFIG_MAPS}/w-1", headers, json.dumps(made)).json()
        client.request("DELETE", f"{CONFIG_MAPS}/w-1", headers)
        events = watch.events(3)
    assert normal(events) == normal(lines(exchange))
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))
    assert events[2]["object"] | {"metadata": 0} == changed | {"metadata": 0}


def test_bookmarks(client):
    """Two bookmarks before a watch of some seconds ends, none without allowWatchBookmarks."""
    exchange = exchanges("watch-bookmark")[0]
    listed = client.request("GET", CONFIG_MAPS, ADMIN).json()["metadata"]["resourceVersion"]
    path = f"{CONFIG_MAPS}?watch=true&resourceVersion={listed}&timeoutSeconds=3"
    with client.watch(f"{path}&allowWatchBookmarks=true") as watch, client.watch(path) as silent:
        events = watch.events(5)
        assert silent.events(5) == []
    assert normal(events) == [event for event in normal(lines(exchange)) if event["type"] == "BOOKMARK"]
    assert events[0]["object"]["metadata"]["resourceVersion"] >= listed


@pytest.mark.parametrize("name", ["watch-initial-events", "watch-no-rv", "partial-metadata"])
def test_initial_events(client, name):
    """The present state comes first, with an end mark only where one was asked for; lists and refusals beside it."""
    for exchange in exchanges(name):
        path = exchange["request"]["line"].split(" ")[1]
        if "chunks" not in exchange["response"]:
            assert not differences(exchange, client.send(exchange)), path
            continue
        headers = dict(exchange["request"]["headers"])
        with Watch(client.host, path, Accept=headers["Accept"]) as watch:
            recorded = whole_lines(exchange)
            events = watch.events(len(recorded))
            assert normal(events) == normal(recorded), path
            if not exchange["response"].get("body_trimmed_to"):
                assert watch.event(seconds=0.1) is None, path


def whole_lines(exchange):
    """The recorded lines up to the first that was trimmed."""
    found = []
    for line in "".join(chunk["data"] for chunk in exchange["response"]["chunks"]).splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def test_shard_selector(client):
    """A shardSelector is ignored without a word, as by a server without that feature gate."""
    whole, page, watched = exchanges("shard-gate-off")
    for exchange in (whole, page):
        answer = client.send(exchange)
        assert not differences(exchange, answer, body=False)
        recorded = json.loads(exchange["response"]["body"])
        assert normal(answer.json()["metadata"]) == normal(recorded["metadata"])
        assert len(answer.json()["items"]) == len(recorded["items"])
    with client.watch(watched["request"]["line"].split(" ")[1]) as watch:
        types = [event["type"] for event in lines(watched)]
        assert [event["type"] for event in watch.events(len(types))] == types


def test_watch_too_old(server, client):
    """200 with one ERROR event and the end; a streaming list ignores the old version."""
    plain, bookmarks, streaming = exchanges("watch-too-old")
    server.restart()
    for exchange in (plain, bookmarks):
        answer = client.send(exchange)
        assert not differences(exchange, answer, body=False)
        assert [normal(json.loads(line)) for line in answer.body.splitlines()] == normal(lines(exchange))
    path = streaming["request"]["line"].split(" ")[1]
    with client.watch(path) as watch:
        types = [event["type"] for event in lines(streaming)]
        assert [event["type"] for event in watch.events(len(types))] == types


@pytest.mark.parametrize("name", ["watch-timeout", "watch-future-rv", "watch-bad-rv"])
def test_silence(client, name):
    """A watch with nothing to say ends cleanly after its time; one from the future says nothing; no number is 500."""
    for exchange in exchanges(name):
        recorded = "1099" if name == "watch-timeout" else ""
        client.known = {recorded: client.request("GET", CONFIG_MAPS, ADMIN).json()["metadata"]["resourceVersion"]}
        client.known = client.known if recorded else {}
        answer = client.send(exchange, timeout=1)
        assert not differences(exchange, answer)
        assert answer.status != 200 or answer.body == b""


@pytest.mark.parametrize(
    ("name", "place", "fault"),
    [("error-429", 0, 429), ("error-429-fairness", 0, 429), ("server-starting", 0, 503)],
)
def test_overload(server, client, name, place, fault):
    """What a busy or starting server answers can be had on request, with its Retry-After."""
    server.fault("status", status=fault)
    exchange = exchanges(name)[place]
    assert not differences(exchange, client.send(exchange))


def gzip_cases():
    first, *others = [exchange for exchange in exchanges("gzip") if "/configmaps HTTP" in exchange["request"]["line"]]
    return [(first, 131072), *((exchange, 131073) for exchange in others)]


@pytest.mark.parametrize(("exchange", "size"), gzip_cases())
def test_gzip(server, client, exchange, size):
    """Bodies above 128 KiB are compressed, for an Accept-Encoding with the very word gzip in it."""
    path = "/api/v1/namespaces/gz/configmaps"
    server.add(f"{path}/a", {"data": {"x": ""}})
    filling = size - len(client.request("GET", path, ADMIN).body)
    for _ in range(2):  # a longer resourceVersion may take a byte
        server.modify(f"{path}/a", {"data": {"x": "z" * filling}})
        filling += size - len(client.request("GET", path, ADMIN).body)
    answer = client.send(exchange)
    wanted = dict(exchange["request"]["headers"])["Accept-Encoding"]
    server.delete(f"{path}/a")
    body = gzip.decompress(answer.body) if "content-encoding" in answer.headers else answer.body
    assert len(body) == size
    assert not differences(exchange, answer), wanted


def crd(plural, kind, scope, versions):
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    served = [
        {"name": name, "served": served, "storage": name == "v1", "subresources": {"status": {}}}
        for name, served in versions
    ]
    return {"spec": {"group": "corpus.example.dev", "names": names, "scope": scope, "versions": served}}


def test_discovery(server, client):
    """Groups, versions, resources, the server's version and its health, as clients look them up."""
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    both = [("v1", True), ("v1beta1", True), ("v1alpha1", False)]
    server.add(f"{crds}/gadgets.corpus.example.dev", crd("gadgets", "Gadget", "Namespaced", both))
    server.add(f"{crds}/sprockets.corpus.example.dev", crd("sprockets", "Sprocket", "Cluster", both[:1]))
    for exchange in exchanges("discovery"):
        answer = client.send(exchange)
        exchange["response"]["headers"] = [pair for pair in exchange["response"]["headers"] if pair[0] != "Etag"]
        assert not differences(exchange, answer), exchange["request"]["line"]


def test_discovered_groups(client):
    """Each group that both servers have is listed alike; only the first of the recorded ones were kept."""
    exchange = next(e for e in exchanges("discovery") if e["request"]["line"].startswith("GET /apis HTTP"))
    own = {group["name"]: group for group in client.send(exchange).json()["groups"]}
    recorded = exchange["response"]["body"].split('{"name":"')[1:-1]
    groups = {group["name"]: group for group in (json.loads('{"name":"' + text.rstrip(",")) for text in recorded)}
    for name in ("apps", "batch", "policy", "certificates.k8s.io", "authentication.k8s.io", "authorization.k8s.io"):
        assert own[name] == groups[name]
