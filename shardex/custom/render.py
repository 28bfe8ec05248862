"""One configured resource and one kind -> its families and a render function."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shardex.custom.config import CustomResource
from shardex.custom.labels import compile_labels
from shardex.custom.metrics import Values, compile_values
from shardex.errors import TableError
from shardex.exposition.text import Escapes, Numbers
from shardex.kube.meta import Part


class Key(Part, frozen=True):
    namespace: str = ""
    name: str = ""
    uid: str = ""


class CustomObject(msgspec.Struct, frozen=True):
    """An object of a kind that only its definition knows: who it is, and all of it as plain data."""

    metadata: Key
    data: dict[str, Any]


class CustomFamily(msgspec.Struct, frozen=True):
    """A family as its header needs it; its help is the file's."""

    name: str
    print_help: str
    type: str


class Problem(msgspec.Struct, frozen=True):
    """A sample that an object should have and has not.

    key        namespace/name of the object
    verbosity  from which it is logged: errorLogV
    """

    key: str
    family: str
    verbosity: int
    message: str


Render = Callable[[CustomObject], list[str]]
Base = Callable[[Any], tuple[dict[str, str], str]]
Source = tuple[int, Values, int]  # number of its base labels, its samples, its verbosity

_JSON = msgspec.json.Decoder(dict[str, Any])


def decode(body: bytes) -> CustomObject:
    """An object as the API server wrote it; integers stay exact.

    raise   msgspec.DecodeError
    """
    data = _JSON.decode(body)
    return CustomObject(msgspec.convert(data.get("metadata") or {}, Key), data)


def compile_custom(
    resource: CustomResource,
    group: str,
    version: str,
    kind: str,
    keep: Callable[[str], bool] = lambda _: True,
    problem: Callable[[Problem], None] = lambda _: None,
) -> tuple[tuple[CustomFamily, ...], Render]:
    """Families in the file's order, and render(object) -> a text a family, "" for one without samples.

    Metrics of one name are one family with the first one's help and type, so that its lines stay together. A sample
    that stands twice in an object is printed once; samples that differ in nothing but the value stay, as the peer has
    them.

    group, version, kind   of the objects; exact where the resource's own are wildcards
    keep                   full name -> whether the family is exported
    problem                is told of every sample that is left out; rendering never raises
    raise                  TableError: the resource is not one that parse() let through
    """
    own = {"customresource_group": group, "customresource_version": version, "customresource_kind": kind}
    bases: dict[str, tuple[int, Base]] = {}
    families: dict[str, CustomFamily] = {}
    sources: dict[str, list[Source]] = {}
    escapes = Escapes()
    for metric in resource.metrics:
        name, block = resource.full_name(metric), metric.each.block
        if block is None:
            raise TableError(f"{name}: no block for a metric of type {metric.each.type!r}")
        if keep(name):
            common = resource.common_labels | own | metric.common_labels
            paths = resource.labels_from_path | metric.labels_from_path
            base, _ = bases.setdefault(repr((common, paths)), (len(bases), _base(common, paths, escapes)))
            families.setdefault(name, CustomFamily(name, metric.help, metric.each.type.lower()))
            sources.setdefault(name, []).append((base, compile_values(block), resource.verbosity(metric)))
    return tuple(families.values()), _render(sources, [base for _, base in bases.values()], escapes, problem)


def label_text(labels: Mapping[str, str], escapes: Escapes) -> str:
    """What stands between a sample's braces: by name, unlike the labels of native kinds."""
    return ",".join([f'{name}="{escapes[value]}"' for name, value in sorted(labels.items())])


def _base(common: Mapping[str, str], paths: Mapping[str, tuple[str, ...]], escapes: Escapes) -> Base:
    """The labels that a sample has unless it has others of their names, and their text."""
    add = compile_labels(paths)

    def base(data: Any) -> tuple[dict[str, str], str]:
        labels = dict(common)
        add(data, labels)
        return labels, label_text(labels, escapes)

    return base


def _render(
    sources: dict[str, list[Source]], bases: list[Base], escapes: Escapes, problem: Callable[[Problem], None]
) -> Render:
    numbers = Numbers()

    def render(o: CustomObject) -> list[str]:
        data, texts = o.data, []
        known: list[tuple[dict[str, str], str] | None] = [None] * len(bases)  # most metrics share their base labels
        for name, parts in sources.items():
            lines: list[str] = []
            for number, values, verbosity in parts:
                faults: list[str] = []
                try:
                    samples = values(data, faults)
                    if samples:
                        base, text = known[number] = known[number] or bases[number](data)
                        for labels, value in samples:
                            inner = label_text(base | labels, escapes) if labels else text
                            lines.append(f"{name}{{{inner}}} {numbers[value]}\n")
                except RecursionError:
                    faults.append("what should be a label is nested too deeply")
                for message in faults:
                    problem(Problem(f"{o.metadata.namespace}/{o.metadata.name}", name, verbosity, message))
            texts.append("".join(dict.fromkeys(lines)) if len(lines) > 1 else "".join(lines))
        return texts

    return render
