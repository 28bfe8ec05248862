"""What one object or one line costs, and which objects a shard holds; under the law of tests/reflecting.py."""

import contextlib
import logging

import pytest
from loopback import relay, reply, scripted
from reflecting import (
    ALL,
    POD,
    asked,
    change,
    client_of,
    cluster,
    is_phase,
    pod,
    reflecting,
    until,
    versions,
)

from shardex.options import parse
from shardex.resources import RESOURCES
from shardex.shard import owner
from shardex.workers.plan import plan


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "pages"])
@pytest.mark.parametrize(
    "broken",
    [
        {"spec": {"nodeName": {"not": "a name"}}},
        {"metadata": {"creationTimestamp": 17}},
        {"metadata": {"creationTimestamp": "yesterday"}},
        {"metadata": {"labels": ["not", "a", "map"]}},
        {"metadata": {"annotations": 17}},
        {"metadata": {"ownerReferences": [None]}},
        {"spec": {"containers": 5}, "status": {"phase": True}},
    ],
    ids=str,
)
def test_a_broken_object_costs_its_own_series(server, hop, caplog, broken, streams):
    """It is said once by name and then counted; its series are gone, all others stay; repaired, it is back."""
    if not streams:
        server.fault("refuse_streaming", verb="stream", count=-1)
    caplog.set_level(logging.WARNING)
    with reflecting(server, hop.url) as shown:
        shown.synced(ALL).keep("pod-3", "pod-4")
        server.modify(POD.format(3), broken)
        shown.until(lambda _: shown.named() == ALL - {"pod-3"})
        version = server.modify(POD.format(3), broken)
        shown.until(lambda standing: standing.malformed == 2)
        hop.cut()
        until(lambda: versions(server)[-1:] == [str(version)])
        change(server, 4, "Failed")
        shown.shows(*is_phase(4, "Failed"))
        server.modify(POD.format(3), pod())
        shown.until(lambda _: shown.named() == ALL)
        assert shown.standing().relists == {}
    assert len([line for line in caplog.messages if "n/pod-3 left out" in line]) == 1


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "pages"])
def test_a_broken_object_in_a_list_costs_its_own_series(server, streams):
    """The other objects of the list are synced without it."""
    if not streams:
        server.fault("refuse_streaming", verb="stream", count=-1)
    server.modify(POD.format(3), {"spec": {"containers": "none"}})
    with reflecting(server) as shown:
        shown.synced(ALL - {"pod-3"})
        assert shown.standing().malformed == 1
        assert asked(server).count("list") == (0 if streams else 1)


def test_a_uid_that_is_no_text_costs_its_object(server):
    """Without a uid neither its shard nor its earlier series are known; the watch goes on."""
    with reflecting(server) as shown:
        shown.synced(ALL).keep("pod-3", "pod-4")
        server.modify(POD.format(3), {"metadata": {"uid": 17}})
        change(server, 4, "Failed")
        shown.shows(*is_phase(4, "Failed"))
        assert shown.standing().malformed == 1
        assert asked(server) == ["stream"]


def answering(line, lists, watches):
    """A server with an empty list at version 5, whose every watch is this one line."""

    def respond(handler):
        if "sendInitialEvents" in handler.path:
            reply(handler, b'{"code":422}', 422)
        elif "watch=true" in handler.path:
            watches.append(handler.path)
            reply(handler, line + b"\n")
        else:
            lists.append(handler.path)
            reply(handler, b'{"metadata":{"resourceVersion":"5"},"items":[]}')

    return scripted(respond)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"ADDED","object":{"metadata":{"uid":"a","resourceVersion":"6"},"spec":}}',
        b'{"type":"ADDED","object":{"metadata":{"uid":"a}}',
        b'{"type":"ADDED","object":{"metadata":{"name":"a","uid":"b","resourceVersion":"6"}}garbage}}',
        b'{"type":"ADDED"}',
        b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":7}}}',
        b'{"type":"DELETED","object":null}',
        b'{"type":"ERROR","object":5}',
        b"[]",
        b"null",
        b"\x00",
        b'"\xff"',
    ],
    ids=str,
)
def test_a_line_of_any_bytes_is_survived(line):
    """Whatever stands in a line, the thread lives, and lists anew when it meets the line again and again."""
    lists, watches = [], []
    with answering(line, lists, watches) as url, reflecting(url=url) as shown:
        shown.until(lambda _: len(lists) >= 2 and shown.standing().relists == {"Garbage": len(lists) - 1})
        assert len(watches) >= 3


@pytest.mark.parametrize(
    "fields",
    [b'"name":"x","uid":"a","resourceVersion":6', b'"name":"\xff","uid":"\xfe"', b'"name":5,"uid":[]'],
    ids=["version", "bytes", "types"],
)
def test_an_object_that_cannot_be_named_is_survived(fields):
    """It costs itself; a version that cannot be read leaves the watch at the last one that could."""
    lists, watches = [], []
    line = b'{"type":"ADDED","object":{"metadata":{%s}}}' % fields
    with answering(line, lists, watches) as url, reflecting(url=url) as shown:
        shown.until(lambda _: len(watches) >= 3)
        assert all("resourceVersion=5" in path for path in watches)
        assert len(lists) == 1


# --- Shards ---


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "pages"])
def test_shards_are_a_partition(streams):
    """Every object is in one of three shards, whatever is listed, watched, expired or marked on the way."""
    with cluster(30, bookmark_seconds=0.1) as server, relay(server.url) as hop, contextlib.ExitStack() as stack:
        if not streams:
            server.fault("refuse_streaming", verb="stream", count=-1)
        client = client_of(hop.url)
        shards = [
            stack.enter_context(reflecting(server, client=client, mine=lambda uid, n=n: owner(uid, 3) == n))
            for n in range(3)
        ]
        for shard in shards:
            shard.synced()

        def is_whole(names):
            parts = [shard.named() for shard in shards]
            return all(parts) and sorted(name for part in parts for name in part) == sorted(names)

        names = {f"pod-{number}" for number in range(30)}
        assert is_whole(names)
        for shard in shards:
            shard.keep("pod-3", "pod-4")
            shard.until(lambda standing: standing.events.get("BOOKMARK", 0) >= 2)
        change(server, 3, "Failed")
        server.delete(POD.format(4))
        server.apply([{"action": "add", "path": POD.format(n), "object": pod()} for n in range(30, 40)])
        names = names - {"pod-4"} | {f"pod-{number}" for number in range(30, 40)}
        until(lambda: is_whole(names))
        hop.away()
        server.delete(POD.format(30))
        server.compact()
        hop.back()
        for shard in shards:  # the ERROR event has no uid, and is for all
            shard.until(lambda standing: standing.relists == {"Expired": 1})
        until(lambda: is_whole(names - {"pod-30"}))


# --- Least knowledge ---


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "pages"])
def test_nothing_but_metadata_is_sent(streams):
    """Of kinds whose families read nothing else the server is asked for metadata alone, so no data is on the wire."""
    path, obj = "/api/v1/namespaces/n/configmaps/c-{}", {"data": {"key": "password"}}
    with cluster(0) as server, relay(server.url) as hop:
        if not streams:
            server.fault("refuse_streaming", verb="stream", count=-1)
        server.add(path.format(0), obj)
        [kind] = plan(parse({"resources": "configmaps"}, RESOURCES, lambda: 1))
        with reflecting(server, hop.url, target=kind.targets[0]) as shown:
            shown.until(lambda _: "c-0" in shown.named('configmap="'))
            server.add(path.format(1), obj)
            shown.until(lambda _: "c-1" in shown.named('configmap="'))
            hop.cut()
            until(lambda: versions(server, "configmaps"))
            server.delete(path.format(1))
            shown.until(lambda _: "c-1" not in shown.named('configmap="'))
        entries = server.requests(resource="configmaps")
        assert all(entry["accept"].startswith("application/json;as=PartialObjectMetadata") for entry in entries)
    assert b"PartialObjectMetadata" in hop.said
    assert b"password" not in hop.said
