"""Some dozen objects of one kind: their text, family by family, each family one compressed segment.

A change of one object touches the segments of the families whose text differs, found by a 64-bit hash each, and those
only when the page is folded; until then the new text waits beside them.

    hashes   slot-major: [slot 0: family 0, family 1, ... | slot 1: ...], hash of the text, 0 for none
    lengths  family-major: bytes of each slot's text, so that a segment can be cut where an object begins
    table    family-major: WORDS numbers, where the segment is in the arena, its bytes, the text's bytes and CRC-32
"""

from array import array
from collections.abc import Mapping, Sequence
from enum import IntEnum
from itertools import starmap
from struct import Struct

from shardex.store.arena import Arena
from shardex.store.deflate import Deflater, crc32, inflate

#: Objects a page. Larger ones mean fewer segments to assemble in a scrape, smaller ones less text to inflate and
#: deflate again for one change.
SLOTS = 64

#: 64-bit numbers a segment, and which is which.
WORDS = 4
OFFSET, SIZE, RAW, CRC = range(WORDS)

_WIDE = 1 << 16  # bytes of a text from which on the lengths of a page need four bytes each


class Side(IntEnum):
    """Which of two totals an object is held for while the number of shards changes; STAYING at all other times.

    STAYING   the one that is served and the one that is prepared
    LEAVING   the one that is served
    ARRIVING  the one that is prepared
    NONE      neither: it is another shard's
    """

    STAYING = 0
    LEAVING = 1
    ARRIVING = 2
    NONE = 3


class Page:
    """One page; its owner holds the lock.

    side       of all its objects, as it was when they were last looked at: in the store's `epoch`
    uids       uid of each slot, None where the object is gone
    live       objects
    shown      whether a publication has shown its segments: from then on only the publisher folds it
    table      of all segments; what a publication shows of the page
    lines      samples, per family
    """

    __slots__ = (
        "_families", "_fresh", "_hashes", "_lengths", "_numbers", "_pending", "_rows", "_slots", "epoch", "fresh_bytes",
        "lines", "live", "shown", "side", "table", "uids",
    )  # fmt: skip

    def __init__(self, families: int, side: Side = Side.STAYING, epoch: int = 0) -> None:
        self._families = families
        self.side = side
        self.epoch = epoch
        self._slots = SLOTS
        self._numbers = Struct(f"{families}l")  # packs in a fifth of the time that an array takes to convert
        self._hashes = bytearray()
        self._rows = Struct(f"{SLOTS}H")
        self._lengths = bytearray(2 * SLOTS * families)
        self._fresh: dict[int, Sequence[str]] = {}  # slot -> all its texts: objects new since the last fold
        self._pending: dict[int, dict[int, str]] = {}  # family -> slot -> text: changes since the last fold
        self.fresh_bytes = 0
        self.uids: list[str | None] = []
        self.live = 0
        self.shown = False
        self.table = array("Q", bytes(8 * WORDS * families))
        self.lines = array("I", bytes(4 * families))

    @property
    def full(self) -> bool:
        return len(self.uids) >= self._slots

    @property
    def sparse(self) -> bool:
        """Whether the few objects that are left had better stand in another page."""
        return self.live * 3 <= self._slots

    @property
    def dirty(self) -> bool:
        return bool(self._fresh or self._pending)

    @property
    def index_bytes(self) -> int:
        """Memory of hashes and lengths."""
        return len(self._hashes) + len(self._lengths) + (8 * WORDS + 4) * self._families

    @property
    def segment_bytes(self) -> int:
        return sum(self.table[SIZE::WORDS])

    @property
    def text_bytes(self) -> int:
        return sum(self.table[RAW::WORDS])

    @property
    def waiting_bytes(self) -> int:
        """Text that is not compressed yet."""
        return self.fresh_bytes + sum(len(text) for changes in self._pending.values() for text in changes.values())

    def add(self, uid: str, texts: Sequence[str]) -> int:
        """Slot of a new object."""
        slot = len(self.uids)
        self.uids.append(uid)
        self._hashes += self._numbers.pack(*map(hash, texts))
        self._fresh[slot] = texts
        self.fresh_bytes += sum(map(len, texts))
        self.live += 1
        return slot

    def same(self, slot: int, texts: Sequence[str]) -> bool:
        """Whether the object's text is what is here already."""
        return self._known(slot) == self._numbers.pack(*map(hash, texts))

    def update(self, slot: int, texts: Sequence[str]) -> int:
        """Number of families whose text changed."""
        known, fresh = self._known(slot), self._numbers.pack(*map(hash, texts))
        if fresh == known:
            return 0
        self._hashes[slot * len(fresh) : (slot + 1) * len(fresh)] = fresh
        if slot in self._fresh:
            self._fresh[slot] = texts
            return self._families
        pairs = zip(self._numbers.unpack(fresh), self._numbers.unpack(known), strict=True)
        changed = [family for family, (one, other) in enumerate(pairs) if one != other]
        for family in changed:
            self._pending.setdefault(family, {})[slot] = texts[family]
        return len(changed)

    def remove(self, slot: int) -> None:
        """The object is gone; its text goes at the next fold."""
        self.uids[slot] = None
        self.live -= 1
        if slot in self._fresh:
            self._fresh[slot] = ("",) * self._families
        else:
            for family, known in enumerate(self._numbers.unpack(self._known(slot))):
                if known:
                    self._pending.setdefault(family, {})[slot] = ""
        size = self._numbers.size
        self._hashes[slot * size : (slot + 1) * size] = bytes(size)

    def _known(self, slot: int) -> bytearray:
        """Hashes of the object's texts, packed."""
        size = self._numbers.size
        return self._hashes[slot * size : (slot + 1) * size]

    def fold(self, arena: Arena, deflater: Deflater) -> None:
        """Bring the segments up to date with every change so far."""
        columns = list(zip(*self._fresh.values(), strict=True)) if self._fresh else []
        if len(self._fresh) == len(self.uids):  # the first fold of a page: nothing to inflate, one encoding for all
            for family, column in enumerate(columns):
                self._fill(family, column, arena, deflater)
        else:
            for family in range(self._families):
                changes = self._pending.get(family, {})
                if columns and any(columns[family]):
                    changes = dict(zip(self._fresh, columns[family], strict=True)) | changes
                if changes:
                    self._splice(family, changes, arena, deflater)
        self._fresh.clear()
        self._pending.clear()
        self.fresh_bytes = 0

    def _fill(self, family: int, column: Sequence[str], arena: Arena, deflater: Deflater) -> None:
        joined = "".join(column)
        if not joined:
            return
        text = joined.encode()
        lengths = list(map(len, column)) if len(text) == len(joined) else [len(one.encode()) for one in column]
        self._measure(family, lengths + [0] * (self._slots - len(lengths)))
        # Every line begins with the family's name, and a long needle is found several times faster than a newline.
        name = text[: text.find(b"{") + 1]
        self._write(family, text, text.count(b"\n" + name) + 1 if name else text.count(b"\n"), arena, deflater)

    def _splice(self, family: int, changes: Mapping[int, str], arena: Arena, deflater: Deflater) -> None:
        """Put changed texts into a segment; what lies between them is copied as a whole."""
        old, lengths = self._text(family, arena), list(self._row(family))
        parts: list[bytes] = []
        at = seen = 0  # bytes of the old text, and slots, that are dealt with
        lines = self.lines[family]
        for slot in sorted(changes):
            text, start = changes[slot].encode(), at + sum(lengths[seen:slot])
            end = start + lengths[slot]
            parts += (old[at:start], text)
            lines += text.count(b"\n") - old.count(b"\n", start, end)
            at, seen = end, slot + 1
            lengths[slot] = len(text)
        parts.append(old[at:])
        self._measure(family, lengths)
        self._write(family, b"".join(parts), lines, arena, deflater)

    def _row(self, family: int) -> tuple[int, ...]:
        """Bytes of each slot's text."""
        return self._rows.unpack_from(self._lengths, family * self._rows.size)

    def _measure(self, family: int, lengths: Sequence[int]) -> None:
        if max(lengths) >= _WIDE and self._rows.size == 2 * self._slots:
            rows = [self._row(one) for one in range(self._families)]
            self._rows = Struct(f"{self._slots}I")
            self._lengths = bytearray().join(starmap(self._rows.pack, rows))
        self._rows.pack_into(self._lengths, family * self._rows.size, *lengths)

    def _text(self, family: int, arena: Arena) -> bytes:
        offset, size, raw, _ = self._segment(family)
        return inflate((arena.read(offset, size),), raw) if size else b""

    def _segment(self, family: int) -> "array[int]":
        return self.table[WORDS * family : WORDS * (family + 1)]

    def _write(self, family: int, text: bytes, lines: int, arena: Arena, deflater: Deflater) -> None:
        self._release(family, arena)
        segment = deflater.segment(text) if text else b""
        offset = arena.write(segment) if segment else 0
        at = WORDS * family
        self.table[at : at + WORDS] = array("Q", (offset, len(segment), len(text), crc32(text)))
        self.lines[family] = lines

    def _release(self, family: int, arena: Arena) -> None:
        offset, size, _, _ = self._segment(family)
        if size:
            arena.release(offset, size)

    def objects(self, arena: Arena) -> list[tuple[str, list[str]]]:
        """Every object's uid and texts; the page must be folded."""
        columns = [self._cut(family, arena) for family in range(self._families)]
        return [
            (uid, [column[slot].decode() for column in columns])
            for slot, uid in enumerate(self.uids)
            if uid is not None
        ]

    def _cut(self, family: int, arena: Arena) -> list[bytes]:
        """Each slot's text of a family."""
        text, at, texts = self._text(family, arena), 0, []
        for length in self._row(family):
            texts.append(text[at : at + length])
            at += length
        return texts

    def split(self, sides: Sequence[Side], arena: Arena, deflater: Deflater) -> dict[Side, "Page"]:
        """The objects in a new page a side, those of NONE in none; the page must be folded, and is cleared.

        sides  of each slot; of one that is empty it does not matter
        """
        slots: dict[Side, list[int]] = {}
        for slot, uid in enumerate(self.uids):
            if uid is not None and sides[slot] is not Side.NONE:
                slots.setdefault(sides[slot], []).append(slot)
        pages = {side: Page(self._families, side, self.epoch) for side in slots}
        for side, page in pages.items():
            hashes = bytearray().join(self._known(slot) for slot in slots[side])
            page._begin([self.uids[slot] for slot in slots[side]], hashes)  # noqa: SLF001  another page
        for family in range(self._families):
            texts = self._cut(family, arena)
            for side, page in pages.items():
                page._put(family, [texts[slot] for slot in slots[side]], arena, deflater)  # noqa: SLF001
        self.clear(arena)
        return pages

    def _begin(self, uids: list[str | None], hashes: bytearray) -> None:
        """The objects of an empty page, all at once; their texts follow family by family."""
        self.uids, self._hashes, self.live = uids, hashes, len(uids)

    def _put(self, family: int, texts: Sequence[bytes], arena: Arena, deflater: Deflater) -> None:
        self._measure(family, [*map(len, texts), *[0] * (self._slots - len(texts))])
        text = b"".join(texts)
        self._write(family, text, text.count(b"\n"), arena, deflater)

    def clear(self, arena: Arena) -> None:
        """Give every segment back."""
        for family in range(self._families):
            self._release(family, arena)
        self.table = array("Q", bytes(8 * WORDS * self._families))

    def move(self, old: Arena, new: Arena) -> None:
        """Copy every segment into another arena."""
        for family in range(self._families):
            offset, size, _, _ = self._segment(family)
            if size:
                self.table[WORDS * family + OFFSET] = new.write(bytes(old.read(offset, size)))
