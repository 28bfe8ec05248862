"""Custom resources as a worker prints them."""

from shardex.custom.config import CustomResource
from shardex.custom.parse import parse
from shardex.custom.render import compile_custom, decode
from shardex.exposition.text import family_header


def only_resource(text: str) -> CustomResource:
    (resource,) = parse(text).resources
    return resource


def one_metric(each: str, more: str = "") -> str:
    """A configuration of one metric, m, for the kind Foo: what its `each` holds, and its other fields."""
    return f"""
kind: CustomResourceStateMetrics
spec:
  resources:
  - groupVersionKind: {{group: example.dev, version: v1, kind: Foo}}
    metrics: [{{name: m, each: {{{each}}}, {more}}}]
"""


def printed(resource: CustomResource, *objects: bytes) -> str:
    """The objects with their families' headers; labels of group, version and kind are what the resource names."""
    kind = resource.group_version_kind
    families, render = compile_custom(resource, kind.group, kind.version, kind.kind)
    texts = [render(decode(body)) for body in objects]
    return "".join(
        family_header(family) + "".join(text[number] for text in texts) for number, family in enumerate(families)
    )
