"""The status page and its JSON: what they say of workers that are well, away or refused, and all of it is text."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from asking import TELEMETRY, asking
from msgspec import json
from published import told, workers

from shardex.kube.notes import Standing
from shardex.serving import page
from shardex.serving.report import report
from shardex.serving.upstream import Upstream
from shardex.workers.board import Phase
from shardex.workers.share import Share
from shardex.workers.status import KindStatus

EVIL = '<script>alert("x")</script>&amp;\'"'
PODS = Standing("pods", synced=True, heard=1.0, relists={"Expired": 1, "Cut": 2}, malformed=2)
NODES = Standing("nodes", excused="403 Forbidden: no", error="403 Forbidden: no", heard=0.0)
JOBS = Standing("jobs", synced=True, heard=2.0, error=f"no connection: {EVIL}")


def kind(plural, *standings, objects=0):
    return KindStatus(plural, plural.title(), objects, objects * 4, objects * 100, objects * 20, objects * 8, standings)


@pytest.fixture
def found():
    """A report of two workers, of which the second, with fewer objects, has died for good."""
    with workers(2) as (board, made):
        for worker, objects in zip(made, (30, 10), strict=True):
            kinds = (kind("nodes", NODES), kind("pods", PODS, objects=objects), kind("jobs", JOBS, objects=2))
            worker.start(status=told(worker.number, *kinds, resident_bytes=7 << 20, peak_bytes=9 << 20))
            board.sync(worker.number, synced=True)
        board.share = Share(1, 3).word
        upstream = Upstream(board, [worker.front_end for worker in made], 300.0, answer_seconds=0.2)
        upstream.refresh(fold=True)
        made[1].stop(Phase.FAILED)
        board.died(1, -9)
        upstream.refresh(fold=False)
        yield report(upstream, ready=False)


def test_totals(found):
    """Sums over the workers, and how uneven they are: 32 objects where the mean is 22."""
    totals = found.totals
    assert (totals.objects, totals.series, totals.text_bytes) == (44, 176, 4400)
    assert (totals.kept_bytes, totals.resident_bytes) == (44 * 28, 14 << 20)
    assert totals.skew_ratio == pytest.approx(32 / 22)
    assert (found.sharding.ordinal, found.sharding.total, found.ready) == (1, 3, False)


def test_shards(found):
    """Each worker with its own numbers and its life; who is away shows its last word, and that it is one."""
    well, dead = found.shards
    assert (well.shard, well.phase, well.synced, well.stale, well.objects) == ("1.0", "ready", True, False, 32)
    assert (dead.shard, dead.phase, dead.synced, dead.stale, dead.objects) == ("1.1", "failed", False, True, 12)
    assert (dead.last_exit_code, dead.restarts, dead.peak_bytes) == (-9, 1, 9 << 20)
    assert dead.missing == {"everything": "the worker is failed"}
    assert well.watch_age_seconds > 0
    assert well.error == f"jobs: no connection: {EVIL}"


def test_kinds(found):
    """The dearest first; what the server refuses is not an error of the watch, and has its reason."""
    assert [(kind.plural, kind.objects, kind.kept_bytes) for kind in found.kinds] == [
        ("pods", 40, 1120),
        ("jobs", 4, 112),
        ("nodes", 0, 0),
    ]
    pods, _, nodes = found.kinds
    assert (pods.relists, pods.malformed, pods.synced, pods.excused) == (6, 4, True, "")
    assert (nodes.watch_age_seconds, nodes.excused) == (None, "403 Forbidden: no")
    assert found.refused == {"nodes": "403 Forbidden: no"}


class Seen(HTMLParser):
    """Tags in order, the text, and tags that were not closed."""

    VOID = frozenset({"meta", "br", "rect"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text, self.attributes = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page(found):
    """Everything that the report says is on it, whatever the cluster put into it is text, and all tags close."""
    seen = Seen(page.status(found))
    assert seen.open == []
    assert "script" not in seen.tags
    for said in ("not ready", "share 1 of 3, 2 workers", "44", "176", "1.45", "1.0", "1.1", "7.0 MiB", "9.0 MiB",
                 "died again and again, last with -9", "its last state is served", "403 Forbidden: no", EVIL,
                 "4 left out", "pods", "jobs", "nodes"):  # fmt: skip
        assert said in seen.text, said
    assert not {name for name, _ in seen.attributes} & {"style", "onload", "onclick", "src"}


def test_before_anything_was_told():
    """A front that has just begun shows its workers without numbers."""
    with workers(2) as (board, made):
        upstream = Upstream(board, [worker.front_end for worker in made], 300.0, answer_seconds=0.1)
        empty = report(upstream, ready=False)
    assert [(shard.phase, shard.objects, shard.watch_age_seconds) for shard in empty.shards] == [
        ("starting", 0, None)
    ] * 2
    assert (empty.kinds, empty.totals.skew_ratio) == ((), 0.0)
    assert "starting" in Seen(page.status(empty)).text


def test_the_policy():
    """The browser is told to run no script and load nothing; the one style sheet is named by its hash."""
    with asking() as asked:
        for path, port in (("/", 8080), ("/", TELEMETRY), ("/status", TELEMETRY)):
            _, headers, body = asked(path, port=port)
            policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
            style = re.search(rb"<style>(.*)</style>", body, re.DOTALL)[1]
            digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
            assert (policy.pop("default-src"), policy.pop("style-src")) == ("'none'", f"'sha256-{digest}'")
            assert set(policy.values()) == {"'none'"}
            assert set(policy) == {"base-uri", "form-action", "frame-ancestors"}
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert b"http://" not in body
            assert b"https://" not in body


def test_json():
    """The same as one document, whose members are the contract."""
    with asking() as asked:
        _, headers, body = asked("/status.json", port=TELEMETRY)
    assert headers["Content-Type"] == "application/json"
    document = json.decode(body)
    assert {"version", "time_seconds", "ready", "sharding", "totals", "shards", "kinds", "refused"} == set(document)
    assert document["ready"] is True
    assert document["shards"][0]["phase"] == "ready"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KiB"),
        (1 << 20, "1.0 MiB"),
        (150 << 20, "150 MiB"),
        (5 << 40, "5120 GiB"),
    ],
)
def test_sizes(count, text):
    """Three digits and a unit."""
    assert page.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h")]
)
def test_ages(seconds, text):
    """The unit that a person would choose."""
    assert page.age(seconds) == text
