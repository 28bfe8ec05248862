"""What a worker publishes and the merger reads.

A publication is one message, MessagePack, in the arena; the segments it speaks of lie in the same arena:

    Publication ── kinds ── KindText ── segments: per family, 32 bytes a segment, four little-endian 64-bit numbers
                                        offset in the arena · bytes · bytes of its text · CRC-32 of its text

It describes itself: names, types and help of the families travel with it, so the merger needs no table, and a worker
with another set of families (a reload, custom resources that appear) is merged like any other.
"""

import operator
from array import array
from collections import Counter
from collections.abc import Iterable

import msgspec

from shardex.store.arena import Arena
from shardex.store.page import Side
from shardex.store.store import Store

WORDS = 4  # 64-bit numbers a segment


class Head(msgspec.Struct, frozen=True, array_like=True):
    """Name, printed help and type of a family."""

    name: str
    help: str
    type: str


class Aside(msgspec.Struct, frozen=True, array_like=True):
    """Objects of a kind that not every total shows: how many, and their segments per family."""

    objects: int
    segments: tuple[bytes, ...]


class KindText(msgspec.Struct, frozen=True, array_like=True):
    """One kind's text.

    plural    the resource's name, as `?resources=` has it
    objects   how many; a kind without objects prints nothing, not even headers
    heads     the families, in output order
    segments  per family, see above
    leaving   what only the serving total shows beside that, arriving what only the prepared one does
    """

    plural: str
    objects: int
    heads: tuple[Head, ...]
    segments: tuple[bytes, ...]
    leaving: Aside | None = None
    arriving: Aside | None = None


class Publication(msgspec.Struct, frozen=True, array_like=True):
    """The state of one worker at one moment.

    kinds    what of the worker's kinds is to be shown; a kind shows when every worker shows it
    missing  kinds that were never listed, with the reason: {"pods": "listing"}; empty once the worker is synced
    status   the worker's telemetry, a message of its own that only the telemetry page opens
    totals   shards that are served, and those that are prepared when everything of them is here, else 0
    """

    kinds: tuple[KindText, ...]
    missing: dict[str, str]
    status: bytes
    totals: tuple[int, int] = (1, 0)


class Kind(msgspec.Struct, frozen=True):
    """What a worker keeps of a kind: its stores, one a namespace that is watched on its own."""

    plural: str
    heads: tuple[Head, ...]
    stores: tuple[Store, ...]


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Publication).decode


def kind_text(kind: Kind) -> KindText:
    """The kind as it is now: every change so far is compressed."""
    sides: dict[Side, list[array[int]]] = {Side.STAYING: [array("Q") for _ in kind.heads]}
    objects: Counter[Side] = Counter()
    for store in kind.stores:
        with store.lock:
            store.fold()
            for page in store.pages():
                page.shown = True
                objects[page.side] += page.live
                rows = sides.setdefault(page.side, [])
                rows += [array("Q") for _ in kind.heads[len(rows) :]]
                for family, size in enumerate(page.size):
                    if size:
                        rows[family].extend((page.offset[family], size, page.raw[family], page.crc[family]))
    found = {side: Aside(objects[side], tuple(row.tobytes() for row in rows)) for side, rows in sides.items()}
    staying = found[Side.STAYING]
    leaving, arriving = found.get(Side.LEAVING), found.get(Side.ARRIVING)
    return KindText(kind.plural, staying.objects, kind.heads, staying.segments, leaving, arriving)


def shown(publication: Publication, total: int, both: bool) -> Publication:
    """The publication with the part that a total shows, and of `both` totals what either does.

    A publication that knows nothing of the total shows what it serves: a worker that died in the meantime is stale.
    """
    serving, preparing = publication.totals
    flipped = total == preparing and total != serving
    kinds = tuple(_joined(kind, both or not flipped, both or flipped) for kind in publication.kinds)
    return msgspec.structs.replace(publication, kinds=kinds)


def _joined(kind: KindText, leaving: bool, arriving: bool) -> KindText:
    objects, segments = kind.objects, kind.segments
    for aside, wanted in ((kind.leaving, leaving), (kind.arriving, arriving)):
        if aside is not None and wanted:
            objects += aside.objects
            segments = tuple(map(operator.add, segments, aside.segments))
    return KindText(kind.plural, objects, kind.heads, segments)


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
