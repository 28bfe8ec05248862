"""How an object is written for a request: full or metadata only, in the version asked for, in a list or on its own."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from load.kinds import Kind
from load.status import not_acceptable
from load.text import Object

_META_API = "meta.k8s.io/v1"


class _Metadata(msgspec.Struct):
    metadata: msgspec.Raw


_metadata = msgspec.json.Decoder(_Metadata).decode


def negotiate(accept: str) -> bool:
    """Whether metadata alone is wanted; raise ApiError 406 when nothing acceptable is JSON.

    The first media type that can be served wins, as in a kube-apiserver; tables and protobuf are passed over.
    """
    for offer in accept.split(","):
        media, *parameters = (part.strip() for part in offer.split(";"))
        options = dict(part.partition("=")[::2] for part in parameters)
        if media not in {"application/json", "application/*", "*/*"}:
            continue
        form = options.get("as", "")
        if not form:
            return False
        if form.startswith("PartialObjectMetadata") and (options.get("g"), options.get("v")) == ("meta.k8s.io", "v1"):
            return True
    raise not_acceptable()


class View:
    """One kind as one request wants to see it."""

    def __init__(self, kind: Kind, version: str, partial: bool) -> None:
        self._partial = partial
        self._sorted = kind.custom and not partial
        self._kind = "PartialObjectMetadata" if partial else kind.kind
        self._api = _META_API if partial else kind.api_version(version)
        self._opening = b'{"kind":"%s","apiVersion":"%s",' % (self._kind.encode(), self._api.encode())
        # A custom resource is kept in the version it was written in; in another only the leading apiVersion differs.
        self._version = b'{"apiVersion":"%s"' % self._api.encode()

    def document(self, obj: Object) -> bytes:
        """The object on its own and in events: with kind and apiVersion."""
        if self._partial:
            return self._opening + b'"metadata":%s}' % bytes(_metadata(obj.text()).metadata)
        text = obj.text()
        if self._sorted and text.startswith(b'{"apiVersion":'):  # written before its kind was defined anew, it has none
            return self._version + text[text.index(b",") :]
        return self._opening + text[1:]

    def item(self, obj: Object) -> tuple[bytes, ...]:
        """The object in a list, where typed ones leave out kind and apiVersion; to be joined."""
        return (self.document(obj),) if self._partial or self._sorted else obj.pieces()

    def event(self, type: str, obj: Object) -> tuple[bytes, ...]:
        """One line of a watch; to be joined."""
        opening = b'{"type":"%s","object":' % type.encode()
        if self._partial or self._sorted:
            return opening, self.document(obj), b"}\n"
        head, *pieces = obj.pieces()
        return opening, self._opening, head[1:], *pieces, b"}\n"

    def bookmark(self, revision: int, end: bool = False) -> bytes:
        """A BOOKMARK line; `end` marks the end of the initial events."""
        meta: dict[str, Any] = {"resourceVersion": str(revision)}
        if end:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        body = {"kind": self._kind, "apiVersion": self._api, "metadata": meta}
        text = msgspec.json.encode(body, order="deterministic" if self._sorted else None)
        return b'{"type":"BOOKMARK","object":%s}\n' % text

    def list_text(self, meta: dict[str, Any]) -> tuple[bytes, bytes]:
        """What stands before and after the items of a list."""
        if self._sorted:
            order = {"continue": "", **meta}
            ending = msgspec.json.encode({"kind": f"{self._kind}List", "metadata": order}, order="sorted")
            return self._version + b',"items":[', b"]," + ending[1:] + b"\n"
        head = {"kind": f"{self._kind}List", "apiVersion": self._api, "metadata": meta}
        return msgspec.json.encode(head)[:-1] + b',"items":[', b"]}\n"

    def list_blocks(self, meta: dict[str, Any], objects: Iterable[Object], block: int = 1 << 20) -> Iterator[bytes]:
        """The body of a list in blocks of about `block` bytes: few writes, yet never all of a large list at once."""
        head, ending = self.list_text(meta)
        parts: list[bytes] = []
        size, lead = 0, head
        for obj in objects:
            item = self.item(obj)
            parts.append(lead)
            parts += item
            lead = b","
            size += sum(map(len, item))
            if size >= block:
                yield b"".join(parts)
                parts.clear()
                size = 0
        parts += (ending,) if lead == b"," else (head, ending)
        yield b"".join(parts)
