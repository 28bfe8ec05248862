"""The control endpoint: faults, changes by hand, churn and the audit log, for tests that drive the cluster."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from aiohttp import web

from load import faults
from load.answer import answer, refuse
from load.body import stable_uid
from load.reviews import User
from load.status import ApiError, already_exists, bad_request, encoded, no_path, not_found
from load.target import target
from load.write import stored

if TYPE_CHECKING:
    from load.apiserver import ApiServer


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """A change by hand; the object is taken as it is, with name, namespace and uid filled in from the path."""

    action: Literal["add", "modify", "delete"]
    path: str
    object: dict[str, Any] = {}


class ChurnChange(msgspec.Struct, forbid_unknown_fields=True):
    profile: str | None = None
    rate: float | None = None


class Token(msgspec.Struct, forbid_unknown_fields=True):
    token: str
    user: str = "admin"
    allowed: bool = True


def _decoded(body: bytes, form: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.MsgspecError as error:
        raise bad_request(f"not understood: {error}") from None


async def respond(api: "ApiServer", request: web.BaseRequest) -> web.StreamResponse:
    """Answer a request below /_load/."""
    name = f"{request.method} {request.path.removeprefix('/_load/')}"
    try:
        if name == "POST restart":
            api.cluster.restart()
            api.drop(request.protocol)
            return await answer(request, encoded(_state(api)))
        if name not in _ENDPOINTS:
            raise no_path()
        return await answer(request, encoded(_ENDPOINTS[name](api, await request.read())))
    except ApiError as error:
        return await refuse(request, error)


def _state(api: "ApiServer") -> dict[str, Any]:
    counts = {c.kind.qualified: len(c.objects) for c in api.cluster.collections.values() if c.objects}
    return {
        "revision": api.cluster.revision,
        "objects": counts,
        "watches": sum(1 for entry in api.audit.entries if entry["verb"] == "watch" and not entry["ended"]),
        "requests": len(api.audit.entries),
        "faults": api.faults.rules,
        "churn": {"profile": api.churn.profile, "rate": api.churn.rate, "changes": api.churn.changes},
    }


def _fault(api: "ApiServer", body: bytes) -> Any:
    api.faults.rules.append(faults.rule(body))
    return api.faults.rules


def _no_faults(api: "ApiServer", _: bytes) -> Any:
    api.faults.rules.clear()
    return []


def _requests(api: "ApiServer", _: bytes) -> Any:
    return list(api.audit.entries)


def _no_requests(api: "ApiServer", _: bytes) -> Any:
    api.audit.entries.clear()
    return []


def _compact(api: "ApiServer", _: bytes) -> Any:
    api.cluster.compact()
    return _state(api)


def _churn(api: "ApiServer", body: bytes) -> Any:
    change = _decoded(body, ChurnChange)
    try:
        api.churn.change(change.profile, change.rate)
    except ValueError as error:
        raise bad_request(str(error)) from None
    return _state(api)["churn"]


def _tokens(api: "ApiServer", body: bytes) -> Any:
    """Replace the bearer tokens, as when a token expires and another takes its place."""
    tokens: list[Token] = _decoded(body, list[Token])
    api.users.tokens = {token.token: User(token.user, token.allowed) for token in tokens}
    return sorted(api.users.tokens)


def _objects(api: "ApiServer", body: bytes) -> Any:
    changes = _decoded(body, list[Change] if body.lstrip().startswith(b"[") else Change)
    revision = 0
    for change in changes if isinstance(changes, list) else [changes]:
        revision = _apply(api, change)
    return {"resourceVersion": str(revision)}


def _apply(api: "ApiServer", change: Change) -> int:
    aim = target(change.path)
    collection = api.cluster.collections.get((aim.group, aim.plural)) if aim else None
    if aim is None or collection is None or not aim.name:
        raise bad_request(f"no such object: {change.path}")
    key = aim.key
    exists = key in collection.objects
    if change.action == "add" and exists:
        raise already_exists(collection.kind, aim.name)
    if change.action != "add" and not exists:
        raise not_found(collection.kind, aim.name)
    if change.action == "delete":
        return api.cluster.remove(collection, key).revision
    meta = dict(change.object.get("metadata") or {}, name=aim.name)
    if aim.namespace:
        meta["namespace"] = aim.namespace
    if exists:
        meta.setdefault("uid", collection.objects[key].document()["metadata"].get("uid", ""))
    meta.setdefault("uid", stable_uid(key, api.cluster.revision))
    meta.setdefault("creationTimestamp", "2026-11-02T08:00:00Z")
    obj = stored(api.cluster, collection, {**change.object, "metadata": meta})
    return api.cluster.put(collection, obj).revision


_ENDPOINTS: dict[str, Callable[["ApiServer", bytes], Any]] = {
    "GET state": lambda api, _: _state(api),
    "GET faults": lambda api, _: api.faults.rules,
    "POST faults": _fault,
    "DELETE faults": _no_faults,
    "GET requests": _requests,
    "DELETE requests": _no_requests,
    "POST objects": _objects,
    "POST compact": _compact,
    "POST churn": _churn,
    "POST tokens": _tokens,
}
