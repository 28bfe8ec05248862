"""How a reflector lists, and what a fault of a list costs; each test under the law of tests/reflecting.py."""

import pytest
from reflecting import ALL, POD, asked, change, is_phase, kind_of, pod, reading, reflecting, until

from shardex.kube.reflector import Target

PAGES = ["list", "continue", "continue"]  # ten pods, four a page


def test_a_streaming_list_becomes_the_watch(server):
    """One request brings every object and then every change; there is no list."""
    with reflecting(server) as shown:
        shown.synced(ALL).keep("pod-3", "pod-4")
        change(server, 3, "Failed")
        shown.shows(*is_phase(3, "Failed"))
        server.add(POD.format(10), pod())
        server.delete(POD.format(4))
        shown.until(lambda _: shown.named() == ALL - {"pod-4"} | {"pod-10"})
        assert asked(server) == ["stream"]
        assert shown.standing().lists == {"success": 1}


def test_a_refused_stream_is_listed_in_pages(server):
    """A server that refuses streaming lists is listed in pages, each with the token of the one before, then watched."""
    server.fault("refuse_streaming", verb="stream", count=-1)
    with reflecting(server) as shown:
        shown.synced(ALL)
        until(lambda: asked(server) == ["stream", *PAGES, "watch"])
        queries = [entry["query"] for entry in server.requests("list")]
        assert [query["limit"] for query in queries] == ["4"] * 3
        assert len({query.get("continue") for query in queries}) == 3
        assert not any("resourceVersion" in query for query in queries)


def test_a_stream_without_end_mark_is_listed_in_pages(server):
    """Some servers and proxies never send the mark: after the time for it there are pages instead, not a hang."""
    server.fault("no_initial_end", verb="stream", count=-1)
    with reflecting(server, reading=reading(stream_idle_seconds=0.3)) as shown:
        shown.synced(ALL)
        until(lambda: asked(server) == ["stream", *PAGES, "watch"])


def test_a_stream_that_goes_on_without_end_mark_is_listed_in_pages(server):
    """Changes that keep coming do not hide that the end mark does not."""
    server.fault("no_initial_end", verb="stream", count=-1)
    with reflecting(server, reading=reading(stream_seconds=0.3)) as shown:
        until(lambda: (change(server, 0, "Running"), shown.standing().synced)[1])
        assert asked(server)[:4] == ["stream", *PAGES]


def test_a_stream_that_is_not_answered_is_listed_in_pages(server):
    """A proxy that holds the answer back until it is whole would do so for ever."""
    server.fault("delay", verb="stream", seconds=30, count=-1)
    with reflecting(server, reading=reading(stream_idle_seconds=0.3)) as shown:
        shown.synced(ALL)
        assert asked(server)[:4] == ["stream", *PAGES]


def test_a_stream_cut_once_is_streamed_again(server):
    """A rollout of the API server cuts a stream once; nothing of the first half shows."""
    server.fault("cut", verb="stream", after_bytes=1500)
    with reflecting(server) as shown:
        shown.synced(ALL)
        assert asked(server) == ["stream", "stream"]


def test_a_stream_cut_twice_is_listed_in_pages(server):
    """A stream starts over after each cut, pages do not."""
    server.fault("cut", verb="stream", after_bytes=1500, count=-1)
    with reflecting(server) as shown:
        shown.synced(ALL)
        until(lambda: asked(server) == ["stream", "stream", *PAGES, "watch"])


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "cut", "after_bytes": 300},
        {"kind": "reset"},
        {"kind": "stall", "after_bytes": 300},
        {"kind": "status", "status": 503, "retry_after": 0},
        {"kind": "status", "status": 429, "retry_after": 0},
        {"kind": "status", "status": 401},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}",
)
def test_a_list_goes_on_with_the_page_that_failed(server, fault):
    """A fault of one page costs that page, whose first objects may have been taken in already."""
    server.fault("refuse_streaming", verb="stream", count=-1)
    server.fault(**fault, verb="continue", skip=1)
    with reflecting(server, reading=reading(idle_seconds=0.5 if fault["kind"] == "stall" else 10.0)) as shown:
        shown.synced(ALL)
        queries = [entry["query"] for entry in server.requests("list")]
        assert asked(server)[:5] == ["stream", *PAGES, "continue"]
        assert queries[2] == queries[3]
        assert shown.standing().lists == {"success": 1, "error": 1}


def test_an_empty_page_leads_on(server):
    """A page without items is not the last one when it has a token."""
    server.fault("refuse_streaming", verb="stream", count=-1)
    server.fault("empty_continue", verb="continue")
    with reflecting(server) as shown:
        shown.synced(ALL)
        assert asked(server)[:5] == ["stream", *PAGES, "continue"]


def test_a_list_that_is_no_json_is_read_again(server):
    """Nothing of a list that did not add up is shown; the next one is verified cut by cut."""
    server.fault("refuse_streaming", verb="stream", count=-1)
    server.fault("garbage", verb="list")
    with reflecting(server) as shown:
        shown.synced(ALL)
        assert asked(server)[:5] == ["stream", "list", *PAGES]


@pytest.mark.parametrize(
    ("verb", "requests"), [("list", ["list", *PAGES]), ("continue", ["list", "continue", *PAGES])], ids=str
)
def test_a_list_that_expires_begins_anew(server, verb, requests):
    """410 of a list, or of a page's token that became too old, leads to one new list."""
    server.fault("refuse_streaming", verb="stream", count=-1)
    server.fault("gone", verb=verb)
    with reflecting(server) as shown:
        shown.synced(ALL)
        until(lambda: asked(server) == ["stream", *requests, "watch"])
        assert shown.standing().relists == {"Expired": 1}


def test_object_limit(server):
    """--object-limit: a single list of so many objects, from the cache, without a stream."""
    with reflecting(server, reading=reading(limit=3)) as shown:
        shown.synced()
        until(lambda: asked(server) == ["list", "watch"])
        assert len(shown.named()) == 3
        assert server.requests("list")[0]["query"] == {"limit": "3", "resourceVersion": "0"}


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "pages"])
def test_apiserver_cache(server, streams):
    """--use-apiserver-cache: lists ask for version 0, and a page that has a token for none."""
    if not streams:
        server.fault("refuse_streaming", verb="stream", count=-1)
    with reflecting(server, reading=reading(cached=True)) as shown:
        shown.synced(ALL)
        first = [e for e in server.requests(resource="pods") if kind_of(e) in {"stream", "list"}]
        assert [e["query"]["resourceVersion"] for e in first] == ["0"] * (1 if streams else 2)
        assert not any("resourceVersion" in e["query"] for e in server.requests("list") if kind_of(e) == "continue")


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "pages"])
@pytest.mark.parametrize(
    "target",
    [
        Target("/api/v1/namespaces/n/pods", "pods"),
        Target("/api/v1/pods", "pods", query={"fieldSelector": "metadata.namespace!=m"}),
    ],
    ids=["namespace", "selector"],
)
def test_a_part_of_the_cluster(server, hop, target, streams):
    """A namespace or a field selector holds for lists, pages and watches alike."""
    if not streams:
        server.fault("refuse_streaming", verb="stream", count=-1)
    server.add("/api/v1/namespaces/m/pods/other", pod())
    with reflecting(server, hop.url, target=target) as shown:
        shown.synced(ALL)
        hop.cut()
        server.add("/api/v1/namespaces/m/pods/another", pod())
        server.add(POD.format(10), pod())
        shown.until(lambda _: shown.named() == ALL | {"pod-10"})
        for entry in server.requests(resource="pods"):
            assert entry["path"] == target.path
            assert target.query.items() <= entry["query"].items()
