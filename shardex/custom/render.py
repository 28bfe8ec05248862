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

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


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

    key        of the object, for people
    verbosity  from which it is logged: errorLogV
    """

    key: str
    family: str
    verbosity: int
    message: str


Render = Callable[[CustomObject], list[str]]
Shared = tuple[dict[str, str], str]  # pairs of labels, and those pairs joined
Base = Callable[[Any], Shared]
Source = tuple[int, Values, int]  # number of its base, its samples, its verbosity

_JSON = msgspec.json.Decoder(dict[str, Any])


def decode(body: bytes | memoryview) -> CustomObject:
    """An object as the API server wrote it; integers stay exact.

    raise   msgspec.DecodeError
    """
    data = _JSON.decode(body)
    metadata = data.get("metadata")
    return CustomObject(Key() if metadata is None else msgspec.convert(metadata, Key), data)


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


def pairs(labels: Mapping[str, str], escapes: Escapes) -> dict[str, str]:
    """Each label as it is printed, `name="value"`, under its name."""
    return {name: f'{name}="{escapes[value]}"' for name, value in labels.items()}


def joined(paired: Mapping[str, str]) -> str:
    """Pairs as they stand between a sample's braces: in the order of the names, unlike those of native kinds."""
    return ",".join([paired[name] for name in sorted(paired)])


def _base(common: Mapping[str, str], paths: Mapping[str, tuple[str, ...]], escapes: Escapes) -> Base:
    """The labels that a sample has unless it has others of their names."""
    add = compile_labels(paths)

    def base(data: Any) -> Shared:
        labels = dict(common)
        add(data, labels)
        shared = pairs(labels, escapes)
        return shared, joined(shared)

    return base


def _render(
    sources: dict[str, list[Source]], bases: list[Base], escapes: Escapes, problem: Callable[[Problem], None]
) -> Render:
    numbers = Numbers()

    def lines(name: str, source: Source, o: CustomObject, known: dict[int, Shared]) -> list[str]:
        number, values, verbosity = source
        found: list[str] = []
        faults: list[str] = []
        try:
            samples = values(o.data, faults)
            if samples and number not in known:
                known[number] = bases[number](o.data)
            for own, value in samples:
                shared, text = known[number]
                if own:
                    text = joined(shared | pairs(own, escapes))
                found.append(f"{name}{{{text}}} {numbers[value]}\n")
        except RecursionError:
            faults.append("what should be a label is nested too deeply")
        for message in faults:
            problem(Problem(str(o.metadata), name, verbosity, message))
        return found

    def render(o: CustomObject) -> list[str]:
        known: dict[int, Shared] = {}  # most metrics have the labels of their resource and no others
        texts = []
        for name, own in sources.items():
            found: list[str] = []
            for source in own:
                found += lines(name, source, o, known)
            texts.append("".join(dict.fromkeys(found)) if len(found) > 1 else "".join(found))
        return texts

    return render
