"""Our tables against the catalogue of the peer's sources: nothing missing, nothing more, nothing in another place."""

import pytest
from helpers import DATA, catalogue

from shardex.exposition.family import Shape
from shardex.resources import RESOURCES

FAMILIES = [
    pytest.param(resource, family, id=family.name) for resource in RESOURCES.values() for family in resource.families
]


def recorded(resource, family):
    return next(row for row in catalogue()[resource.plural]["families"] if row["name"] == family.name)


def test_kinds():
    """No kind is missing and none is more."""
    assert set(RESOURCES) == set(catalogue())


@pytest.mark.parametrize("plural", RESOURCES)
def test_families(plural):
    """Names, types in both formats, stabilities and opt-in marks of a kind are the catalogue's, in its order."""
    assert [(f.name, f.type, f.type, f.stability, f.opt_in) for f in RESOURCES[plural].families] == [
        (row["name"], row["type_text"], row["type_openmetrics"], row["stability"], row["opt_in"])
        for row in catalogue()[plural]["families"]
    ]


@pytest.mark.parametrize("plural", RESOURCES)
def test_kind(plural):
    """API, kind, scope and whether it is on by default are the catalogue's."""
    resource, row = RESOURCES[plural], catalogue()[plural]
    assert (resource.api, resource.group, resource.kind) == (row["api_version"], row["group"], row["kind"])
    assert (resource.namespaced, resource.default) == (row["namespaced"], row["default_enabled"])


@pytest.mark.parametrize(("resource", "family"), FAMILIES)
def test_labels(resource, family):
    """Identity labels first, then the family's own, are the catalogue's, in the order it shows."""
    row = recorded(resource, family)
    ours = [label for label, _ in resource.identity] + list(family.labels)
    assert sorted(ours) == row["labels"]
    shown = row["label_order_example"]
    if family.prefix:
        assert shown[: len(ours)] == ours
    elif family.form is Shape.LOOSE:
        assert shown == [label for label in ours if label in shown]
    else:
        assert shown == ours


@pytest.mark.parametrize(("resource", "family"), FAMILIES)
def test_deprecation(resource, family):
    """HELP says since when a family is deprecated, behind the mark of its stability, where the catalogue says so."""
    since = recorded(resource, family)["deprecated_version"]
    mark = f"(Deprecated since {since}) " if since else ""
    assert family.print_help.removeprefix("[STABLE] ").startswith(mark)
    assert ("(Deprecated" in family.print_help) == bool(since)


@pytest.mark.parametrize(("resource", "family"), FAMILIES)
def test_dynamic_labels(resource, family):
    """A family has labels named by the object exactly where the catalogue says so, with its prefix."""
    assert (f"{family.prefix}_" if family.prefix else None) == recorded(resource, family)["dynamic_label_prefix"]


def test_output_order():
    """All families of all kinds stand in the order in which the peer writes them."""
    peer = (DATA / "conformance/golden/family-order.txt").read_text().split()
    ours = [family.name for resource in RESOURCES.values() for family in resource.families]
    assert ours == [name for name in peer if name in set(ours)]
