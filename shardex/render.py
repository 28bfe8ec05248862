"""Manifests -> exposition, without a cluster: `kubectl get pods -A -o json | shardex render -f -`.

Importable as one function, render(); with the same families, filters and allow lists as the exporter.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import yaml

from shardex.custom.config import CustomConfig, GroupVersionKind
from shardex.custom.discovery import Served, select
from shardex.custom.plurals import plural
from shardex.custom.render import Problem
from shardex.errors import ShardexError
from shardex.exposition.family import GAUGE, INFO, STATESET
from shardex.exposition.text import header
from shardex.options import Options
from shardex.resources import RESOURCES
from shardex.workers.plan import KindPlan, custom_kind, filters, plan


class Rendered(msgspec.Struct, frozen=True):
    """What became of the manifests.

    text       the exposition, in the plain text format
    unknown    kinds that have no families here or are not enabled, "apps/v1 Widget", each once
    malformed  objects left out, "Pod default/web: why"
    problems   samples that custom resources should have and have not, "family of default/web: why"
    """

    text: str
    unknown: tuple[str, ...]
    malformed: tuple[str, ...]
    problems: tuple[str, ...] = ()


def render(documents: Mapping[str, str | bytes], options: Options, custom: CustomConfig | None = None) -> Rendered:
    """The exposition that the exporter would serve if the cluster held just these objects.

    documents  texts of JSON, JSON lines, or YAML with one or more documents, by a name for people; lists are taken
               apart
    options    of which what is exported counts: resources, namespaces, families, allow lists, node
    custom     of custom resources; their definitions need not be among the documents
    raise      ShardexError with the name of a text that is neither
    """
    met = list(_named(documents))
    problems: list[Problem] = []
    plans = sorted([*plan(options), *_custom(met, options, custom, problems.append)], key=lambda kind: kind.name)
    kinds = {(api, kind.kind): kind for kind in plans for api in kind.apis}
    texts: dict[str, list[Sequence[str]]] = {kind.name: [] for kind in plans}
    unknown: dict[str, None] = {}
    malformed: list[str] = []
    for o in met:
        api, name = _of(o)
        kind = kinds.get((api, name))
        if kind is None:
            unknown[f"{api} {name}".strip() or "an object without kind"] = None
        elif _wanted(o, kind, options):
            try:
                texts[kind.name].append(kind.render(kind.decode(msgspec.json.encode(o))))
            except Exception as error:  # noqa: BLE001  as in the exporter: a fault of one object costs the object
                malformed.append(f"{name} {_name(o)}: {error}")
    said = [f"{one.family} of {one.key}: {one.message}" for one in problems if one.verbosity <= options.v]
    return Rendered(_exposition(plans, texts), tuple(unknown), tuple(malformed), tuple(dict.fromkeys(said)))


def _custom(
    met: Iterable[dict[str, Any]],
    options: Options,
    config: CustomConfig | None,
    problem: Callable[[Problem], None],
) -> Iterator[KindPlan]:
    """The kinds that the configuration has metrics of, as if the objects' kinds were what the cluster defines."""
    native = {(api, kind.kind) for kind in RESOURCES.values() for api in (kind.api, *kind.fallbacks)}
    scopes: dict[tuple[str, str], bool] = {}  # whether an object of the kind lives in a namespace
    for o in met:
        scopes[_of(o)] = scopes.get(_of(o), False) or bool(_metadata(o).get("namespace"))
    served = [
        Served(GroupVersionKind(group, version, kind), plural(kind), namespaced)
        for (api, kind), namespaced in scopes.items()
        for group, _, version in [api.partition("/")]
        if version and (api, kind) not in native
    ]
    kept = filters(options)
    for selected in select(config or CustomConfig(), served).selected:
        found = custom_kind(selected, options, kept, problem)
        if found is not None:
            yield found


def _of(o: dict[str, Any]) -> tuple[str, str]:
    return str(o.get("apiVersion", "")), str(o.get("kind", ""))


def _metadata(o: dict[str, Any]) -> dict[str, Any]:
    meta = o.get("metadata")
    return meta if isinstance(meta, dict) else {}


def _named(documents: Mapping[str, str | bytes]) -> Iterator[dict[str, Any]]:
    for name, document in documents.items():
        try:
            yield from objects(document)
        except ShardexError as error:
            raise ShardexError(f"{name}: {error}") from error


def objects(document: str | bytes) -> Iterator[dict[str, Any]]:
    """The objects of one text, lists taken apart."""
    for found in _documents(document):
        if not isinstance(found, dict):
            raise ShardexError(f"not a manifest: {type(found).__name__} where an object is expected")
        items = found.get("items")
        if str(found.get("kind", "")).endswith("List") and isinstance(items, list):
            # Items of a typed list carry neither kind nor version on the wire; the list's own kind tells them.
            shared = {"apiVersion": found.get("apiVersion", ""), "kind": str(found["kind"]).removesuffix("List")}
            yield from (shared | item for item in items if isinstance(item, dict))
        else:
            yield found


def _documents(document: str | bytes) -> Iterator[Any]:
    data = document.encode() if isinstance(document, str) else document
    try:
        yield msgspec.json.decode(data)
    except msgspec.DecodeError:
        pass
    else:
        return
    try:
        yield from msgspec.json.Decoder().decode_lines(data)
    except msgspec.DecodeError:
        pass
    else:
        return
    try:
        yield from (found for found in yaml.load_all(data, Loader=_Plain) if found is not None)
    except yaml.YAMLError as error:
        raise ShardexError(f"neither JSON nor YAML: {str(error).splitlines()[0]}") from error


class _Plain(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: times stay text."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _wanted(o: dict[str, Any], kind: KindPlan, options: Options) -> bool:
    """What the server would select: namespaces, and pods by node."""
    if kind.namespaced:
        namespace = _metadata(o).get("namespace", "")
        if namespace in options.namespaces_denylist or (options.namespaces and namespace not in options.namespaces):
            return False
    if kind.name == "pods" and (options.node or options.track_unscheduled_pods):
        spec = o.get("spec") or {}
        node = spec.get("nodeName", "") if isinstance(spec, dict) else ""
        return bool(node == ("" if options.track_unscheduled_pods else options.node))
    return True


def _name(o: dict[str, Any]) -> str:
    meta = _metadata(o)
    return "/".join(str(meta[key]) for key in ("namespace", "name") if meta.get(key)) or "without metadata"


def _exposition(plans: Iterable[KindPlan], texts: Mapping[str, list[Sequence[str]]]) -> str:
    """Families in order, each once with the lines of every kind that has it."""
    families: dict[str, list[str]] = {}
    for kind in plans:
        if texts[kind.name]:
            for head, column in zip(kind.heads, zip(*texts[kind.name], strict=True), strict=True):
                type = GAUGE if head.type in {INFO, STATESET} else head.type
                families.setdefault(head.name, [header(head.name, head.help, type)]).extend(column)
    return "".join(text for lines in families.values() for text in lines)
