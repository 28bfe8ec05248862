"""Bodies of writes: from JSON to the document that is kept, and what a kube-apiserver would not take."""

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec

from load.kinds import Kind
from load.status import bad_request, unsupported_media

_MERGES = frozenset({"application/merge-patch+json", "application/strategic-merge-patch+json"})
_PATCHES = "application/merge-patch+json, application/strategic-merge-patch+json"
_MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?(Z|[+-]\d\d:\d\d)")
_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"


class Writer(msgspec.Struct, frozen=True):
    """Who writes and when: the manager is the first word of the user agent; `time` is RFC 3339, whole seconds."""

    manager: str
    time: str


def stable_uid(key: str, revision: int) -> str:
    """A uid that depends on nothing but its arguments, so that the same writes give the same objects."""
    digest = hashlib.blake2b(f"{key}@{revision}".encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest, version=4))


def decode(content: str, body: bytes, kind: Kind) -> dict[str, Any]:
    """The object of a request's body; raise ApiError 415 for another media type, 400 for no JSON object."""
    if content.partition(";")[0].strip() not in {"", "application/json"}:
        raise unsupported_media()
    return _json(body, kind)


def _json(body: bytes, kind: Kind) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        text = body.decode(errors="replace")
        reason = str(error)
        key = re.match(r"\s*\{\s*([^\s\"}])", text)
        if key:
            reason = f"invalid character '{key[1]}' looking for beginning of object key string"
        subject = f"the object provided is unrecognized (must be of type {kind.kind})"
        raise bad_request(f"{subject}: couldn't get version/kind; json parse error: {reason} ({text})") from None


def _fields(value: Any) -> dict[str, Any]:
    """Names of the fields set, as managedFields lists them."""
    return {f"f:{name}": _fields(part) for name, part in value.items()} if isinstance(value, dict) else {}


def managed(kind: Kind, document: Mapping[str, Any], writer: Writer) -> dict[str, Any]:
    body = {name: part for name, part in document.items() if name not in {"kind", "apiVersion", "metadata"}}
    return {
        "manager": writer.manager,
        "operation": "Update",
        "apiVersion": kind.api_version(),
        "time": writer.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields(body),
    }


def kept(kind: Kind, document: dict[str, Any]) -> dict[str, Any]:
    """The document as it is kept: kind and apiVersion only where the API server has no type."""
    rest = {name: part for name, part in document.items() if name not in {"kind", "apiVersion"}}
    return {"apiVersion": kind.api_version(), "kind": kind.kind, **rest} if kind.custom else rest


def unacceptable_time(document: Mapping[str, Any]) -> str:
    """What is wrong with a Lease's times, which need exactly six digits after the point; "" for nothing."""
    for name in ("acquireTime", "renewTime"):
        text = (document.get("spec") or {}).get(name)
        found = _MICRO_TIME.fullmatch(text) if isinstance(text, str) else None
        if text is None or (found and found[1]):
            continue
        rest, expected = (found[2], ".000000") if found else (text, "2006")
        return f'parsing time "{text}" as "{_LAYOUT}": cannot parse "{rest}" as "{expected}"'
    return ""


def check_times(kind: Kind, document: Mapping[str, Any]) -> None:
    wrong = unacceptable_time(document) if kind.plural == "leases" else ""
    if wrong:
        raise bad_request(f'{kind.kind} in version "v1" cannot be handled as a {kind.kind}: {wrong}')


def decode_patch(content: str, body: bytes, kind: Kind) -> dict[str, Any]:
    if content.partition(";")[0].strip() not in _MERGES:
        raise unsupported_media(_PATCHES)
    return _json(body, kind)


def merged(document: Any, change: Any) -> Any:
    """RFC 7386: null removes, objects merge, anything else replaces."""
    if not isinstance(change, dict):
        return change
    result = dict(document) if isinstance(document, dict) else {}
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
