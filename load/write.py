"""Create, update, patch, delete and scale: what a client's write makes of an object. No clock of its own."""

from typing import Any

import msgspec

from load.body import Writer, check_times, decode, decode_patch, kept, managed, merged, stable_uid, unacceptable_time
from load.cluster import Cluster
from load.collection import Collection
from load.status import already_exists, bad_request, conflict, details, failure, invalid, not_found
from load.text import Object, build
from load.view import View

_GENERATIONS = frozenset({"apps", "batch", "policy", "networking.k8s.io", "autoscaling"})


def stored(cluster: Cluster, collection: Collection, document: dict[str, Any]) -> Object:
    """The document as the object that the next change may put into the collection."""
    kind = collection.kind
    return build(kept(kind, document), cluster.revision, pod=kind.plural == "pods", custom=kind.custom)


def create(
    cluster: Cluster, collection: Collection, namespace: str, document: dict[str, Any], writer: Writer
) -> Object:
    """The object made of the document.

    raise   ApiError 409 when the name is taken, 400 for another namespace than the path's
    """
    kind = collection.kind
    check_times(kind, document)
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
    meta["managedFields"] = [managed(kind, document, writer)]
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
    check_times(kind, document)
    return _replace(cluster, collection, before, document, writer)


def patch(cluster: Cluster, collection: Collection, key: str, content: str, body: bytes, writer: Writer) -> Object:
    """A merge patch; a strategic one is read as such, which differs only for lists that merge by key.

    raise   ApiError 415 for another kind of patch, 404, 409 for a stale version in the patch, 422 for what comes out
    """
    before = found(collection, key)
    document = merged(before.document(), decode_patch(content, body, collection.kind))
    if (document.get("metadata") or {}).get("resourceVersion") != str(before.version):
        raise conflict(collection.kind, before.name)
    wrong = unacceptable_time(document) if collection.kind.plural == "leases" else ""
    if wrong:
        shown = msgspec.json.encode({"apiVersion": collection.kind.api_version(), "kind": "Lease", **document}).decode()
        message = f"Invalid value: {msgspec.json.encode(shown).decode()}: {wrong}"
        raise invalid(' ""', [("FieldValueInvalid", message, "patch")], {})
    return _replace(cluster, collection, before, document, writer)


def _replace(
    cluster: Cluster, collection: Collection, before: Object, document: dict[str, Any], writer: Writer
) -> Object:
    """Put the new state; a write that changes nothing makes no event, and the version stays."""
    old = before.document()
    lasting = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
    meta = dict(document.get("metadata") or {})
    meta |= {name: old["metadata"][name] for name in lasting if name in old["metadata"]}
    new = kept(collection.kind, {**document, "metadata": meta})
    if new == old:
        return before
    if "generation" in meta and new.get("spec") != old.get("spec"):
        meta["generation"] += 1
    entry = managed(collection.kind, document, writer)
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
    change = decode(content, body, collection.kind) if method == "PUT" else decode_patch(content, body, collection.kind)
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
