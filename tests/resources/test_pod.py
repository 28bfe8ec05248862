"""Corners of pods that the recordings do not reach."""

import msgspec
import pytest

from shardex.exposition.family import Shared
from shardex.resources.containers import each, last_exit_code, limits, requests, restarts, waiting_reason
from shardex.resources.pod import (
    Pod,
    addresses,
    completed,
    conditions,
    disruptions,
    every_main,
    init,
    ip_family,
    main,
    main_asked,
    reasons,
    since,
)


def pod(**fields):
    return msgspec.json.decode(msgspec.json.encode(fields), type=Pod)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("10.0.0.1", "4"),
        ("fd00::1", "6"),
        ("::ffff:10.0.0.1", "4"),
        ("fe80::1%eth0", "6"),
        ("010.0.0.1", ""),
        ("10.0.0", ""),
        ("10.0.0.1\0", ""),
        ("", ""),
        ("host", ""),
    ],
)
def test_ip_family(text, family):
    """An address has the family that Go's netip gives it; what is no address has none."""
    assert ip_family(text) == family


def test_addresses_keep_their_spelling():
    """An address is shown as the API has it; one that stands twice is shown once, one that is none not at all."""
    listed = [{"ip": "FD00::1"}, {"ip": "FD00::1"}, {"ip": "nowhere"}]
    assert list(addresses(pod(status={"podIPs": listed}))) == [("FD00::1", "6", 1)]


@pytest.mark.parametrize(
    ("finished", "want"),
    [
        ([], None),
        ([None], None),
        (["1970-01-01T00:00:00Z"], None),
        ([None, "1970-01-01T00:00:05Z", "1970-01-01T00:00:03Z"], 5),
    ],
)
def test_completed(finished, want):
    """A pod is complete when its last container ended; a time of 1970 or before is no completion."""
    statuses = [{"name": "a", "state": {"terminated": {"finishedAt": time}}} for time in finished]
    assert completed(pod(status={"containerStatuses": statuses})) == want


def test_init_containers_are_not_main_containers():
    """The statuses of init containers and those of main containers are never mixed."""
    both = pod(
        status={
            "containerStatuses": [{"name": "app", "restartCount": 1}],
            "initContainerStatuses": [{"name": "setup", "restartCount": 2}],
        }
    )
    assert list(each(main, restarts)(both)) == [("app", 1)]
    assert list(each(init, restarts)(both)) == [("setup", 2)]


def test_container_name_that_stands_twice():
    """Two statuses, or two containers, of one name give one sample, but one for each reason that they have."""
    resources = [{"requests": {"cpu": "1"}, "limits": {"cpu": "3"}}, {"requests": {"cpu": "2", "memory": "1"}}]
    twins = pod(
        spec={"containers": [{"name": "a", "resources": one} for one in resources]},
        status={
            "containerStatuses": [
                {"name": "a", "restartCount": n, "state": {"waiting": {"reason": f"R{n}"}}} for n in (1, 2)
            ]
        },
    )
    assert each(main, restarts)(twins) == [("a", 2)]
    assert each(every_main, waiting_reason)(twins) == [("a", ("R1",)), ("a", ("R2",))]
    assert requests(main_asked)(twins) == [
        ("a", "", (',resource="cpu",unit="core"} 1\n', ',resource="memory",unit="byte"} 1\n'))
    ]
    assert limits(main_asked)(twins) == [("a", "", (',resource="cpu",unit="core"} 3\n',))]


def test_since_asks_for_type_and_status():
    """A time is shown for the wanted status only, and also when the condition does not say since when."""
    waiting = pod(status={"conditions": [{"type": "Ready", "status": "False"}]})
    assert since("Ready", "True")(waiting) is None
    assert since("Initialized", "False")(waiting) is None
    assert since("Ready", "False")(waiting) == -62135596800


@pytest.mark.parametrize(
    "reason",
    [
        "Evicted",
        "NodeAffinity",
        "NodeLost",
        "PreemptionByScheduler",
        "SchedulingGated",
        "Shutdown",
        "TerminationByKubelet",
        "UnexpectedAdmissionError",
    ],
)
def test_known_reason(reason):
    """A reason that the peer knows is shown by name wherever it stands; in a condition no other is."""
    ended = {"containerStatuses": [{"name": "a", "state": {"terminated": {"reason": reason}}}]}
    for status in ({"reason": reason}, {"conditions": [{"type": "X", "reason": reason}]}, ended):
        assert list(reasons(pod(status=status))) == [(reason, 1)]
    assert list(reasons(pod(status={"conditions": [{"type": "X", "reason": f"No{reason}"}]}))) == []


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("PreemptionByScheduler", "PreemptionByScheduler"),
        ("DeletionByTaintManager", "DeletionByTaintManager"),
        ("EvictionByEvictionAPI", "EvictionByEvictionAPI"),
        ("DeletionByPodGC", "DeletionByPodGC"),
        ("TerminationByKubelet", "TerminationByKubelet"),
        ("Boredom", "Other"),
        ("", "Other"),
    ],
)
def test_disruption_reason(reason, shown):
    """A disruption is shown with the reasons that the peer knows, else as Other, once, and whatever its status."""
    given = [{"type": "DisruptionTarget", "status": status, "reason": reason} for status in ("True", "False")]
    assert list(Shared(conditions, disruptions)(pod(status={"conditions": given}))) == [(shown, 1)]


def test_exit_code_of_success():
    """A container that ended well the last time has the exit code 0; one that never ended has none."""
    statuses = [{"name": "a", "lastState": {"terminated": {}}}, {"name": "b", "lastState": {}}]
    assert list(each(main, last_exit_code)(pod(status={"containerStatuses": statuses}))) == [("a", 0)]
