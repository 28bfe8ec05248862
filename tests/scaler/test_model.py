"""learn(): what shards tell, mixed with what is assumed by how much they have told."""

import math
import random

import msgspec
import pytest
from observing import NOW, observed, shard

from scaler import costs
from scaler.model import learn, warm
from scaler.observation import Observation
from shardex.resources import RESOURCES
from shardex.shard import owner


def test_every_kind_has_its_cost():
    """Nothing that can be exported is without an assumption."""
    assert set(costs.KINDS) == set(RESOURCES)


def test_without_shards_everything_is_assumed():
    """The model of a cluster that has no shardex yet."""
    model = learn(Observation(NOW, {"pods": 1000, "gadgets.example.com": 10}, ()))
    assert model.kinds["pods"].cost == costs.KINDS["pods"]
    assert model.kinds["gadgets.example.com"].cost == costs.OTHER
    assert {kind.told for kind in model.kinds.values()} == {0.0}
    assert (model.pod_surplus, model.worker_surplus, model.object_bytes) == (0.0, 0.0, pytest.approx(costs.OBJECT))
    assert model.cores is None


@pytest.mark.parametrize(("count", "told"), [(0, 0.0), (30, 0.5), (3000, 0.99)])
def test_objects_told_outweigh_what_is_assumed(count, told):
    """A kind twice as dear here is known to be so, the better the more objects of it there are."""
    one = shard(objects={"pods": 1000})
    kind = msgspec.structs.replace(
        one.kinds["pods"], objects=count, segment_bytes=count * 2380, index_bytes=count * 1138
    )
    one = msgspec.structs.replace(one, kinds={"pods": kind})
    learned = learn(Observation(NOW, {"pods": 1000}, (one,))).kinds["pods"]
    assert learned.told == pytest.approx(told, abs=0.01)
    assert learned.cost.stored_bytes == pytest.approx(1759 * (1 + told), rel=0.01)
    assert learned.spread == pytest.approx(costs.SPREAD * (1 - told), abs=0.01)


@pytest.mark.parametrize(
    ("held", "surplus", "each"),
    [(1_000, 10e6, costs.OBJECT), (1_000_000, 0, 3 * costs.OBJECT)],
    ids=["a small set teaches the worker", "a large one the object"],
)
def test_what_workers_teach(held, surplus, each):
    """Memory beyond the assumed is put down to what is uncertain at that size."""
    one = shard(objects={"pods": held})
    more = surplus + (each - costs.OBJECT) * held
    dear = msgspec.structs.replace(one.workers[0], memory_bytes=round(one.workers[0].memory_bytes + more))
    model = learn(Observation(NOW, {"pods": held}, (msgspec.structs.replace(one, workers=(dear,)),)))
    assert model.worker_surplus == pytest.approx(0.7 * surplus, abs=2e6)  # a part is taken for noise
    assert model.object_bytes == pytest.approx(each, rel=0.15)


def test_processes_share_what_they_never_write():
    """More workers take more memory together, and less each."""
    bare = [learn(Observation(NOW, {}, ())).bare(workers) for workers in (1, 2, 4)]
    assert bare == pytest.approx([54e6, 65e6, 87e6], rel=0.05)  # measured


def test_caches_fill_up():
    """What a worker keeps beside its objects grows with what it has read, up to a point."""
    most, kind, scale = costs.WARM
    assert warm(0, 30) == 0
    assert warm(0.1 * scale, 1) < warm(scale, 1) < warm(1e12, 1) == pytest.approx(most + kind)
    assert warm(1e12, 30) - warm(1e12, 10) == pytest.approx(20 * kind)


def test_a_set_is_predicted_as_it_is():
    """What taught the model is what it says of that same set: steady, at its start and a scrape of it."""
    observation = observed({"pods": 40_000, "configmaps": 9_000}, shards=4, workers=2, scrape_seconds=0.5)
    model = learn(observation)
    [mean] = {pod.memory_bytes for pod in observation.shards}
    assert model.memory(4, 2)[0] == pytest.approx(mean, rel=0.02)
    assert model.peak(4, 2)[0] - model.memory(4, 2)[0] == 2 * 3_000_000
    text = sum(kind.text_bytes for kind in observation.shards[0].kinds.values())
    assert model.text(4)[0] * model.scrape_seconds == pytest.approx(0.5, rel=0.02)
    assert model.text(4)[0] == pytest.approx(text, rel=0.02)


def test_cpu_has_a_part_that_sharding_does_not_divide():
    """Every worker reads the whole stream: twice the shards use less than half the CPU each, but more together."""
    model = learn(observed({"pods": 10_000}, shards=2, cores=0.5))
    one, two, four = (model.cpu(shards, 1) for shards in (1, 2, 4))
    assert two == pytest.approx(0.5)
    assert one / 2 < two < one
    assert four * 4 > two * 2
    assert model.cpu(2, 1, load=3.0) == pytest.approx(1.5)


def test_cpu_of_all_shards_or_of_none():
    """A shard that has just started tells no CPU: then that of the set is not known."""
    observation = observed(shards=2)
    shards = (observation.shards[0], msgspec.structs.replace(observation.shards[1], cores=None))
    assert learn(msgspec.structs.replace(observation, shards=shards)).cores is None


@pytest.mark.parametrize("total", [2, 5, 16])
def test_the_fullest_shard(total):
    """What is said of the fullest shard is what the hash gives it, give or take a few objects."""
    rng = random.Random(total)
    counts = [0] * total
    for _ in range(20_000):
        counts[owner(f"{rng.getrandbits(128):032x}", total)] += 1
    model = learn(Observation(NOW, {"pods": 20_000}, ()))
    expected = model.share({"pods": 1.0}, total)
    assert expected == pytest.approx(max(counts), abs=2.5 * math.sqrt(20_000 / total))
    assert expected > 20_000 / total


def test_uncertainty_shrinks_with_what_is_told():
    """Predictions for a cluster without shards are less sure than those for one with them, and both are bounded."""
    without = learn(Observation(NOW, {"pods": 100_000}, ())).memory(2, 1)
    told = learn(observed({"pods": 100_000}, shards=2)).memory(2, 1)
    assert without[1] / without[0] > 2 * told[1] / told[0]
    assert told[1] / told[0] >= costs.MISFIT
