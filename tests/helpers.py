"""What tests share: the recorded data, and a reader of expositions that is not ours to please.

DATA/conformance   objects of a Kubernetes API server, and what kube-state-metrics v2.20 printed of them
DATA/reference     the peer's catalogue of families, and answers of its functions to single inputs
DATA/fixtures      objects written by hand for what the recordings do not hold
"""

import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from shardex.exposition.compile import compile_render
from shardex.exposition.family import ANNOTATIONS, LABELS, Family
from shardex.exposition.labels import picker
from shardex.exposition.text import family_header
from shardex.resources.resource import Resource

DATA = Path(__file__).parent / "data"

EVERYTHING = {LABELS: ["*"], ANNOTATIONS: ["*"]}

_SAMPLE = re.compile(r"(?P<name>[^\s{]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)", re.DOTALL)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|\Z)', re.DOTALL)
_ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


class Series(NamedTuple):
    """What a sample is the value of; the order of labels says nothing."""

    name: str
    labels: frozenset[tuple[str, str]]


class Exposition(NamedTuple):
    """A text as a scraper understands it: family -> type, series -> its values, sorted (more than one is a fault)."""

    types: dict[str, str]
    samples: dict[Series, list[float]]

    def only(self, names: set[str]) -> "Exposition":
        """The part that belongs to the named families."""
        return Exposition(
            {name: type for name, type in self.types.items() if name in names},
            {series: values for series, values in self.samples.items() if series.name in names},
        )


def read(text: str) -> Exposition:
    """Reads the text format without regard to HELP and to the order of lines; a line that is no sample raises."""
    types: dict[str, str] = {}
    samples: dict[Series, list[float]] = {}
    for line in text.split("\n"):  # not splitlines(): a carriage return may stand in a label value
        if line.startswith("# TYPE "):
            _, _, name, type = line.split(" ")
            assert name not in types, f"{name} has two TYPE lines"
            types[name] = type
        elif line and not line.startswith("#"):
            series, value = read_sample(line)
            samples.setdefault(series, []).append(value)
    return Exposition(types, {series: sorted(values) for series, values in samples.items()})


def read_sample(line: str) -> tuple[Series, float]:
    match = _SAMPLE.fullmatch(line)
    assert match, f"no sample: {line!r}"
    labels, at = [], 0
    text = match["labels"] or ""
    while at < len(text):
        label = _LABEL.match(text, at)
        assert label, f"bad labels: {line!r}"
        labels.append((label[1], re.sub(r"\\.", lambda escaped: _ESCAPED[escaped[0]], label[2])))
        at = label.end()
    assert len({name for name, _ in labels}) == len(labels), f"a label stands twice: {line!r}"
    return Series(match["name"], frozenset(labels)), float(match["value"])


def read_bytes(path: str) -> bytes:
    """Content of a file under DATA, unpacked when it lies there packed."""
    packed = DATA / f"{path}.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else (DATA / path).read_bytes()


def json_lines(path: str) -> Iterator[dict[str, Any]]:
    return map(json.loads, read_bytes(path).splitlines())


def cases(file: str, suite: str) -> list[Any]:
    """Recorded answers of one function of the peer, as pytest parameters with the recording's names as ids."""
    return [
        pytest.param(case["input"], case["want"], id=f"{number}-{case['name']}")
        for number, case in enumerate(json_lines(f"reference/{file}.jsonl"))
        if case["suite"] == suite
    ]


@cache
def golden(variant: str) -> Exposition:
    """What the peer printed under one set of flags (variants.json) for all objects of the recording."""
    return read(read_bytes(f"conformance/golden/pub/{variant}.txt").decode())


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """plural -> what the peer's sources say of the kind and its families."""
    return {kind["resource"]: kind for kind in json.loads(read_bytes("reference/catalogue.json"))["resources"]}


@cache
def random_lines() -> list[dict[str, Any]]:
    """Seeded random objects with the text that the peer printed for each alone."""
    return list(json_lines("conformance/random.jsonl"))


def recorded_objects(plural: str) -> list[bytes]:
    """Every object of the recorded LIST answer, as the API server wrote it."""

    class Listed(msgspec.Struct):
        items: list[msgspec.Raw]

    body = (DATA / "conformance/objects/pub" / f"{plural}.json").read_bytes()
    return [bytes(item) for item in msgspec.json.decode(body, type=Listed).items]


def random_objects(plural: str) -> list[bytes]:
    return [msgspec.json.encode(line["object"]) for line in random_lines() if line["resource"] == plural]


def fixture_objects(plural: str) -> list[bytes]:
    """Objects written by hand, for what neither the recording nor the random objects hold."""
    path = DATA / "fixtures" / f"{plural}.json"
    return [msgspec.json.encode(item) for item in json.loads(path.read_bytes())] if path.exists() else []


def exposition(
    resource: Resource, objects: list[bytes], families: list[Family], allowed: dict[str, list[str]] | None = None
) -> str:
    """The objects as a worker prints them: headers of all families, each followed by the samples of all objects."""
    picks = {family: picker(keys) for family, keys in (allowed or {}).items() if keys}
    render = compile_render(resource.plural, resource.identity, families, picks)
    decoder = msgspec.json.Decoder(resource.object)
    texts = [render(decoder.decode(item)) for item in objects]
    return "".join(
        family_header(family) + "".join(text[number] for text in texts) for number, family in enumerate(families)
    )
