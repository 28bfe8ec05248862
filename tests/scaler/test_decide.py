"""decide() as a table: what was wished for, what there is, and what comes of it."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observing import MIB, NOW, SET, observed

from scaler.decide import PAUSED, State, Wish, changed, decide
from scaler.observation import PREPARING, REASONS, Fault, Reason
from scaler.policy import Policy
from scaler.recommend import recommend

POLICY = Policy(memory_limit=256.0 * MIB, workers=1, max_step=3, min_shards=2, max_shards=20, changes_per_hour=2)
FOUND = recommend(observed({"pods": 20_000}), POLICY)
FAULT = Fault(Reason.SHARD_MISSING, "shardex-1: no answer")


def found(shards, upper=None, **more):
    needed = more.pop("needed", shards)
    return msgspec.structs.replace(FOUND, shards=shards, upper=upper or shards, needed=needed, **more)


def having(replicas, **annotations):
    return msgspec.structs.replace(SET, replicas=replicas, annotations=annotations)


def past(*wishes, changes=()):
    """Wishes as (seconds ago, shards, upper)."""
    return State(tuple(Wish(NOW - ago, shards, upper) for ago, shards, upper in wishes), tuple(changes))


OLD = (3600, 5, 5)
LOW = msgspec.structs.replace(FOUND.bounds[0], hopeless=True)

CASES = {
    "as it should be": (past(), found(5), having(5), Reason.SATISFIED, None),
    "in the dead band": (past(OLD), found(4, 5), having(5), Reason.WITHIN_DEAD_BAND, None),
    "just started, more": (past(), found(7), having(5), Reason.STABILIZING_UP, None),
    "more for a while": (past((30, 7, 7)), found(7), having(5), Reason.STABILIZING_UP, None),
    "more for long enough": (past((60, 7, 7)), found(7), having(5), Reason.SCALE_UP, 7),
    "more, the least of the window": (past((70, 5, 5), (60, 6, 6)), found(8), having(5), Reason.SCALE_UP, 6),
    "more, not all the time": (past((70, 7, 7), (30, 5, 6)), found(7), having(5), Reason.STABILIZING_UP, None),
    "much more, a step": (past((60, 15, 15)), found(15), having(5), Reason.SCALE_UP, 8),
    "just started, fewer": (past(), found(2, 3), having(5), Reason.STABILIZING_DOWN, None),
    "fewer for a while": (past((1700, 2, 3)), found(2, 3), having(5), Reason.STABILIZING_DOWN, None),
    "fewer for long enough": (past((1800, 2, 3)), found(2, 3), having(5), Reason.SCALE_DOWN, 3),
    "fewer, the most of the window": (past((1800, 2, 3), (900, 3, 4)), found(2), having(5), Reason.SCALE_DOWN, 4),
    "fewer, not all the time": (past((1800, 2, 3), (9, 5, 5)), found(2), having(5), Reason.STABILIZING_DOWN, None),
    "far fewer, a step": (past((1800, 2, 2)), found(2), having(9), Reason.SCALE_DOWN, 6),
    "held to the most": (past(OLD), found(20, needed=30), having(20), Reason.AT_MAXIMUM, None),
    "no number is enough": (past(OLD), found(20, needed=None), having(20), Reason.AT_MAXIMUM, None),
    "held to the least": (past(OLD), found(2, needed=1), having(2), Reason.AT_MINIMUM, None),
    "too often": (past((60, 7, 7), changes=(NOW - 9, NOW - 3)), found(7), having(5), Reason.RATE_LIMITED, None),
    "not so often": (past((60, 7, 7), changes=(NOW - 3601, NOW - 3)), found(7), having(5), Reason.SCALE_UP, 7),
    "paused": (past((60, 7, 7)), found(7), having(5, **{PAUSED: "true"}), Reason.PAUSED, None),
    "no longer paused": (past((60, 7, 7)), found(7), having(5, **{PAUSED: "false"}), Reason.SCALE_UP, 7),
    "half done": (past(OLD), found(5), having(5, **{PREPARING: "3"}), Reason.RESIZE_UNDER_WAY, 3),
    "half done, with faults": (
        past(), found(5, faults=(FAULT,)), having(5, **{PREPARING: "3"}), Reason.RESIZE_UNDER_WAY, 3,
    ),
    "nonsense is announced": (past(OLD), found(5), having(5, **{PREPARING: "three"}), Reason.SATISFIED, None),
    "a shard is missing": (past((60, 7, 7)), found(7, faults=(FAULT,)), having(5), Reason.SHARD_MISSING, None),
    "no StatefulSet": (past((60, 7, 7)), found(7), None, Reason.SHARDS_UNKNOWN, None),
    "no limits": (past(OLD), found(1, bounds=()), having(5), Reason.NO_LIMIT, None),
    "a limit too low": (past((60, 7, 7)), found(7, bounds=(LOW,)), having(5), Reason.LIMIT_TOO_LOW, None),
}  # fmt: skip


@pytest.mark.parametrize(("state", "recommendation", "target", "reason", "shards"), CASES.values(), ids=CASES)
def test_decisions(state, recommendation, target, reason, shards):
    """Each situation has its one reason, and only some of them a number."""
    _, decision = decide(state, recommendation, target, POLICY, NOW)
    assert (decision.reason, decision.target) == (reason, shards)
    assert decision.message


def test_every_reason_is_explained():
    """No word of a decision is without its line in the table, and each is CamelCase."""
    assert set(REASONS) == set(Reason)
    assert all(reason.isalpha() and reason[0].isupper() for reason in Reason)
    reached = {case[3] for case in CASES.values()}
    observed_faults = {Reason.OBJECTS_UNKNOWN, Reason.SHARD_UNSYNCED, Reason.SHARDS_DISAGREE, Reason.COUNTS_DISAGREE}
    assert reached | observed_faults | {Reason.RESIZED, Reason.RESIZE_FAILED} == set(Reason)


@given(
    st.lists(st.tuples(st.integers(2, 20), st.integers(0, 5), st.booleans()), min_size=1, max_size=60),
    st.integers(2, 20),
    st.sampled_from([5.0, 30.0, 400.0]),
)
@settings(max_examples=100, deadline=None)
def test_any_history(wishes, current, interval):
    """Whatever is wished for: never beyond the bounds, a step at a time, not too often, and never with a fault."""
    state, at, changes = State(), NOW, []
    for shards, more, faulty in wishes:
        upper = min(20, shards + more)
        recommendation = found(shards, upper, faults=(FAULT,) if faulty else ())
        state, decision = decide(state, recommendation, having(current), POLICY, at)
        if decision.target is not None:
            assert not faulty
            assert decision.reason in {Reason.SCALE_UP, Reason.SCALE_DOWN}
            assert (decision.target > current) == (decision.reason is Reason.SCALE_UP)
            assert 1 <= abs(decision.target - current) <= POLICY.max_step
            assert POLICY.min_shards <= decision.target <= POLICY.max_shards
            current, state = decision.target, changed(state, at)
            changes.append(at)
        at += interval
    assert all(sum(0 <= at - one < 3600 for one in changes) <= POLICY.changes_per_hour for at in changes)
    assert len(state.wishes) <= 2 + POLICY.down_seconds / interval


def test_a_steady_cluster_comes_to_rest():
    """From any size one that stays the same gets there, and stays."""
    for start in (2, 9, 20):
        state, at, current, reasons = State(), NOW, start, []
        for _ in range(600):
            state, decision = decide(state, found(5, 6), having(current), POLICY, at)
            if decision.target is not None:
                current, state = decision.target, changed(state, at)
            reasons.append(decision.reason)
            at += 60.0
        assert 5 <= current <= 6
        assert set(reasons[-60:]) <= {Reason.SATISFIED, Reason.WITHIN_DEAD_BAND}
