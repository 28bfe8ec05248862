"""Our exposition of the recorded custom resources against what the peer printed of them."""

import json
import re

import pytest
from helpers import DATA, golden, read, recorded_objects

from shardex.custom.discovery import select, served
from shardex.custom.parse import parse
from shardex.custom.render import compile_custom, decode
from shardex.exposition.text import family_header

FILES = {("gadgets", "v1beta1"): "gadgets.v1beta1"}  # of objects, where they are not called after the plural

NATIVE = "kube_ingressclass_"  # what the recordings with --resources hold besides


def everything(name: str) -> bool:
    return True


def config(file: str):
    return parse((DATA / "conformance/golden/crs" / f"{file}.yaml").read_text())


def selection(file: str):
    definitions = [json.loads(body) for body in recorded_objects("customresourcedefinitions")]
    return select(config(file), [entry for definition in definitions for entry in served(definition)])


def whole(file: str, keep=everything, namespace: str | None = None, *, openmetrics: bool = False) -> str:
    """What a worker prints: a kind without objects has no headers; the kinds' families of one name stand together."""
    heads: dict[str, str] = {}
    texts: dict[str, str] = {}
    for found in selection(file).selected:
        kind = found.served.kind
        objects = recorded_objects(FILES.get((found.served.plural, kind.version), found.served.plural))
        chosen = [o for o in map(decode, objects) if namespace in {None, o.metadata.namespace}]
        families, render = compile_custom(found.resource, kind.group, kind.version, kind.kind, keep)
        for family, *own in zip(families, *map(render, chosen), strict=True) if chosen else ():
            heads.setdefault(family.name, family_header(family, openmetrics=openmetrics))
            texts[family.name] = texts.get(family.name, "") + "".join(own)
    return "".join(heads[name] + texts[name] for name in heads)


VARIANTS = {
    "crs": ("main", {}),
    "crs-only": ("main", {}),
    "crs-openmetrics": ("main", {"openmetrics": True}),
    "crs-denylist": ("main", {"keep": lambda name: not re.search("^gadget_(?!uptime)", name)}),
    "crs-namespaces": ("main", {"namespace": "pub-harbor"}),
    "crs-kindstar": ("kindstar", {}),
    "crs-wildcard": ("wildcard", {}),
    "crs-wildcard-openmetrics": ("wildcard", {"openmetrics": True}),
}


@pytest.mark.parametrize(("variant", "file", "how"), [(name, *how) for name, how in VARIANTS.items()], ids=VARIANTS)
def test_golden(variant, file, how):
    """Types, label sets and values of a recorded configuration are the peer's."""
    peer = golden(variant)
    peer = peer.only({name for name in peer.types if not name.startswith(NATIVE)})
    ours = read(whole(file, **how))
    assert ours.types == peer.types
    assert ours.samples == peer.samples


def test_every_recording_is_compared():
    """No recorded variant of custom resources is left out."""
    assert {path.name.partition(".")[0] for path in (DATA / "conformance/golden/pub").glob("crs*")} == set(VARIANTS)


def test_labels_stand_by_name():
    """Labels stand in the order of their names, unlike those of native kinds, and the kind is always named."""
    lines = [line for line in whole("main").split("\n") if line and not line.startswith("#")]
    assert len(lines) > 250
    for line in lines:
        names = re.findall(r'(?:^|,)([a-zA-Z_][a-zA-Z0-9_]*)="', line.partition("{")[2])
        assert {"customresource_group", "customresource_kind", "customresource_version"} <= set(names)
        assert names == sorted(names)


def test_absent():
    """A kind without a definition has no families; it is named, so that the log can say so."""
    assert [str(kind) for kind in selection("kindstar").absent] == ["absent.example.dev/v1 Nothing"]
