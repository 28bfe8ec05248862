"""Objects as pieces of JSON text: what makes 200,000 pods of 12 kB fit into memory.

A pod's text is some sixty pieces, of which about ten are its own; the rest is shared with every pod of the same
application. Pieces are joined when the object is served.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

VERSION = "version"  # the hole that every pattern has once: metadata.resourceVersion

# A hole survives one encoding (as \u0000name\u0000) or, inside the JSON of an annotation, two (as \\u0000name\\u0000).
_HOLES = re.compile(rb'\\{0,1}"\\{1,2}u0001(\w+)\\{1,2}u0001\\{0,1}"|\\{1,2}u0000(\w+)\\{1,2}u0000')

# Key order of metadata as an API server writes it.
_META_ORDER = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)


def hole(name: str) -> str:
    """Text to be filled in later, alone or within a longer string."""
    return f"\0{name}\0"


def raw(name: str) -> Any:
    """JSON value of any type to be filled in later."""
    return f"\1{name}\1"


class Object(msgspec.Struct, frozen=True, gc=False):
    """One object: head, version and tail joined are its JSON text as it stands in a list.

    key      "namespace/name", or "name" without a namespace: lists are in the order of keys
    head     up to and including `"resourceVersion":"`
    version  metadata.resourceVersion
    tail     what follows the version, from its closing quote; mostly shared
    node     spec.nodeName of a pod
    """

    key: str
    head: bytes
    version: int
    tail: tuple[bytes, ...]
    node: str = ""

    @property
    def namespace(self) -> str:
        return self.key.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    def text(self) -> bytes:
        return b"".join(self.pieces())

    def pieces(self) -> tuple[bytes, ...]:
        """The text before it is joined: of many objects, one joining of all copies every byte once."""
        return self.head, b"%d" % self.version, *self.tail

    def document(self) -> dict[str, Any]:
        return _document(self.text())

    def at(self, version: int) -> "Object":
        return Object(self.key, self.head, version, self.tail, self.node)


class _Meta(msgspec.Struct):
    name: str
    namespace: str = ""
    resourceVersion: str = "0"  # noqa: N815
    labels: Any = None  # an object made by hand may have anything here


class _Spec(msgspec.Struct):
    nodeName: Any = None  # noqa: N815


class _Peek(msgspec.Struct):
    metadata: _Meta
    spec: msgspec.Raw = msgspec.Raw(b"{}")


_document: Callable[[bytes], dict[str, Any]] = msgspec.json.Decoder(dict[str, Any]).decode
_peek = msgspec.json.Decoder(_Peek).decode
_spec = msgspec.json.Decoder(_Spec).decode


def parse(text: bytes, pod: bool = False) -> Object:
    """An object from its JSON text, kept byte for byte.

    pod     whether spec.nodeName is to be found
    raise   msgspec.ValidationError without a name, ValueError without metadata.resourceVersion
    """
    peek = _peek(text)
    meta = peek.metadata
    node = _spec(peek.spec).nodeName if pod else ""
    mark = b'"resourceVersion":"'
    # A quote within a JSON string is escaped, so that the mark cannot be a part of one.
    at = text.index(mark + meta.resourceVersion.encode() + b'"') + len(mark)
    key = f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name
    rest = text[at + len(meta.resourceVersion) :]
    return Object(key, text[:at], int(meta.resourceVersion), (rest,), node if isinstance(node, str) else "")


def labels(obj: Object) -> dict[str, str]:
    found = _peek(obj.text()).metadata.labels
    return found if isinstance(found, dict) else {}


def build(document: dict[str, Any], version: int, pod: bool = False, custom: bool = False) -> Object:
    """An object from a document without kind and apiVersion, or with both for a custom resource.

    custom  keys sorted at every level, as for anything the API server has no type for
    """
    meta = {**document["metadata"], "resourceVersion": str(version)}
    if not custom:
        rank = {name: place for place, name in enumerate(_META_ORDER)}
        meta = dict(sorted(meta.items(), key=lambda pair: rank.get(pair[0], len(rank))))
        document = {"metadata": meta, **{name: value for name, value in document.items() if name != "metadata"}}
        return parse(msgspec.json.encode(document), pod)
    return parse(msgspec.json.encode({**document, "metadata": meta}, order="deterministic"), pod)


class Pattern:
    """The text that objects have in common, with holes where they differ."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        parts = _HOLES.split(msgspec.json.encode(document))
        pieces: list[bytes] = []
        holes: list[tuple[int, str]] = []
        for place, part in enumerate(parts):
            if part is None:
                continue
            if place % 3:
                holes.append((len(pieces), part.decode()))
            pieces.append(part)
        split = next(place for place, name in holes if name == VERSION)
        self.size = sum(map(len, pieces))
        self._head = pieces[:split]
        self._head_holes = [(place, name) for place, name in holes if place < split]
        self._tail = pieces[split + 1 :]
        self._tail_holes = [(place - split - 1, name) for place, name in holes if place > split]

    def fill(self, key: str, version: int, values: Mapping[str, bytes], node: str = "") -> Object:
        """The object with these values in its holes; KeyError for a hole without a value."""
        head = self._head.copy()
        for place, name in self._head_holes:
            head[place] = values[name]
        tail = self._tail.copy()
        for place, name in self._tail_holes:
            tail[place] = values[name]
        return Object(key, b"".join(head), version, tuple(tail), node)
