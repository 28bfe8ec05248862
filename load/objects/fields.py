"""managedFields as the API server derives them from what a client wrote."""

from collections.abc import Mapping
from typing import Any

import msgspec

# Keys by which the items of a list are told apart; a list of anything else is one atomic field.
_MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
    "ownerReferences": ("uid",),
    "podIPs": ("ip",),
    "hostIPs": ("ip",),
}


def owned(value: Any, name: str = "") -> dict[str, Any]:
    """The FieldsV1 of a value: {"f:spec": {"f:replicas": {}}}."""
    if isinstance(value, dict):
        return {f"f:{key}": owned(part, key) for key, part in value.items()}
    keys = _MERGE_KEYS.get(name)
    if isinstance(value, list) and keys and all(isinstance(item, dict) and set(keys) <= item.keys() for item in value):
        return {".": {}, **{_item(item, keys): {".": {}, **owned(item)} for item in value}}
    return {}


def _item(item: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return "k:" + msgspec.json.encode({key: item[key] for key in keys}).decode()


def entry(manager: str, api_version: str, time: str, parts: Mapping[str, Any], subresource: str = "") -> dict[str, Any]:
    """One entry of managedFields, for the fields that `parts` sets."""
    result: dict[str, Any] = {"manager": manager, "operation": "Update", "apiVersion": api_version, "time": time}
    result |= {"fieldsType": "FieldsV1", "fieldsV1": owned(parts)}
    return {**result, "subresource": subresource} if subresource else result
