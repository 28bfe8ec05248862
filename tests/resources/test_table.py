"""Rules that every table of families keeps; what the peer's catalogue says is in test_catalogue.py."""

import re

import pytest

from shardex.exposition.compile import check_table
from shardex.exposition.family import ALPHA, ANNOTATIONS, COUNTER, GAUGE, LABELS, STABLE
from shardex.resources import RESOURCES

FAMILIES = [
    pytest.param(resource, family, id=family.name) for resource in RESOURCES.values() for family in resource.families
]


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_table_compiles(resource):
    """No table has a fault that the compiler would refuse."""
    check_table(resource.plural, resource.identity, resource.families)


def test_names_are_unique():
    """No two kinds have a family of one name: it would be split in the exposition."""
    names = [family.name for resource in RESOURCES.values() for family in resource.families]
    assert sorted(names) == sorted(set(names))


def test_kinds_are_in_output_order():
    """Kinds stand under their plural, in the order in which the peer writes them."""
    assert list(RESOURCES) == sorted(RESOURCES)
    assert list(RESOURCES) == [resource.plural for resource in RESOURCES.values()]


@pytest.mark.parametrize(("resource", "family"), FAMILIES)
def test_row(resource, family):
    """A name starts with the prefix of Kubernetes state, a type and a stability are known ones, HELP is a sentence."""
    assert re.fullmatch(r"kube_[a-z0-9_]+", family.name)
    assert family.type in {GAUGE, COUNTER}
    assert family.stability in {STABLE, ALPHA}
    assert re.fullmatch(r"(\(Deprecated since v[0-9.]+\) )?[A-Z0-9].*\.", family.help)


@pytest.mark.parametrize(("resource", "family"), FAMILIES)
def test_counter_ends_in_total(resource, family):
    """A counter ends in _total; whatever else does is one."""
    assert (family.type == COUNTER) == family.name.endswith("_total")


@pytest.mark.parametrize(("resource", "family"), FAMILIES)
def test_allow_listed_families(resource, family):
    """What is chosen by an allow list is called after it, and has the prefix that the peer gives its labels."""
    suffix = re.search(r"_(labels|annotations)$", family.name)
    if family.allow:
        assert family.name.endswith({LABELS: "_labels", ANNOTATIONS: "_annotations"}[family.allow])
        assert family.prefix == {LABELS: "label", ANNOTATIONS: "annotation"}[family.allow]
    elif suffix:
        assert family.prefix, "labels of the object that no allow list chooses still need a prefix"


def test_secret_data_is_never_declared():
    """Nothing of a Secret but its metadata and type is decoded, nothing of a ConfigMap but its metadata."""
    assert RESOURCES["secrets"].object.__struct_fields__ == ("metadata", "type")
    assert RESOURCES["configmaps"].object.__struct_fields__ == ("metadata",)
