"""Definitions -> served kinds -> what of the configuration is there."""

import copy
import json

import pytest
from custom.printed import one_metric
from helpers import recorded_objects
from hypothesis import given
from hypothesis import strategies as st

from shardex.custom.config import GroupVersionKind
from shardex.custom.discovery import Served, assumed, select, served
from shardex.custom.parse import parse

GADGETS, SPROCKETS = (json.loads(body) for body in recorded_objects("customresourcedefinitions"))
GROUP = "corpus.example.dev"


def kind(version: str, kind: str, group: str = GROUP) -> GroupVersionKind:
    return GroupVersionKind(group, version, kind)


def configured(*wanted: GroupVersionKind):
    resources = [
        {
            "groupVersionKind": {"group": k.group, "version": k.version, "kind": k.kind},
            "resourcePlural": f"entry-{number}",
        }
        for number, k in enumerate(wanted)
    ]
    return parse(json.dumps({"spec": {"resources": resources}}))


def test_served():
    """A kind for each version that is served, with its name in URLs and its scope."""
    assert served(GADGETS) == (
        Served(kind("v1", "Gadget"), "gadgets", namespaced=True),
        Served(kind("v1beta1", "Gadget"), "gadgets", namespaced=True),
    )
    assert served(SPROCKETS) == (Served(kind("v1", "Sprocket"), "sprockets", namespaced=False),)


@pytest.mark.parametrize(
    ("flag", "versions"), [({}, ["v1"]), ({"served": True}, ["v1"]), ({"served": False}, []), ({"served": "true"}, [])]
)
def test_served_flag(flag, versions):
    """A version that says nothing is served; one that says something else than true is not."""
    definition = copy.deepcopy(SPROCKETS)
    definition["spec"]["versions"] = [{"name": "v1", **flag}]
    assert [entry.kind.version for entry in served(definition)] == versions


def malformed(at: str, value: object) -> object:
    """The definition with another value at a dotted path; None takes what is there away."""
    definition = copy.deepcopy(SPROCKETS)
    *above, last = at.split(".")
    part = definition
    for key in above:
        part = part[key]
    part.pop(last)
    return definition if value is None else (part.update({last: value}), definition)[1]


@pytest.mark.parametrize("value", [None, 1, [], "text"], ids=repr)
@pytest.mark.parametrize(
    "at", ["spec", "spec.group", "spec.names", "spec.names.kind", "spec.names.plural", "spec.versions"]
)
def test_malformed(at, value):
    """A definition without a part, or with another in its place, gives nothing and harms nothing."""
    if isinstance(value, str) and at in {"spec.group", "spec.names.kind", "spec.names.plural"}:
        assert len(served(malformed(at, value))) == 1
    else:
        assert served(malformed(at, value)) == ()


def test_malformed_version():
    """A version that is none costs itself only."""
    definition = copy.deepcopy(SPROCKETS)
    definition["spec"]["versions"] = [None, {}, {"name": 1}, "v0", {"name": "v2"}]
    assert [entry.kind.version for entry in served(definition)] == ["v2"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["spec", "group", "names", "kind", "plural", "versions", "name", "served"]), inner
            )
        ),
    )
)
def test_anything(definition):
    """Whatever stands where a definition should, nothing is raised."""
    assert all(entry.kind.exact for entry in served(definition))


ENTRIES = [
    *served(GADGETS),
    *served(SPROCKETS),
    Served(kind("v1", "Gadget", "other.dev"), "gadgets"),
]
V1_GADGET, V1BETA1_GADGET, V1_SPROCKET = kind("v1", "Gadget"), kind("v1beta1", "Gadget"), kind("v1", "Sprocket")
SELECTIONS = {
    "exact": (V1_GADGET, [V1_GADGET]),
    "any version": (kind("*", "Gadget"), [V1_GADGET, V1BETA1_GADGET]),
    "no version": (kind("", "Gadget"), [V1_GADGET, V1BETA1_GADGET]),
    "any kind": (kind("v1", "*"), [V1_GADGET, V1_SPROCKET]),
    "any of both": (kind("*", "*"), [V1_GADGET, V1BETA1_GADGET, V1_SPROCKET]),
    "not served": (kind("v1alpha1", "Gadget"), []),
    "of another group": (kind("v1", "Gadget", "absent.dev"), []),
    "of no kind": (kind("v9", "*"), []),
}


@pytest.mark.parametrize(("wanted", "found"), SELECTIONS.values(), ids=SELECTIONS)
def test_select(wanted, found):
    """Wildcards stand for all that is served; what stands for nothing is named as absent."""
    selection = select(configured(wanted), ENTRIES)
    assert [selected.served.kind for selected in selection.selected] == found
    assert selection.absent == (() if found else (wanted,))


def test_order_of_definitions_does_not_matter():
    """The selection is the same in whatever order the definitions were listed, so that shards agree."""
    config = configured(kind("*", "*"))
    assert select(config, ENTRIES) == select(config, ENTRIES[::-1])


def test_later_entry_replaces_earlier_one():
    """Two entries for one kind do not add up, in whatever way each comes to it."""
    selection = select(configured(kind("*", "*"), V1_GADGET, kind("v1", "Absent"), kind("v1", "Absent")), ENTRIES)
    entries = {selected.served.kind: selected.resource.resource_plural for selected in selection.selected}
    assert entries == {V1BETA1_GADGET: "entry-0", V1_SPROCKET: "entry-0", V1_GADGET: "entry-1"}
    assert selection.absent == (kind("v1", "Absent"),)


def test_plural_is_the_definitions():
    """A plural in the configuration does not change where a defined kind is listed; nor does a second definition."""
    entries = [*ENTRIES, Served(V1_GADGET, "usurpers")]
    (selected,) = select(configured(V1_GADGET), entries).selected
    assert selected.served.plural == "gadgets"


def test_assumed():
    """Without definitions, what is named exactly is taken to be there, under its English plural or the one given."""
    assert assumed(configured(V1_GADGET, kind("*", "Gadget"), kind("v1", "*"))) == (Served(V1_GADGET, "entry-0"),)
    assert assumed(parse(one_metric("type: gauge, gauge: {}"))) == (Served(kind("v1", "Foo", "example.dev"), "foos"),)


def test_kind_for_people():
    """A kind is named as logs and --check name it."""
    assert str(V1_GADGET) == "corpus.example.dev/v1 Gadget"
