"""Recorded lists instead of generated objects: a directory of LIST bodies, served byte for byte."""

from pathlib import Path
from typing import Any

import msgspec

from load.cluster import Cluster
from load.kinds import defined
from load.target import target
from load.text import parse

_CRDS = "customresourcedefinitions.json"


class _List(msgspec.Struct):
    metadata: dict[str, Any]
    items: list[msgspec.Raw]


def replay(directory: Path, window: int = 20_000) -> Cluster:
    """A cluster of the lists in a directory, whose index.json says which API path each file is the answer of.

    raise   ValueError for a file of a path that no built-in kind and no recorded CustomResourceDefinition serves
    """
    index = msgspec.json.decode((directory / "index.json").read_bytes(), type=dict[str, dict[str, Any]])
    cluster = Cluster(window)
    if (directory / _CRDS).exists():
        for item in _list(directory / _CRDS).items:
            cluster.define(defined(msgspec.json.decode(item)))
    revision = 0
    for name, entry in index.items():
        aim = target(entry["path"])
        collection = cluster.collections.get((aim.group, aim.plural)) if aim else None
        if aim is None or collection is None:
            raise ValueError(f"{name}: nothing serves {entry['path']}")
        found = _list(directory / name)
        revision = max(revision, int(found.metadata.get("resourceVersion") or 0))
        if aim.version == collection.kind.versions[0]:  # other versions of a custom resource follow from the stored one
            pods = aim.plural == "pods"
            cluster.load(collection, [parse(bytes(item), pods) for item in found.items])
    cluster.revision = max(revision, cluster.revision)
    cluster.compact()
    return cluster


def _list(path: Path) -> _List:
    return msgspec.json.decode(path.read_bytes(), type=_List)


def record(cluster: Cluster, directory: Path) -> None:
    """Write a cluster as the directory that replay() reads."""
    index = {}
    for collection in cluster.collections.values():
        if not collection.objects:
            continue
        kind = collection.kind
        name = f"{kind.plural}.json" if kind.plural == "customresourcedefinitions" else f"{kind.qualified}.json"
        items = b",".join(collection.objects[key].text() for key in collection.keys)
        head = b'{"metadata":{"resourceVersion":"%d"},"items":[' % cluster.revision
        (directory / name).write_bytes(head + items + b"]}\n")
        index[name] = {"path": kind.path()}
    (directory / "index.json").write_bytes(msgspec.json.encode(index))
