"""Some hundred objects of one kind: their text, family by family, each family one compressed segment.

A change of one object touches the segments of the families whose text differs, found by a 64-bit hash each, and those
only when the page is folded; until then the new text waits beside them.

    hashes   slot-major: [slot 0: family 0, family 1, ... | slot 1: ...], hash of the text, 0 for none
    lengths  per family: bytes of each slot's text, so that a segment can be cut where an object begins
"""

from array import array
from collections.abc import Sequence
from enum import IntEnum

from shardex.store.arena import Arena
from shardex.store.deflate import Deflater, crc32, inflate

SLOTS = (
    512  # objects a page; larger pages mean fewer segments to assemble in a scrape, smaller ones less to fold a change
)

_EMPTY = array("H")


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
    offset, size, raw, crc, lines   per family: where its segment is, its bytes, the text's bytes, CRC and samples
    """

    __slots__ = (
        "_families", "_fresh", "_hashes", "_lengths", "_pending", "crc", "epoch", "fresh_bytes", "lines", "live",
        "offset", "raw", "shown", "side", "size", "uids",
    )  # fmt: skip

    def __init__(self, families: int, side: Side = Side.STAYING, epoch: int = 0) -> None:
        self._families = families
        self.side = side
        self.epoch = epoch
        self._hashes = array("q")
        self._lengths: list[array[int]] = [_EMPTY] * families
        self._fresh: dict[int, Sequence[str]] = {}  # slot -> all its texts: objects new since the last fold
        self._pending: dict[int, dict[int, str]] = {}  # family -> slot -> text: changes since the last fold
        self.fresh_bytes = 0
        self.uids: list[str | None] = []
        self.live = 0
        self.shown = False
        self.offset = array("Q", bytes(8 * families))
        self.size = array("L", bytes(8 * families))
        self.raw = array("L", bytes(8 * families))
        self.crc = array("L", bytes(8 * families))
        self.lines = array("L", bytes(8 * families))

    @property
    def full(self) -> bool:
        return len(self.uids) >= SLOTS

    @property
    def sparse(self) -> bool:
        """Whether the few objects that are left had better stand in another page."""
        return self.live * 3 <= SLOTS

    @property
    def dirty(self) -> bool:
        return bool(self._fresh or self._pending)

    @property
    def index_bytes(self) -> int:
        """Memory of hashes and lengths."""
        lengths = sum(len(row) * row.itemsize for row in self._lengths)
        return len(self._hashes) * 8 + lengths + 5 * 8 * self._families

    def add(self, uid: str, texts: Sequence[str]) -> int:
        """Slot of a new object."""
        slot = len(self.uids)
        self.uids.append(uid)
        self._hashes.extend(map(hash, texts))
        self._fresh[slot] = texts
        self.fresh_bytes += sum(map(len, texts))
        self.live += 1
        return slot

    def same(self, slot: int, texts: Sequence[str]) -> bool:
        """Whether the object's text is what is here already."""
        start = slot * self._families
        return self._hashes[start : start + self._families].tobytes() == array("q", map(hash, texts)).tobytes()

    def update(self, slot: int, texts: Sequence[str]) -> int:
        """Number of families whose text changed."""
        start = slot * self._families
        fresh = array("q", map(hash, texts))
        known = self._hashes[start : start + self._families]
        if fresh.tobytes() == known.tobytes():
            return 0
        self._hashes[start : start + self._families] = fresh
        if slot in self._fresh:
            self._fresh[slot] = texts
            return self._families
        changed = [family for family in range(self._families) if fresh[family] != known[family]]
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
            start = slot * self._families
            for family in range(self._families):
                if self._hashes[start + family]:
                    self._pending.setdefault(family, {})[slot] = ""
        self._hashes[slot * self._families : (slot + 1) * self._families] = array("q", bytes(8 * self._families))

    def fold(self, arena: Arena, deflater: Deflater) -> None:
        """Bring the segments up to date with every change so far."""
        columns = list(zip(*self._fresh.values(), strict=True)) if self._fresh else []
        whole = len(self._fresh) == len(self.uids)
        slots = list(self._fresh)
        for family in range(self._families):
            column: Sequence[str] = columns[family] if columns else ()
            if whole:  # the first fold of a page: nothing to inflate, and one encoding for all its texts
                self._write(family, *_joined(column), arena, deflater)
                continue
            changes = self._pending.get(family, {})
            if any(column):
                changes = dict(zip(slots, column, strict=True)) | changes
            if changes:
                texts = self._texts(family, arena)
                for slot, text in changes.items():
                    texts[slot] = text.encode()
                self._write(family, b"".join(texts), list(map(len, texts)), arena, deflater)
        self._fresh.clear()
        self._pending.clear()
        self.fresh_bytes = 0

    def _texts(self, family: int, arena: Arena) -> list[bytes]:
        """Each slot's text of a family, out of its segment."""
        texts = [b""] * len(self.uids)
        if self.raw[family]:
            text = inflate(arena.read(self.offset[family], self.size[family]), self.raw[family])
            start = 0
            for slot, length in enumerate(self._lengths[family]):
                texts[slot] = text[start : start + length]
                start += length
        return texts

    def _write(self, family: int, text: bytes, lengths: list[int], arena: Arena, deflater: Deflater) -> None:
        if self.size[family]:
            arena.release(self.offset[family], self.size[family])
        segment = deflater.segment(text) if text else b""
        self.size[family] = len(segment)
        if segment:
            self.offset[family] = arena.write(segment)
            self._lengths[family] = array("H" if max(lengths) < 1 << 16 else "I", lengths)
        else:
            self._lengths[family] = _EMPTY
        self.raw[family], self.crc[family], self.lines[family] = len(text), crc32(text), text.count(b"\n")

    def objects(self, arena: Arena) -> list[tuple[str, list[str]]]:
        """Every object's uid and texts; the page must be folded."""
        columns = [self._texts(family, arena) for family in range(self._families)]
        found = []
        for slot, uid in enumerate(self.uids):
            if uid is not None:
                found.append((uid, [column[slot].decode() for column in columns]))
        return found

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
            page.uids = [self.uids[slot] for slot in slots[side]]
            page.live = len(page.uids)
            for slot in slots[side]:
                page._hashes += self._hashes[slot * self._families : (slot + 1) * self._families]
        for family in range(self._families):
            texts = self._texts(family, arena)
            for side, page in pages.items():
                own = [texts[slot] for slot in slots[side]]
                page._write(family, b"".join(own), list(map(len, own)), arena, deflater)
        self.clear(arena)
        return pages

    def clear(self, arena: Arena) -> None:
        """Give every segment back."""
        for family in range(self._families):
            if self.size[family]:
                arena.release(self.offset[family], self.size[family])
                self.size[family] = self.raw[family] = 0

    def move(self, old: Arena, new: Arena) -> None:
        """Copy every segment into another arena."""
        for family in range(self._families):
            if self.size[family]:
                self.offset[family] = new.write(bytes(old.read(self.offset[family], self.size[family])))


def _joined(column: Sequence[str]) -> tuple[bytes, list[int]]:
    """The texts in one, and the length of each in bytes."""
    joined = "".join(column)
    text = joined.encode()
    if len(text) == len(joined):
        return text, list(map(len, column))
    return text, [len(one.encode()) for one in column]
