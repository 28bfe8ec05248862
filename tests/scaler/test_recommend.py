"""recommend(): bounds, monotony, hysteresis, and which limit is named."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observing import MIB, NOW, POLICY, observed

from scaler.constraints import constraints
from scaler.model import learn
from scaler.observation import Observation
from scaler.policy import Policy
from scaler.recommend import recommend, rounded

OBJECTS = st.dictionaries(
    st.sampled_from(["pods", "configmaps", "nodes", "secrets", "gadgets.example.com"]),
    st.integers(0, 2_000_000),
    max_size=4,
)
POLICIES = st.builds(
    Policy,
    memory_limit=st.sampled_from([0.0, 64.0 * MIB, 128.0 * MIB, 512.0 * MIB]),
    cpu_limit=st.sampled_from([0.0, 1.0]),
    scrape_seconds=st.sampled_from([0.0, 0.5, 10.0]),
    scrape_bytes=st.sampled_from([0.0, 1e6, 1e9]),
    scrape_samples=st.sampled_from([0.0, 1e6]),
    headroom=st.floats(0, 0.5),
    dead_band=st.floats(0, 1),
    workers=st.integers(0, 4),
    min_shards=st.integers(1, 3),
    max_shards=st.integers(3, 40),
)


def counted(objects):
    """A cluster without any shard: everything is as assumed."""
    return Observation(NOW, objects, ())


@given(OBJECTS, POLICIES)
@settings(max_examples=60, deadline=None)
def test_bounds(objects, policy):
    """Whatever there is, the answer lies within the policy's bounds, and the dead band above it."""
    found = recommend(counted(objects), policy)
    assert policy.min_shards <= found.shards <= found.upper <= policy.max_shards


@given(OBJECTS, POLICIES, st.sampled_from(["pods", "configmaps", "leases"]), st.integers(0, 500_000))
@settings(max_examples=60, deadline=None)
def test_more_objects_never_need_fewer_shards(objects, policy, plural, more):
    """Monotone in the objects of every kind."""
    policy = msgspec.structs.replace(policy, workers=policy.workers or 1)
    small = recommend(counted({**objects, plural: objects.get(plural, 0)}), policy)
    large = recommend(counted({**objects, plural: objects.get(plural, 0) + more}), policy)
    assert small.shards <= large.shards
    assert small.upper <= large.upper


@given(st.integers(1_000, 2_000_000), st.floats(0.05, 1.0))
@settings(max_examples=40, deadline=None)
def test_what_was_grown_to_does_not_shrink_at_once(pods, band):
    """Hysteresis: a set as large as is needed shrinks only after the cluster has, by the dead band."""
    policy = msgspec.structs.replace(POLICY, dead_band=band, workers=1, max_shards=512)
    shards = recommend(counted({"pods": pods}), policy).shards
    slightly_fewer = recommend(counted({"pods": int(pods / (1 + band)) + 1}), policy)
    assert slightly_fewer.upper >= shards


@given(OBJECTS, POLICIES)
@settings(max_examples=40, deadline=None)
def test_every_limit_holds_with_the_answer(objects, policy):
    """With as many shards as a limit asks for its value is allowed, and with one fewer it is not."""
    observation = counted(objects)
    found = recommend(observation, policy)
    rows = {row.name: row for row in constraints(learn(observation), policy, found.workers)}
    assert list(rows) == [bound.name for bound in found.bounds]
    for bound in found.bounds:
        value = rows[bound.name].value
        if bound.shards is not None:
            assert value(bound.shards, 1.0)[0] <= bound.allowed
            assert bound.shards == 1 or value(bound.shards - 1, 1.0)[0] > bound.allowed
        assert 0 <= bound.confidence <= 1


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("memory", {"memory_limit": 100.0 * MIB}),
        ("scrape-seconds", {"scrape_seconds": 0.1}),
        ("scrape-bytes", {"scrape_bytes": 10e6}),
        ("scrape-samples", {"scrape_samples": 50_000}),
        ("cpu", {"cpu_limit": 0.2}),
    ],
)
def test_the_binding_limit_is_named(name, change):
    """The limit that asks for the most shards is the one that is named, with its numbers."""
    observation = observed({"pods": 20_000}, cores=0.5)
    found = recommend(observation, msgspec.structs.replace(POLICY, **change))
    assert found.binding == name
    [bound] = [one for one in found.bounds if one.name == name]
    assert bound.shards == found.needed
    assert bound.shards > 1
    assert bound.inputs["objects"] == 20_000


def test_a_limit_that_no_size_meets():
    """A pod that is too large without an object does not drive the set to its maximum: it is said instead."""
    found = recommend(observed({"pods": 20_000}), Policy(memory_limit=40.0 * MIB, scrape_bytes=100e6))
    assert [bound.hopeless for bound in found.bounds] == [True, True, False]
    assert (found.shards, found.binding) == (3, "scrape-bytes")


def test_without_limits():
    """Without a limit one shard is enough, and nothing is named."""
    found = recommend(observed({"pods": 20_000}), Policy())
    assert (found.shards, found.upper, found.binding, found.bounds) == (1, 1, "", ())


def test_resources_of_a_pod():
    """Request and limit hold the fullest pod, the limit also its start, in steps of 16 MiB."""
    found = recommend(observed({"pods": 20_000}), POLICY)
    assert found.memory_bytes < found.request_bytes < found.limit_bytes
    assert found.peak_bytes <= (1 - POLICY.headroom) * found.limit_bytes
    assert found.request_bytes % (16 * MIB) == found.limit_bytes % (16 * MIB) == 0
    assert (rounded(1), rounded(16 * MIB), rounded(16 * MIB + 1)) == (16 * MIB, 16 * MIB, 32 * MIB)


def test_faults_go_along():
    """An observation with faults is reckoned with as far as it goes, and its faults stay with the answer."""
    from scaler.observation import Fault, Reason

    fault = Fault(Reason.SHARD_MISSING, "shardex-1: no answer")
    assert recommend(observed(faults=[fault]), POLICY).faults == (fault,)


def test_workers_are_advised_by_cpu():
    """A pod whose one worker would be busy all the time is told to have another."""
    quiet, busy = (recommend(observed({"pods": 1000}, cores=cores), POLICY) for cores in (0.1, 0.9))
    assert (quiet.advised_workers, busy.advised_workers) == (1, 2)
