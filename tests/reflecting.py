"""Reflectors at work on real stores against a server, and a witness who reads the text all the time.

The law that every rung of the ladder is held to stands in Reflection: what a scrape has once shown of an object that is
still in the cluster, every later scrape shows. Tests say what they are about to change (`keep`) before they change it.
"""

import contextlib
import json
import threading
import time
import traceback
import urllib.request

import msgspec

from load.testing import running
from shardex.exposition.compile import compile_render
from shardex.kube.backoff import Backoff
from shardex.kube.client import Client
from shardex.kube.endpoint import Credentials, Endpoint
from shardex.kube.notes import Notes
from shardex.kube.reflector import Reading, Reflector, Target
from shardex.resources import RESOURCES
from shardex.store.arena import Arena
from shardex.store.deflate import inflate
from shardex.store.page import OFFSET, RAW, SIZE, WORDS
from shardex.store.store import Store

QUICK = Backoff(first_seconds=0.02, cap_seconds=0.1, slow_seconds=0.1, healthy_seconds=30.0)
READING = Reading(page_size=4, idle_seconds=10.0, stream_idle_seconds=1.0, backoff=QUICK)
PODS = Target("/api/v1/pods", "pods")
POD = "/api/v1/namespaces/n/pods/pod-{}"
ALL = {f"pod-{number}" for number in range(10)}  # those of cluster()


def until(condition, seconds=15.0, what="the condition did not come true"):
    """Wait for a condition; the value that made it true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.003)
    return found


def pod(phase="Running", **more):
    return {"metadata": {"labels": {"a": "b"}}, "spec": {"nodeName": "node-1"}, "status": {"phase": phase}, **more}


def pods_added(count):
    return [{"action": "add", "path": POD.format(number), "object": pod()} for number in range(count)]


@contextlib.contextmanager
def cluster(pods=10, **options):
    """A server with so many pods in namespace n."""
    with running(**options) as server:
        server.apply(pods_added(pods))
        yield server


def fill(server, pods=10):
    """A server that was used before as a new one: nothing but so many pods, no faults, an empty audit log."""
    server.clear_faults()
    changes = []
    for plural in ("pods", "services"):
        with urllib.request.urlopen(f"{server.url}/api/v1/{plural}") as answer:
            for found in json.load(answer)["items"]:
                key = found["metadata"]
                path = f"/api/v1/namespaces/{key['namespace']}/{plural}/{key['name']}"
                changes.append({"action": "delete", "path": path})
    server.apply(changes + pods_added(pods))
    server.clear_requests()


class Reflection:
    """One reflector, its thread and its store.

    target  what to list; its resource says how it is decoded and rendered
    kept    lines that no scrape may miss; every line of the first sync until a test knows better
    lost    what scrapes have missed of it
    """

    pause_seconds = 0.003  # between scrapes

    def __init__(self, client, target=PODS, reading=READING, mine=None, gate=None, families=None):
        resource = RESOURCES[target.resource]
        rows = [f for f in resource.families if not f.opt_in and (families is None or f.name in families)]
        self._arena = Arena("test")
        self.store = Store(compile_render(resource.plural, resource.identity, rows), len(rows), self._arena)
        self.notes = Notes(resource.plural)
        self.gate = gate or threading.Semaphore(4)
        decode = msgspec.json.Decoder(resource.object).decode
        self.reflector = Reflector(client, target, reading, decode, self.store, mine, self.gate, self.notes)
        self.kept, self.lost, self.scrapes = frozenset(), set(), 0
        self._stop, self._thread_error = threading.Event(), None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._witness = threading.Thread(target=self._watch, daemon=True)

    def start(self):
        self._thread.start()
        self._witness.start()

    def _run(self):
        try:
            self.reflector.run(self._stop)
        except BaseException:
            self._thread_error = traceback.format_exc()

    def _watch(self):
        while not self._stop.wait(self.pause_seconds):
            self._scrape()

    def _scrape(self):
        kept = self.kept  # before the text: a test that gives something up must not be blamed for it
        lines = self.lines()
        self.scrapes += 1
        self.lost |= kept - lines if kept is self.kept else set()

    def text(self):
        """What a scrape would show, without headers."""
        store = self.store
        with store.lock:
            store.fold()
            return b"".join(
                inflate((self._arena.read(offset, size),), raw)
                for page in store.pages()
                for offset, size, raw in zip(
                    page.table[OFFSET::WORDS], page.table[SIZE::WORDS], page.table[RAW::WORDS], strict=True
                )
                if size
            ).decode()

    def lines(self):
        return frozenset(self.text().splitlines())

    def named(self, part='pod="'):
        """Names of the objects that have a line, of label pod if not told otherwise."""
        return {line.partition(part)[2].partition('"')[0] for line in self.lines() if part in line}

    def keep(self, *but):
        """From here on every scrape must show every line of now, but for those of some pods."""
        gone = tuple(f'pod="{name}"' for name in but)
        self.kept = frozenset(line for line in self.lines() if not any(name in line for name in gone))

    def standing(self):
        assert self._thread_error is None, self._thread_error
        return self.notes.standing()

    def until(self, condition, seconds=15.0):
        """Wait for something that is true of the standing or, by closure, of anything else."""
        return until(lambda: condition(self.standing()), seconds, lambda: f"never came: {self.standing()}")

    def synced(self, names=None):
        """Wait for the first list; then its lines are the law."""
        self.until(lambda standing: standing.synced)
        if names is not None:
            self.until(lambda _: self.named() == set(names))
        self.keep()
        return self

    def shows(self, *parts):
        """Wait for a line with all of these parts."""
        self.until(lambda _: any(all(part in line for part in parts) for line in self.lines()))

    def stop(self):
        self._stop.set()

    def end(self):
        """The threads end by themselves."""
        for thread in (self._thread, self._witness):
            thread.join(15)
            assert not thread.is_alive(), "the reflector did not come to its end"
        self._arena.close()

    def judge(self):
        """Nothing was lost on the way."""
        assert self._thread_error is None, self._thread_error
        assert self.lost == set()


def client_of(url, **endpoint):
    return Client(Credentials(Endpoint(url=url, **endpoint), ""), "shardex/test")


@contextlib.contextmanager
def reflecting(server=None, url="", client=None, kind=Reflection, **options):
    """A reflection for the length of a block, at whose end the law is held against it."""
    made = kind(client or client_of(url or server.url), **options)
    made.start()
    try:
        yield made
        made.standing()
    finally:
        made.stop()
        if server is not None:
            server.restart()  # reads of a watch are ended by nothing else
        made.end()
    made.judge()


def asked(server, resource="pods"):
    """What was asked of the server, in order: list, continue, stream or watch."""
    return [kind_of(entry) for entry in server.requests(resource=resource)]


def kind_of(entry):
    query = entry["query"]
    if entry["verb"] == "watch":
        return "stream" if "sendInitialEvents" in query else "watch"
    return "continue" if "continue" in query else entry["verb"]


def reading(**changes):
    return msgspec.structs.replace(READING, **changes)


def versions(server, resource="pods"):
    """Where the watches began."""
    return [e["query"]["resourceVersion"] for e in server.requests("watch", resource) if kind_of(e) == "watch"]


def change(server, number, phase):
    """Give a pod another phase; its resource version."""
    return server.modify(POD.format(number), pod(phase))


def is_phase(number, phase):
    return f'pod="pod-{number}"', f'phase="{phase}"', "} 1"
