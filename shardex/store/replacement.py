"""What a list fills beside a store: a whole new state, or only what arrives while the number of shards changes."""

import threading
from typing import TYPE_CHECKING, Any

from shardex.store.page import Page, Side

if TYPE_CHECKING:
    from shardex.store.store import Store


class Replacement:
    """A new state being built beside the present one: unchanged objects stay where they are, the rest goes to new
    pages.

    So a relist that finds what is known costs a bit an object, and the first list is compressed page by page as it
    comes.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._side = store.side
        self.pages: list[Page] = []
        self.places: dict[str, tuple[Page, int]] = {}
        self._kept: set[str] = set()

    def add(self, o: Any) -> None:
        store, uid, texts = self._store, o.metadata.uid, self._store.render(o)
        with store.lock:
            known, aside = store.places.get(uid), self.places.get(uid)
            if aside is not None:
                aside[0].update(aside[1], texts)
            elif known is not None and known[0].same(known[1], texts):
                self._kept.add(uid)
            else:
                self._kept.discard(uid)
                side = store.side_of(uid)
                if side is not Side.NONE:
                    self.places[uid] = store.append(self.pages, uid, texts, side)

    update = add

    def delete(self, uid: str) -> None:
        with self._store.lock:
            self._kept.discard(uid)
            place = self.places.pop(uid, None)
            if place is not None:
                place[0].remove(place[1])

    def commit(self, version: str) -> None:
        """Swap: from here on the store holds what this replacement was given, and nothing else."""
        store = self._store
        with store.lock:
            store.swap(self, [uid for uid in store.places if uid not in self._kept and self._replaces(uid)])
        store.bookmark(version)

    def abandon(self) -> None:
        """Forget what was taken in; the store stays as it is."""
        with self._store.lock:
            self._store.drop(self)
            self.pages, self.places, self._kept = [], {}, set()

    def _replaces(self, uid: str) -> bool:
        """Whether the object was looked for: what an announcement in the middle of the list made ours was not."""
        store = self._store
        if self._side is None or self._side == store.side or uid in self.places:
            return True
        return self._side(uid) is not Side.NONE


class Gain:
    """Takes in what arrives while the watch goes on; a list at least as new as the announcement fills it.

    What the watch has said of an object since then stands: the list may be older than that. What it said before, the
    list contains. So there is no order between the two that would leave an old state, or an object that is gone.

    done  set when everything that arrives is here
    """

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._epoch = store.epoch
        self.done = threading.Event()

    def replace(self) -> "Gain":
        """A list begins, for the first time or again; what was taken in is kept up by the watch."""
        return self

    def update(self, o: Any) -> None:
        store, uid, texts = self._store, o.metadata.uid, self._store.render(o)
        with store.lock:
            if self._epoch == store.epoch and store.touched is not None and uid not in store.touched:
                store.put(uid, texts)

    def delete(self, uid: str) -> None:
        store = self._store
        with store.lock:
            if self._epoch == store.epoch and store.touched is not None and uid not in store.touched:
                store.remove(uid)

    def commit(self, _: str) -> None:
        """The list was whole."""
        with self._store.lock:
            if self._epoch == self._store.epoch:
                self._store.touched = None
        self.done.set()

    def abandon(self) -> None:
        """The list failed; what it brought is right all the same."""

    def bookmark(self, version: str) -> None:
        """The watch says how far the store is, not this list."""
