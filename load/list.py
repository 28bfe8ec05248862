"""GET of a collection: pages, versions, selectors."""

import base64
from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec
from aiohttp import web

from load.answer import answer_blocks
from load.cluster import Cluster
from load.collection import Collection, Expired
from load.faults import Fault, garbled, mistyped
from load.selectors import selector
from load.status import bad_request, bad_version, expired, future, invalid_options
from load.text import Object
from load.view import View

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list."
)


class Token(msgspec.Struct, frozen=True):
    """A continue token: where the next page starts, in which state; rv -1 for whatever state is current then."""

    v: str
    rv: int
    start: str

    def encoded(self) -> str:
        # Go ends the start key with a NUL: the least key above the last one sent.
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


def token(revision: int, namespace: str, after: str) -> str:
    """The token of the page after an object, relative to the namespace listed."""
    relative = after.removeprefix(f"{namespace}/") if namespace else after
    return Token("meta.k8s.io/v1", revision, f"/{relative}\0").encoded()


def parse_token(text: str) -> Token:
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise bad_request("invalid continue token: continue key is not valid: illegal base64 data") from None
    try:
        return msgspec.json.decode(decoded, type=Token)
    except msgspec.MsgspecError:
        first = f"\\x{decoded[0]:02x}" if decoded and decoded[0] > 127 else chr(decoded[0]) if decoded else ""
        reason = f"invalid character '{first}' looking for beginning of value"
        raise bad_request(f"invalid continue token: continue key is not valid: {reason}") from None


def version_of(text: str, current: int) -> int:
    """A resourceVersion parameter as a number, 0 for none; raise ApiError 500 for no number, 504 for the future."""
    if not text:
        return 0
    if not text.isdecimal():
        raise bad_version(text)
    if int(text) > current:
        raise future(int(text), current)
    return int(text)


class Page(msgspec.Struct, frozen=True):
    """What one answer holds; `meta` is the list's own metadata."""

    meta: dict[str, Any]
    objects: list[Object]


def page(cluster: Cluster, collection: Collection, namespace: str, query: Mapping[str, str]) -> Page:
    """The objects a query asks for.

    raise   ApiError: 400, 410 or 422 as a kube-apiserver answers the same query, 504 for a version to come
    """
    wanted = selector(collection.kind, query.get("fieldSelector", ""), query.get("labelSelector", ""))
    limit, asked, match = _limit(query), query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    _check(query)
    start, revision = "", 0
    if query.get("continue"):
        place = parse_token(query["continue"])
        start, revision = place.start.removeprefix("/"), max(place.rv, 0)
        start = f"{namespace}/{start}" if namespace else start
    else:
        version = version_of(asked, cluster.revision)
        if match == "Exact":
            revision = version
        if asked == "0":
            limit = 0  # served from the watch cache, which knows no pages
    try:
        snapshot = cluster.snapshot(collection, revision)
    except Expired:
        if not query.get("continue"):
            raise expired() from None
        relative = start.removeprefix(f"{namespace}/") if namespace else start
        raise expired(_TOO_OLD, Token("meta.k8s.io/v1", -1, relative).encoded()) from None
    first, end = snapshot.span(namespace, start)
    if wanted is None:
        last = min(end, first + limit) if limit else end
        objects, more = snapshot.objects[first:last], last < end
    else:
        found = (obj for obj in snapshot.objects[first:end] if wanted(obj))
        objects = list(islice(found, limit or None))
        more = next(found, None) is not None
    meta: dict[str, Any] = {"resourceVersion": str(snapshot.revision)}
    if more:
        meta["continue"] = token(snapshot.revision, namespace, objects[-1].key)
        if wanted is None:
            meta["remainingItemCount"] = end - last
    return Page(meta, objects)


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", "") or "0"
    if not text.lstrip("-").isdecimal():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(0, int(text))


def _check(query: Mapping[str, str]) -> None:
    match, field = query.get("resourceVersionMatch"), "resourceVersionMatch"
    if query.get("sendInitialEvents"):
        message = "sendInitialEvents is forbidden for list"
        raise invalid_options(("FieldValueForbidden", f"Forbidden: {message}", "sendInitialEvents"))
    if match and query.get("continue"):
        message = "resourceVersionMatch is forbidden when continue is provided"
        raise invalid_options(("FieldValueForbidden", f"Forbidden: {message}", field))
    if match and not query.get("resourceVersion"):
        message = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise invalid_options(("FieldValueForbidden", f"Forbidden: {message}", field))
    if match not in {None, "", "Exact", "NotOlderThan"}:
        message = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan"'
        raise invalid_options(("FieldValueNotSupported", message, field))
    if match == "Exact" and query.get("resourceVersion") == "0":
        message = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        raise invalid_options(("FieldValueForbidden", f"Forbidden: {message}", field))
    if query.get("continue") and query.get("resourceVersion", "0") not in {"", "0"}:
        raise bad_request("specifying resource version is not allowed when using continue")


async def list_objects(
    request: web.BaseRequest, cluster: Cluster, collection: Collection, namespace: str, view: View, fault: Fault | None
) -> web.StreamResponse:
    found = page(cluster, collection, namespace, request.query)
    objects, meta = found.objects, found.meta
    match fault.kind if fault else "":
        case "empty_continue":
            again = (
                request.query.get("continue") or Token("meta.k8s.io/v1", int(meta["resourceVersion"]), "/").encoded()
            )
            objects, meta = [], {"resourceVersion": meta["resourceVersion"], "continue": again}
        case "wrong_type" if objects and fault:
            objects = [mistyped(fault, objects[0], collection.kind.custom), *objects[1:]]
        case "garbage":
            return await answer_blocks(request, (garbled(block) for block in view.list_blocks(meta, objects)), fault)
        case _:
            pass
    return await answer_blocks(request, view.list_blocks(meta, objects), fault)
