"""Bytes of the API server -> single objects, without decoding or copying them.

An API server writes compact JSON: list items follow one another as `},{"metadata":{`, watch events are lines. So an
object is found by searching for the seam, and its uid by searching behind `"metadata":{`; any other shape goes to the
decoder. A seam can stand inside an object too, where it holds a list of objects; for such kinds, and after a list that
did not add up, every cut is verified.

An object is a span, (data, start, end), of the bytes that came from the socket: a pod has 12 kB, and copying it on the
way costs as much as finding it.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from shardex.kube.meta import Part

_ITEMS = b'"items":['
Span = tuple[bytes, int, int]

_HEAD = 16  # bytes of the first item that, after a comma, mark a seam: `{"metadata":{"na`, `{"apiVersion":"c`
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")  # a whole pair begins so too


class ListMeta(Part):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")
    remaining_item_count: int | None = None


class Envelope(Part):
    """A list without its items."""

    metadata: ListMeta = ListMeta()


class Uid(Part):
    uid: str = ""


class Identified(Part):
    metadata: Uid = Uid()


class Name(Part):
    name: str = ""
    namespace: str = ""


class Named(Part):
    metadata: Name = Name()


class Mark(Part):
    """What a bookmark says, and every object: how far the watch has come."""

    resource_version: str = ""
    annotations: Any = None


class Marked(Part):
    metadata: Mark = Mark()


class Raw(Part):
    """An object or event of which only the parts are known."""

    type: str = ""
    object: msgspec.Raw = msgspec.Raw(b"")


envelope = msgspec.json.Decoder(Envelope).decode
# Of bytes that are no JSON, or JSON of another shape. The decoder lets Python's own error through for what is no UTF-8.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError)

marked = msgspec.json.Decoder(Marked).decode
_identified = msgspec.json.Decoder(Identified).decode
_named = msgspec.json.Decoder(Named).decode
event = msgspec.json.Decoder(Raw).decode
_complete = msgspec.json.Decoder(msgspec.Raw).decode


class ListBody:
    """Splits the body of a list into items as it arrives; never holds more than one item and one chunk.

    careful  verify every cut: the objects hold lists of objects, or a list did not add up
    meta     the list's own metadata, once the iteration is over
    raise    UNDECODABLE when the body is no list
    """

    def __init__(self, careful: bool = False) -> None:
        self.careful = careful
        self.meta = ListMeta()
        self._tail = b""

    def items(self, chunks: Iterable[bytes]) -> Iterator[Span]:
        source = iter(chunks)
        head = b""
        for chunk in source:
            head += chunk
            at = head.find(_ITEMS)
            if at >= 0:
                head, rest = head[: at + len(_ITEMS)], head[at + len(_ITEMS) :]
                yield from self._split(rest, source)
                break
        # A body without items is `"items":null`, as Go writes a list that was never filled, or no list at all.
        self.meta = envelope(head + self._tail).metadata

    def _split(self, buffer: bytes, source: Iterator[bytes]) -> Iterator[Span]:
        while len(buffer) < _HEAD and (chunk := next(source, b"")):
            buffer += chunk
        seam = b"}," + buffer[:_HEAD]
        searched = 0
        while True:
            start = 0
            while (at := buffer.find(seam, searched)) >= 0:
                searched = at + 2
                if not self.careful or is_whole(buffer[start : at + 1]):
                    yield buffer, start, at + 1
                    start = searched
            chunk = next(source, b"")
            if not chunk:
                break
            searched = max(start, len(buffer) - len(seam) + 1) - start
            buffer = buffer[start:] + chunk
        last = buffer[start:]
        # Nested lists may follow the last item's last brace, so its end is the last `}]` that leaves a whole object.
        end = last.rfind(b"}]") if last.startswith(b"{") else -1
        while end >= 0 and not is_whole(last[: end + 1]):
            end = last.rfind(b"}]", 0, end + 1)
        if end >= 0:
            yield last, 0, end + 1
        self._tail = last[end + 1 :]


def is_whole(item: bytes) -> bool:
    """Whether the bytes are one JSON value, be it one that the decoder cannot take.

    Half a surrogate pair is legal JSON and no text: the decoder calls it malformed, and with it a whole list.
    """
    try:
        _complete(item)
    except UNDECODABLE:
        if _HALF_PAIR.search(item) is None:
            return False
        with contextlib.suppress(ValueError):
            json.loads(item)
            return True
        return False
    return True


def text_of(span: Span) -> bytes:
    """The span on its own."""
    data, start, end = span
    return data[start:end]


def uid_of(span: Span) -> str:
    """metadata.uid of an object; "" when it has none.

    raise  msgspec.ValidationError when it is of another type, UNDECODABLE when the bytes are no object
    """
    data, start, end = span
    at = data.find(b'"metadata":{', start, end)
    if at >= 0 and data.count(b"{", start, at) == 1 and data.find(b"[", start, at) < 0:
        key = data.find(b'"uid":"', at, end)
        if key >= 0 and data.count(b"{", at, key) == 1 and data.find(b"[", at, key) < 0:
            close = data.find(b'"', key + 7, end)
            uid = data[key + 7 : close]
            if close >= 0 and uid.isascii():
                return uid.decode()
    return _identified(text_of(span)).metadata.uid


def name_of(span: Span) -> str:
    """namespace/name of an object for people; its uid, or the little that is known, when it has no readable name."""
    try:
        key = _named(text_of(span)).metadata
    except UNDECODABLE:
        key = Name()
    if key.name:
        return f"{key.namespace}/{key.name}" if key.namespace else key.name
    try:
        return f"with uid {uid_of(span)}"
    except UNDECODABLE:
        return "without name and uid"


class Lines:
    """Chunks -> whole lines; what is left when the stream ends is half a line."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []

    def split(self, chunk: bytes) -> Iterator[Span]:
        """The lines that this chunk completes, without their newlines."""
        start = 0
        end = chunk.find(b"\n")
        if end >= 0 and self._rest:
            first = b"".join([*self._rest, chunk[:end]])
            self._rest.clear()
            yield first, 0, len(first)
            start, end = end + 1, chunk.find(b"\n", end + 1)
        while end >= 0:
            yield chunk, start, end
            start, end = end + 1, chunk.find(b"\n", end + 1)
        if start < len(chunk):
            self._rest.append(chunk[start:])

    @property
    def half(self) -> bool:
        return bool(self._rest)


_TYPES = tuple((f'{{"type":"{type}","object":'.encode(), type) for type in ("MODIFIED", "ADDED", "DELETED"))


def event_of(line: Span) -> tuple[str, Span]:
    """Type and object of one line of a watch.

    raise  UNDECODABLE when the line is no event
    """
    data, start, end = line
    for prefix, type in _TYPES:
        if data.startswith(prefix, start) and data.endswith(b"}}", start, end):
            return type, (data, start + len(prefix), end - 1)
    found = event(text_of(line))
    item = bytes(found.object)
    return found.type, (item, 0, len(item))
