"""uid -> rendered text: what one reflector knows, ready to be published.

A reflector drives it with five verbs: add, update, delete, replace, bookmark. Writers hold the lock for one object, a
fold holds it for the whole kind, so a publication shows the kind as it was at one moment.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from shardex.store.arena import Arena
from shardex.store.deflate import Deflater
from shardex.store.page import Page

_FRESH_LIMIT = 8 << 20  # bytes of text not yet compressed; a page of very large objects is folded before it is full

Render = Callable[[Any], Sequence[str]]
Place = tuple[Page, int]


class Store:
    """Text of the objects of one kind, or of one namespace of it.

    render   object -> one text a family, "" for none
    version  resource version that the store is at; "" until it was filled once
    """

    def __init__(self, render: Render, families: int, arena: Arena) -> None:
        self.render = render
        self.lock = threading.Lock()
        self.version = ""
        self.changes = 0  # counts what a publication would show differently
        self._families = families
        self._arena = arena
        self._deflater = Deflater()
        self._places: dict[str, Place] = {}
        self._pages: list[Page] = []
        self._aside: Replacement | None = None

    def __len__(self) -> int:
        return len(self._places)

    def add(self, o: Any) -> None:
        """Take an object in; one that is known already is updated."""
        self.update(o)

    def update(self, o: Any) -> None:
        """Render the object and keep what differs; one that is not known yet is added."""
        uid, texts = o.metadata.uid, self.render(o)
        with self.lock:
            place = self._places.get(uid)
            if place is None:
                self._places[uid] = self._append(self._pages, uid, texts)
                self.changes += 1
            else:
                self.changes += place[0].update(place[1], texts)

    def delete(self, uid: str) -> None:
        """Forget the object; one that is not known is forgotten already."""
        with self.lock:
            place = self._places.pop(uid, None)
            if place is not None:
                place[0].remove(place[1])
                self.changes += 1

    def replace(self) -> "Replacement":
        """Begin to take in a whole new state beside the present one; nothing shows until it is committed."""
        self._aside = Replacement(self)
        return self._aside

    def bookmark(self, version: str) -> None:
        """The store is at this resource version."""
        self.version = version

    def fold(self) -> None:
        """Compress what changed; the caller holds the lock."""
        for page in list(self._pages):
            if page.dirty:
                page.fold(self._arena, self._deflater)
            if page.sparse and page is not self._pages[-1]:
                self._dissolve(page)
        if self._pages and self._pages[-1].dirty:
            self._pages[-1].fold(self._arena, self._deflater)

    def pages(self) -> Sequence[Page]:
        """The pages as they stand; the caller holds the lock."""
        return self._pages

    def move(self, arena: Arena) -> None:
        """Copy the segments into another arena, those of a replacement too; the caller holds the lock."""
        for page in [*self._pages, *(self._aside.pages if self._aside else ())]:
            page.move(self._arena, arena)
        self._arena = arena

    def clear(self) -> None:
        """Give all memory back; the caller holds the lock, and nobody writes any more."""
        for page in [*self._pages, *(self._aside.pages if self._aside else ())]:
            page.clear(self._arena)
        self._places, self._pages, self._aside = {}, [], None

    def _append(self, pages: list[Page], uid: str, texts: Sequence[str]) -> Place:
        if not pages or pages[-1].full or pages[-1].fresh_bytes > _FRESH_LIMIT:
            pages.append(Page(self._families))
        page = pages[-1]
        slot = page.add(uid, texts)
        # What a publication shows waits for the next one: its segments would go into the arena's free space while the
        # publisher still puts them into a publication, and the front would read what is written there next.
        if not page.shown and (page.full or page.fresh_bytes > _FRESH_LIMIT):
            page.fold(self._arena, self._deflater)
        return page, slot

    def _dissolve(self, page: Page) -> None:
        """Move the few objects of a page to the newest one."""
        self._pages.remove(page)
        for uid, texts in page.objects(self._arena):
            self._places[uid] = self._append(self._pages, uid, texts)
        page.clear(self._arena)


class Replacement:
    """A new state being built beside the present one: unchanged objects stay where they are, the rest goes to new
    pages.

    So a relist that finds what is known costs a bit an object, and the first list is compressed page by page as it
    comes.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.pages: list[Page] = []
        self._places: dict[str, Place] = {}
        self._kept: set[str] = set()

    def add(self, o: Any) -> None:
        store, uid, texts = self._store, o.metadata.uid, self._store.render(o)
        known = store._places.get(uid)
        with store.lock:
            aside = self._places.get(uid)
            if aside is not None:
                aside[0].update(aside[1], texts)
            elif known is not None and known[0].same(known[1], texts):
                self._kept.add(uid)
            else:
                self._kept.discard(uid)
                self._places[uid] = store._append(self.pages, uid, texts)

    update = add

    def delete(self, uid: str) -> None:
        with self._store.lock:
            self._kept.discard(uid)
            place = self._places.pop(uid, None)
            if place is not None:
                place[0].remove(place[1])

    def commit(self, version: str) -> None:
        """Swap: from here on the store holds what this replacement was given, and nothing else."""
        store = self._store
        with store.lock:
            for uid in [uid for uid in store._places if uid not in self._kept]:
                page, slot = store._places.pop(uid)
                page.remove(slot)
                store.changes += 1
            store._places |= self._places
            store._pages += self.pages
            store.changes += len(self._places)
            store._aside = None
        store.bookmark(version)

    def abandon(self) -> None:
        """Forget what was taken in; the store stays as it is."""
        store = self._store
        with store.lock:
            for page in self.pages:
                page.clear(store._arena)
            self.pages, self._places, self._kept = [], {}, set()
            store._aside = None
