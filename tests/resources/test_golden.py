"""Our exposition of the recorded objects against what the peer printed of them."""

import pytest
from helpers import EVERYTHING, exposition, golden, read, recorded_objects

from shardex.resources import RESOURCES

DEFAULT = [plural for plural, resource in RESOURCES.items() if resource.default]


@pytest.mark.parametrize("plural", DEFAULT)
def test_default(plural):
    """Without flags, types, label sets and values of a kind are the peer's."""
    resource = RESOURCES[plural]
    families = [family for family in resource.families if not family.opt_in]
    ours = read(exposition(resource, recorded_objects(plural), families))
    peer = golden("default").only({family.name for family in resource.families})
    assert ours.types == peer.types
    assert ours.samples == peer.samples


@pytest.mark.parametrize("plural", RESOURCES)
def test_full(plural):
    """With opt-in families and every label and annotation let through, they are the peer's too."""
    resource = RESOURCES[plural]
    ours = read(exposition(resource, recorded_objects(plural), list(resource.families), EVERYTHING))
    peer = golden("full").only({family.name for family in resource.families})
    assert ours.types == peer.types
    assert ours.samples == peer.samples


def test_recording_covers_every_family():
    """Every family of every kind has a sample in the recording, so that none passes by having nothing to say."""
    sampled = {series.name for series in golden("full").samples}
    assert {family.name for resource in RESOURCES.values() for family in resource.families} <= sampled
