"""Manifests -> exposition, without a cluster: `kubectl get pods -A -o json | shardex render -f -`.

Importable as one function, render(); with the same families, filters and allow lists as the exporter.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import yaml

from shardex.errors import ShardexError
from shardex.exposition.text import header
from shardex.options import Options
from shardex.workers.plan import KindPlan, plan


class Rendered(msgspec.Struct, frozen=True):
    """What became of the manifests.

    text       the exposition, in the plain text format
    unknown    kinds that have no families here or are not enabled, "apps/v1 Widget", each once
    malformed  objects left out, "Pod default/web: why"
    """

    text: str
    unknown: tuple[str, ...]
    malformed: tuple[str, ...]


def render(documents: Mapping[str, str | bytes], options: Options) -> Rendered:
    """The exposition that the exporter would serve if the cluster held just these objects.

    documents  texts of JSON, JSON lines, or YAML with one or more documents, by a name for people; lists are taken
               apart
    options    of which what is exported counts: resources, namespaces, families, allow lists, node
    raise      ShardexError with the name of a text that is neither
    """
    kinds = {(kind.resource.group, kind.resource.kind): kind for kind in plan(options)}
    texts: dict[str, list[list[str]]] = {kind.resource.plural: [] for kind in kinds.values()}
    unknown: dict[str, None] = {}
    malformed: list[str] = []
    for o in _named(documents):
        api, name = str(o.get("apiVersion", "")), str(o.get("kind", ""))
        kind = kinds.get((api.rpartition("/")[0], name))
        if kind is None or api not in {kind.resource.api, *kind.resource.fallbacks}:
            unknown[f"{api} {name}".strip() or "an object without kind"] = None
        elif _wanted(o, kind, options):
            try:
                decoded: Any = msgspec.json.decode(msgspec.json.encode(o), type=kind.resource.object)
                texts[kind.resource.plural].append(kind.render(decoded))
            except Exception as error:  # noqa: BLE001  as in the exporter: a fault of one object costs the object
                malformed.append(f"{name} {_name(o)}: {error}")
    text = "".join(_exposition(kind, texts[kind.resource.plural]) for kind in kinds.values())
    return Rendered(text, tuple(unknown), tuple(malformed))


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
    meta, spec = o.get("metadata") or {}, o.get("spec") or {}
    if kind.resource.namespaced:
        namespace = meta.get("namespace", "") if isinstance(meta, dict) else ""
        if namespace in options.namespaces_denylist or (options.namespaces and namespace not in options.namespaces):
            return False
    if kind.resource.plural == "pods" and (options.node or options.track_unscheduled_pods):
        node = spec.get("nodeName", "") if isinstance(spec, dict) else ""
        return bool(node == ("" if options.track_unscheduled_pods else options.node))
    return True


def _name(o: dict[str, Any]) -> str:
    meta = o.get("metadata")
    if not isinstance(meta, dict):
        return "without metadata"
    return "/".join(str(meta[key]) for key in ("namespace", "name") if meta.get(key))


def _exposition(kind: KindPlan, rows: list[list[str]]) -> str:
    if not rows:
        return ""
    columns = zip(kind.heads, zip(*rows, strict=True), strict=True)
    return "".join(header(head.name, head.help, head.type) + "".join(texts) for head, texts in columns)
