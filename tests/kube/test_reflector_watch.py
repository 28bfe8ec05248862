"""What each fault of a watch costs, rung by rung of the ladder; each test under the law of tests/reflecting.py."""

import time

import msgspec
import pytest
from loopback import relay, reply, scripted
from reflecting import (
    ALL,
    POD,
    QUICK,
    asked,
    change,
    client_of,
    cluster,
    is_phase,
    kind_of,
    pod,
    reading,
    reflecting,
    until,
    versions,
)


def test_a_watch_that_ends_goes_on(server):
    """The server closes a watch after the time asked for; the next begins at once where it ended, without a list."""
    with reflecting(server, reading=reading(watch_seconds=1.0)) as shown:
        shown.synced(ALL).keep("pod-3")
        version = change(server, 3, "Failed")
        until(lambda: asked(server) == ["stream", "watch"])
        assert int(versions(server)[0]) >= version
        assert shown.standing().error == ""
        assert shown.standing().watches == {"success": 1}


def test_a_dead_server_costs_no_list(server, hop):
    """While nothing listens the series stay; when it is back the watch goes on from where it was."""
    with reflecting(server, hop.url) as shown:
        shown.synced(ALL).keep("pod-3")
        version = change(server, 3, "Pending")
        shown.shows(*is_phase(3, "Pending"))
        hop.away()
        shown.until(lambda standing: standing.watches.get("error", 0) >= 4)
        assert "Connection refused" in shown.standing().error
        assert shown.named() == ALL
        change(server, 3, "Failed")
        hop.back()
        shown.shows(*is_phase(3, "Failed"))
        assert asked(server) == ["stream", "watch"]
        assert versions(server) == [str(version)]
        assert shown.standing().error == ""


def test_a_server_that_is_dead_at_the_start_is_waited_for(server, hop):
    """Before the first list there is nothing to lose, and one list when the server is there."""
    hop.away()
    with reflecting(server, hop.url) as shown:
        shown.until(lambda standing: standing.watches.get("error", 0) >= 3)
        assert not shown.standing().synced
        hop.back()
        shown.synced(ALL)
        assert asked(server) == ["stream"]


# Fault of the watch that follows -> what is asked after it, the reason of the relist; all from one version.
WATCH_FAULTS = {
    "410": ({"kind": "status", "status": 410}, ["stream"], "Expired"),
    "ERROR-410": ({"kind": "gone"}, ["stream"], "Expired"),
    "400": ({"kind": "status", "status": 400}, ["stream"], "Expired"),
    "504-too-large": (
        {"kind": "status", "status": 504, "body": '{"message":"Too large resource version: 9"}'},
        ["stream"],
        "Expired",
    ),
    "unknown-event": ({"kind": "unknown_event"}, ["stream"], "UnknownEvent"),
    "garbage": ({"kind": "garbage"}, ["watch"], ""),
    "garbage-thrice": ({"kind": "garbage", "count": 3}, ["watch", "watch", "stream"], "Garbage"),
    "500": ({"kind": "status", "status": 500, "count": 3}, ["watch"] * 3, ""),
    "503": ({"kind": "status", "status": 503, "retry_after": 0}, ["watch"], ""),
    "ERROR-500": ({"kind": "error_event", "status": 500}, ["watch"], ""),
    "reset": ({"kind": "reset"}, ["watch"], ""),
    "cut": ({"kind": "cut"}, ["watch"], ""),
    "stall": ({"kind": "stall"}, ["watch"], ""),
    "silence": ({"kind": "delay", "seconds": 30}, ["watch"], ""),
    "403": ({"kind": "status", "status": 403}, ["stream"], "Excused"),
    "404": ({"kind": "status", "status": 404}, ["stream"], "Excused"),
}


@pytest.mark.parametrize(("fault", "then", "relist"), WATCH_FAULTS.values(), ids=WATCH_FAULTS)
def test_a_fault_of_a_watch(server, hop, fault, then, relist):
    """Each costs what the ladder says: the same version again, or one list; and what changed meanwhile is seen."""
    silent = fault["kind"] in {"stall", "delay"}
    with reflecting(server, hop.url, reading=reading(idle_seconds=1.0 if silent else 10.0)) as shown:
        shown.synced(ALL).keep("pod-3", "pod-4")
        server.fault(**fault, resource="pods", verb="watch")
        version = change(server, 3, "Failed")
        shown.shows(*is_phase(3, "Failed"))
        hop.cut()
        until(lambda: len(asked(server)) == 2 + len(then), what=lambda: asked(server))
        server.delete(POD.format(4))
        shown.until(lambda _: shown.named() == ALL - {"pod-4"})
        assert asked(server)[: 2 + len(then)] == ["stream", "watch", *then]
        assert set(versions(server)[: then.count("watch") + 1]) == {str(version)}
        assert shown.standing().relists == ({relist: 1} if relist else {})


@pytest.mark.parametrize(
    ("fault", "then"),
    [
        ({"kind": "cut", "after_bytes": 450}, "watch"),
        ({"kind": "halfline", "after_events": 1}, "watch"),
        ({"kind": "garbage", "after_events": 1}, "watch"),
        ({"kind": "gone", "after_events": 1}, "stream"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_fault_between_events(server, hop, fault, then):
    """What came before the fault is kept, and what came behind it is asked for again from the event before."""
    with reflecting(server, hop.url) as shown:
        shown.synced(ALL).keep("pod-3", "pod-4")
        hop.away()
        first = change(server, 3, "Failed")
        change(server, 4, "Failed")
        server.fault(**fault, resource="pods", verb="watch")
        hop.back()
        shown.shows(*is_phase(4, "Failed"))
        shown.shows(*is_phase(3, "Failed"))
        assert asked(server) == ["stream", "watch", then]
        assert versions(server)[1:] == ([str(first)] if then == "watch" else [])


def test_retry_after_is_obeyed(server, hop):
    """429: so many seconds later the same request again; a list would make it worse."""
    with reflecting(server, hop.url) as shown:
        shown.synced(ALL)
        server.fault("status", "pods", "watch", status=429, retry_after=1)
        hop.cut()
        until(lambda: len(versions(server)) == 2)
        refused, taken = [entry for entry in server.requests("watch") if kind_of(entry) == "watch"]
        assert refused["status"] == 429
        assert refused["query"]["resourceVersion"] == taken["query"]["resourceVersion"]
        assert 1.0 <= taken["time"] - refused["time"] < 10.0
        assert asked(server) == ["stream", "watch", "watch"]


def test_a_short_empty_watch_backs_off():
    """A watch that ends at once and without anything new, again and again, is not begun in a loop."""
    lists, watches = [], []

    def respond(handler):
        if "sendInitialEvents" in handler.path:
            reply(handler, b'{"code":422}', 422)
        elif "watch=true" in handler.path:
            watches.append(time.monotonic())
            # An event that was there already is nothing new either.
            seen = b'{"type":"MODIFIED","object":{"metadata":{"uid":"a","resourceVersion":"5"}}}\n'
            reply(handler, seen if len(watches) % 2 else b"")
        else:
            lists.append(handler.path)
            reply(handler, b'{"metadata":{"resourceVersion":"5"},"items":[]}')

    slow = msgspec.structs.replace(QUICK, first_seconds=0.1, cap_seconds=10.0)
    with scripted(respond) as url, reflecting(url=url, reading=reading(backoff=slow)) as shown:
        shown.until(lambda _: len(watches) == 4)
        assert watches[3] - watches[0] >= 0.7  # 0.1 + 0.2 + 0.4 s, up to twice that with jitter
        assert len(lists) == 1
        assert shown.standing().error == "Short"


def test_a_bookmark_spares_a_list():
    """A quiet kind's version goes with its bookmarks, so that a compaction of the history costs no list."""
    with cluster(bookmark_seconds=0.1) as server, relay(server.url) as hop, reflecting(server, hop.url) as shown:
        shown.synced(ALL)
        for number in range(5):
            version = server.add(f"/api/v1/namespaces/n/services/s-{number}")
        shown.until(lambda _: shown.store.version == str(version))
        hop.away()
        server.compact()
        hop.back()
        until(lambda: asked(server) == ["stream", "watch"])
        assert versions(server) == [str(version)]
        server.add(POD.format(10), pod())
        shown.until(lambda _: shown.named() == ALL | {"pod-10"})
        assert asked(server) == ["stream", "watch"]


def test_what_was_deleted_while_nobody_watched_is_gone(server, hop):
    """A deletion that no watch can tell of any more is found by the list that follows the 410."""
    with reflecting(server, hop.url) as shown:
        shown.synced(ALL).keep("pod-4", "pod-5")
        hop.away()
        server.delete(POD.format(4))
        change(server, 5, "Failed")
        server.compact()
        hop.back()
        shown.until(lambda _: shown.named() == ALL - {"pod-4"})
        shown.shows(*is_phase(5, "Failed"))
        assert asked(server) == ["stream", "watch", "stream"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_kind_is_excused_and_picked_up(server, status):
    """It holds nothing back, is asked for slowly, says why, and is there when it is allowed."""
    server.fault("status", "pods", status=status, count=-1)
    slow = msgspec.structs.replace(QUICK, slow_seconds=0.4)
    with reflecting(server, reading=reading(backoff=slow)) as shown:
        shown.until(lambda standing: standing.excused)
        assert shown.standing().excused.startswith(str(status))
        assert not shown.standing().synced
        until(lambda: len(asked(server)) == 3)
        times = [entry["time"] for entry in server.requests(resource="pods")]
        assert times[2] - times[0] >= 0.8
        server.clear_faults()
        shown.synced(ALL)
        assert shown.standing().excused == ""


def test_a_kind_that_is_refused_later_keeps_its_series(server, hop):
    """Rights that are taken away say nothing of the objects."""
    with reflecting(server, hop.url) as shown:
        shown.synced(ALL)
        server.fault("status", "pods", status=403, count=-1)
        hop.cut()
        shown.until(lambda standing: standing.excused)
        until(lambda: len(asked(server)) >= 5)
        assert shown.named() == ALL
        server.clear_faults()
        shown.until(lambda standing: not standing.excused)


def test_a_rotated_token_is_read_again(tmp_path):
    """401: the token file is looked at now, and the watch goes on from where it was."""
    path = tmp_path / "token"
    path.write_text("first\n")
    with cluster(token="first") as server, relay(server.url) as hop:
        client = client_of(hop.url, token_file=str(path))
        with reflecting(server, client=client) as shown:
            shown.synced(ALL).keep("pod-3")
            server.tokens({"token": "second"})
            hop.cut()
            shown.until(lambda standing: standing.watches.get("error", 0) >= 3)
            assert shown.standing().error.startswith("401")
            path.write_text("second\n")
            change(server, 3, "Failed")
            shown.shows(*is_phase(3, "Failed"))
            assert set(asked(server)[1:]) == {"watch"}
            assert len(set(versions(server))) == 1
            assert shown.standing().error == ""
