"""The configuration's text: what is read of it, what is a fault, what is only said."""

import json

import msgspec
import pytest
import yaml
from custom.printed import one_metric, only_resource
from helpers import DATA
from hypothesis import given
from hypothesis import strategies as st

from shardex.custom.config import (
    CustomConfig,
    CustomResource,
    Document,
    Each,
    Gauge,
    GroupVersionKind,
    Info,
    Metric,
    StateSet,
)
from shardex.custom.parse import parse
from shardex.errors import OptionsError

HEAD = "kind: CustomResourceStateMetrics\nspec:\n  resources:\n  - groupVersionKind: {group: g, version: v1, kind: K}\n"
GAUGE = "type: Gauge, gauge: {path: [a]}"
METRIC = f"{{name: m, each: {{{GAUGE}}}}}"


def faults(text: str) -> list[str]:
    with pytest.raises(OptionsError) as caught:
        parse(text)
    return caught.value.faults


def resource(fields: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in fields.split("\n"))


def metrics(*flow: str) -> str:
    return resource("metrics:\n" + "\n".join(f"- {metric}" for metric in flow))


AT = "spec.resources[0]"
FIRST = f"{AT}.metrics[0]"
EACH = f"{FIRST}.each"
FAULTS = {
    "empty": ("", "the document is empty"),
    "only a comment": ("# later\n", "the document is empty"),
    "no YAML": ("spec: [", "not YAML: "),
    "deep": ("[" * 5000, "not YAML: "),
    "a list": ("- spec", "a map is expected, not a list"),
    "a word": ("spec", "a map is expected, not text"),
    "a key twice": ("spec: {}\nspec: {}", "line 2, column 1: 'spec' stands twice in its map"),
    "key not text": ("[1, 2]: x", "not YAML: "),
    "null as key": (resource("~: x"), f"{AT}.None: a key has to be text"),
    "resources": ("spec: {resources: {a: b}}", "spec.resources: a list is expected, not a map"),
    "no group": ("spec: {resources: [{groupVersionKind: {kind: K}}]}", f"{AT}.groupVersionKind.group: a group"),
    "any group": ("spec: {resources: [{groupVersionKind: {group: '*'}}]}", f"{AT}.groupVersionKind.group: a group"),
    "tagged scalar": ("spec: {resources: !!float 1}", "spec.resources: a list is expected, not YAML's float"),
    "prefix": (resource("metricNamePrefix: a-b"), f"{AT}.metricNamePrefix: no metric name starts with 'a-b_'"),
    "common label": (resource("commonLabels: {a-b: x}"), f"{AT}.commonLabels.a-b: 'a-b' is no label name"),
    "reserved label": (resource("commonLabels: {__name__: x}"), f"{AT}.commonLabels.__name__: '__name__' is no"),
    "label from path": (resource("labelsFromPath: {1a: [x]}"), f"{AT}.labelsFromPath.1a: '1a' is no label name"),
    "label without name": (resource("labelsFromPath: {'': [x]}"), f"{AT}.labelsFromPath.: '' is no label name"),
    "label's path": (resource("labelsFromPath: {a: [x, '[y]']}"), f"{AT}.labelsFromPath.a[1]: invalid list lookup"),
    "star's path": (resource("labelsFromPath: {a*: ['[]']}"), f"{AT}.labelsFromPath.a*[0]: invalid list lookup: []"),
    "path as text": (resource("labelsFromPath: {a: x}"), f"{AT}.labelsFromPath.a: a list is expected, not text"),
    "verbosity": (resource("errorLogV: much"), f"{AT}.errorLogV: a whole number is expected, not 'much'"),
    "surrogate": (resource(r'resourcePlural: "\ud800"'), f"{AT}.resourcePlural: text is expected"),
    "no name": (metrics(f"{{each: {{{GAUGE}}}}}"), f"{FIRST}.name: a name is needed"),
    "name is a list": (metrics(f"{{name: [], each: {{{GAUGE}}}}}"), f"{FIRST}.name: text is expected"),
    "name": (metrics(f"{{name: a b, each: {{{GAUGE}}}}}"), f"{FIRST}.name: 'kube_customresource_a b'"),
    "metric's label": (metrics(f"{{name: m, commonLabels: {{a.b: c}}, each: {{{GAUGE}}}}}"), f"{FIRST}.commonLabel"),
    "second metric": (metrics(METRIC, "{name: n}"), f"{AT}.metrics[1].each.type: '' is none of"),
    "no block": (one_metric("type: StateSet"), f"{EACH}.stateSet: the type is StateSet, so this"),
    "other block": (one_metric("type: Gauge, info: {}"), f"{EACH}.gauge: the type is Gauge, so this"),
    "block is text": (one_metric("type: Info, info: x"), f"{EACH}.info: a map is expected, not text"),
    "path": (one_metric("type: Gauge, gauge: {path: [a, '0', '[x]']}"), f"{EACH}.gauge.path[2]: invalid"),
    "map in path": (one_metric("type: Gauge, gauge: {path: [{a: b}]}"), f"{EACH}.gauge.path[0]: text is"),
    "valueFrom": (one_metric("type: gauge, gauge: {valueFrom: ['[x]']}"), f"{EACH}.gauge.valueFrom[0]: invalid"),
    "labelFromKey": (one_metric("type: info, info: {labelFromKey: a-b}"), f"{EACH}.info.labelFromKey: 'a-b'"),
    "nilIsZero": (one_metric("type: gauge, gauge: {nilIsZero: 1}"), f"{EACH}.gauge.nilIsZero: true or"),
    "labelName": (one_metric("type: stateset, stateSet: {list: [a]}"), f"{EACH}.stateSet.labelName: '' is n"),
    "state's path": (
        one_metric("type: stateset, stateSet: {labelName: l, list: [a], valueFrom: [b, '[c]']}"),
        f"{EACH}.stateSet.valueFrom[1]: invalid list lookup: [c]",
    ),
}


@pytest.mark.parametrize(("text", "start"), FAULTS.values(), ids=FAULTS)
def test_fault(text, start):
    """Each fault is found, says where it lies, and is said once."""
    (fault,) = faults(text)
    assert fault.startswith(start)


def test_every_fault_at_once():
    """Whoever wrote the file gets the whole list of what is wrong, not the first of it."""
    text = """
spec:
  resources:
  - groupVersionKind: {kind: K}
  - groupVersionKind: {group: g}
    metricNamePrefix: 1-
    metrics:
    - {name: a, each: {type: Gauge, gauge: {path: ["[x]", "[y]"], valueFrom: ["[z]"], nilIsZero: perhaps}}}
    - {name: b, each: {type: Counter}}
"""
    assert [fault.partition(": ")[0] for fault in faults(text)] == [
        "spec.resources[1].metrics[0].each.gauge.nilIsZero",
        "spec.resources[0].groupVersionKind.group",
        "spec.resources[1].metricNamePrefix",
        "spec.resources[1].metrics[0].each.gauge.path[0]",
        "spec.resources[1].metrics[0].each.gauge.path[1]",
        "spec.resources[1].metrics[0].each.gauge.valueFrom[0]",
        "spec.resources[1].metrics[1].each.type",
    ]


WARNINGS = {
    "unknown field": (one_metric("type: Gauge, gauge: {value: [a]}"), f"{EACH}.gauge.value: there is no"),
    "apiVersion": ("apiVersion: v1\n" + metrics(METRIC), "apiVersion: there is no such field"),
    "kind": ("kind: Metrics\nspec: {resources: [{groupVersionKind: {group: g}}]}", "kind: 'Metrics' is not Custom"),
    "no resources": ("kind: CustomResourceStateMetrics", "spec.resources: there are none"),
    "info": (metrics("{name: m, each: {type: INFO, info: {}}}"), f"{FIRST}.name: 'm' is an info metric"),
    "no states": (one_metric("type: stateset, stateSet: {labelName: l}"), f"{EACH}.stateSet.list: it is"),
    "null in a list": (one_metric("type: gauge, gauge: {path: [a, null]}"), f"{EACH}.gauge.path: null in"),
    "more documents": (metrics(METRIC) + "---\nspec: [", "the file holds more than one document"),
}


@pytest.mark.parametrize(("text", "start"), WARNINGS.values(), ids=WARNINGS)
def test_warning(text, start):
    """What the peer takes without a word, and what does not do what it seems to, is read but said."""
    (warning,) = parse(text).warnings
    assert warning.startswith(start)


def test_scalars_are_the_text_they_are_written_as():
    """YAML's booleans, numbers and octals stand for themselves wherever the peer decodes into text."""
    text = one_metric(
        "type: StateSet, stateSet: {labelName: on, path: [spec, order, 0, -1, 010], list: [True, no, 1.10]}",
        "commonLabels: {a: 1_000, b: 0x1f, c: ~, d: 'null', e: yes}",
    )
    (metric,) = only_resource(text).metrics
    assert metric.each.block == StateSet(
        path=("spec", "order", "0", "-1", "010"), label_name="on", list=("True", "no", "1.10")
    )
    assert metric.common_labels == {"a": "1_000", "b": "0x1f", "c": "", "d": "null", "e": "yes"}


def test_defaults():
    """What is left out, and null, is the peer's default; an empty prefix is not an absent one."""
    found = only_resource("spec: {resources: [{groupVersionKind: {group: g}, metricNamePrefix: ~, metrics: ~}]}")
    assert found.group_version_kind == GroupVersionKind("g", "*", "*")
    assert found.prefix == "kube_customresource_"
    assert found.metrics == ()
    assert only_resource(resource("metricNamePrefix: ''")).prefix == ""
    assert only_resource(resource("metricNamePrefix: kube")).prefix == "kube_"


@pytest.mark.parametrize(
    ("word", "value"), [("true", True), ("yes", True), ("on", True), ("False", False), ("n", False)]
)
def test_boolean(word, value):
    """A boolean may be written as in YAML 1.1."""
    (metric,) = only_resource(one_metric(f"type: gauge, gauge: {{nilIsZero: {word}}}")).metrics
    assert metric.each.block == Gauge(nil_is_zero=value)


@pytest.mark.parametrize("type", ["Info", "info", "INFO"])
def test_type_in_any_case(type):
    """The case of a type does not matter; blocks of other types are not read, faulty as they may be."""
    (metric,) = only_resource(one_metric(f"type: {type}, info: {{path: [a]}}, gauge: {{path: ['[x]']}}")).metrics
    assert metric.each.block == Info(path=("a",))


def test_verbosity():
    """A metric's own errorLogV, unless it is 0, wins over its resource's."""
    found = only_resource(
        resource("errorLogV: 5\nmetrics: [{name: a, each: {type: info, info: {}}, errorLogV: 10},")
        + "      {name: b, each: {type: info, info: {}}}]"
    )
    assert [found.verbosity(metric) for metric in found.metrics] == [10, 5]


def test_anchors_and_merges():
    """Anchors, aliases and merge keys work; a key that overrides a merged one does not stand twice."""
    text = (
        HEAD
        + """    metrics:
    - &first {name: a, help: one, each: {type: Gauge, gauge: {path: [a]}}}
    - {<<: *first, name: b}
    - *first
"""
    )
    assert [(metric.name, metric.help) for metric in only_resource(text).metrics] == [
        ("a", "one"),
        ("b", "one"),
        ("a", "one"),
    ]


@pytest.mark.parametrize("file", ["main", "kindstar", "wildcard"])
def test_json_is_yaml(file):
    """The same configuration as JSON is the same configuration."""
    text = (DATA / f"conformance/golden/crs/{file}.yaml").read_text()
    assert parse(json.dumps(yaml.safe_load(text))).resources == parse(text).resources


SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["*", "[x]", "Gauge", "a=b"])
FIELDS = st.sampled_from(
    sorted(
        {"spec", "group", "stateSet", "x"}.union(
            *(
                [field.encode_name for field in msgspec.structs.fields(struct)]
                for struct in (Document, CustomResource, GroupVersionKind, Metric, Each, Gauge, StateSet)
            )
        )
    )
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5), max_leaves=20
)


@given(st.dictionaries(FIELDS, TREES) | TREES | st.text())
def test_any_document(document):
    """Whatever the file holds, it is read or refused with a list of faults."""
    text = document if isinstance(document, str) else json.dumps(document)
    try:
        found = parse(text)
    except OptionsError as error:
        found = error
    assert found.resources is not None if isinstance(found, CustomConfig) else found.faults
