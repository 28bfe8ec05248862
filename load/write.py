"""Create, update, patch, delete and scale: what a client's write makes of an object. No clock of its own."""

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec

from load.cluster import Cluster, Collection
from load.kinds import Kind
from load.status import already_exists, bad_request, conflict, details, failure, invalid, not_found, unsupported_media
from load.text import Object, build
from load.view import View

_MERGES = frozenset({"application/merge-patch+json", "application/strategic-merge-patch+json"})
_PATCHES = "application/merge-patch+json, application/strategic-merge-patch+json"
_GENERATIONS = frozenset({"apps", "batch", "policy", "networking.k8s.io", "autoscaling"})
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


def _managed(kind: Kind, document: Mapping[str, Any], writer: Writer) -> dict[str, Any]:
    body = {name: part for name, part in document.items() if name not in {"kind", "apiVersion", "metadata"}}
    return {
        "manager": writer.manager,
        "operation": "Update",
        "apiVersion": kind.api_version(),
        "time": writer.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields(body),
    }


def _stored(kind: Kind, document: dict[str, Any]) -> dict[str, Any]:
    """The document as it is kept: kind and apiVersion only where the API server has no type."""
    rest = {name: part for name, part in document.items() if name not in {"kind", "apiVersion"}}
    return {"apiVersion": kind.api_version(), "kind": kind.kind, **rest} if kind.custom else rest


def stored(cluster: Cluster, collection: Collection, document: dict[str, Any]) -> Object:
    """The document as the object that the next change may put into the collection."""
    kind = collection.kind
    return build(_stored(kind, document), cluster.revision, pod=kind.plural == "pods", custom=kind.custom)


def _unacceptable_time(document: Mapping[str, Any]) -> str:
    """What is wrong with a Lease's times, which need exactly six digits after the point; "" for nothing."""
    for name in ("acquireTime", "renewTime"):
        text = (document.get("spec") or {}).get(name)
        found = _MICRO_TIME.fullmatch(text) if isinstance(text, str) else None
        if text is None or (found and found[1]):
            continue
        rest, expected = (found[2], ".000000") if found else (text, "2006")
        return f'parsing time "{text}" as "{_LAYOUT}": cannot parse "{rest}" as "{expected}"'
    return ""


def _check_times(kind: Kind, document: Mapping[str, Any]) -> None:
    wrong = _unacceptable_time(document) if kind.plural == "leases" else ""
    if wrong:
        raise bad_request(f'{kind.kind} in version "v1" cannot be handled as a {kind.kind}: {wrong}')


def create(
    cluster: Cluster, collection: Collection, namespace: str, document: dict[str, Any], writer: Writer
) -> Object:
    """The object made of the document.

    raise   ApiError 409 when the name is taken, 400 for another namespace than the path's
    """
    kind = collection.kind
    _check_times(kind, document)
    meta = dict(document.get("metadata") or {})
    if meta.get("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    name = meta.get("name") or ""
    if not name and meta.get("generateName"):
        name = meta["generateName"] + stable_uid(meta["generateName"], cluster.revision)[:5]
    if not name:
        causes = [("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")]
        raise invalid(f'{kind.kind} ""', causes, details(kind))
    key = f"{namespace}/{name}" if namespace else name
    if key in collection.objects:
        raise already_exists(kind, name)
    meta |= {"name": name, "uid": stable_uid(key, cluster.revision), "creationTimestamp": writer.time}
    if namespace:
        meta["namespace"] = namespace
    if kind.custom or kind.group in _GENERATIONS:
        meta["generation"] = 1
    meta["managedFields"] = [_managed(kind, document, writer)]
    return cluster.put(collection, stored(cluster, collection, {**document, "metadata": meta})).object


def found(collection: Collection, key: str) -> Object:
    """The object of a key; raise ApiError 404 when there is none."""
    obj = collection.objects.get(key)
    if obj is None:
        raise not_found(collection.kind, key.rpartition("/")[2])
    return obj


def update(cluster: Cluster, collection: Collection, key: str, document: dict[str, Any], writer: Writer) -> Object:
    """The object replaced by the document.

    raise   ApiError 404, 409 for a stale version, 422 without one where the kind requires it
    """
    kind = collection.kind
    before = found(collection, key)
    version = (document.get("metadata") or {}).get("resourceVersion")
    if not version and (kind.custom or kind.plural == "leases"):
        causes = [
            ("FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion")
        ]
        raise invalid(f'{kind.qualified} "{before.name}"', causes, details(kind, before.name))
    if version and version != str(before.version):
        raise conflict(kind, before.name)
    _check_times(kind, document)
    return _replace(cluster, collection, before, document, writer)


def patch(cluster: Cluster, collection: Collection, key: str, content: str, body: bytes, writer: Writer) -> Object:
    """A merge patch; a strategic one is read as such, which differs only for lists that merge by key.

    raise   ApiError 415 for another kind of patch, 404, 409 for a stale version in the patch, 422 for what comes out
    """
    before = found(collection, key)
    document = merged(before.document(), _patch(content, body, collection.kind))
    if document["metadata"].get("resourceVersion") != str(before.version):
        raise conflict(collection.kind, before.name)
    wrong = _unacceptable_time(document) if collection.kind.plural == "leases" else ""
    if wrong:
        shown = msgspec.json.encode({"apiVersion": collection.kind.api_version(), "kind": "Lease", **document}).decode()
        message = f"Invalid value: {msgspec.json.encode(shown).decode()}: {wrong}"
        raise invalid(' ""', [("FieldValueInvalid", message, "patch")], {})
    return _replace(cluster, collection, before, document, writer)


def _patch(content: str, body: bytes, kind: Kind) -> dict[str, Any]:
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


def _replace(
    cluster: Cluster, collection: Collection, before: Object, document: dict[str, Any], writer: Writer
) -> Object:
    """Put the new state; a write that changes nothing makes no event, and the version stays."""
    old = before.document()
    kept = {name: old["metadata"][name] for name in ("uid", "creationTimestamp", "generation", "managedFields")
            if name in old["metadata"]}  # fmt: skip
    meta = {
        "name": before.name,
        **({"namespace": before.namespace} if before.namespace else {}),
        **document["metadata"],
    }
    meta = {**meta, **kept, "resourceVersion": str(before.version)}
    new = _stored(collection.kind, {**document, "metadata": meta})
    if new == old:
        return before
    if "generation" in meta and new.get("spec") != old.get("spec"):
        meta["generation"] += 1
    entry = _managed(collection.kind, document, writer)
    others = [one for one in meta.get("managedFields", []) if one["manager"] != writer.manager]
    meta["managedFields"] = [*others, entry]
    return cluster.put(collection, stored(cluster, collection, {**new, "metadata": meta})).object


def delete(cluster: Cluster, collection: Collection, key: str) -> dict[str, Any]:
    """The Status of a deletion; raise ApiError 404."""
    gone = found(collection, key)
    cluster.remove(collection, key)
    about = details(collection.kind, gone.name, uid=gone.document()["metadata"].get("uid", ""))
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": about}


def scale(obj: Object) -> dict[str, Any]:
    """The Scale of a workload."""
    document = obj.document()
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    spec, state = document.get("spec", {}), document.get("status", {})
    selector = (spec.get("selector") or {}).get("matchLabels") or {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: document["metadata"][name] for name in names if name in document["metadata"]},
        "spec": {"replicas": spec.get("replicas", 1)},
        "status": {
            "replicas": state.get("replicas", 0),
            "selector": ",".join(f"{label}={value}" for label, value in sorted(selector.items())),
        },
    }


def rescale(
    cluster: Cluster, collection: Collection, key: str, method: str, content: str, body: bytes, writer: Writer
) -> dict[str, Any]:
    """PUT or PATCH of a Scale; raise ApiError 404, 409 for a stale version, 422 below zero."""
    before = found(collection, key)
    wanted = scale(before)
    change = decode(content, body, collection.kind) if method == "PUT" else _patch(content, body, collection.kind)
    wanted = merged(wanted, change)
    if wanted["metadata"].get("resourceVersion") not in {None, "", str(before.version)}:
        raise conflict(collection.kind, before.name)
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int):
        raise failure(
            400, "BadRequest", "json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32"
        )
    if replicas < 0:
        causes = [
            ("FieldValueInvalid", f"Invalid value: {replicas}: must be greater than or equal to 0", "spec.replicas")
        ]
        about = {"name": before.name, "group": "autoscaling", "kind": "Scale"}
        raise invalid(f'Scale.autoscaling "{before.name}"', causes, about)
    document = merged(before.document(), {"spec": {"replicas": replicas}})
    return scale(_replace(cluster, collection, before, document, writer))


def shown(view: View, obj: Object) -> bytes:
    return view.document(obj) + b"\n"
