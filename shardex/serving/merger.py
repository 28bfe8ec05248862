"""Segments of all workers -> one exposition, family by family; pure.

Each family has one header and all its lines together, whatever the number of workers. Nothing is formatted here: a gzip
answer is segments copied one after another with one combined checksum, a plain one is the same segments inflated.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

import msgspec

from shardex.exposition.family import GAUGE, INFO, STATESET
from shardex.exposition.text import header
from shardex.store.deflate import HEADER, Deflater, crc32, crc32_combine, inflate, trailer
from shardex.store.page import CRC, OFFSET, RAW, SIZE, WORDS
from shardex.store.publication import Head, KindText, Publication

_BUFFER = 1 << 18  # bytes handed to the socket at once: few system calls, little memory

Read = Callable[[int, int], memoryview]
_Bytes = bytes | memoryview


class Source(msgspec.Struct, frozen=True):
    """What one worker published, and how to read its arena: (offset, size) -> bytes."""

    publication: Publication
    read: Read


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A compressed run of lines: bytes of it, of its text, and the text's CRC-32."""

    data: bytes | memoryview
    raw: int
    crc: int


_RAW = attrgetter("raw")  # a page whose objects have no text of the family has an empty segment


class _Column(NamedTuple):
    """One family's segments in a kind's table, one a page: the first word of the first, and words between two."""

    table: "array[int]"
    first: int
    stride: int
    read: Read

    def segments(self) -> Iterator[Segment]:
        offsets, sizes, raws, crcs = (self.table[self.first + word :: self.stride] for word in (OFFSET, SIZE, RAW, CRC))
        return filter(_RAW, map(Segment, map(self.read, offsets, sizes), raws, crcs))


class Choice(msgspec.Struct, frozen=True):
    """Which resources a request wants; a custom one by its name with or without version.

    only      `?resources=`: None for all
    without   `?exclude_resources=`
    """

    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        plural, _, rest = name.partition(".")
        names = {name, f"{plural}.{rest.partition('.')[2]}"} if rest else {name}
        return (self.only is None or bool(names & self.only)) and not names & self.without


def segments(sources: Sequence[Source], choice: Choice, openmetrics: bool) -> Iterator[Segment]:
    """The exposition in order: kinds by name, families as their tables have them, workers by number.

    A family that several kinds have stands where the first of them has it. A kind that not every worker shows, since
    it has just come or is about to go, is left out: half of its objects would look like all of them.
    """
    kinds: dict[str, list[tuple[KindText, Read]]] = {}
    for source in sources:
        for kind in source.publication.kinds:
            if kind.plural in choice:
                kinds.setdefault(kind.plural, []).append((kind, source.read))
    families: dict[str, tuple[Head, list[_Column]]] = {}
    for name in sorted(kinds):
        parts = kinds[name]
        if len(parts) == len(sources) and any(kind.objects for kind, _ in parts):
            for kind, read in parts:
                table = array("Q", kind.table)
                for family, head in enumerate(kind.heads):
                    column = _Column(table, WORDS * family, WORDS * len(kind.heads), read)
                    families.setdefault(head.name, (head, []))[1].append(column)
    for head, columns in families.values():
        yield packed(_header(head, openmetrics))
        for column in columns:
            yield from column.segments()
    if openmetrics:
        yield packed("# EOF\n")


@lru_cache(maxsize=4096)
def _header(head: Head, openmetrics: bool) -> str:
    plain = head.type in {INFO, STATESET} and not openmetrics
    return header(head.name, head.help, GAUGE if plain else head.type)


@lru_cache(maxsize=8192)
def packed(text: str) -> Segment:
    """A short text as a segment; headers are packed once."""
    data = text.encode()
    return Segment(Deflater().segment(data), len(data), crc32(data))


def gzip_size(found: Iterable[Segment]) -> int:
    """Bytes of gzip_chunks() of the same segments."""
    return len(HEADER) + sum(len(segment.data) for segment in found) + len(trailer(0, 0))


def gzip_chunks(found: Iterable[Segment]) -> Iterator[bytes]:
    """One gzip member."""

    def pieces() -> Iterator[_Bytes]:
        yield HEADER
        crc = size = 0
        for segment in found:
            crc = crc32_combine(crc, segment.crc, segment.raw)
            size += segment.raw
            yield segment.data
        yield trailer(crc, size)

    return (b"".join(waiting) for waiting, _ in _buffered((piece, len(piece)) for piece in pieces()))


def plain_size(found: Iterable[Segment]) -> int:
    return sum(segment.raw for segment in found)


def plain_chunks(found: Iterable[Segment]) -> Iterator[bytes]:
    """The text itself, inflated as it is sent: a buffer at a time, since each call costs as much as some kilobytes."""
    return (inflate(waiting, size) for waiting, size in _buffered((segment.data, segment.raw) for segment in found))


def _buffered(pieces: Iterable[tuple[_Bytes, int]]) -> Iterator[tuple[list[_Bytes], int]]:
    """Pieces that make a buffer when they are sent, each of so many bytes then, and the sum."""
    waiting: list[_Bytes] = []
    size = 0
    for data, length in pieces:
        waiting.append(data)
        size += length
        if size >= _BUFFER:
            yield waiting, size
            waiting, size = [], 0
    if waiting:
        yield waiting, size
