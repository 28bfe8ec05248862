"""Faults on request: which answers go wrong, how, and how often."""

from typing import Any, Literal

import msgspec

from load.status import JSON, ApiError, bad_request, expired, failure, forbidden, invalid_options, no_resource

from load.status import too_many, unauthorized, unavailable  # isort: skip
from load.text import Object, build

FaultKind = Literal[
    "cut",  # the connection ends after `after_bytes` of the body, mid-line or not
    "delay",  # `seconds` pass before anything is answered
    "empty_continue",  # a page without items, whose token still leads on
    "error_event",  # an ERROR event with `status` inside a watch, then its end
    "garbage",  # a line, or a list, that is no JSON
    "gone",  # 410: of a list or a page of it; an ERROR event inside a watch
    "halfline",  # half an event, then a clean end
    "no_initial_end",  # a streaming list whose initial events never end
    "refuse_streaming",  # 422 for sendInitialEvents, as of a server without WatchList
    "reset",  # the connection ends before any answer
    "slow",  # `bytes_per_second` of body
    "stall",  # nothing more comes after `after_bytes`, and the connection stays
    "status",  # `status` instead of an answer, with the body a kube-apiserver sends or with `body`
    "unknown_event",  # an event of type SURPRISE
    "wrong_type",  # one object with `value` at `path`
]

# Kinds that spoil single events of a watch, after `after_events` good ones.
_EVENTS = frozenset({"error_event", "garbage", "gone", "halfline", "unknown_event", "wrong_type"})


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests; `list` is a first page, `continue` any other one, `stream` a watch with initial events."""

    resource: str = "*"
    verb: Literal["any", "list", "continue", "watch", "stream", "get", "write"] = "any"
    namespace: str = "*"

    def holds(self, verb: str, resource: str, namespace: str) -> bool:
        verbs = {"any", verb} | ({"watch"} if verb == "stream" else set())
        return self.verb in verbs and self.resource in {"*", resource} and self.namespace in {"*", namespace}


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One rule.

    skip   matching requests that still go well first
    count  how many then go wrong; -1 for ever
    path   of a wrong_type, dotted; anywhere but metadata.name, .namespace and .resourceVersion
    """

    kind: FaultKind
    match: Match = Match()
    skip: int = 0
    count: int = 1
    after_bytes: int = 0
    after_events: int = 0
    bytes_per_second: int = 1024
    seconds: float = 1.0
    status: int = 500
    retry_after: int | None = None
    body: str | None = None
    path: str = "metadata.creationTimestamp"
    value: Any = 17

    def spoils_events(self) -> bool:
        return self.kind in _EVENTS


class Faults:
    """The rules in force, oldest first; a request meets the first that matches."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def take(self, verb: str, resource: str, namespace: str) -> Fault | None:
        for rule in self.rules:
            if not rule.match.holds(verb, resource, namespace) or rule.count == 0:
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.count > 0:
                rule.count -= 1
            return rule
        return None


def rule(body: bytes) -> Fault:
    """A rule from its JSON; raise ApiError 400 for one that cannot be followed."""
    try:
        return msgspec.json.decode(body, type=Fault)
    except msgspec.MsgspecError as error:
        raise bad_request(f"no such fault: {error}") from None


def refusal(fault: Fault, verb: str, resource: str, namespace: str) -> ApiError | None:
    """The error that stands in for the answer, if this fault puts one there."""
    match fault.kind:
        case "status":
            return _with(fault, _plain(fault.status, resource, namespace))
        case "gone" if verb in {"list", "continue"}:
            return expired()
        case "refuse_streaming" if verb == "stream":
            message = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
            return invalid_options(("FieldValueForbidden", f"Forbidden: {message}", "sendInitialEvents"))
        case _:
            return None


def _plain(code: int, resource: str, namespace: str) -> ApiError:
    known = {401: unauthorized, 404: no_resource, 429: too_many, 503: unavailable}
    if code == 403:
        return forbidden("load", "list", ("", resource), namespace, "")
    return known[code]() if code in known else failure(code, "InternalError", "an error on request")


def _with(fault: Fault, error: ApiError) -> ApiError:
    headers = dict(error.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    if fault.body is None:
        return ApiError(error.code, error.body, error.content, headers)
    return ApiError(error.code, fault.body.encode(), JSON, headers)


def mistyped(fault: Fault, obj: Object, custom: bool) -> Object:
    """The object with the fault's value at the fault's path, whatever belongs there."""
    document = obj.document()
    *parents, leaf = fault.path.split(".")
    place = document
    for name in parents:
        place = place.setdefault(name, {})
    place[leaf] = fault.value
    return build(document, obj.version, custom=custom)


def garbled(line: bytes) -> bytes:
    """A line that is no JSON, however much of it is read."""
    return b"}" + line[1:-2] + b"\x00\n"
