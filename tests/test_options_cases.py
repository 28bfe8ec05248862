"""Flags that choose what is listed, against the peer's recorded answers: from a text to the requests for lists.

Where we differ on purpose, the test says so and why.
"""

import pytest
from helpers import cases

from shardex.errors import OptionsError
from shardex.options import parse
from shardex.resources import RESOURCES
from shardex.settings import SETTINGS
from shardex.workers.plan import plan, targets


def options(known=RESOURCES, **given):
    return parse({flag.replace("_", "-"): text for flag, text in given.items()}, known, lambda: 1)


def plurals(given):
    return [kind.name for kind in plan(given)]


def lists(plural, given):
    """(path, field selector) of every list that gives the kind's objects."""
    resource = RESOURCES[plural]
    return [
        (target.path, target.query.get("fieldSelector", "")) for target in targets(resource, resource.families, given)
    ]


@pytest.mark.parametrize(("text", "want"), cases("allowlist_cases", "resources_flag"))
def test_resources(text, want):
    """Names are trimmed, empty ones are dropped, each counts once, and letters keep their case."""
    assert sorted(options(want["value"], resources=text).resources) == want["value"]


@pytest.mark.parametrize(("names", "want"), cases("allowlist_cases", "builder_enabled_resources"))
def test_enabled_resources(names, want):
    """Enabled kinds stand in order of their names, each once; one that does not exist ends the start."""
    if want["is_error"]:
        with pytest.raises(OptionsError, match="there is no 'foo'; there are certificatesigningrequests, "):
            options(resources=",".join(names))
    else:
        assert plurals(options(resources=",".join(names))) == want["enabled"]


@pytest.mark.parametrize(("_", "want"), cases("allowlist_cases", "default_resources"))
def test_default_resources(_, want):
    """Without --resources the kinds are the peer's."""
    assert plurals(options()) == want
    assert plurals(options(resources="")) == want


@pytest.mark.parametrize(("text", "want"), cases("allowlist_cases", "namespaces_flag"))
def test_namespaces(text, want):
    """A list for each namespace, one for all of them without; cluster-scoped kinds have one list in any case.

    A namespace that stands twice is listed once: the peer lists it twice and prints each series twice.
    """
    given = options(namespaces=text)
    namespaces = list(dict.fromkeys(want["effective"]))
    paths = [f"/api/v1/namespaces/{name}/pods" if name else "/api/v1/pods" for name in namespaces]
    assert lists("pods", given) == [(path, "") for path in paths]
    assert lists("nodes", given) == [("/api/v1/nodes", "")]


@pytest.mark.parametrize(("text", "want"), cases("allowlist_cases", "metric_set_flag"))
@pytest.mark.parametrize("flag", [setting.field for setting in SETTINGS if setting.form == "list"])
def test_lists(flag, text, want):
    """Every flag that is a list is cut at its commas, those inside of braces too, and line ends are blanks."""
    given = options(want["value"], **{flag: text})
    assert sorted(getattr(given, flag)) == sorted(want["value"])


@pytest.mark.parametrize(("given", "want"), cases("allowlist_cases", "field_selector"))
def test_field_selector(given, want):
    """Namespaces left out and the node asked for are left to the API server, for namespaced kinds alone."""
    namespaces = [name for name in given["namespaces"] if name]
    chosen = options(
        namespaces=",".join(namespaces),
        namespaces_denylist=",".join(given["namespaces_denylist"] or ()),
        node=given["node"],
        track_unscheduled_pods=str(given["track_unscheduled_pods"]).lower(),
    )
    scopes = [f"namespaces/{name}/" for name in namespaces] or [""]
    assert lists("pods", chosen) == [(f"/api/v1/{scope}pods", want["merged"]) for scope in scopes]
    assert lists("nodes", chosen) == [("/api/v1/nodes", "")]


@pytest.mark.parametrize(("given", "want"), cases("allowlist_cases", "options_validate"))
def test_validate(given, want):
    """What the peer refuses is a fault, but for two settings.

    --object-limit below 0 is one with and without --node; the peer looks at it only with --node.
    --auto-gomemlimit-ratio is none, whatever it is: it steers Go's runtime and has no effect here.
    """
    wrong = given["object_limit"] < 0 or "spec.nodeName" in (want["error"] or "")
    texts = {"node": given["node"], "object_limit": str(given["object_limit"])}
    texts["resources"] = ",".join(given["resources"] or ())
    if wrong:
        with pytest.raises(OptionsError) as caught:
            options(**texts)
        assert len(caught.value.faults) == 1
    else:
        options(**texts)
    assert wrong == bool(want["error"]) or given["object_limit"] < 0 or not 0 < given["auto_gomemlimit_ratio"] <= 1
