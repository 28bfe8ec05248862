"""Corners that the recordings do not reach, as a table: kind, family, object, and its samples without identity."""

import msgspec
import pytest
from helpers import exposition, read

from shardex.resources import RESOURCES


def samples(plural, family, value):
    """Own labels, without the identity ones, -> number."""
    resource = RESOURCES[plural]
    families = [row for row in resource.families if row.name == family]
    found = read(exposition(resource, [msgspec.json.encode(value)], families)).samples
    identity = {label for label, _ in resource.identity}
    return {
        frozenset((name, text) for name, text in series.labels if name not in identity): numbers
        for series, numbers in found.items()
    }


@pytest.mark.parametrize(
    ("plural", "family", "value", "want"),
    [
        pytest.param(
            "nodes",
            "kube_node_status_addresses",
            {"status": {"addresses": [{"type": "Hostname", "address": "a"}] * 2}},
            [({"type": "Hostname", "address": "a"}, 1)],
            id="node-address-twice",
        ),
        pytest.param(
            "nodes",
            "kube_node_status_condition",
            {"status": {"conditions": [{"type": "Ready", "status": status} for status in ("True", "False")]}},
            [
                ({"condition": "Ready", "status": "true"}, 1),
                ({"condition": "Ready", "status": "false"}, 0),
                ({"condition": "Ready", "status": "unknown"}, 0),
            ],
            id="condition-twice-first-counts",
        ),
        pytest.param(
            "nodes",
            "kube_node_status_capacity",
            {"status": {"capacity": {"attachable-disks": "1", "attachable-volumes-x": "2", "hugepages-": "3"}}},
            [
                ({"resource": "attachable_volumes_x", "unit": "byte"}, 2),
                ({"resource": "hugepages_", "unit": "byte"}, 3),
            ],
            id="node-resource-prefixes",
        ),
        pytest.param(
            "persistentvolumes",
            "kube_persistentvolume_volume_mode",
            {"spec": {}},
            [({"volumemode": "Filesystem"}, 1)],
            id="volume-mode-left-out",
        ),
        pytest.param(
            "persistentvolumes",
            "kube_persistentvolume_capacity_bytes",
            {"spec": {}},
            [({}, 0)],
            id="volume-without-capacity",
        ),
        pytest.param(
            "persistentvolumeclaims",
            "kube_persistentvolumeclaim_access_mode",
            {"spec": {"accessModes": ["ReadWriteOnce"] * 2}},
            [({"access_mode": "ReadWriteOnce"}, 1)],
            id="access-mode-twice",
        ),
        pytest.param(
            "statefulsets",
            "kube_statefulset_persistentvolumeclaim_retention_policy",
            {"spec": {"persistentVolumeClaimRetentionPolicy": {}}},
            [],
            id="empty-retention-policy",
        ),
        pytest.param(
            "statefulsets",
            "kube_statefulset_persistentvolumeclaim_retention_policy",
            {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}},
            [({"when_deleted": "", "when_scaled": "Delete"}, 1)],
            id="half-a-retention-policy",
        ),
        pytest.param(
            "services",
            "kube_service_spec_external_ip",
            {"spec": {"externalIPs": ["10.0.0.1", "10.0.0.1"]}},
            [({"external_ip": "10.0.0.1"}, 1)],
            id="external-ip-twice",
        ),
        pytest.param(
            "pods",
            "kube_pod_spec_volumes_persistentvolumeclaims_readonly",
            {"metadata": {"name": "web"}, "spec": {"volumes": [{"name": "tmp", "ephemeral": {}}]}},
            [({"volume": "tmp", "persistentvolumeclaim": "web-tmp", "ephemeral": "true"}, 0)],
            id="ephemeral-volume",
        ),
        pytest.param(
            "pods",
            "kube_pod_status_reason",
            {"status": {"reason": "Odd", "conditions": [{"type": "X", "reason": "Evicted"}, {"reason": "Odder"}]}},
            [({"reason": "Evicted"}, 1), ({"reason": "Other"}, 1)],
            id="several-reasons",
        ),
        pytest.param(
            "pods",
            "kube_pod_nodeselectors",
            {"spec": {}},
            [({}, 1)],
            id="no-node-selector",
        ),
    ],
)
def test_corner(plural, family, value, want):
    """What is left out, empty or repeated is shown as the peer shows it, and once."""
    assert samples(plural, family, value) == {frozenset(labels.items()): [number] for labels, number in want}


def test_last_internal_address_counts():
    """A node with several internal addresses is known by the last, as in the peer."""
    addresses = [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "InternalIP", "address": "10.0.0.2"}]
    (labels,) = samples("nodes", "kube_node_info", {"status": {"addresses": addresses}})
    assert dict(labels)["internal_ip"] == "10.0.0.2"
