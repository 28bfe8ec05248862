"""Every field that a view struct declares is found under its wire name; msgspec says nothing of one it never meets."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from helpers import fixture_objects, random_objects, recorded_objects

from shardex.kube.meta import Part
from shardex.resources import RESOURCES


def views(view: type[Part]) -> Iterator[type[Part]]:
    """The struct and every struct that its fields can hold."""
    yield view
    for hint in get_type_hints(view).values():
        for inner in parts(hint):
            yield from views(inner)


def parts(hint: Any) -> Iterator[type[Part]]:
    if isinstance(hint, type) and issubclass(hint, Part):
        yield hint
    for argument in get_args(hint):
        yield from parts(argument)


def declared(view: type[Part]) -> set[str]:
    return {f"{part.__module__}.{part.__name__}.{field}" for part in views(view) for field in part.__struct_fields__}


def found(value: Any) -> Iterator[str]:
    """Fields with another value than their default, in the struct and in all it holds."""
    if isinstance(value, Part):
        for field in msgspec.structs.fields(value):
            inner = getattr(value, field.name)
            if inner != field.default:
                yield f"{type(value).__module__}.{type(value).__name__}.{field.name}"
            yield from found(inner)
    elif isinstance(value, list):
        for item in value:
            yield from found(item)


def found_in(plural: str) -> set[str]:
    objects = recorded_objects(plural) + random_objects(plural) + fixture_objects(plural)
    decoder = msgspec.json.Decoder(RESOURCES[plural].object)
    return {field for item in objects for field in found(decoder.decode(item))}


def of_meta(fields: set[str]) -> set[str]:
    return {field for field in fields if field.startswith("shardex.kube.")}


@pytest.mark.parametrize("plural", RESOURCES)
def test_fields_of_a_kind(plural):
    """No field of a kind's own views stays at its default over all objects we have of the kind."""
    fields = declared(RESOURCES[plural].object)
    assert fields - of_meta(fields) - found_in(plural) == set()


def test_fields_of_metadata():
    """No field of the views that kinds share stays at its default over all objects of all kinds."""
    fields = set().union(*[of_meta(declared(resource.object)) for resource in RESOURCES.values()])
    assert fields - set().union(*map(found_in, RESOURCES)) == set()


def test_misspelt_field_is_found():
    """The check itself notices a field whose wire name does not exist."""

    class Status(Part):
        pod_ip: str = ""  # the wire has podIP, rename makes podIp

    status = msgspec.json.decode(b'{"podIP":"10.0.0.1"}', type=Status)
    assert list(found(status)) == []
    assert len(declared(Status)) == 1
