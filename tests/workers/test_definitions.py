"""From definitions to kinds that are watched, without processes or a server."""

import json
import logging

import pytest
from helpers import recorded_objects

from shardex.custom.config import CustomConfig
from shardex.custom.discovery import established
from shardex.custom.parse import parse as parse_config
from shardex.custom.render import Problem
from shardex.kube.ladder import Fault, Outcome, Position, Verb
from shardex.options import parse
from shardex.resources import RESOURCES
from shardex.workers.custom_kinds import CustomKinds
from shardex.workers.definitions import DefinitionNotes, Definitions
from shardex.workers.problems import Problems

GROUP = "corpus.example.dev"
GADGETS, SPROCKETS = (json.loads(body) for body in recorded_objects("customresourcedefinitions"))
METRICS = "metrics: [{name: m, each: {type: gauge, gauge: {path: [metadata, generation]}}}]"


def entries(*wanted):
    """A configuration of one metric a kind; (version, kind)."""
    items = "".join(
        f"\n  - {{groupVersionKind: {{group: {GROUP}, version: '{version}', kind: '{kind}'}}, {METRICS}}}"
        for version, kind in wanted
    )
    return parse_config(f"spec:\n  resources:{items}")


EVERYTHING = entries(("*", "*"))
BOTH = ["gadgets.v1.corpus.example.dev", "gadgets.v1beta1.corpus.example.dev"]
SPROCKET = "sprockets.v1.corpus.example.dev"


def definition(whole, **more):
    """As the reflector hands it on; `more` are other versions or another status."""
    spec = whole["spec"] | {key: more[key] for key in more if key != "status"}
    return established(json.dumps(whole | {"spec": spec} | {k: more[k] for k in ("status",) if k in more}).encode())


def version(name, served=True):
    return {"name": name, "served": served, "storage": name == "v1"}


class Running:
    """What would be watched: `kinds`, and the order of beginnings and ends."""

    def __init__(self, config=EVERYTHING, **given):
        self.kinds = {}
        self.log = []
        options = parse({flag.replace("_", "-"): text for flag, text in given.items()}, RESOURCES, lambda: 1)
        self.definitions = Definitions(config, CustomKinds(options, self._begin, self._end).choose)
        self.notes = DefinitionNotes(self.definitions)

    def _begin(self, plan, problems):
        assert plan.name not in self.kinds
        self.kinds[plan.name] = plan
        self.log.append(f"+{plan.name}")

    def _end(self, name):
        del self.kinds[name]
        self.log.append(f"-{name}")

    def listed(self, *defined):
        fresh = self.definitions.replace()
        for one in defined:
            fresh.update(one)
        fresh.commit("1")

    def counts(self):
        known = self.definitions
        return known.count, known.added, known.changed, known.removed

    def names(self):
        return sorted(self.kinds)

    def paths(self):
        return sorted(target.path for plan in self.kinds.values() for target in plan.targets)

    def refused(self):
        outcome = Outcome(Fault.EXCUSED, message="403 Forbidden: no")
        self.notes.turned(Verb.STREAM, outcome, Position(), Position(), 60.0)


def test_nothing_before_the_first_list():
    """Definitions of a list count when it is whole, and not at all when it is broken off."""
    running = Running()
    fresh = running.definitions.replace()
    fresh.update(definition(GADGETS))
    assert (running.names(), running.definitions.known) == ([], False)
    fresh.abandon()
    assert running.names() == []
    running.listed(definition(GADGETS), definition(SPROCKETS))
    assert (running.names(), running.definitions.known) == ([*BOTH, SPROCKET], True)
    assert running.paths() == [
        f"/apis/{GROUP}/v1/gadgets",
        f"/apis/{GROUP}/v1/sprockets",
        f"/apis/{GROUP}/v1beta1/gadgets",
    ]
    assert all(target.careful for plan in running.kinds.values() for target in plan.targets)


def test_a_kind_comes_and_goes():
    """Only what changes begins or ends; the rest is left in peace."""
    running = Running()
    running.listed(definition(GADGETS))
    running.definitions.update(definition(SPROCKETS))
    running.definitions.delete(GADGETS["metadata"]["uid"])
    assert running.names() == [SPROCKET]
    assert sorted(running.log[:2]) == [f"+{name}" for name in BOTH]
    assert running.log[2] == f"+{SPROCKET}"
    assert sorted(running.log[3:]) == [f"-{name}" for name in BOTH]
    assert running.counts() == (1, 2, 0, 1)


def test_versions_come_and_go():
    """A version that is served no more ends alone; a new one begins alone."""
    running = Running()
    running.listed(definition(GADGETS))
    running.log.clear()
    running.definitions.update(definition(GADGETS, versions=[version("v1"), version("v1beta1", served=False)]))
    assert running.log == [f"-{BOTH[1]}"]
    running.definitions.update(definition(GADGETS, versions=[version("v1"), version("v2")]))
    assert running.log == [f"-{BOTH[1]}", "+gadgets.v2.corpus.example.dev"]


def test_another_scope_is_another_list():
    """What is deleted and defined anew under another scope, unseen, is listed anew where it is now."""
    running = Running(namespaces="a,b")
    running.listed(definition(SPROCKETS))
    assert running.paths() == []  # a cluster-scoped kind is in no namespace
    running.listed(definition(SPROCKETS, scope="Namespaced"))
    assert running.paths() == [f"/apis/{GROUP}/v1/namespaces/{name}/sprockets" for name in "ab"]
    running.listed(definition(SPROCKETS))
    assert running.paths() == []


@pytest.mark.parametrize(
    ("status", "served"),
    [
        ({}, False),
        ({"conditions": None}, False),
        ({"conditions": [{"type": "Established", "status": "False"}]}, False),
        ({"conditions": [{"type": "NamesAccepted", "status": "True"}]}, False),
        ({"conditions": [{"type": "Established", "status": "True"}]}, True),
    ],
)
def test_not_before_it_is_established(status, served):
    """Not served at the moment it is written: a list would be refused, and tried again a minute later."""
    running = Running()
    running.listed()
    running.definitions.update(definition(SPROCKETS, status=status))
    assert bool(running.kinds) == served
    running.definitions.update(definition(SPROCKETS))
    assert running.names() == [SPROCKET]
    assert running.counts() == (1, 1, 1, 0)


def test_a_relist_counts_differences():
    """What a list after a gap does not hold is gone, what differs has changed, what is as before is no event."""
    running = Running()
    running.listed(definition(GADGETS))
    running.listed(definition(GADGETS, versions=[version("v1")]), definition(SPROCKETS))
    assert (running.names(), running.counts()) == ([BOTH[0], SPROCKET], (2, 2, 1, 0))
    running.listed(definition(SPROCKETS))
    assert (running.names(), running.counts()) == ([SPROCKET], (1, 2, 1, 1))
    running.log.clear()
    running.listed(definition(SPROCKETS))
    assert (running.log, running.counts()) == ([], (1, 2, 1, 1))


def test_unreadable_definitions():
    """Refused at the start: what is configured exactly is tried as it stands; what was known once stays known."""
    running = Running(entries(("*", "*"), ("v1", "Gadget"), ("v2", "Policy")))
    running.refused()
    assert running.paths() == [f"/apis/{GROUP}/v1/gadgets", f"/apis/{GROUP}/v2/policies"]
    assert running.definitions.known
    running.listed(definition(GADGETS))
    assert running.names() == BOTH
    running.refused()
    assert running.names() == BOTH


def test_absence_is_said_once_an_episode(caplog):
    """Each time that nothing serves what is configured any more, not with every change of a definition."""
    running = Running(entries(("v1", "Sprocket")))
    running.listed(definition(GADGETS))
    running.definitions.update(definition(GADGETS, versions=[version("v1")]))
    assert caplog.text.count(f"custom resource {GROUP}/v1 Sprocket: no definition serves it") == 1
    running.definitions.update(definition(SPROCKETS))
    running.definitions.delete(SPROCKETS["metadata"]["uid"])
    assert caplog.text.count("no definition serves it") == 2


def test_filters_see_full_names():
    """A kind of which no family is left is not even listed."""
    running = Running(metric_denylist="^kube_customresource_m$")
    running.listed(definition(GADGETS))
    assert running.names() == []
    running.listed()
    assert running.log == []


def test_namespaces_are_listed_one_by_one():
    """--namespaces and its denylist hold for custom resources as for others."""
    running = Running(namespaces="a,b", namespaces_denylist="b")
    running.listed(definition(GADGETS, versions=[version("v1")]), definition(SPROCKETS))
    (plan,) = running.kinds.values()
    assert [target.path for target in plan.targets] == [f"/apis/{GROUP}/v1/namespaces/{name}/gadgets" for name in "ab"]
    assert {target.query["fieldSelector"] for target in plan.targets} == {"metadata.namespace!=b"}


def test_nothing_configured():
    """No entries, no kinds."""
    running = Running(CustomConfig())
    running.listed(definition(GADGETS))
    assert running.names() == []


def test_problems_are_said_once(caplog):
    """Every missing sample is counted; the log has each cause once, with one object that shows it."""
    problems = Problems("gadgets.v1.example.dev", 0)
    for number in range(100):
        problems.add(Problem(f"ns/g-{number}", "a", 0, "[spec,x]: nothing lies there"))
    problems.add(Problem("ns/g-0", "b", 0, "[spec,x]: nothing lies there"))
    assert problems.count == 101
    assert [record.getMessage() for record in caplog.records] == [
        f"gadgets.v1.example.dev: no sample of {family} for ns/g-0: [spec,x]: nothing lies there" for family in "ab"
    ]


def test_problems_are_bounded(caplog):
    """A cause of each object's own does not fill the log."""
    problems = Problems("k", 0)
    for number in range(1000):
        problems.add(Problem("ns/g", "a", 0, f"[x]: [{number}]: nothing lies there"))
    assert problems.count == 1000
    assert len(caplog.records) == 64


@pytest.mark.parametrize(("verbosity", "lines"), [(0, 0), (4, 0), (5, 1), (9, 1)])
def test_error_log_v(caplog, verbosity, lines):
    """errorLogV: 5 is said from --v=5 on, and counted always."""
    caplog.set_level(logging.DEBUG)
    problems = Problems("k", verbosity)
    problems.add(Problem("ns/g", "a", 5, "no"))
    assert (problems.count, len(caplog.records)) == (1, lines)
