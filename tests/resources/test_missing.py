"""Objects of which much is missing: the API lets nearly every field be absent, and null stands for a nil slice."""

import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from helpers import EVERYTHING, exposition, read

from shardex.kube.meta import Part
from shardex.resources import RESOURCES


def members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def nulls(view: type[Part]) -> dict[str, Any]:
    """The object with null for every field that may be null."""
    hints = get_type_hints(view)
    value: dict[str, Any] = {}
    for field in msgspec.structs.fields(view):
        hint = hints[field.name]
        if type(None) in members(hint):
            value[field.encode_name] = None
        elif isinstance(hint, type) and issubclass(hint, Part):
            value[field.encode_name] = nulls(hint)
    return value


def hollow(view: type[Part]) -> dict[str, Any]:
    """The object with every struct and every list present, and nothing in the structs but such structs and lists."""
    hints = get_type_hints(view)
    value: dict[str, Any] = {}
    for field in msgspec.structs.fields(view):
        for hint in members(hints[field.name]):
            inner = get_args(hint)[0] if get_origin(hint) is list else hint
            if isinstance(inner, type) and issubclass(inner, Part):
                value[field.encode_name] = [hollow(inner)] * 2 if get_origin(hint) is list else hollow(inner)
    return value


@pytest.mark.parametrize("shape", [lambda _: {}, nulls, hollow], ids=["empty", "nulls", "hollow"])
@pytest.mark.parametrize("plural", RESOURCES)
def test_renders(plural, shape):
    """An object of which all is missing, null or hollow is decoded and rendered, and repeats no sample."""
    resource = RESOURCES[plural]
    encoded = msgspec.json.encode(shape(resource.object))
    found = read(exposition(resource, [encoded], list(resource.families), EVERYTHING))
    assert [series for series, values in found.samples.items() if len(values) > 1] == []
