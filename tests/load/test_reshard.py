"""What the simulation of a shard set calls lost, doubled and wrong; how its figures are judged."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from load.__main__ import main
from load.reshard.results import Results, Settings, Step, judged
from load.reshard.rounds import Round, judge, taken

A, B, C, D = b'm{uid="a"} 1', b'm{uid="b"} 1', b'm{uid="c"} 1', b'm{uid="d"} 1'


def answer(*lines, status=200, ready=True):
    return ready, SimpleNamespace(status=status, body=b"# HELP m x\n" + b"\n".join(lines) + b"\n")


@pytest.mark.parametrize(
    ("answers", "whole", "changed", "want"),
    [
        ([answer(A), answer(B)], {A, B}, set(), (0, 0, 0, 0)),
        ([answer(A), answer()], {A, B}, set(), (1, 0, 0, 0)),
        ([answer(A), answer()], {A, B}, {B}, (0, 0, 0, 0)),
        ([answer(A, B), answer(B, C)], {A, B, C}, set(), (0, 1, 0, 0)),
        ([answer(A), answer(D)], {A}, set(), (0, 0, 1, 0)),
        ([answer(A), answer(D)], {A}, {D}, (0, 0, 0, 0)),
        ([answer(A), answer(b'm{uid="d"} 2')], {A}, {D}, (0, 0, 0, 0)),
        ([answer(A), answer(B, status=503)], {A, B}, set(), (1, 0, 0, 1)),
        ([answer(A), answer(B, status=503, ready=False)], {A, B}, set(), (1, 0, 0, 0)),
        ([], {A, B}, set(), (2, 0, 0, 0)),
    ],
)
def test_a_round(answers, whole, changed, want):
    """Lost is what the reference has and nobody shows, wrong what it has not; what changed around it is not judged."""
    one = taken(1, 0.0, answers, frozenset(whole), frozenset())
    found = judge(one, frozenset(changed))
    assert (found.lost, found.doubled, found.wrong, found.failed) == want
    assert bool(found.examples) == bool(found.lost or found.wrong)


def step(name="2 -> 3", before=2, after=3, **more):
    figures = dict.fromkeys(("seconds", "lost_seconds", "doubled_seconds"), 0.0)
    figures |= dict.fromkeys(
        ("rounds", "lines", "lost", "lost_rounds", "doubled", "doubled_rounds", "wrong", "failed", "preparation_bytes"),
        0,
    )
    return Step(name=name, before=before, after=after, memory_bytes=(0, 0), **figures | more)


@pytest.mark.parametrize(
    ("found", "bare", "faults"),
    [
        (step(), False, 0),
        (step(lost=1), False, 1),
        (step(wrong=1), False, 1),
        (step(failed=1), False, 1),
        (step(doubled=9, doubled_seconds=1.5), False, 0),
        (step(doubled=9, doubled_seconds=20.0), False, 1),
        (step("steady at 3", 3, 3, doubled=1, doubled_seconds=0.3), False, 1),
        (step("3 -> 2", 3, 2, lost=7), True, 0),
        (step("3 -> 2", 3, 2, wrong=7), True, 1),
        (step("2 -> 3", 2, 3, lost=7), True, 1),
        (step("restart of 2", 3, 3, lost=7), False, 0),
    ],
)
def test_what_a_run_must_not_show(found, bare, faults):
    """Whatever is lost or wrong is a fault, and so is what is shown twice in a steady state or for long."""
    results = Results(Settings(bare=bare), (found,), restarts=0)
    assert len(judged(results)) == faults


def test_rounds_know_their_times():
    """A round begins before it ends."""
    found = taken(3, 5.0, [answer(A)], frozenset({A}), frozenset()).round
    assert isinstance(found, Round)
    assert (found.step, found.begun, found.ended > found.begun, found.pods, found.lines) == (3, 5.0, True, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--steps", "2,x"], "write 2,3,5"), (["--steps", "0,1"], "at least one pod"), (["--fault", "rain"], "apiserver")],
)
def test_bad_arguments(arguments, said):
    """Before anything is started."""
    result = CliRunner().invoke(main, ["reshard", *arguments])
    assert result.exit_code == 2
    assert said in result.output
