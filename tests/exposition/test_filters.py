"""The allow, deny and opt-in lists of metric names."""

import json
import logging
import subprocess
import sys
import time

import pytest
from helpers import cases, golden, read_bytes

from shardex.errors import OptionsError
from shardex.exposition import patterns
from shardex.exposition.filters import Filters
from shardex.resources import RESOURCES

#: A pattern that tries 2^50 ways to read a name before it gives up.
SLOW = r"(?=(\w|\w\w)*#)"
LONG_NAME = "kube_pod_container_resource_requests_memory_bytes"


@pytest.mark.parametrize(("given", "want"), cases("allowlist_cases", "metric_allow_deny"))
def test_allow_and_deny(given, want):
    """What the peer includes is kept, and what it does not take is a fault that names the list and the pattern."""
    allow, deny = given["allow"] or (), given["deny"] or ()
    if "included" in want:
        filters = Filters(allow, deny)
        assert [name for name in given["names"] if filters.keeps(name)] == want["included"]
        return
    with pytest.raises(OptionsError) as caught:
        Filters(allow, deny)
    [fault] = caught.value.faults
    if "new_error" in want:
        assert fault == "--metric-allowlist and --metric-denylist: give one of them, not both"
    else:
        assert fault.startswith(f"--metric-allowlist: {allow[0]!r}: " if allow else f"--metric-denylist: {deny[0]!r}: ")


@pytest.mark.parametrize(("given", "want"), cases("allowlist_cases", "metric_opt_in"))
def test_opt_in(given, want):
    """An opt-in family is shown where the peer shows it; others are no matter of this list."""
    listed = given["opt_in_list"] or ()
    if "error" in want:
        with pytest.raises(OptionsError, match="--metric-opt-in-list: "):
            Filters(opt_in=listed)
    else:
        assert Filters(opt_in=listed).keeps(given["metric"], given["is_opt_in"]) == want["enabled"]


@pytest.mark.parametrize(
    "variant", ["default", "full", "optin", "metric-allowlist", "metric-denylist", "metric-denylist-lookahead"]
)
def test_golden(variant):
    """Under recorded flags the families of a whole exposition are those that the peer printed."""
    given = dict(
        flag[2:].split("=", 1) for flag in json.loads(read_bytes("conformance/golden/variants.json"))[variant]["args"]
    )
    lists = [given.get(f"metric-{name}", "") for name in ("allowlist", "denylist", "opt-in-list")]
    filters = Filters(*[[item for item in text.split(",") if item] for text in lists])
    enabled = [name for name in given.get("resources", "").split(",") if name]
    enabled = enabled or [name for name, resource in RESOURCES.items() if resource.default]
    families = [family for name in enabled for family in RESOURCES[name].families]
    assert {f.name for f in families if filters.keeps(f.name, f.opt_in)} == set(golden(variant).types)


def test_opt_in_passes_both_lists():
    """The opt-in list alone does not bring in what the allow list leaves out or the deny list takes away."""
    name = "kube_pod_nodeselectors"
    assert not Filters(allow=["kube_pod_info"], opt_in=[name]).keeps(name, opt_in=True)
    assert not Filters(deny=["nodeselectors"], opt_in=[name]).keeps(name, opt_in=True)
    assert not Filters(allow=[name]).keeps(name, opt_in=True)
    assert Filters(allow=["kube_pod"], opt_in=[name]).keeps(name, opt_in=True)


def test_every_fault_at_once():
    """Each broken pattern of each list is named, and that two lists exclude each other."""
    with pytest.raises(OptionsError) as caught:
        Filters(["kube_(pod", "kube_node", "*a"], ["b{2}{3}"], ["(?=c)", "[z-a]"])
    assert caught.value.faults == [
        "--metric-allowlist and --metric-denylist: give one of them, not both",
        "--metric-allowlist: 'kube_(pod': this ( is not closed at character 6",
        "--metric-allowlist: '*a': nothing to repeat before * at character 1",
        "--metric-denylist: 'b{2}{3}': {3} repeats a repeat at character 5",
        "--metric-opt-in-list: '(?=c)': (?=c is not RE2, or not supported here at character 1",
        "--metric-opt-in-list: '[z-a]': bad character range at character 1",
    ]


@pytest.mark.parametrize("lists", [{"allow": [SLOW]}, {"deny": [SLOW]}], ids=["allow", "deny"])
def test_slow_pattern(lists, monkeypatch, caplog):
    """A pattern that takes too long costs the family it looks at, whatever the list, is told, and stops nothing."""
    monkeypatch.setattr(patterns, "MATCH_SECONDS", 0.05)
    with caplog.at_level(logging.WARNING):
        assert not Filters(**lists).keeps(LONG_NAME)
    assert [record.getMessage() for record in caplog.records] == [
        f"family {LONG_NAME} is left out: {SLOW!r} looked at {LONG_NAME} for more than 0.05 s"
    ]


def test_slow_pattern_is_given_up(monkeypatch, caplog):
    """All families together cost a bounded time: after a few slow names a pattern looks at none any more."""
    monkeypatch.setattr(patterns, "MATCH_SECONDS", 0.02)
    filters = Filters(deny=[SLOW])
    began = time.monotonic()
    assert not any(filters.keeps(f"{LONG_NAME}_{number}") for number in range(300))
    assert time.monotonic() - began < 3.0
    assert len([line for line in caplog.messages if "for more than" in line]) == patterns.MOST_SLOW_NAMES
    assert f"{SLOW!r} was too slow at {patterns.MOST_SLOW_NAMES} names and is given up" in caplog.messages[-1]


@pytest.mark.parametrize(("pattern", "loaded"), [("kube_pod_info", False), ("kube_pod_.*", True)])
def test_plain_names_load_no_engine(pattern, loaded):
    """Names alone, and no lists at all, do not pay for the package of regular expressions."""
    code = (
        "import sys; from shardex.exposition.filters import Filters;"
        f"assert Filters(allow=[{pattern!r}]).keeps('kube_pod_info_x'); print('regex' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == f"{loaded}\n"
