"""What a worker publishes and the merger reads.

A publication is one message, MessagePack, in the arena; the segments it speaks of lie in the same arena:

    Publication ── kinds ── KindText ── table: page by page, family by family, 32 bytes a segment: four 64-bit numbers
                                        offset in the arena · bytes · bytes of its text · CRC-32 of its text
                                        0 bytes where no object of the page has text of the family

It describes itself: names, types and help of the families travel with it, so the merger needs no table, and a worker
with another set of families (a reload, custom resources that appear) is merged like any other.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from shardex.store.arena import Arena
from shardex.store.page import Side
from shardex.store.store import Store


class Head(msgspec.Struct, frozen=True, array_like=True):
    """Name, printed help and type of a family."""

    name: str
    help: str
    type: str


class Aside(msgspec.Struct, frozen=True, array_like=True):
    """Objects of a kind that not every total shows: how many, and the table of their segments."""

    objects: int
    table: bytes


class KindText(msgspec.Struct, frozen=True, array_like=True):
    """One kind's text.

    plural    the resource's name, as `?resources=` has it
    objects   how many; a kind without objects prints nothing, not even headers
    heads     the families, in output order
    table     of segments, see above
    leaving   what only the serving total shows beside that, arriving what only the prepared one does
    """

    plural: str
    objects: int
    heads: tuple[Head, ...]
    table: bytes
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


_SHOWN = (Side.STAYING, Side.LEAVING, Side.ARRIVING)

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Publication).decode


def kind_text(kind: Kind) -> KindText:
    """The kind as it is now: every change so far is compressed."""
    tables: dict[Side, list[bytes]] = {side: [] for side in _SHOWN}
    objects: Counter[Side] = Counter()
    for store in kind.stores:
        with store.lock:
            store.fold()
            for page in store.pages():
                page.shown = True
                objects[page.side] += page.live
                tables[page.side].append(page.table.tobytes())
    found = {side: Aside(objects[side], b"".join(tables[side])) for side in _SHOWN}
    staying = found[Side.STAYING]
    leaving, arriving = (found[side] if tables[side] else None for side in (Side.LEAVING, Side.ARRIVING))
    return KindText(kind.plural, staying.objects, kind.heads, staying.table, leaving, arriving)


def shown(publication: Publication, total: int, both: bool) -> Publication:
    """The publication with the part that a total shows, and of `both` totals what either does.

    A publication that knows nothing of the total shows what it serves: a worker that died in the meantime is stale.
    """
    serving, preparing = publication.totals
    flipped = total == preparing and total != serving
    kinds = tuple(_joined(kind, both or not flipped, both or flipped) for kind in publication.kinds)
    return msgspec.structs.replace(publication, kinds=kinds)


def _joined(kind: KindText, leaving: bool, arriving: bool) -> KindText:
    objects, tables = kind.objects, [kind.table]
    for aside, wanted in ((kind.leaving, leaving), (kind.arriving, arriving)):
        if aside is not None and wanted:
            objects += aside.objects
            tables.append(aside.table)
    return KindText(kind.plural, objects, kind.heads, b"".join(tables))


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
