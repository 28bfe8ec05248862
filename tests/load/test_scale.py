"""A growing and shrinking cluster against the scaler's pure parts, in accelerated time."""

import json

import pytest
from click.testing import CliRunner

from load.__main__ import main
from load.predict import Case, mixes, table
from load.scale import STAGES, Moment, judged, real_changes, size_at
from scaler.policy import Policy

POLICY = Policy(memory_limit=256.0 * 2**20)


@pytest.mark.parametrize("seed", [2, 3])
def test_the_scaler_follows(tmp_path, seed):
    """No flapping, no pod out of memory in a tenfold growth, back within the window; a picture and figures of it."""
    file, png = tmp_path / "scale.json", tmp_path / "scale.png"
    line = ["scale", f"--seed={seed}", "--interval=30", "--json", str(file), "--png", str(png)]
    done = CliRunner().invoke(main, line)
    assert done.exit_code == 0, done.output
    found = json.loads(file.read_text())
    assert all(figure["holds"] for figure in found["figures"].values())
    assert found["figures"]["most shards"]["value"] >= 5
    assert len(found["moments"]) == STAGES[-1][0] * 120 + 1
    assert png.read_bytes().startswith(b"\x89PNG")


def moments(*actual, memory=200.0, wanted=1):
    """A turn an hour."""
    return [
        Moment(hour * 3600.0, 1000.0 * size_at(hour), wanted, wanted, shards, memory * 2**20, "")
        for hour, shards in enumerate(actual)
    ]


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        (moments(1, 1, 3, 5, 5, 5, 5, 5, 3, 1, 1, 1), None),
        (moments(1, 1, 3, 5, 3, 5, 5, 5, 3, 1, 1, 1), "turns"),
        (moments(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), "turns"),
        (moments(1, 1, 3, 5, 5, 5, 5, 5, 3, 2, 2, 2), "seconds to shrink"),
        (moments(1, 1, 3, 5, 5, 5, 5, 5, 3, 1, 1, 1, memory=257.0), "memory"),
    ],
    ids=["as it should be", "flaps", "stays", "stays large", "out of memory"],
)
def test_what_is_judged(found, missed):
    """A run that flaps, does not follow, does not shrink or runs out of memory is found out."""
    faults = [name for name, figure in judged(found, POLICY).items() if not figure["holds"]]
    assert bool(faults) == (missed is not None)
    assert missed is None or any(name.startswith(missed) for name in faults)


def test_real_changes():
    """A change is a fifth, from where the last one was counted."""
    assert real_changes([100, 110, 119, 100, 90]) == 0
    assert real_changes([100, 121, 119, 145, 146, 100]) == 3


def test_the_size_of_the_cluster():
    """Straight lines between the stages."""
    assert [size_at(hours) for hours in (0, 1, 2, 3, 4, 8, 9, 12)] == [1, 1, 5.5, 10, 10, 5.5, 1, 1]


def test_predictions_are_shown_with_what_they_are_off_by():
    """A row a case; the worst of all is named, peaks too."""
    case = Case("pods", 2, 1000, 100_000_000, 110e6, 99e6, 100_000_000, 120e6, 101e6)
    first = Case("pods", 1, 1000, 100_000_000, 100e6, None, 100_000_000, 100e6, None)
    assert case.off == pytest.approx([0.1, -0.01, 0.2, 0.01])
    assert first.off == [0, 0]
    assert case.plain()["name"] == "pods, 2"
    text = table([first, case], workers=2)
    assert "| 110 MB (+10.0%) | 99.0 MB (-1.0%) |" in text
    assert text.endswith("Off by 20.0% at most.")
    assert [mix.name for mix in mixes(1000)] == ["pods", "config maps", "mixed, with custom resources"]
