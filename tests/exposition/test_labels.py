"""Kubernetes keys as label names, and the allow lists that choose them."""

import re

import pytest
from helpers import cases

from shardex.exposition.labels import label_text, named, picker

KEYS = ["foo", "foobar", "barfoo", "xfoox", "fo", "f.o", "f1o2o3", "", "FOO", "foo.example/bar"]


@pytest.mark.parametrize(("given", "want"), cases("format_cases", "label_name_mapping"))
def test_named(given, want):
    """Keys become names, in byte order of the keys, and keys that come to one name are told apart as the peer does."""
    assert named(given["prefix"], given["labels"]) == list(zip(want["keys"], want["values"], strict=True))


@pytest.mark.parametrize(("given", "want"), cases("allowlist_cases", "apply_allowlist_to_object"))
def test_picker(given, want):
    """An allow list lets through what the peer lets through."""
    picked = named(given["prefix"], picker(given["allow"])(given["data"]))
    assert picked == list(zip(want["keys"], want["values"], strict=True))


@pytest.mark.parametrize(("given", "want"), cases("allowlist_cases", "expand_wildcard"))
def test_wildcard(given, want):
    """An entry with one wildcard matches what the peer's expression for it matches; one with more matches nothing."""
    one = given["pattern"].count("*") <= 1
    wanted = [key for key in KEYS if one and re.fullmatch(want, key)]
    assert list(picker([given["pattern"]])(dict.fromkeys(KEYS, "v"))) == wanted


def test_conflicts_are_counted_after_choosing():
    """Two keys of one name conflict only when both are let through."""
    both = {"a-b": "1", "a.b": "2"}
    assert label_text("label", picker(["a-b"])(both)) == ',label_a_b="1"'
    assert label_text("label", picker(["a-b", "a.b"])(both)) == ',label_a_b_conflict1="1",label_a_b_conflict2="2"'


def test_keys_are_in_byte_order():
    """Labels stand in the byte order of their keys, which is not the order of UTF-16 or of a locale."""
    assert [name for name, _ in named("p", dict.fromkeys(["b", "B", "\U0001f600", "\uffff", "a"], ""))] == [
        "p_b_conflict1",
        "p_a",
        "p_b_conflict2",
        "p___conflict1",
        "p___conflict2",
    ]


def test_label_text_escapes_values():
    """Values are escaped; no labels, no text."""
    assert label_text("label", {"a": 'x"y\n'}) == ',label_a="x\\"y\\n"'
    assert label_text("label", {}) == ""
