"""What is planned of the options: the lists, the families, and nothing that no family needs."""

import inspect
import json
import linecache

import msgspec
import pytest
from helpers import EVERYTHING, exposition, random_objects, recorded_objects

from shardex.kube.reflector import api_of
from shardex.options import parse
from shardex.resources import RESOURCES
from shardex.workers.plan import plan

#: Of metadata alone, and yet listed whole: nobody asks for a node's role without its info or its status.
READ_BESIDES = {"kube_node_role"}


def planned(**given):
    """plural -> its plan, of flags with underscores for hyphens."""
    options = parse({flag.replace("_", "-"): text for flag, text in given.items()}, RESOURCES, lambda: 1)
    return {kind.name: kind for kind in plan(options)}


def partial(kind):
    return all(
        "as=PartialObjectMetadata" in accept
        for target in kind.targets
        for accept in (target.accept, target.watch_accept)
    )


@pytest.mark.parametrize("plural", RESOURCES)
def test_older_apis(plural):
    """Every list knows the same collection at the kind's older APIs, best first, in each namespace."""
    resource = RESOURCES[plural]
    kind = planned(resources=plural, namespaces="a,b")[plural]
    for target in kind.targets:
        paths = (target.path, *target.fallbacks)
        assert tuple(api_of(path) for path in paths) == (resource.api, *resource.fallbacks)
        assert len({path.partition(api_of(path))[2] for path in paths}) == 1


def test_a_family_that_is_filtered_out_is_not_compiled():
    """It costs nothing: its name is not in the code that renders, nor its header in what is published."""
    kind = planned(resources="pods", metric_denylist="kube_pod_container_.*")["pods"]
    assert not [head.name for head in kind.heads if head.name.startswith("kube_pod_container_")]
    code = "".join(linecache.getlines(inspect.getfile(kind.render)))
    assert "kube_pod_container_" not in code
    assert "kube_pod_info" in code


def test_a_kind_without_families_is_not_listed():
    """What shows nothing is not asked for."""
    assert list(planned(metric_allowlist="kube_pod_info,kube_node_info")) == ["nodes", "pods"]


def printed(resource, family, objects):
    return exposition(resource, [msgspec.json.encode(o) for o in objects], [family], EVERYTHING)


@pytest.mark.parametrize("plural", RESOURCES)
def test_metadata_is_enough(plural):
    """A kind is listed as PartialObjectMetadata exactly when what is shown needs no more: of all recorded objects every
    family then prints the same from metadata alone."""
    resource = RESOURCES[plural]
    objects = [json.loads(text) for text in recorded_objects(plural) + random_objects(plural)]
    bare = [{"metadata": o["metadata"]} for o in objects]
    enough = {f.name for f in resource.families if printed(resource, f, objects) == printed(resource, f, bare)}
    listed = {
        family.name
        for family in resource.families
        if partial(planned(resources=plural, metric_allowlist=f"^{family.name}$", metric_opt_in_list=".")[plural])
    }
    whole = not all(path.startswith("metadata.") for _, path in resource.identity)
    assert listed == (set() if whole else enough - READ_BESIDES)


def test_more_than_metadata():
    """One family that reads the spec is enough for whole objects."""
    assert partial(planned(resources="pods", metric_allowlist="^kube_pod_(labels|created)$")["pods"])
    assert not partial(planned(resources="pods", metric_allowlist="^kube_pod_(labels|info)$")["pods"])


def test_kinds_of_metadata():
    """What is never listed whole: nobody's ConfigMap data reaches the process, nor a role's rules."""
    kinds = planned(resources=",".join(RESOURCES))
    assert {plural for plural, kind in kinds.items() if partial(kind)} == {"clusterroles", "configmaps", "roles"}
