"""What a reflector holds must be given back on every path: the gate, connections, memory of replacements."""

import threading

import pytest
from loopback import relay
from reflecting import ALL, POD, asked, change, is_phase, pod, reading, reflecting, until

# Faults of a first list; the name says how it is listed.
FAULTS = [
    ("stream", {"kind": "cut", "after_bytes": 1500}),
    ("stream", {"kind": "gone", "after_events": 5}),
    ("stream", {"kind": "error_event", "after_events": 5}),
    ("stream", {"kind": "unknown_event", "after_events": 5}),
    ("stream", {"kind": "garbage", "after_events": 5}),
    ("stream", {"kind": "halfline", "after_events": 5}),
    ("stream", {"kind": "stall", "after_bytes": 1500}),
    ("stream", {"kind": "no_initial_end"}),
    ("stream", {"kind": "delay", "seconds": 30}),
    ("stream", {"kind": "reset"}),
    ("stream", {"kind": "status", "status": 401}),
    ("stream", {"kind": "status", "status": 403}),
    ("stream", {"kind": "status", "status": 500}),
    ("continue", {"kind": "cut", "after_bytes": 300}),
    ("continue", {"kind": "gone"}),
    ("continue", {"kind": "garbage"}),
    ("continue", {"kind": "stall", "after_bytes": 300}),
    ("continue", {"kind": "delay", "seconds": 30}),
    ("continue", {"kind": "reset"}),
    ("continue", {"kind": "status", "status": 401}),
    ("continue", {"kind": "status", "status": 403}),
    ("continue", {"kind": "status", "status": 500}),
]


@pytest.mark.parametrize(("verb", "fault"), FAULTS, ids=[f"{v}-{f['kind']}-{f.get('status', '')}" for v, f in FAULTS])
def test_every_fault_of_a_list_gives_back(server, verb, fault):
    """With a gate for one list, the list after the fault comes through; no page of the failed one stays in memory, no
    connection but the watch's stays open, and no other watch goes on at the server."""
    gate = threading.Semaphore(1)
    if verb == "continue":
        server.fault("refuse_streaming", verb="stream", count=-1)
    server.fault(**fault, resource="pods", verb=verb, skip=int(verb == "continue"))
    with relay(server.url) as hop:
        quick = reading(page_size=4, idle_seconds=0.4, stream_idle_seconds=0.4)
        with reflecting(server, hop.url, gate=gate, reading=quick) as shown:
            shown.synced(ALL)
            until(lambda: len(asked(server)) >= 3 if verb == "continue" else True)
            assert gate.acquire(timeout=5)
            assert shown.store.aside is None
            assert sum(page.live for page in shown.store.pages()) == len(ALL)
            until(lambda: asked(server)[-1] in {"watch", "stream"})
            until(lambda: hop.connections == 1, what="a connection was kept")
            until(lambda: server.state()["watches"] == 1, what="a watch was left running")


def test_a_watch_that_was_left_is_closed(server):
    """After an ERROR or an unknown event the rest of the stream is of no use: it must not stand before the next answer,
    nor go on at the server."""
    with relay(server.url) as hop, reflecting(server, hop.url) as shown:
        shown.synced(ALL).keep("pod-3")
        server.fault("unknown_event", "pods", "watch", count=6)
        hop.cut()
        until(lambda: len(asked(server)) >= 8)
        change(server, 3, "Failed")
        shown.shows(*is_phase(3, "Failed"))
        assert hop.connections == 1
        assert server.state()["watches"] == 1
        assert "Refused" not in shown.standing().relists


def test_a_list_that_was_read_gives_its_connection_to_the_next(server):
    """Pages and the watch behind them go over one connection."""
    server.fault("refuse_streaming", verb="stream", count=-1)
    with relay(server.url) as hop, reflecting(server, hop.url, reading=reading(page_size=1)) as shown:
        shown.synced(ALL)
        until(lambda: asked(server)[-1] == "watch")
        assert len(asked(server)) == 12
        assert hop.accepted == 1


def test_replacements_that_fail_leave_no_memory(server):
    """Large lists that are cut again and again leave the arena as a single list does."""
    many = 1200  # more than two pages of the store, which are compressed as they fill
    server.apply([{"action": "add", "path": POD.format(n), "object": pod()} for n in range(10, many)])
    with reflecting(server, reading=reading(page_size=100)) as shown:
        shown.synced()
        clean = shown._arena.live_bytes
    server.fault("refuse_streaming", verb="stream", count=-1)
    server.fault("gone", verb="continue", skip=10, count=1)
    server.fault("gone", verb="continue", skip=10, count=1)
    server.fault("status", verb="continue", skip=10, count=1, status=403)
    with reflecting(server, reading=reading(page_size=100)) as shown:
        shown.synced()
        assert len(shown.named()) == many
        assert shown._arena.live_bytes <= clean * 1.05
        assert asked(server).count("list") == 4
