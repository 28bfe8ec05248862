"""Workers' publications without processes: stores in an arena each, and the exposition that the front makes of them."""

import contextlib
import gzip
import threading
from functools import cache
from types import SimpleNamespace

from helpers import recorded_objects
from msgspec import json

from shardex.exposition.compile import compile_render
from shardex.resources import RESOURCES
from shardex.serving.merger import Choice, Source, gzip_chunks, gzip_size, plain_chunks, plain_size, segments
from shardex.shard import owner
from shardex.store.arena import Arena
from shardex.store.publication import Head, Kind, Publication, decode, encode, kind_text
from shardex.store.store import Store
from shardex.workers.board import Board, Phase
from shardex.workers.channel import Request, ask, asked, pair
from shardex.workers.publisher import Publisher
from shardex.workers.share import Share
from shardex.workers.status import WorkerStatus
from shardex.workers.status import encode as encode_status

HEADS = (Head("thing_value", "Its value.", "gauge"), Head("thing_info", "Its uid.", "gauge"))


@contextlib.contextmanager
def arenas():
    """Makes arenas, and closes them in the end."""
    made = []

    def make():
        made.append(Arena("test"))
        return made[-1]

    yield make
    for arena in made:
        arena.close()


def thing(uid, value=0):
    """An object of a kind with two families: its value, and one that never changes."""
    return SimpleNamespace(metadata=SimpleNamespace(uid=uid), value=value)


def render(o):
    uid = o.metadata.uid
    return [f'thing_value{{uid="{uid}"}} {o.value}\n', f'thing_info{{uid="{uid}"}} 1\n']


def things(arena, heads=HEADS, render=render, plural="things"):
    """A kind with an empty store in the arena."""
    return Kind(plural, heads, (Store(render, len(heads), arena),))


@cache
def rendered(plural):
    """Headers of a kind, and the recorded objects of it with their texts."""
    resource = RESOURCES[plural]
    families = [family for family in resource.families if not family.opt_in]
    print_object = compile_render(plural, resource.identity, families)
    decoded = map(json.Decoder(resource.object).decode, recorded_objects(plural))
    heads = tuple(Head(family.name, family.print_help, family.type) for family in families)
    return heads, [SimpleNamespace(metadata=o.metadata, texts=print_object(o)) for o in decoded]


def recorded(plural, arena, mine=lambda _: True):
    """A kind filled with the recorded objects that are this shard's."""
    heads, objects = rendered(plural)
    kind = things(arena, heads, lambda o: o.texts, plural)
    for o in objects:
        if mine(o.metadata.uid):
            kind.stores[0].add(o)
    return kind


def source(arena, *kinds):
    """What a worker that holds these kinds published."""
    publication = decode(encode(Publication(tuple(kind_text(kind) for kind in kinds), {}, b"")))
    return Source(publication, arena.read)


def shards(total, plurals, make):
    """The recorded objects of these kinds, divided among so many shards."""
    found = []
    for shard in range(total):
        arena = make()
        kinds = [recorded(plural, arena, lambda uid, shard=shard: owner(uid, total) == shard) for plural in plurals]
        found.append(source(arena, *kinds))
    return found


def text(sources, choice=None, openmetrics=False):
    """The merged exposition; sizes and both encodings are checked on the way."""
    found = list(segments(sources, choice or Choice(), openmetrics))
    plain, packed = b"".join(plain_chunks(found)), b"".join(gzip_chunks(found))
    assert len(plain) == plain_size(found)
    assert len(packed) == gzip_size(found)
    assert gzip.decompress(packed) == plain
    return plain.decode()


def told(worker=0, *kinds, **more):
    """What a worker says of itself; what is not given is 0."""
    fields = dict.fromkeys(("resident_bytes", "peak_bytes", "base_bytes", "arena_bytes"), 0)
    fields |= dict.fromkeys(("cpu_seconds", "fold_seconds", "now"), 0.0)
    return WorkerStatus(pod_shard=0, worker=worker, incarnation=1, kinds=kinds, **fields | more)


class Worker:
    """A worker that lives in a thread: a real publisher over a store that the test fills.

    answers  that it gave, or is about to give
    missing  what it says is not listed yet
    excused  kinds that the server refuses
    gate     cleared, it keeps the front waiting
    """

    def __init__(self, board, number=0):
        self.board, self.number = board, number
        self.front_end, self.end = pair()
        self.missing = {}
        self.excused = set()
        self.gate = threading.Event()
        self.gate.set()
        self.incarnation = self.answers = 0
        self._status = b""
        self._stop = threading.Event()
        self._stop.set()

    def start(self, kinds=None, status=None, synced=True, resharding=None):
        """Begin a new incarnation, with empty stores if none are given."""
        self.incarnation += 1
        self.arena = Arena("test")
        self.kinds = kinds(self.arena) if kinds else (things(self.arena),)
        self.store = self.kinds[0].stores[0]
        self._status = encode_status(status or told(self.number))
        self._stop = threading.Event()
        self.board.lives(self.number, Phase.READY, 1000 + self.incarnation, self.incarnation, self.incarnation - 1, 0)
        self.board.sync(self.number, synced)
        self.publisher = Publisher(
            self.incarnation,
            self.arena,
            self.kinds,
            lambda: self.missing,
            lambda: {*self.missing, *self.excused},
            self._told,
            resharding=resharding,
        )
        self._thread = threading.Thread(target=self.publisher.serve, args=(self.end, self._stop))
        self._thread.start()
        return self

    def _told(self, *_):
        self.answers += 1
        self.gate.wait()
        return self._status

    def stop(self, phase=Phase.BACKOFF):
        """End the incarnation as a death does: the board says so, the sockets stay."""
        if not self._stop.is_set():
            self._stop.set()
            self.gate.set()
            ask(self.front_end, Request(0, 0, 0, 0))
            self._thread.join()
            asked(self.end, 0.0)  # the question, if the thread had ended before it
            self.store._arena.close()
            self.board.lives(self.number, phase, 0, self.incarnation, self.incarnation, 0)

    def close(self):
        self.stop()
        self.front_end.close()
        self.end.close()


@contextlib.contextmanager
def workers(count=1):
    """A board and so many workers in threads, which are not started yet."""
    board = Board(count)
    board.share = Share(0, 1).word
    made = [Worker(board, number) for number in range(count)]
    try:
        yield board, made
    finally:
        for worker in made:
            worker.close()


def shown(upstream, partial=False):
    """The exposition that a scrape would get; None when it would be refused."""
    with upstream.sources(partial) as (sources, missing):
        return None if missing else text(sources)
