"""What a worker publishes and the merger reads.

A publication is one message, MessagePack, in the arena; the segments it speaks of lie in the same arena:

    Publication ── kinds ── KindText ── segments: per family, 32 bytes a segment, four little-endian 64-bit numbers
                                        offset in the arena · bytes · bytes of its text · CRC-32 of its text

It describes itself: names, types and help of the families travel with it, so the merger needs no table, and a worker
with another set of families (a reload, custom resources that appear) is merged like any other.
"""

from array import array
from collections.abc import Iterable

import msgspec

from shardex.store.arena import Arena
from shardex.store.store import Store

WORDS = 4  # 64-bit numbers a segment


class Head(msgspec.Struct, frozen=True, array_like=True):
    """Name, printed help and type of a family."""

    name: str
    help: str
    type: str


class KindText(msgspec.Struct, frozen=True, array_like=True):
    """One kind's text.

    plural    the resource's name, as `?resources=` has it
    objects   how many; a kind without objects prints nothing, not even headers
    heads     the families, in output order
    segments  per family, see above
    """

    plural: str
    objects: int
    heads: tuple[Head, ...]
    segments: tuple[bytes, ...]


class Publication(msgspec.Struct, frozen=True, array_like=True):
    """The state of one worker at one moment.

    kinds    what of the worker's kinds is to be shown; a kind shows when every worker shows it
    missing  kinds that were never listed, with the reason: {"pods": "listing"}; empty once the worker is synced
    status   the worker's telemetry, a message of its own that only the telemetry page opens
    """

    kinds: tuple[KindText, ...]
    missing: dict[str, str]
    status: bytes


class Kind(msgspec.Struct, frozen=True):
    """What a worker keeps of a kind: its stores, one a namespace that is watched on its own."""

    plural: str
    heads: tuple[Head, ...]
    stores: tuple[Store, ...]


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Publication).decode


def kind_text(kind: Kind) -> KindText:
    """The kind as it is now: every change so far is compressed."""
    rows: list[array[int]] = [array("Q") for _ in kind.heads]
    objects = 0
    for store in kind.stores:
        with store.lock:
            store.fold()
            objects += len(store)
            for page in store.pages():
                page.shown = True
                for family, size in enumerate(page.size):
                    if size:
                        rows[family].extend((page.offset[family], size, page.raw[family], page.crc[family]))
    return KindText(kind.plural, objects, kind.heads, tuple(row.tobytes() for row in rows))


def clear(kind: Kind) -> None:
    """Give the kind's memory back; nobody writes to its stores any more."""
    for store in kind.stores:
        with store.lock:
            store.clear()


def move(kinds: Iterable[Kind], arena: Arena) -> None:
    """Copy every segment into another arena, which from then on is the stores' own."""
    for kind in kinds:
        for store in kind.stores:
            with store.lock:
                store.move(arena)
