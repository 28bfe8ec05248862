"""GET of a collection as a watch: events after a version, initial events, bookmarks."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import msgspec
from aiohttp import web

from load.answer import Stream
from load.cluster import Cluster
from load.collection import ADDED, DELETED, MODIFIED, Collection, Event, Expired
from load.faults import Fault
from load.feed import Change, Feed
from load.list import version_of
from load.selectors import Test, selector
from load.status import bad_request, bad_version, invalid_options
from load.view import View

_BLOCK = 64  # initial events a write: 0.8 MB of large pods, little enough to be copied within the CPU's caches

# A kube-apiserver ends a watch without timeoutSeconds after 30 to 60 minutes.
_TIMEOUT_SECONDS = 1800.0

# Before the end of a watch, as recorded: 2.5 and 1.3 s.
_LAST_BOOKMARKS = (2.5, 1.3)


class Options(msgspec.Struct, frozen=True):
    """What a watch's query asks for.

    version  where to start; 0 for the present state first, as ADDED events
    initial  the present state first, ended by a bookmark
    """

    version: int
    initial: bool
    bookmarks: bool
    timeout_seconds: float
    wanted: Test | None


def streaming(query: Mapping[str, str]) -> bool:
    """Whether a query asks for a streaming list."""
    return query.get("sendInitialEvents") in {"true", "1"}


def parse(query: Mapping[str, str], collection: Collection, current: int) -> Options:
    """The options of a query; raise ApiError as a kube-apiserver refuses it."""
    match, field = query.get("resourceVersionMatch", ""), "resourceVersionMatch"
    if "sendInitialEvents" in query and match != "NotOlderThan":
        message = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        causes = [("FieldValueForbidden", message, field)]
        if match:
            unsupported = f'Unsupported value: "{match}": supported values: "NotOlderThan"'
            causes.append(("FieldValueNotSupported", unsupported, field))
        raise invalid_options(*causes)
    if match and "sendInitialEvents" not in query:
        message = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        raise invalid_options(("FieldValueForbidden", message, field))
    version = query.get("resourceVersion", "") or "0"
    if not version.isdecimal():
        raise bad_version(version)
    initial = streaming(query)
    if initial:
        version_of(version, current)
    seconds = query.get("timeoutSeconds", "") or "0"
    if not seconds.isdecimal():
        raise bad_request(f'strconv.ParseInt: parsing "{seconds}": invalid syntax')
    wanted = selector(collection.kind, query.get("fieldSelector", ""), query.get("labelSelector", ""))
    bookmarks = query.get("allowWatchBookmarks") in {"true", "1"}
    return Options(int(version), initial, bookmarks, float(seconds) or _TIMEOUT_SECONDS, wanted)


def change(event: Event, prefix: str, wanted: Test | None) -> Change | None:
    """What a selection sees of an event: an object that leaves it is DELETED, in its last state within it."""
    if not event.object.key.startswith(prefix):
        return None
    if wanted is None:
        return event.type, event.object
    before = event.previous is not None and wanted(event.previous)
    after = event.type != DELETED and wanted(event.object)
    if after:
        return MODIFIED if before else ADDED, event.object
    if before and event.previous is not None:
        return DELETED, event.previous.at(event.revision)
    return None


async def watch_objects(
    request: web.BaseRequest,
    cluster: Cluster,
    collection: Collection,
    namespace: str,
    view: View,
    fault: Fault | None,
    bookmark_seconds: float,
) -> web.StreamResponse:
    """Answer with events until the timeout, or until the client has had enough."""
    options = parse(request.query, collection, cluster.revision)
    stream = await Stream.open(request, fault)
    feed = Feed(stream, view, fault, collection.kind.custom)
    bell = asyncio.Event()
    collection.changed.add(bell.set)
    try:
        await _run(feed, cluster, collection, namespace, options, fault, bell, bookmark_seconds)
    finally:
        collection.changed.discard(bell.set)
    return await stream.close()


async def _run(
    feed: Feed,
    cluster: Cluster,
    collection: Collection,
    namespace: str,
    options: Options,
    fault: Fault | None,
    bell: asyncio.Event,
    bookmark_seconds: float,
) -> None:
    now = asyncio.get_running_loop().time
    end = now() + options.timeout_seconds
    position = options.version
    if options.initial or position == 0:
        position = cluster.revision
        if not await _initial(feed, cluster, collection, namespace, options.wanted):
            return
        if options.initial and options.bookmarks and not (fault and fault.kind == "no_initial_end"):
            await feed.bookmark(position, end=True)
    else:
        try:
            collection.start(position)
        except Expired as error:
            await feed.error(410, "Expired", f"too old resource version: {position} ({error.floor})")
            return
    if not await feed.send([]):
        return
    bookmarks = sorted({end - before for before in _LAST_BOOKMARKS if before < options.timeout_seconds} | {end})
    periodic = now() + bookmark_seconds
    prefix = f"{namespace}/" if namespace else ""
    while True:
        bell.clear()
        try:
            events = collection.since(position)
        except Expired as error:  # a client slower than the history is long
            await feed.error(410, "Expired", f"too old resource version: {position} ({error.floor})")
            return
        position = max(position, cluster.revision)
        changes = [seen for event in events if (seen := change(event, prefix, options.wanted)) is not None]
        if (changes and not await feed.send(changes)) or collection.closed or now() >= end:
            return
        due = min(periodic, bookmarks[0]) if options.bookmarks else end
        if now() >= due:
            await feed.bookmark(position)
            periodic = now() + bookmark_seconds
            bookmarks = [moment for moment in bookmarks if moment > now()] or [end]
            continue
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await bell.wait()


async def _initial(feed: Feed, cluster: Cluster, collection: Collection, namespace: str, wanted: Test | None) -> bool:
    """Send the present state; False when a fault ended the stream."""
    snapshot = cluster.snapshot(collection)
    first, last = snapshot.span(namespace)
    for start in range(first, last, _BLOCK):
        block = snapshot.objects[start : min(start + _BLOCK, last)]
        if not await feed.send([(ADDED, obj) for obj in block if wanted is None or wanted(obj)]):
            return False
    return True
