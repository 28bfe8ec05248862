"""Answers that the peer's own functions gave to single inputs, recorded one by one."""

import math
import re

import msgspec
import pytest
from custom.printed import only_resource, printed
from helpers import json_lines

from shardex.custom.config import CustomResource, Metric
from shardex.custom.labels import compile_labels
from shardex.custom.parse import parse
from shardex.custom.paths import compile_path
from shardex.custom.plurals import plural
from shardex.custom.render import compile_custom, decode, joined, pairs
from shardex.custom.values import number
from shardex.errors import OptionsError
from shardex.exposition.text import Escapes
from shardex.exposition.text import number as go_number

# The peer prints these label names as they are, and Prometheus then refuses the whole scrape. Ours are faults.
NO_LABEL_NAMES = {"label names sanitized": {"bad-name.x", "1st"}}

CASES = list(json_lines("reference/crs_cases.jsonl"))


def recorded(kind: str):
    found = [pytest.param(case, id=f"{n}-{case['name']}") for n, case in enumerate(CASES) if case["kind"] == kind]
    assert found
    return pytest.mark.parametrize("case", found)


def test_every_kind_of_case_is_compared():
    """No recorded answer is left out."""
    assert {case["kind"] for case in CASES} == {
        "render", "path_labels", "path_get", "value_conversion", "full_name", "plural", "to_metric",
    }  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{number}-{case['name']}")
        for number, case in enumerate(CASES)
        if case["kind"] in {"render", "path_labels"}
        and "config_error" not in case
        and case["name"] not in NO_LABEL_NAMES
    ],
)
def test_render(case):
    """One object under one configuration: headers, samples, and where faults are found."""
    resource = only_resource(case["config"])
    kind = resource.group_version_kind
    found = []
    families, render = compile_custom(resource, kind.group, kind.version, kind.kind, problem=found.append)
    body = msgspec.json.encode(case["object"])
    render(decode(body))

    assert sorted(printed(resource, body).split("\n")) == sorted(case["text_plain"].split("\n"))
    assert {family.name: family.type for family in families} == {f["name"]: f["type"] for f in case["families"]}
    assert (resource.resource_plural or plural(kind.kind)) == case["resource_name"]
    where = re.compile(r"(\[[^]]*\]: )+")  # what a fault says is ours, where it lies is the peer's
    peer = [(family["name"], where.match(fault)[0]) for family in case["families"] for fault in family["errors"]]
    assert [(problem.family, where.match(problem.message)[0]) for problem in found] == peer


@pytest.mark.parametrize("case", [pytest.param(c, id=c["name"]) for c in CASES if "config_error" in c])
def test_config_error(case):
    """What the peer refuses to start with is a fault here, too."""
    with pytest.raises(OptionsError) as caught:
        parse(case["config"])
    faults = [fault for fault in caught.value.faults if "labelName" not in fault]  # the peer stops at its first
    lookup = "invalid list lookup: [Ready]"
    assert [lookup in fault for fault in faults] == [lookup in case["config_error"]]
    assert faults[0].startswith("spec.resources[0].metrics[0].each.")


@pytest.mark.parametrize("name", NO_LABEL_NAMES)
def test_no_label_names(name):
    """Label names that cost the peer's users the whole scrape are faults."""
    (case,) = (case for case in CASES if case["name"] == name)
    with pytest.raises(OptionsError) as caught:
        parse(case["config"])
    assert {re.search("'(.*)' is no label name", fault)[1] for fault in caught.value.faults} == NO_LABEL_NAMES[name]


@recorded("path_labels")
def test_path_labels(case):
    """Labels taken from paths, with what Go prints of booleans and numbers."""
    labels = {}
    compile_labels(case["labels_from_path"])(case["object"], labels)
    assert labels == case["want_labels"]


@recorded("path_get")
def test_path(case):
    """What a path leads to."""
    assert compile_path(case["path"])(case["object"]) == case["want"]


@recorded("value_conversion")
def test_number(case):
    """What a value is as a number."""
    assert not case["nil_is_zero"]
    if "want_error" in case:
        with pytest.raises(ValueError, match=r"number|no value"):
            number(case["value"])
    else:
        assert go_number(float(number(case["value"]))) == go_number(float(case["want"]))
        assert math.isnan(number(case["value"])) == (case["want"] == "NaN")


@recorded("full_name")
def test_full_name(case):
    """A metric's name after its prefix."""
    resource = CustomResource(metric_name_prefix=case["metric_name_prefix"])
    assert resource.full_name(Metric(name=case["metric"])) == case["want"]


@recorded("plural")
def test_plural(case):
    """A kind's name in URLs."""
    assert plural(case["input"]) == case["want"]


@recorded("to_metric")
def test_label_order(case):
    """Labels stand by name."""
    want = ",".join(
        f'{key}="{value}"' for key, value in zip(case["want"]["label_keys"], case["want"]["label_values"], strict=True)
    )
    assert joined(pairs(case["input"]["labels"], Escapes())) == want
