"""The front's pages: who is answered with what, at which port, by which method."""

import gzip

import pytest
from asking import TELEMETRY, Asked, asking
from helpers import cases, read
from msgspec import json
from published import thing, things, workers
from reflecting import client_of
from wire import exchanges

from load import testing
from shardex.exposition.compile import compile_render
from shardex.kube.reviews import Reviewer
from shardex.resources import RESOURCES
from shardex.serving.locks import Tokens
from shardex.store.publication import Head
from shardex.workers.board import Phase


@pytest.fixture
def ask():
    with asking() as asked:
        yield asked


@pytest.mark.parametrize(
    ("port", "path", "status", "body"),
    [
        (8080, "/healthz", "200 OK", b"OK"),
        (8080, "/livez", "200 OK", b"OK"),
        (TELEMETRY, "/readyz", "200 OK", b"ok\n"),
        (TELEMETRY, "/healthz", "200 OK", b"OK"),
        (8080, "/readyz", "404 Not Found", None),
        (TELEMETRY, "/livez", "404 Not Found", None),
        (8080, "/metrics/", "404 Not Found", None),
        (8080, "/debug/pprof/", "404 Not Found", None),
        (8080, "//metrics", "404 Not Found", None),
    ],
)
def test_pages(ask, port, path, status, body):
    """Probes and scrapes each have their port; what is not there says what is."""
    found = ask(path, port=port)
    assert found[0] == status
    assert found[2] == body or (body is None and b"/metrics" in found[2])
    assert found[1]["Content-Length"] == str(len(found[2]))
    assert found[1]["Cache-Control"] == "no-store"


@pytest.mark.parametrize("port", [8080, TELEMETRY])
def test_landing_pages(ask, port):
    """/ links to the pages of its port, the main port's also to the status page, and each link leads somewhere."""
    status, headers, body = ask("/", {"Host": "pod.example:8080"}, port=port)
    assert (status, headers["Content-Type"]) == ("200 OK", "text/html; charset=utf-8")
    links = [part.split('"')[0] for part in body.decode().split('href="')[1:]]
    if port == 8080:
        assert links.pop() == f"//pod.example:{TELEMETRY}/status"
        assert ask("/status", port=TELEMETRY)[0] == "200 OK"
    assert len(links) >= 3
    assert {ask(link, port=port)[0] for link in links} == {"200 OK"}


@pytest.mark.parametrize("host", ["", 'x"><script>', "a b", "x/y", "user@x", "x:y"])
def test_a_host_that_is_none_is_not_linked(ask, host):
    """What a request says about itself becomes a link only when it is a host."""
    body = ask("/", {"Host": host})[2].decode()
    assert "/status" not in body
    assert "<script" not in body


@pytest.mark.parametrize(("host", "link"), [("[fd00::1]:8080", "//[fd00::1]"), ("10.0.0.1", "//10.0.0.1")])
def test_hosts_of_every_form(ask, host, link):
    """An address, of either kind, with a port or without."""
    assert f'"{link}:{TELEMETRY}/status"' in ask("/", {"Host": host})[2].decode()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize(("port", "path"), [(8080, "/metrics"), (8080, "/nosuch"), (TELEMETRY, "/readyz")])
def test_only_reading(ask, method, port, path):
    """Nothing here can be changed over HTTP."""
    status, headers, _ = ask(path, method=method, port=port)
    assert (status, headers["Allow"]) == ("405 Method Not Allowed", "GET, HEAD")


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize(
    ("port", "path"), [(8080, "/metrics"), (8080, "/livez"), (8080, "/nosuch"), (TELEMETRY, "/readyz")]
)
def test_head(ask, port, path, encoding):
    """HEAD has the status and headers of GET, length too, and no body."""
    headers = {"Accept-Encoding": encoding}
    got, head = ask(path, headers, port=port), ask(path, headers, method="HEAD", port=port)
    assert head[:2] == got[:2]
    assert (head[2], got[1]["Content-Length"]) == (b"", str(len(got[2])))


def test_gzip_and_identity_are_the_same_text(ask):
    """Both are the same exposition; its length is told before its first byte, and caches what it depends on."""
    packed, plain = ask("/metrics", {"Accept-Encoding": "gzip"}), ask("/metrics")
    assert gzip.decompress(packed[2]) == plain[2]
    assert plain[2].count(b"\n") == 6
    for _, headers, body in (packed, plain):
        assert headers["Content-Length"] == str(len(body))
        assert headers["Vary"] == "Accept, Accept-Encoding"
    assert (packed[1]["Content-Encoding"], plain[1].get("Content-Encoding")) == ("gzip", None)


def test_gzip_can_be_switched_off():
    """--enable-gzip-encoding=false answers plain text to everybody."""
    with workers() as (board, (worker,)):
        worker.start().store.add(thing("a", 1))
        ask = Asked(board, worker, enable_gzip_encoding="false")
        _, headers, body = ask("/metrics", {"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in headers
        assert read(body.decode()).types == {"thing_value": "gauge", "thing_info": "gauge"}


def test_before_everything_is_listed(ask):
    """503 on both ports, with every missing kind and its reason, and when to come again; --serve-partial is 200."""
    ask.worker.missing = {"pods": "being listed", "nodes": "503 Service Unavailable: etcd"}
    ask.board.sync(0, synced=False)
    for path, port in (("/metrics", 8080), ("/readyz", TELEMETRY)):
        status, headers, body = ask(path, port=port)
        assert status == "503 Service Unavailable"
        assert b"worker 0: pods: being listed" in body
        assert b"worker 0: nodes: 503 Service Unavailable: etcd" in body
        assert headers.get("Retry-After") == ("1" if port == 8080 else None)
    assert ask("/livez")[0] == "200 OK"
    told = ask("/metrics", port=TELEMETRY)[2].decode()
    assert 'http_request_duration_seconds_count{handler="metrics",method="get"} 1.0\n' in told
    partial = Asked(ask.board, ask.worker, serve_partial="true")
    assert partial("/metrics")[0] == "200 OK"
    assert partial("/readyz", port=TELEMETRY)[0].startswith("503")


def test_while_a_worker_is_away(ask):
    """A worker's last state keeps scrapes and readiness up, until it is thought lost."""
    ask("/metrics")
    ask.worker.stop(Phase.BACKOFF)
    ask.board.died(0, -9)
    assert ask("/metrics")[0] == "200 OK"
    assert ask("/readyz", port=TELEMETRY)[::2] == ("200 OK", b"ok, with the last state of a worker that is away\n")
    ask.board.lives(0, Phase.FAILED, 0, 1, 5, 0)
    assert ask("/metrics")[0] == "200 OK"
    status, _, body = ask("/readyz", port=TELEMETRY)
    assert status == "503 Service Unavailable"
    assert b"worker 0" in body


def test_the_lease_ends_with_the_answer(ask):
    """Whether an answer was sent, asked for by HEAD, refused or left half-way: nothing is held afterwards."""
    for method in ("GET", "HEAD"):
        ask("/metrics", method=method)
    half = ask.front({"REQUEST_METHOD": "GET", "SERVER_PORT": "8080", "PATH_INFO": "/metrics"}, lambda *_: None)
    mapped = ask.upstream.lines[0].latest().mapped
    assert sum(mapped.readers.values()) == 1
    half.close()
    ask.worker.missing = {"pods": "being listed"}
    assert sum(mapped.readers.values()) == 0


def shaped(ask, **objects):
    """Give the worker the kinds of a recording instead of the test's own."""

    def kind(arena, plural):
        resource = RESOURCES[plural]
        families = [family for family in resource.families if not family.opt_in]
        heads = tuple(Head(family.name, family.print_help, family.type) for family in families)
        made = things(arena, heads, compile_render(plural, resource.identity, families), plural)
        for item in objects[plural]:
            made.stores[0].add(json.decode(json.encode(item), type=resource.object))
        return made

    ask.worker.stop()
    ask.worker.start(lambda arena: tuple(kind(arena, plural) for plural in objects))


@pytest.fixture
def handler(ask):
    """The cluster of the handler's recordings: one configmap, one resource quota, no secret."""
    meta = {"namespace": "ns", "uid": "u"}
    shaped(
        ask,
        configmaps=[{"metadata": meta | {"name": "cm", "resourceVersion": "7"}}],
        resourcequotas=[{"metadata": meta | {"name": "rq", "creationTimestamp": "2017-07-14T02:40:00Z"}}],
        secrets=[],
    )
    return ask


@pytest.mark.parametrize(("given", "want"), cases("handler_cases", "resource_query_filter"))
def test_queries_as_recorded(handler, given, want):
    """?resources= and ?exclude_resources= choose what the peer chooses: repeated, blank, unknown or none at all."""
    status, _, body = handler(f"/metrics{given['query']}")
    assert status.startswith(str(want["status"]))
    assert read(body.decode()) == read(want["body"])


@pytest.mark.parametrize(("given", "want"), cases("handler_cases", "accept_negotiation"))
def test_formats_as_recorded(handler, given, want):
    """Content type and body are the peer's, whatever is accepted."""
    status, headers, body = handler("/metrics?resources=configmaps", {"Accept": given["accept"]})
    assert (status, headers["Content-Type"]) == (f"{want['status']} OK", want["content_type"])
    assert body.endswith(b"# EOF\n") == want["ends_with_eof"]
    assert read(body.decode()) == read(want["body"])


#: exchange -> why our answer is not the peer's.
OTHERWISE = {
    "metrics POST /metrics": "405: a scrape is a GET",
    "telemetry GET /healthz": "200: both ports answer liveness",
    "metrics GET /metrics GZIP": "codings are case-insensitive (RFC 9110 section 8.4.1)",
    "metrics GET /metrics gzip;q=0": "a weight of 0 says that it is not wanted (RFC 9110 section 12.5.3)",
    "metrics GET /metrics gzip without --enable-gzip-encoding": "gzip is on unless told otherwise: it is the cheap way",
    "metrics GET /metrics Bearer wrong --auth-filter": "401: an unknown token is no fault of the server",
}


def recorded():
    """The peer's exchanges by name: port, request, headers, and the flags that it was started with."""
    found = []
    for exchange in exchanges("ksm-http"):
        request, note = exchange["request"], exchange.get("note", "")
        name = " ".join(filter(None, [request["port"], request["line"], *request["headers"].values(), note]))
        marks = [pytest.mark.xfail(reason=OTHERWISE[name], strict=True)] if name in OTHERWISE else []
        found.append(pytest.param(request, exchange["response"], id=name, marks=marks))
    return found


def test_the_exceptions_are_recorded():
    """Each named difference is one that the recording has."""
    assert {case.id for case in recorded()} >= set(OTHERWISE)


@pytest.fixture(scope="module")
def reviews():
    """The API server that the peer was recorded with: it knows an admin and somebody without rights."""
    with testing.running(token=("admintoken:admin", "own"), powerless_token="nobodytoken:nobody") as server:
        yield Reviewer(client_of(server.url, token="own")).review


@pytest.mark.parametrize(("request_", "want"), recorded())
def test_exchanges_as_recorded(ask, request, request_, want):
    """Status, content type, coding and emptiness are the peer's, but where a reason is named."""
    if "--auth-filter" in request.node.name:
        ask = Asked(ask.board, ask.worker, tokens=Tokens(request.getfixturevalue("reviews")))
    shaped(ask, namespaces=[{"metadata": {"name": "ns", "uid": "u"}}])
    if not want["body_bytes"] and request_["line"] == "GET /metrics":
        shaped(ask, namespaces=[])  # every family was denied
    method, path = request_["line"].split()
    port = TELEMETRY if request_["port"] == "telemetry" else 8080
    status, headers, body = ask(path, request_["headers"], method, port)
    theirs = dict(want["headers"])
    assert status == want["status"]
    assert headers["Content-Type"].lower() == theirs["Content-Type"].lower()
    assert headers.get("Content-Encoding") == theirs.get("Content-Encoding")
    assert bool(body) == bool(want["body_bytes"])


def test_odd_queries_are_no_errors(handler):
    """Whatever stands behind the question mark, the answer is a 200."""
    for query in ("?resources=%ff%fe", "?&&&=", "?resources=pods;exclude_resources=x", "?" + "a=1&" * 2000, "?%"):
        assert handler(f"/metrics{query}")[0] == "200 OK"
