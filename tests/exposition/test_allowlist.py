"""The lists of label and annotation keys, as flags and YAML have them."""

import json
import re

import pytest
import yaml
from helpers import cases, exposition, golden, read, read_bytes, recorded_objects

from shardex.exposition.allowlist import from_text, from_yaml, resolved, unknown
from shardex.exposition.family import ANNOTATIONS, LABELS
from shardex.resources import RESOURCES

#: The start of the peer's message -> what ours says.
REASONS = {
    "invalid format, metric=": "not of the form",
    "invalid format, only one wildcard": "more than one",
    "yaml: unmarshal errors": "not lists of keys",
}


def lists(want):
    """A recorded list as ours has it; the peer tells an absent list of keys from an empty one, to no effect."""
    return {resource: tuple(keys or ()) for resource, keys in want.items()}


def reason(error):
    [ours] = [ours for peers, ours in REASONS.items() if error.startswith(peers)]
    return ours


@pytest.mark.parametrize(
    ("text", "want"),
    [case for case in cases("allowlist_cases", "labels_allowlist_flag") if case.values[0].isascii()],
)
def test_flag(text, want):
    """A flag gives the lists that the peer reads from it, or fails for the same reason."""
    if want["error"]:
        with pytest.raises(ValueError, match=reason(want["error"])):
            from_text(text)
    else:
        assert from_text(text) == lists(want["value"])


@pytest.mark.parametrize(
    ("text", "want"),
    [case for case in cases("allowlist_cases", "labels_allowlist_flag") if not case.values[0].isascii()],
)
def test_flag_beyond_ascii(text, want):
    """The peer mixes up bytes and characters here; no Kubernetes key is written so, and we read what is meant."""
    assert from_text(text) == {"pods": tuple(text.removeprefix("pods=[").removesuffix("]").split(","))}
    assert from_text(text) != lists(want["value"]), "a recording that agrees belongs to test_flag"


@pytest.mark.parametrize(("texts", "want"), cases("allowlist_cases", "labels_allowlist_flag_repeated"))
def test_flag_repeated(texts, want):
    """Each time stands for itself: a later flag replaces an earlier one, and a broken one is a fault."""
    if want["error"]:
        with pytest.raises(ValueError, match=reason(want["error"])):
            from_text(texts[-1])
        texts = texts[:-1]
    assert [from_text(text) for text in texts][-1] == lists(want["value"])


@pytest.mark.parametrize(("text", "want"), cases("allowlist_cases", "labels_allowlist_yaml"))
def test_yaml(text, want):
    """A configuration file gives the same lists, with the same rule for wildcards."""
    if want["error"]:
        with pytest.raises(ValueError, match=reason(want["error"])):
            from_yaml(yaml.safe_load(text))
    else:
        assert from_yaml(yaml.safe_load(text)) == lists(want["value"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("pods: [yes]", "Expected `str`, got `bool`"),
        ("pods: [[a]]", "Expected `str`, got `array`"),
        ("pods: ''", "Expected `array | null`, got `str`"),
        ("1: [a]", "Expected `str`, got `int`"),
    ],
)
def test_yaml_that_is_not_meant(text, fault):
    """What YAML made something else of is named, not shown as a key that matches nothing."""
    with pytest.raises(ValueError, match=re.escape(fault)):
        from_yaml(yaml.safe_load(text))


def test_no_yaml():
    """A setting without a value is no list."""
    assert from_yaml(None) == {}


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("pods", None),
        ("pods=a", 5),
        ("pods=[a]x", 8),
        (",pods=[a]", 1),
        ("pods=[a,,b]", 9),
        ("pods=[a,]", 8),
        ("[a]", 1),
    ],
)
def test_place_of_a_fault(text, character):
    """The first mark that stands wrong is told by its place."""
    if character is None:
        assert from_text(text) == {}
    else:
        with pytest.raises(ValueError, match=rf"at character {character}\Z"):
            from_text(text)


@pytest.mark.parametrize(("given", "want"), cases("allowlist_cases", "builder_resolve_labels_allowlist"))
def test_resolved(given, want):
    """The list of `*` goes to every enabled resource, and a resource that does not exist is a fault all the same."""
    allowlist = lists(given["allowlist"])
    faults = unknown(allowlist, RESOURCES)
    if want["error"] == "<nil>":
        assert faults == []
        assert resolved(allowlist, want["enabled_after"] or ()) == lists(want["resolved"])
    else:
        named, _, listed = want["error"].partition(" does not exist. Available resources: ")
        resource, available = named.removeprefix("resource "), ", ".join(sorted(listed.split(",")))
        assert f"there is no {resource!r}; there are {available}" in faults
        assert len(faults) == len([name for name in allowlist if name != "*" and name not in RESOURCES])


def test_resolved_without_every():
    """Each enabled resource has its own keys; none for a resource that is not enabled, has no list or an empty one."""
    allowlist = {"pods": ("app",), "nodes": ("*",), "jobs": ()}
    assert unknown(allowlist, RESOURCES) == []
    assert resolved(allowlist, ["deployments", "jobs", "pods"]) == {"pods": ("app",)}
    assert resolved({"*": (), "pods": ("app",)}, ["pods"]) == {}


@pytest.mark.parametrize("variant", ["label-allowlist", "label-allowlist-star-resource"])
def test_golden(variant):
    """From the flags to the text: the families of labels and annotations are what the peer printed under them."""
    given = dict(
        flag[2:].split("=", 1) for flag in json.loads(read_bytes("conformance/golden/variants.json"))[variant]["args"]
    )
    enabled = given["resources"].split(",") if "resources" in given else [n for n, r in RESOURCES.items() if r.default]
    labels = resolved(from_text(given["metric-labels-allowlist"]), enabled)
    annotations = resolved(from_text(given["metric-annotations-allowlist"]), enabled)
    compared = 0
    for name in enabled:
        families = [family for family in RESOURCES[name].families if family.allow]
        allowed = {LABELS: labels.get(name, ()), ANNOTATIONS: annotations.get(name, ())}
        ours = read(exposition(RESOURCES[name], recorded_objects(name), families, allowed))
        assert ours == golden(variant).only({family.name for family in families})
        compared += len(ours.samples)
    assert compared > 100
