"""The whole tree beside recordings of kube-state-metrics v2.20: same objects, same flags, same answer.

The variants are those of variants.json.
"""

import json
import os

import pytest
from helpers import DATA, golden
from tree import eventually, get, running

from load import testing

pytestmark = pytest.mark.slow

GOLDEN = DATA / "conformance" / "golden"
VARIANTS = json.loads((GOLDEN / "variants.json").read_text())
#: variant -> why its answer cannot be ours
OTHERWISE = dict.fromkeys(
    (name for name in VARIANTS if name.startswith("shard-")),
    "objects are shared out by another hash; that the union is the same is tested for itself",
)


def groups():
    """The variants by their flags: those that one process tree can answer."""
    found = {}
    for name, variant in VARIANTS.items():
        found.setdefault(tuple(variant["args"]), []).append(name)
    for args, names in found.items():
        reason = OTHERWISE.get(names[0])
        marks = [pytest.mark.skip(reason=f"{', '.join(names)}: {reason}")] if reason else []
        yield pytest.param(args, names, id=names[0], marks=marks)


@pytest.fixture(scope="module")
def server():
    assert os.environ["TZ"] == "UTC"
    with testing.running(objects=DATA / "conformance" / "objects" / "pub") as server:
        yield server


def placed(arg):
    """A flag whose value is a path in the recording."""
    flag, equals, value = arg.partition("=")
    return f"{flag}={GOLDEN / value}" if value.endswith(".yaml") else f"{flag}{equals}{value}"


def asked(tree, variant):
    query = f"?{variant['query']}" if variant["query"] else ""
    return get(tree.port, f"/metrics{query}", {"Accept": variant["accept"]} if variant["accept"] else {})


def difference(found, wanted):
    """What is too much and what is missing, a few of each."""
    return {
        "families too many": sorted(found.types.items() - wanted.types.items())[:10],
        "families missing": sorted(wanted.types.items() - found.types.items())[:10],
        "samples too many": [item for item in found.samples.items() if wanted.samples.get(item[0]) != item[1]][:10],
        "samples missing": [item for item in wanted.samples.items() if found.samples.get(item[0]) != item[1]][:10],
    }


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize(("args", "names"), list(groups()))
def test_variant(server, args, names, workers):
    """Every family and every sample of the peer, no more, in its content type, whatever the number of workers."""
    with running(server.url, *map(placed, args), workers=workers) as tree:
        for name in names:
            variant, wanted = VARIANTS[name], golden(name)
            answer = eventually(
                # Kinds that are discovered come a moment after the others.
                lambda variant=variant, wanted=wanted: (a := asked(tree, variant)).exposition == wanted and a,
                5.0,
                lambda variant=variant, wanted=wanted: difference(asked(tree, variant).exposition, wanted),
            )
            assert answer.headers["Content-Type"] == variant["content_type"], name
            assert len(wanted.types) == variant["families"]
            assert sum(map(len, wanted.samples.values())) == variant["samples"]


def test_every_variant_is_asked_or_excused():
    """No recording is left out by accident."""
    assert {name for group in groups() for name in group.values[1]} == set(VARIANTS)
