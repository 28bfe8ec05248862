"""What a client meets beside the recordings: versions of lists, writes, certificates, custom resources, the command."""

import gzip
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from wire import Client

from load.cluster import Cluster
from load.objects.population import populate
from load.objects.world import Settings, World
from load.testing import ControlError, running
from load.text import build

MAPS = "/api/v1/namespaces/n/configmaps"
JSON = {"Content-Type": "application/json", "User-Agent": "tester/1"}
MERGE = {"Content-Type": "application/merge-patch+json", "User-Agent": "tester/1"}


@pytest.fixture(scope="module")
def server():
    with running(bookmark_seconds=0.2) as running_server:
        yield running_server


@pytest.fixture
def client(server):
    return Client(server.url)


def test_pages_are_consistent(server, client):
    """All pages of one list are of the state of its first one; the next list sees what has changed since."""
    for name in "bdf":
        server.add(f"/api/v1/namespaces/pages/secrets/{name}", {"data": {}})
    path = "/api/v1/namespaces/pages/secrets"
    first = client.request("GET", f"{path}?limit=1").json()
    server.add(f"{path}/c")
    server.delete(f"{path}/d")
    server.modify(f"{path}/f", {"data": {"new": "MQ=="}})
    rest = client.request("GET", f"{path}?limit=5&continue={first['metadata']['continue']}").json()
    assert [item["metadata"]["name"] for item in rest["items"]] == ["d", "f"]
    assert rest["items"][1]["data"] == {}
    assert rest["metadata"] == {"resourceVersion": first["metadata"]["resourceVersion"]}
    exact = f"resourceVersion={first['metadata']['resourceVersion']}&resourceVersionMatch=Exact"
    assert len(client.request("GET", f"{path}?{exact}").json()["items"]) == 3
    now = client.request("GET", path).json()
    assert [item["metadata"]["name"] for item in now["items"]] == ["b", "c", "f"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("fieldSelector=metadata.name%3Da", ["a"]),
        ("fieldSelector=metadata.name%21%3Da", ["b", "c"]),
        ("fieldSelector=metadata.namespace%3Dother", []),
        ("fieldSelector=spec.nodeName%3Dn1", ["a", "b"]),
        ("fieldSelector=spec.nodeName%3D", ["c"]),
        ("fieldSelector=spec.nodeName%3Dn1,metadata.name%21%3Da", ["b"]),
        ("labelSelector=app%3Dx", ["a", "c"]),
        ("labelSelector=app%21%3Dx", ["b"]),
        ("labelSelector=tier", ["c"]),
        ("labelSelector=%21tier,app%3D%3Dx", ["a"]),
    ],
)
def test_selectors(server, client, query, names):
    """Selections of lists: equal, unequal, empty, several at once, by label."""
    if "sel" not in {entry["namespace"] for entry in server.requests()}:
        for name, node, labels in (("a", "n1", {"app": "x"}), ("b", "n1", {}), ("c", "", {"app": "x", "tier": "1"})):
            obj = {"metadata": {"labels": labels}, "spec": {"nodeName": node}}
            server.add(f"/api/v1/namespaces/sel/pods/{name}", obj)
    found = client.request("GET", f"/api/v1/namespaces/sel/pods?{query}").json()
    assert [item["metadata"]["name"] for item in found["items"]] == names


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("fieldSelector=status.phase%3DRunning", 400),
        ("fieldSelector=nonsense", 400),
        ("labelSelector=a+in+%28b%29", 400),
        ("limit=x", 400),
        ("resourceVersion=x", 500),
        ("resourceVersionMatch=Exact&resourceVersion=0", 422),
        ("resourceVersionMatch=Sideways&resourceVersion=1", 422),
        ("sendInitialEvents=true", 422),
        ("watch=true&resourceVersionMatch=NotOlderThan", 422),
        ("watch=true&timeoutSeconds=soon", 400),
    ],
)
def test_refused_queries(client, query, status):
    """A query that makes no sense is refused with a Status, never answered as if it did."""
    answer = client.request("GET", f"/api/v1/pods?{query}")
    assert (answer.status, answer.json()["kind"]) == (status, "Status")


def test_periodic_bookmarks(server, client):
    """A quiet watch gets bookmarks, at versions that other kinds have moved on to."""
    version = client.request("GET", MAPS).json()["metadata"]["resourceVersion"]
    path = f"{MAPS}?watch=true&resourceVersion={version}&allowWatchBookmarks=true"
    with client.watch(path) as watch:
        moved = server.add("/api/v1/namespaces/n/services/bookmarked")
        versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in watch.events(2)]
    assert versions[-1] == moved


def test_writes(client):
    """Create, read, replace, patch and delete, with a generation that counts changes of the spec alone."""
    path = "/apis/apps/v1/namespaces/n/deployments"
    body = {"metadata": {"generateName": "d-", "labels": {"a": "b"}}, "spec": {"replicas": 1}}
    made = client.request("POST", path, JSON, json.dumps(body))
    assert made.status == 201
    meta = made.json()["metadata"]
    assert re.fullmatch(r"d-.{5}", meta["name"])
    assert meta["generation"] == 1
    one = f"{path}/{meta['name']}"
    patched = client.request("PATCH", one, MERGE, '{"spec":{"replicas":3},"metadata":{"labels":{"a":null}}}').json()
    assert (patched["spec"], patched["metadata"]["generation"]) == ({"replicas": 3}, 2)
    assert patched["metadata"]["labels"] == {}
    assert patched["metadata"]["uid"] == meta["uid"]
    same = client.request("PATCH", one, MERGE, '{"spec":{"replicas":3}}').json()
    assert same["metadata"]["resourceVersion"] == patched["metadata"]["resourceVersion"]
    noted = client.request("PATCH", one, MERGE, '{"metadata":{"annotations":{"k":"v"}}}').json()
    assert noted["metadata"]["generation"] == 2
    refused = client.request("PATCH", one, {"Content-Type": "application/json-patch+json"}, "[]")
    assert refused.status == 415
    assert client.request("DELETE", one).json()["status"] == "Success"
    assert client.request("GET", one).status == client.request("DELETE", one).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", MAPS, "{}", 422),
        ("POST", MAPS, '{"metadata":{"name":"x","namespace":"other"}}', 400),
        ("POST", "/api/v1/configmaps", '{"metadata":{"name":"x"}}', 405),
        ("POST", f"{MAPS}/x", '{"metadata":{"name":"x"}}', 405),
        ("PUT", f"{MAPS}/none", '{"metadata":{"name":"none"}}', 404),
        ("DELETE", MAPS, None, 405),
        ("POST", MAPS, '["no object"]', 400),
        ("GET", "/apis/apps/v1/namespaces/n/deployments/d/nonsense", None, 404),
        ("GET", "/api/v1/namespaces/n/nodes", None, 404),
        ("GET", "/api/v2/pods", None, 404),
    ],
)
def test_refused_writes(client, method, path, body, status):
    """A write or a path that makes no sense is refused."""
    assert client.request(method, path, JSON, body).status == status


def test_custom_resources(server, client):
    """A definition makes a kind at once; with it go its objects, its watches and its path."""
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    path = "/apis/example.dev/v1/namespaces/n/gears"
    assert client.request("GET", path).status == 404
    version = {"name": "v1", "served": True, "storage": True}
    names = {"plural": "gears", "kind": "Gear"}
    spec = {"group": "example.dev", "names": names, "scope": "Namespaced", "versions": [version]}
    server.add(f"{crds}/gears.example.dev", {"spec": spec})
    assert client.request("GET", path).json()["kind"] == "GearList"
    with client.watch(f"{path}?watch=true") as watch:
        server.add(f"{path}/g", {"spec": {"z": 1, "a": 2}})
        made = watch.event()["object"]
        assert (list(made), made["kind"], list(made["spec"])) == (sorted(made), "Gear", ["a", "z"])
        server.delete(f"{crds}/gears.example.dev")
        assert watch.event()["type"] == "DELETED"
        assert watch.event() is None
        assert watch.ended == "terminating chunk"
    assert client.request("GET", path).status == 404


def test_own_review(server, client):
    """Whoever is authenticated may ask what it may do itself."""
    server.tokens({"token": "a"}, {"token": "b", "user": "nobody", "allowed": False})
    path, body = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", '{"spec":{"resourceAttributes":{}}}'
    answers = [client.request("POST", path, {**JSON, "Authorization": f"Bearer {token}"}, body) for token in "ab"]
    server.tokens()
    assert [(answer.status, answer.json()["status"]) for answer in answers] == [
        (201, {"allowed": True}),
        (201, {"allowed": False}),
    ]


def test_objects_by_hand(server, client):
    """Many objects at once, and objects that no API server would have let in."""
    path = "/api/v1/namespaces/hand/pods"
    changes = [
        {"action": "add", "path": f"{path}/pod-{number:04}", "object": {"status": {"message": "x" * 2000}}}
        for number in range(1000)
    ]
    server.apply(changes)
    assert len(client.request("GET", path).json()["items"]) == 1000
    odd = {"metadata": {"labels": 7}, "spec": {"nodeName": ["n"]}}
    server.modify(f"{path}/pod-0007", odd)
    found = client.request("GET", f"{path}/pod-0007").json()
    assert (found["metadata"]["labels"], found["spec"]) == (7, {"nodeName": ["n"]})
    server.apply([{"action": "delete", "path": change["path"]} for change in changes])
    for wrong in (
        {"action": "add", "path": "/api/v1/namespaces/hand/nosuch/x"},
        {"action": "modify", "path": f"{path}/pod-0007"},
        {"action": "explode", "path": f"{path}/pod-0007"},
        {"action": "add", "path": path},
    ):
        with pytest.raises(ControlError):
            server.apply([wrong])


def test_events_do_not_align_with_chunks(server, client):
    """Lines break across chunks, as those of a kube-apiserver do."""
    server.apply([{"action": "add", "path": f"/api/v1/namespaces/chunks/secrets/s{n}"} for n in range(3)])
    connection = socket.create_connection(("127.0.0.1", urlsplit(server.url).port))
    path = "/api/v1/namespaces/chunks/secrets?watch=true&timeoutSeconds=1"
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    with connection, connection.makefile("rb") as stream:
        body = stream.read().partition(b"\r\n\r\n")[2]
    first = int(body.partition(b"\r\n")[0], 16)
    assert not body.partition(b"\r\n")[2][:first].endswith(b"\n")


def test_audit(server, client):
    """Each request is noted with what it asked for and how it ended; a watch is open until it ends."""
    server.clear_requests()
    client.request("GET", "/api/v1/services?limit=3", {"User-Agent": "auditor/1"})
    client.request("GET", "/api/v1/nosuch")
    with client.watch("/api/v1/services?watch=true"):
        listed, missing, watched = server.requests()
    assert (listed["verb"], listed["resource"], listed["query"]) == ("list", "services", {"limit": "3"})
    assert (listed["user_agent"], listed["status"], listed["ended"]) == ("auditor/1", 200, True)
    assert (missing["status"], watched["verb"], watched["ended"]) == (404, "watch", False)


def test_cluster_of_ones_own():
    """A test may serve a cluster that it has made itself."""
    cluster = Cluster()
    cluster.put(cluster.named("nodes"), build({"metadata": {"name": "mine", "uid": "u"}}, 0))
    with running(cluster) as server:
        (item,) = Client(server.url).request("GET", "/api/v1/nodes").json()["items"]
    assert item["metadata"] == {"name": "mine", "uid": "u", "resourceVersion": str(cluster.revision)}


def test_same_bytes_as_in_process():
    """The server serves what a world in this process holds: a test can know every object."""
    cluster = Cluster()
    populate(World(cluster, Settings(pods=30, seed=5)))
    with running(pods=30, seed=5) as server:
        items = Client(server.url).request("GET", "/api/v1/pods").json()["items"]
    assert items == [obj.document() for obj in cluster.snapshot(cluster.named("pods")).objects]


def test_large_list_is_streamed():
    """resourceVersion=0 takes no heed of a limit; a list of many megabytes comes whole, compressed or not."""
    with running(pods=1000) as server:
        client = Client(server.url)
        plain = client.request("GET", "/api/v1/pods?resourceVersion=0&limit=10")
        assert len(plain.json()["items"]) == 1000
        request = urllib.request.Request(f"{server.url}/api/v1/pods", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request) as response:
            assert gzip.decompress(response.read()) == plain.body


def certificates(directory):
    """An authority, a server's and a client's certificate, made by openssl."""

    def run(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=directory)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ca", "-days", "2")
    for name in ("server", "client"):
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (Path(directory) / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2")
        run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *signed)


def test_tls(tmp_path):
    """HTTPS, with a client certificate in place of a token; a caller with neither may do nothing."""
    certificates(tmp_path)
    options = {"tls": (tmp_path / "server.crt", tmp_path / "server.key"), "client_ca": tmp_path / "ca.crt"}
    with running(**options, token="secret") as server:
        assert server.url.startswith("https://")
        assert server.state()["revision"]
        for certificate, token, status in ((True, "", 200), (False, "secret", 200), (False, "", 403)):
            context = ssl.create_default_context(cafile=tmp_path / "ca.crt")
            if certificate:
                context.load_cert_chain(tmp_path / "client.crt", tmp_path / "client.key")
            connection = http.client.HTTPSConnection(urlsplit(server.url).netloc, context=context)
            connection.request("GET", "/api/v1/pods", headers={"Authorization": f"Bearer {token}"} if token else {})
            assert connection.getresponse().status == status
            connection.close()


def command(*arguments):
    return [sys.executable, "-m", "load", *arguments]


ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command(tmp_path, number):
    """The URL is the first line and in the file; a signal ends the command cleanly, also while clients are there."""
    url_file = tmp_path / "url"
    arguments = command("serve", "--pods", "20", "--url-file", str(url_file), "--churn", "50/s")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        url = process.stdout.readline().strip()
        with Client(url).watch("/api/v1/pods?watch=true&resourceVersion=0") as watch:
            assert watch.event()["type"] == "ADDED"
            assert url_file.read_text().strip() == url
            process.send_signal(number)
            _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "stopped" in errors


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--churn", "fast"], "rate"),
        (["--kinds", "pods,nosuch"], "nosuch"),
        (["--profile", "nosuch"], "nosuch"),
        (["--client-ca", __file__], "--tls"),
        (["--objects", str(ROOT / "tests" / "data" / "conformance" / "objects" / "pub"), "--churn", "1/s"], "recorded"),
    ],
)
def test_refused_options(arguments, complaint):
    """A command line that makes no sense is refused with its reason, status 2."""
    done = subprocess.run(command("serve", *arguments), capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_help():
    """--help names every option with a sentence, and the control endpoints."""
    done = subprocess.run(command("serve", "--help"), capture_output=True, text=True, cwd=ROOT, check=True)
    for word in ("--pods", "--objects", "--powerless-token", "/_load/faults", "/_load/restart"):
        assert word in done.stdout
    assert "\b" not in done.stdout
