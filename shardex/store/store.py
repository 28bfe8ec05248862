"""uid -> rendered text: what one reflector knows, ready to be published.

A reflector drives it with five verbs: add, update, delete, replace, bookmark. Writers hold the lock for one object, a
fold holds it for the whole kind, so a publication shows the kind as it was at one moment.

While the number of shards changes, a page holds objects of one side only, so that what a flip shows and hides is whole
pages. What belongs to which side is said anew with announce(); from then on sort() looks at one page after the other,
and until it has seen all, what is shown of the serving total is right, of the prepared one not yet.
"""

import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shardex.store.arena import Arena
from shardex.store.deflate import Deflater
from shardex.store.page import Page, Side
from shardex.store.replacement import Gain, Replacement

_FRESH_LIMIT = 8 << 20  # bytes of text not yet compressed; a page of very large objects is folded before it is full

_GIVEN_UP = 16  # sparse pages a fold: after objects went to other shards all pages may be, and a scrape is waiting

_ENTRY = sys.getsizeof("x" * 36) + sys.getsizeof((None, None)) + sys.getsizeof(1) + 8  # uid, place, slot, page's list

Render = Callable[[Any], Sequence[str]]
Place = tuple[Page, int]
Sides = Callable[[str], Side]

_FLIPPED = {
    Side.STAYING: Side.STAYING,
    Side.LEAVING: Side.ARRIVING,
    Side.ARRIVING: Side.LEAVING,
}


class Store:
    """Text of the objects of one kind, or of one namespace of it.

    render   object -> one text a family, "" for none
    version  resource version that the store is at; "" until it was filled once
    side     uid -> side; None where the number of shards never changes
    touched  uids of arriving objects that the watch spoke of since a gain began; None when none is under way
    """

    def __init__(self, render: Render, families: int, arena: Arena, side: Sides | None = None) -> None:
        self.render = render
        self.side = side
        self.epoch = 0  # counts announcements
        self.touched: set[str] | None = None
        self.lock = threading.Lock()
        self.version = ""
        self.changes = 0  # counts what a publication would show differently
        self._families = families
        self._arena = arena
        self._deflater = Deflater()
        self.places: dict[str, Place] = {}
        self._pages: list[Page] = []
        self.aside: Replacement | None = None

    def __len__(self) -> int:
        return len(self.places)

    @property
    def table_bytes(self) -> int:
        """Memory of uids and places, and of text that waits to be compressed; the caller holds the lock."""
        return sys.getsizeof(self.places) + len(self.places) * _ENTRY + sum(page.waiting_bytes for page in self._pages)

    def add(self, o: Any) -> None:
        """Take an object in; one that is known already is updated."""
        self.update(o)

    def update(self, o: Any) -> None:
        """Render the object and keep what differs; one that is not known yet is added."""
        uid, texts = o.metadata.uid, self.render(o)
        with self.lock:
            self.touch(uid)
            self.put(uid, texts)

    def delete(self, uid: str) -> None:
        """Forget the object; one that is not known is forgotten already."""
        with self.lock:
            self.touch(uid)
            self.remove(uid)

    def replace(self) -> Replacement:
        """Begin to take in a whole new state beside the present one; nothing shows until it is committed."""
        self.aside = Replacement(self)
        return self.aside

    def announce(self, side: Sides, gains: bool) -> Gain | None:
        """Objects are on other sides from now on, but what is shown of the serving total stays.

        gains   whether there are objects on the arriving side that are not known yet
        return  what takes them in, for a list beside the watch
        """
        with self.lock:
            self.side = side
            self.epoch += 1
            self.touched = set() if gains else None
            return Gain(self) if gains else None

    def sort(self) -> bool:
        """Look at one page's objects and divide them by side; False when there is none left. The publisher's thread."""
        with self.lock:
            side = self.side
            page = next((page for page in self._pages if page.epoch != self.epoch), None)
            if page is None or side is None:
                return False
            sides = [Side.NONE if uid is None else side(uid) for uid in page.uids]
            found = {side for side, uid in zip(sides, page.uids, strict=True) if uid is not None}
            page.epoch = self.epoch
            if len(found) == 1 and Side.NONE not in found:
                page.side = found.pop()
                return True
            page.fold(self._arena, self._deflater)
            parts = page.split(sides, self._arena, self._deflater)
            for uid, one in zip(page.uids, sides, strict=True):
                if uid is not None and one is Side.NONE:
                    del self.places[uid]
            for part in parts.values():
                self.places |= {uid: (part, slot) for slot, uid in enumerate(part.uids) if uid is not None}
            at = self._pages.index(page)
            self._pages[at : at + 1] = parts.values()
            self.changes += 1
            return True

    def flip(self, side: Sides) -> None:
        """What arrived is shown and what leaves is not; everything must be sorted."""
        with self.lock:
            self.side = side
            for page in [*self._pages, *(self.aside.pages if self.aside else ())]:
                page.side = _FLIPPED[page.side]
            self.changes += 1

    def bookmark(self, version: str) -> None:
        """The store is at this resource version."""
        self.version = version

    def fold(self) -> None:
        """Compress what changed; the caller holds the lock."""
        given_up = 0
        for page in list(self._pages):
            if page.dirty:
                page.fold(self._arena, self._deflater)
            sparse = page.sparse and page.side is Side.STAYING and page is not self._newest(self._pages, page.side)
            if sparse and given_up < _GIVEN_UP:
                given_up += 1
                self._dissolve(page)
        for page in self._pages:
            if page.dirty:  # it took in what another was given up for
                page.fold(self._arena, self._deflater)

    def pages(self) -> Sequence[Page]:
        """The pages as they stand; the caller holds the lock."""
        return self._pages

    def move(self, arena: Arena) -> None:
        """Copy the segments into another arena, those of a replacement too; the caller holds the lock."""
        for page in [*self._pages, *(self.aside.pages if self.aside else ())]:
            page.move(self._arena, arena)
        self._arena = arena

    def clear(self) -> None:
        """Give all memory back; the caller holds the lock, and nobody writes any more."""
        for page in [*self._pages, *(self.aside.pages if self.aside else ())]:
            page.clear(self._arena)
        self.places, self._pages, self.aside = {}, [], None

    def put(self, uid: str, texts: Sequence[str]) -> None:
        """Keep an object's text; the caller holds the lock. What is on no side is another shard's: it is left out."""
        place = self.places.get(uid)
        if place is not None:
            self.changes += place[0].update(place[1], texts)
            return
        side = self.side_of(uid)
        if side is not Side.NONE:
            self.places[uid] = self.append(self._pages, uid, texts, side)
            self.changes += 1

    def remove(self, uid: str) -> None:
        """Forget an object that may not be known; the caller holds the lock."""
        place = self.places.pop(uid, None)
        if place is not None:
            place[0].remove(place[1])
            self.changes += 1

    def touch(self, uid: str) -> None:
        """The watch speaks of the object: what a list says of it is older. The caller holds the lock."""
        if self.touched is not None and self.side_of(uid) is Side.ARRIVING:
            self.touched.add(uid)

    def side_of(self, uid: str) -> Side:
        return Side.STAYING if self.side is None else self.side(uid)

    def swap(self, fresh: Replacement, gone: Iterable[str]) -> None:
        """Take a replacement's pages and places in, and forget objects; the caller holds the lock."""
        for uid in gone:
            self.remove(uid)
        self.places |= fresh.places
        self._pages += fresh.pages
        self.changes += len(fresh.places)
        self.aside = None

    def drop(self, fresh: Replacement) -> None:
        """Give a replacement's memory back; the caller holds the lock."""
        for page in fresh.pages:
            page.clear(self._arena)
        self.aside = None

    def append(self, pages: list[Page], uid: str, texts: Sequence[str], side: Side) -> Place:
        """Put an object on the newest of these pages that is of the side; the caller holds the lock."""
        page = self._newest(pages, side)
        if page is None or page.full or page.fresh_bytes > _FRESH_LIMIT:
            page = Page(self._families, side, self.epoch)
            pages.append(page)
        slot = page.add(uid, texts)
        # What a publication shows waits for the next one: its segments would go into the arena's free space while the
        # publisher still puts them into a publication, and the front would read what is written there next.
        if not page.shown and (page.full or page.fresh_bytes > _FRESH_LIMIT):
            page.fold(self._arena, self._deflater)
        return page, slot

    @staticmethod
    def _newest(pages: list[Page], side: Side) -> Page | None:
        return next((page for page in reversed(pages) if page.side is side), None)

    def _dissolve(self, page: Page) -> None:
        """Move the few objects of a page to the newest one of its side."""
        self._pages.remove(page)
        for uid, texts in page.objects(self._arena):
            place = self.append(self._pages, uid, texts, page.side)
            place[0].epoch = min(place[0].epoch, page.epoch)  # or what is not sorted yet would count as sorted
            self.places[uid] = place
        page.clear(self._arena)
