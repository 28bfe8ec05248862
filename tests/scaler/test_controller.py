"""Turns of the controller against a synthetic API server: what it writes, what it changes, and when it does neither."""

import logging

import msgspec
import pytest
from observing import NOW, observed
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from scaler.apply import ResizeError, Teller, remembered, stamp
from scaler.cluster import Cluster
from scaler.controller import Controller
from scaler.decide import PAUSED
from scaler.growth import GROWTH
from scaler.metrics import Metrics
from scaler.observation import Fault, Reason
from scaler.options import parse

FEW, MANY = {"pods": 1_000}, {"pods": 100_000}


class Resizer:
    """Notes what it is asked for; fails when told to."""

    def __init__(self, error=None):
        self.asked, self.error = [], error

    def resize(self, total):
        self.asked.append(total)
        if self.error:
            raise ResizeError(self.error)


class Rig:
    """A controller whose observations are those of `objects`, on the StatefulSet that the server has."""

    def __init__(self, server, resizer=None, **more):
        given = {"apiserver": server.url, "namespace": "monitoring", "up-window": "1m"} | more
        self.options = parse(given)
        self.cluster = Cluster(self.options)
        self.resizer, self.metrics, self.objects, self.faults = resizer, Metrics(), FEW, ()
        teller = Teller(self.cluster, acts=resizer is not None)
        self.controller = Controller(self.options, self.observe, teller, resizer, self.metrics)

    def observe(self, now):
        target = self.cluster.set("monitoring", "shardex")
        found = observed(self.objects, target.replicas, self.faults, target)
        return msgspec.structs.replace(found, at=now, set=target)

    def turns(self, *ages):
        return [self.controller.turn(NOW + age).reason for age in ages]

    def annotations(self):
        return self.cluster.set("monitoring", "shardex").annotations

    def events(self):
        items = self.cluster.request("GET", "/api/v1/namespaces/monitoring/events")["items"]
        return sorted((item["reason"], item["type"]) for item in items)

    def told(self, name, **labels):
        text = generate_latest(self.metrics.registry).decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if (sample.name, sample.labels) == (name, labels):
                    return sample.value
        return None


@pytest.fixture
def clean(server, set_path):
    yield server
    cluster = Cluster(parse({"apiserver": server.url}))
    for item in cluster.request("GET", "/api/v1/namespaces/monitoring/events")["items"]:
        server.delete(f"/api/v1/namespaces/monitoring/events/{item['metadata']['name']}")


def test_a_decision_is_told_everywhere(clean, caplog):
    """Log, Event, annotations and metrics say the same, and once."""
    caplog.set_level(logging.INFO)
    rig = Rig(clean)
    assert rig.turns(0, 15, 30) == [Reason.SATISFIED] * 3
    assert rig.events() == [("Satisfied", "Normal")]
    annotations = rig.annotations()
    assert annotations["shardex.dev/scaler-recommended-shards"] == "1"
    assert annotations["shardex.dev/scaler-reason"] == "Satisfied"
    assert annotations["shardex.dev/scaler-decided-at"] == stamp(NOW)
    assert "memory asks for 1" in annotations["shardex.dev/scaler-message"]
    assert sum("Satisfied: " in line for line in caplog.messages) == 1
    assert rig.told("shardex_scaler_decision_total", reason="Satisfied") == 3
    assert rig.told("shardex_scaler_recommended_shards") == 1
    assert rig.told("shardex_scaler_current_shards") == 1
    assert rig.told("shardex_scaler_constraint_shards", constraint="memory") == 1
    assert rig.told("shardex_scaler_inputs_complete") == 1


def test_a_dry_run_changes_nothing(clean):
    """Without a Resizer the decision is made and told, turn after turn, and the replicas stay."""
    rig = Rig(clean)
    rig.objects = MANY
    assert rig.turns(0, 30, 60, 75) == [Reason.STABILIZING_UP] * 2 + [Reason.SCALE_UP] * 2
    assert "dry run" in rig.annotations()["shardex.dev/scaler-message"]
    assert "shardex.dev/scaler-changes" not in rig.annotations()
    assert rig.cluster.set("monitoring", "shardex").replicas == 1
    assert rig.events() == [("ScaleUp", "Normal"), ("StabilizingUp", "Normal")]


def test_a_change_is_carried_out_and_remembered(clean):
    """With --apply the Resizer is asked once, and the next leader knows of it."""
    rig = Rig(clean, Resizer(), **{"max-changes-per-hour": "1"})
    rig.objects = MANY
    assert rig.turns(0, 60) == [Reason.STABILIZING_UP, Reason.SCALE_UP]
    [asked] = rig.resizer.asked
    assert asked > 1
    assert rig.annotations()["shardex.dev/scaler-reason"] == "Resized"
    assert remembered(rig.annotations()) == (NOW + 60,)
    assert rig.told("shardex_scaler_last_change_timestamp_seconds") == NOW + 60
    heir = Rig(clean, Resizer(), **{"max-changes-per-hour": "1"})
    heir.objects = MANY
    assert heir.turns(75, 135) == [Reason.STABILIZING_UP, Reason.RATE_LIMITED]
    assert heir.resizer.asked == []


def test_a_change_that_fails(clean):
    """It is told with its reason as a warning, and tried again no more often than changes may be made."""
    rig = Rig(clean, Resizer("shard 1 to prepare"), **{"max-changes-per-hour": "2"})
    rig.objects = MANY
    assert rig.turns(0, 60, 75, 90) == [
        Reason.STABILIZING_UP, Reason.SCALE_UP, Reason.SCALE_UP, Reason.RATE_LIMITED,
    ]  # fmt: skip
    assert len(rig.resizer.asked) == 2
    assert ("ResizeFailed", "Warning") in rig.events()
    assert rig.told("shardex_scaler_decision_total", reason="ResizeFailed") == 2


def test_an_unfinished_change_is_taken_up(clean, set_path):
    """A scaler that died between announcement and end left the annotation: the next one goes on at once."""
    body = {"metadata": {"annotations": {"shardex.dev/preparing-total": "2"}}}
    rig = Rig(clean, Resizer())
    rig.cluster.patch_set("monitoring", "shardex", body)
    rig.faults = (Fault(Reason.SHARD_UNSYNCED, "shardex-0"),)
    assert rig.turns(0) == [Reason.RESIZE_UNDER_WAY]
    assert rig.resizer.asked == [2]


@pytest.mark.parametrize(
    ("annotations", "faults", "reason"),
    [
        ({PAUSED: "true"}, (), Reason.PAUSED),
        ({}, (Fault(Reason.SHARD_MISSING, "shardex-0: no answer"),), Reason.SHARD_MISSING),
        ({}, (Fault(Reason.OBJECTS_UNKNOWN, "pods: 403"),), Reason.OBJECTS_UNKNOWN),
    ],
    ids=["paused", "missing", "uncounted"],
)
def test_when_nothing_is_done(clean, annotations, faults, reason):
    """Paused, or with anything missing, no window and no need makes it act; metrics keep what was known."""
    rig = Rig(clean, Resizer())
    rig.cluster.patch_set("monitoring", "shardex", {"metadata": {"annotations": annotations}})
    rig.objects, rig.faults = MANY, faults
    assert set(rig.turns(0, 60, 120, 4000)) == {reason}
    assert rig.resizer.asked == []
    if faults:
        assert rig.told("shardex_scaler_inputs_complete") == 0
        assert rig.told("shardex_scaler_recommended_shards") == 0


def test_growth_is_noted_once_a_day(clean):
    """The number of objects of each day stays on the StatefulSet, for reports."""
    rig = Rig(clean)
    rig.turns(0, 60)
    rig.objects = {"pods": 1_100}
    rig.turns(90_000, 90_060)
    days = [item.partition("=")[2] for item in rig.annotations()[GROWTH].split(",")]
    assert days == ["1000", "1100"]


def test_a_server_that_refuses_writes(clean, caplog):
    """What cannot be written is a warning: the change is made nevertheless, and the next turn comes."""
    rig = Rig(clean, Resizer())
    rig.objects = MANY
    clean.fault("status", "statefulsets", "write", status=403, count=-1)
    assert rig.turns(0, 60) == [Reason.STABILIZING_UP, Reason.SCALE_UP]
    assert len(rig.resizer.asked) == 1
    assert any("does not show it" in line for line in caplog.messages)


def test_times_that_someone_else_wrote():
    """Nonsense in the annotation counts as nothing."""
    assert remembered({"shardex.dev/scaler-changes": "soon,2027-01-15T08:00:00Z,"}) == (1_800_000_000.0,)
    assert remembered({}) == ()
