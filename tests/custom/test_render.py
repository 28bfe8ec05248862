"""What is printed of an object, beyond the recordings: the same twice, faults, what nobody foresaw."""

import json

import msgspec
import pytest
from custom.printed import one_metric, only_resource, printed
from helpers import DATA, read, recorded_objects
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from shardex.custom.config import CustomResource, GroupVersionKind, Metric
from shardex.custom.parse import parse
from shardex.custom.render import Problem, compile_custom, decode
from shardex.errors import TableError


def body(**fields) -> bytes:
    return json.dumps({"metadata": {"name": "one", "namespace": "here", "uid": "u"}, **fields}).encode()


def samples(each: str, *, more: str = "", **fields) -> list[tuple[dict[str, str], float]]:
    """Samples of the one metric without what names the kind, in the order printed."""
    text = printed(only_resource(one_metric(each, more)), body(**fields))
    found = [line for line in text.split("\n") if line and not line.startswith("#")]
    return [
        ({name: value for name, value in series.labels if not name.startswith("customresource_")}, values[0])
        for series, values in (item for line in found for item in read(line).samples.items())
    ]


def problems(each: str, **fields) -> list[str]:
    found: list[Problem] = []
    _, render = compile_custom(only_resource(one_metric(each, "errorLogV: 7")), "g", "v1", "Foo", problem=found.append)
    render(decode(body(**fields)))
    assert {(problem.key, problem.family, problem.verbosity) for problem in found} <= {
        ("here/one", "kube_customresource_m", 7)
    }
    return [problem.message for problem in found]


def test_decode():
    """Who an object is, and all of it, with exact integers; what is no object raises what costs one object only."""
    o = decode(b'{"metadata": {"name": "a", "uid": "b"}, "n": 9007199254740993}')
    assert (o.metadata.namespace, o.metadata.name, o.metadata.uid) == ("", "a", "b")
    assert str(o.metadata) == "a"
    assert o.data["n"] == (1 << 53) + 1
    assert decode(b'{"metadata": null}').metadata.uid == ""
    for text in (b"[]", b'{"metadata": []}', b'{"metadata": {"uid": 1}}'):
        with pytest.raises(msgspec.ValidationError):
            decode(text)


def test_same_sample_twice_is_printed_once():
    """The peer prints each; Prometheus takes the first and counts the others as faults."""
    gauge = "type: gauge, gauge: {path: [l], valueFrom: [v], labelsFromPath: {n: [n]}}"
    assert samples(gauge, l=[{"n": "a", "v": 1}, {"n": "b", "v": 1}, {"n": "a", "v": 1}]) == [
        ({"n": "a"}, 1),
        ({"n": "b"}, 1),
    ]
    assert samples(gauge, l=[{"n": "a", "v": 1}, {"n": "a", "v": 2}]) == [({"n": "a"}, 1), ({"n": "a"}, 2)]


def test_metrics_of_one_name_are_one_family():
    """One header, the first one's, and the samples of both under it; the peer scatters them."""
    text = """
spec:
  resources:
  - groupVersionKind: {group: g}
    metrics:
    - {name: a, help: first, commonLabels: {x: "1"}, each: {type: Gauge, gauge: {path: [n]}}}
    - {name: b, each: {type: Gauge, gauge: {path: [n]}}}
    - {name: a, help: second, commonLabels: {x: "2"}, each: {type: Info, info: {labelsFromPath: {y: [n]}}}}
"""
    families, render = compile_custom(only_resource(text), "g", "v1", "K")
    assert [(f.name, f.print_help, f.type) for f in families] == [
        ("kube_customresource_a", "first", "gauge"),
        ("kube_customresource_b", "", "gauge"),
    ]
    first, second = render(decode(body(n=5)))
    assert sorted(read(first).samples.values()) == [[1], [5]]
    assert list(read(second).samples.values()) == [[5]]


def test_keep_sees_full_names():
    """Filters decide on the name as it is printed; what they drop is not rendered."""
    resource = only_resource(one_metric("type: gauge, gauge: {path: [n]}"))
    seen = []
    families, render = compile_custom(resource, "g", "v", "k", keep=lambda name: bool(seen.append(name)))
    assert (seen, families, render(decode(body(n=1)))) == (["kube_customresource_m"], (), [])


def test_kind_of_the_object_not_of_the_pattern():
    """A wildcard's labels name the kind that was found."""
    resource = only_resource(one_metric("type: info, info: {labelsFromPath: {a: [metadata, name]}}"))
    wildcard = msgspec.structs.replace(resource, group_version_kind=GroupVersionKind("g", "*", "*"))
    _, render = compile_custom(wildcard, "g", "v2", "Bar")
    labels = 'a="one",customresource_group="g",customresource_kind="Bar",customresource_version="v2"'
    assert render(decode(body())) == [f"kube_customresource_m{{{labels}}} 1\n"]


def test_values_are_escaped():
    """Backslash, quote and newline, in labels from paths, keys and the file alike."""
    found = samples(
        "type: gauge, gauge: {path: [m], labelFromKey: k, labelsFromPath: {v: [x]}}",
        more=r'commonLabels: {c: "\"\\"}',
        m={'"\n\\': 1},
    )
    assert found == [({"k": '"\n\\', "c": '"\\'}, 1)]


GAUGES = {
    "missing": ("path: [a]", {}, [], ["[a]: nothing lies there"]),
    "missing is zero": ("path: [a], nilIsZero: true, labelFromKey: k", {}, [({}, 0)], []),
    "missing below is no fault": ("path: [a], valueFrom: [b]", {"a": "x"}, [], []),
    "missing below is zero": ("path: [a], valueFrom: [b], nilIsZero: true", {"a": "x"}, [({}, 0)], []),
    "no number": ("path: [a]", {"a": "x"}, [], ["[a]: the text is not a number"]),
    "no number below": (
        "path: [a], valueFrom: [b]",
        {"a": [{"b": "x"}]},
        [],
        ["[a]: [0]: [b]: the text is not a number"],
    ),
    "null in a list": ("path: [a]", {"a": [1, None]}, [({}, 1)], ["[a]: [1]: nothing lies there"]),
    "list in a list": ("path: [a]", {"a": [[1]]}, [], ["[a]: [0]: a number is expected, not a list"]),
    "map: no numbers": ("path: [a], labelFromKey: k", {"a": {"x": 1, "y": "z"}}, [({"k": "x"}, 1)], []),
    "map: null": ("path: [a], labelFromKey: k, nilIsZero: true", {"a": {"x": None}}, [({"k": "x"}, 0)], []),
    "map: empty key": ("path: [a], labelFromKey: k", {"a": {"": 1}}, [({}, 1)], []),
    "map: one key": ("path: [a], valueFrom: [x]", {"a": {"x": "yes", "y": {"z": 1}}}, [({}, 1)], []),
    "map: one key, no number": (
        "path: [a], valueFrom: [x]",
        {"a": {"x": "z"}},
        [],
        ["[a]: [x]: the text is not a number"],
    ),
    "map: one key, null": ("path: [a], valueFrom: [x], nilIsZero: true", {"a": {"x": None}}, [({}, 0)], []),
    "map: the key, and below others": (
        "path: [a], valueFrom: [x], labelFromKey: k",
        {"a": {"x": 1, "y": {"x": 2}}},
        [({"k": "x"}, 1), ({"k": "y"}, 2)],
        [],
    ),
    "map: labels of the element, then of the map": (
        "path: [a], valueFrom: [v, w], labelFromKey: k, labelsFromPath: {k: [z], l: [l]}",
        {"a": {"x": {"v": {"w": 1}, "l": "element", "z": "own"}, "l": "map"}},
        [({"k": "own", "l": "map"}, 1)],
        [],
    ),
}


@pytest.mark.parametrize(("block", "fields", "want", "faults"), GAUGES.values(), ids=GAUGES)
def test_gauge(block, fields, want, faults):
    """What is a sample of a gauge, and what is said of what is none."""
    assert samples(f"type: Gauge, gauge: {{{block}}}", **fields) == want
    assert problems(f"type: Gauge, gauge: {{{block}}}", **fields) == faults


INFOS = {
    "no label, no sample": ("path: [a], labelsFromPath: {x: [x]}", {"a": {"y": 1}}, [], []),
    "list": ("path: [a], labelsFromPath: {x: [x]}", {"a": [{"x": 1}, None, 3]}, [({"x": "1"}, 1)], []),
    "map": (
        "path: [a], labelsFromPath: {x: [x]}, labelFromKey: k",
        {"a": {"x": "whole", "y": {"x": 2}}},
        [({"x": "whole"}, 1), ({"k": "x"}, 1), ({"k": "y", "x": "2"}, 1)],
        [],
    ),
    "map: the key's label is another's": (
        "path: [a], labelsFromPath: {k: [x]}, labelFromKey: k",
        {"a": {"x": "whole"}},
        [({"k": "whole"}, 1), ({"k": "x"}, 1)],
        ["[a]: the whole map has a label k too; labelFromKey should be another"],
    ),
    "map without labels of its own": ("path: [a], labelFromKey: k", {"a": {"": 1, "x": 2}}, [({"k": "x"}, 1)], []),
    "absent": ("path: [a], labelsFromPath: {x: []}", {}, [], []),
}


@pytest.mark.parametrize(("block", "fields", "want", "faults"), INFOS.values(), ids=INFOS)
def test_info(block, fields, want, faults):
    """What is a sample of an info metric."""
    assert samples(f"type: Info, info: {{{block}}}", **fields) == want
    assert problems(f"type: Info, info: {{{block}}}", **fields) == faults


STATE_SETS = {
    "absent": ("path: [a]", {}, [], []),
    "another": ("path: [a]", {"a": "Z"}, [({"s": "A"}, 0), ({"s": "B"}, 0)], []),
    "no text": ("path: [a]", {"a": [1, "A"]}, [({"s": "A"}, 1), ({"s": "B"}, 0)], ["[a]: text is expected, not int"]),
    "below": (
        "path: [a], valueFrom: [b], labelsFromPath: {n: [n]}",
        {"a": [{"b": "B", "n": 1}, {"n": 2}]},
        [({"s": "A", "n": "1"}, 0), ({"s": "B", "n": "1"}, 1)],
        [],
    ),
    "no text below": ("path: [a], valueFrom: [b]", {"a": {"b": {}}}, [], ["[a,b]: text is expected, not dict"]),
}


@pytest.mark.parametrize(("block", "fields", "want", "faults"), STATE_SETS.values(), ids=STATE_SETS)
def test_state_set(block, fields, want, faults):
    """What is a sample of a state set."""
    each = f"type: StateSet, stateSet: {{labelName: s, list: [A, B], {block}}}"
    assert samples(each, **fields) == want
    assert problems(each, **fields) == faults


def test_depth():
    """A label nested deeper than Python follows costs its sample, not the object."""
    deep = b'{"metadata": {"name": "one", "namespace": "here"}, "n": 1, "a": ' + b"[" * 900 + b"]" * 900 + b"}"
    resource = only_resource(
        one_metric("type: info, info: {path: [n], labelsFromPath: {n: []}}", "labelsFromPath: {a: [a]}")
    )
    found = []
    _, render = compile_custom(resource, "g", "v", "k", problem=found.append)
    assert render(decode(deep)) == [""]
    assert [problem.message for problem in found] == ["what should be a label is nested too deeply"]


def test_unread_configuration():
    """A resource that parse() never saw is refused when it is compiled, not at an object."""
    with pytest.raises(TableError, match="no block"):
        compile_custom(CustomResource(metrics=(Metric(name="m"),)), "g", "v", "k")


EVERYTHING = """
spec:
  resources:
  - groupVersionKind: {group: g}
    commonLabels: {common: x}
    labelsFromPath: {"*": [a], "star_*": [b], "**": [], b-c: [a, "0"], whole: []}
    metrics:
    - {name: a, each: {type: Gauge, gauge: {path: [a], valueFrom: [b], labelFromKey: key, labelsFromPath: {"*": []}}}}
    - {name: b, each: {type: Gauge, gauge: {path: [a, "-1"], nilIsZero: true, labelsFromPath: {l: []}}}}
    - {name: c, each: {type: Gauge, gauge: {labelFromKey: key}}}
    - {name: d_info, each: {type: Info, info: {labelFromKey: key, labelsFromPath: {"x*": [a], y: [b, "[a=1]"]}}}}
    - {name: e_info, each: {type: Info, info: {path: [b], labelsFromPath: {"*": [], z: []}}}}
    - {name: f, each: {type: StateSet, stateSet: {path: [a], labelName: s, list: ["", x, x], valueFrom: [a=x]}}}
    - {name: g, each: {type: StateSet, stateSet: {path: [b], labelName: s, list: [a], labelsFromPath: {s: []}}}}
"""
KEYS = st.sampled_from(["a", "b", "1", "__name__", "", "b-c", "b.c", "spec"]) | st.text()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
WORDS = st.sampled_from(["x", "True", "500m", "1e999", "2022-06-28T00:00:00Z", "nan", "-inf", "7%"])
OBJECTS = st.dictionaries(
    KEYS,
    st.recursive(SCALARS | WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)),
    max_size=4,
)
_, RENDER = compile_custom(only_resource(EVERYTHING), "g", "v1", "K")


@given(OBJECTS)
def test_any_object(fields):
    """Whatever JSON an object is, it is rendered, and a parser that is not ours reads every line of it."""
    text = "".join(RENDER(decode(msgspec.json.encode({**fields, "metadata": {"name": "one"}}))))
    read_back = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert bool(read_back) == bool(text)
    assert sum(len(values) for values in read(text).samples.values()) == len(read_back)


@pytest.mark.parametrize("number", [0, 1], ids=["gadgets", "sprockets"])
def test_order_of_keys_does_not_matter(number):
    """The text is the same in whatever order the keys come, so that it changes only when the object does."""
    resource = parse((DATA / "conformance/golden/crs/main.yaml").read_text()).resources[number]
    _, render = compile_custom(resource, "g", "v1", "K")
    for item in recorded_objects(["gadgets", "sprockets"][number]):
        backwards = json.dumps(reverse(json.loads(item))).encode()
        assert render(decode(backwards)) == render(decode(item))


def reverse(value):
    if isinstance(value, dict):
        return {key: reverse(value[key]) for key in reversed(value)}
    return [reverse(item) for item in value] if isinstance(value, list) else value
