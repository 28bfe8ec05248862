"""A store is a dictionary uid -> text with atomic replacement, whatever the order of verbs."""

import gzip
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardex.serving.merger import Choice, Source, gzip_chunks, gzip_size, plain_chunks, plain_size, segments
from shardex.store import page
from shardex.store.arena import Arena
from shardex.store.publication import Head, Kind, Publication, decode, encode, kind_text
from shardex.store.store import Store

FAMILIES = 3
HEADS = tuple(Head(f"m{n}", "help", "gauge") for n in range(FAMILIES))


def thing(uid, value=0):
    """An object of the test's kind: family 0 has its value, family 1 its uid, family 2 only even values."""
    return SimpleNamespace(metadata=SimpleNamespace(uid=uid), value=value)


def render(o):
    even = f'm2{{u="{o.metadata.uid}"}} {o.value}\n' if o.value % 2 == 0 else ""
    return [f'm0{{u="{o.metadata.uid}"}} {o.value}\n', f'm1{{u="{o.metadata.uid}",x="é"}} 1\n', even]


class Shown:
    """A store with what a scrape of it would show."""

    def __init__(self):
        self.arena = Arena("test")
        self.store = Store(render, FAMILIES, self.arena)
        self.kind = Kind("things", HEADS, (self.store,))

    def text(self):
        publication = decode(encode(Publication((kind_text(self.kind),), {}, b"")))
        found = list(segments([Source(publication, self.store._arena.read)], Choice(), openmetrics=False))
        plain = b"".join(plain_chunks(found))
        packed = b"".join(gzip_chunks(found))
        assert gzip.decompress(packed) == plain
        assert len(packed) == gzip_size(found)
        assert len(plain) == plain_size(found)
        self.store._arena.publish(self.store._arena.generation)
        return plain.decode()

    def lines(self):
        return sorted(line for line in self.text().splitlines() if not line.startswith("#"))


def wanted(values):
    return sorted(line for uid, value in values.items() for line in "".join(render(thing(uid, value))).splitlines())


@pytest.fixture
def shown():
    made = Shown()
    yield made
    made.store._arena.close()


def test_an_empty_kind_prints_nothing(shown):
    """Without objects there are not even headers."""
    assert shown.text() == ""


def test_families_stand_together(shown):
    """One HELP and TYPE a family, all its lines behind it, families in the table's order."""
    for uid in "abc":
        shown.store.add(thing(uid, 1))
    names = [line.split()[2] if line.startswith("#") else line.split("{")[0] for line in shown.text().splitlines()]
    assert names == ["m0"] * 5 + ["m1"] * 5 + ["m2"] * 2


verbs = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["add", "update"]), st.integers(0, 40), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.integers(0, 40), st.just(0)),
        st.tuples(st.just("show"), st.just(0), st.just(0)),
        st.tuples(st.just("move"), st.just(0), st.just(0)),
        st.tuples(st.sampled_from(["replace", "abandon"]), st.integers(0, 40), st.integers(0, 5)),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(verbs)
def test_a_store_shows_what_a_dictionary_would(commands):
    """After any sequence of verbs, folds and moves, a scrape shows each object once, with its last text."""
    small, page.SLOTS = page.SLOTS, 8
    try:
        shown, model = Shown(), {}
        for verb, key, value in commands:
            uid = f"u{key}"
            if verb in {"add", "update"}:
                getattr(shown.store, verb)(thing(uid, value))
                model[uid] = value
            elif verb == "delete":
                shown.store.delete(uid)
                model.pop(uid, None)
            elif verb == "show":
                assert shown.lines() == wanted(model)
            elif verb == "move":
                with shown.store.lock:
                    fresh = Arena("test")
                    shown.store.fold()
                    shown.store.move(fresh)
                shown.arena.close()
                shown.arena = fresh
            else:
                fresh = shown.store.replace()
                after = {u: (v + value) % 5 for u, v in model.items() if u != uid} | {f"u{key + 1}": value}
                for one, number in after.items():
                    fresh.add(thing(one, number))
                assert shown.lines() == wanted(model), "a replacement shows before it is committed"
                if verb == "replace":
                    fresh.commit("7")
                    model = after
                else:
                    fresh.abandon()
        assert shown.lines() == wanted(model)
        assert len(shown.store) == len(model)
        shown.arena.close()
    finally:
        page.SLOTS = small


def test_an_unchanged_relist_costs_nothing(shown):
    """A relist that finds what is known makes no new segment and changes nothing that is published."""
    for number in range(1000):
        shown.store.add(thing(f"u{number}", number))
    before, written = shown.text(), shown.arena.live_bytes
    changes = shown.store.changes
    fresh = shown.store.replace()
    for number in range(1000):
        fresh.add(thing(f"u{number}", number))
    fresh.commit("8")
    assert shown.text() == before
    assert shown.store.changes == changes
    assert shown.arena.live_bytes == written
    assert shown.store.version == "8"


def test_a_move_takes_an_unfinished_replacement_along(shown):
    """An arena that is compacted in the middle of a relist loses nothing of the relist."""
    fresh = shown.store.replace()
    for number in range(page.SLOTS + 10):  # a full page is compressed as it fills
        fresh.add(thing(f"u{number}", 1))
    other = Arena("test")
    with shown.store.lock:
        shown.store.move(other)
    shown.arena.close()
    fresh.commit("1")
    assert shown.lines() == wanted({f"u{number}": 1 for number in range(page.SLOTS + 10)})


def test_sparse_pages_are_given_up(shown):
    """After most objects went, the rest moves together and the memory of the others is free."""
    for number in range(page.SLOTS * 4):
        shown.store.add(thing(f"u{number}", 1))
    shown.text()
    kept = {f"u{number}": 1 for number in range(0, page.SLOTS * 4, 16)}
    for number in range(page.SLOTS * 4):
        if f"u{number}" not in kept:
            shown.store.delete(f"u{number}")
    assert shown.lines() == wanted(kept)
    assert len(shown.store.pages()) <= 2


def test_a_very_long_text_is_kept_whole(shown):
    """Texts above 64 KiB keep their length beside short ones, also through a change of a neighbour."""
    long = "x" * 100_000
    shown.store.add(thing(long, 1))
    shown.store.add(thing("short", 1))
    assert shown.lines() == wanted({long: 1, "short": 1})
    shown.store.update(thing("short", 2))
    assert shown.lines() == wanted({long: 1, "short": 2})
