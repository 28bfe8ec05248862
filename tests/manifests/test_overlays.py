"""manifests/ as Kustomize renders it."""

import os
import re

import pytest
from rendered import (
    MANIFESTS,
    OVERLAYS,
    WORKLOADS,
    exporters,
    faults,
    granted,
    of,
    one,
    options,
    overlay,
    pod,
    scaler_options,
)
from workloads import probed, sound

from shardex import __version__
from shardex.resources import RESOURCES

DEFAULT = {plural for plural, resource in RESOURCES.items() if resource.default}


@pytest.fixture(params=OVERLAYS)
def found(request):
    return overlay(request.param)


def test_overlays():
    """Each has its row in docs/deploying.md."""
    text = (MANIFESTS.parent / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == OVERLAYS


def test_kubernetes_takes_it(found):
    """Every object fits the OpenAPI schema of its kind, down to the last field."""
    assert [fault for document in found for fault in faults(document)] == []


def _field(document, *path, to):
    *above, last = path
    for key in above:
        document = document[key]
    document[last] = to


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        (("spec", "replica"), 2, "replica"),
        (("spec", "replicas"), "2", "'2' is not of type 'integer'"),
        (("spec", "template", "spec", "containers", 0, "livenesProbe"), {}, "livenesProbe"),
        (("spec", "template", "spec", "containers", 0, "resources", "limits"), ["memory"], "is not of type 'object'"),
        (("spec", "template", "spec", "containers", 0, "ports", 0), {"name": "http"}, "'containerPort' is a required"),
        (("apiVersion",), "apps/v1beta1", "no schema"),
    ],
)
def test_schemas_find_mistakes(path, to, said):
    """What the API server would refuse, or silently drop, is a fault here."""
    document = one(overlay("standard"), "Deployment")
    assert faults(document) == []
    _field(document, *path, to=to)
    [fault] = faults(document)
    assert said in fault


def test_workloads_are_sound(found):
    """Hardened, sized, probed, drained, guarded, and all that is named is there."""
    sound(found)


def test_exporter_takes_its_arguments(found):
    """No argument that the exporter would refuse at start."""
    assert all(options(container) for _, container in exporters(found))


def test_scaler_takes_its_arguments():
    """No argument that the scaler would refuse at start; it acts only when told to."""
    container = pod(one(overlay("scaler"), "Deployment"))["containers"][0]
    found = scaler_options(container)
    assert (found.statefulset, found.namespace, found.apply) == ("shardex", "kube-system", False)


def test_version_is_ours(found):
    """Image and labels say the version that `shardex version` says."""
    for workload, container in exporters(found):
        assert container["image"] == f"shardex:{__version__}"
        assert workload["metadata"]["labels"]["app.kubernetes.io/version"] == __version__


def test_services_are_headless(found):
    """Behind a virtual IP a scrape sees one shard of many."""
    assert all(service["spec"]["clusterIP"] == "None" for service in of(found, "Service"))


def test_statefulset():
    """All pods start at once, know who they are, and only one at a time is taken away."""
    found = overlay("statefulset")
    workload = one(found, "StatefulSet")
    assert workload["spec"]["podManagementPolicy"] == "Parallel"
    assert workload["spec"]["minReadySeconds"] > 0
    assert one(found, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_namespaced_needs_nothing_of_the_cluster():
    """Not one cluster-scoped object, and nothing asked for that lives outside of namespaces."""
    found = overlay("namespaced")
    assert all(document["metadata"]["namespace"] == "monitoring" for document in found)
    [(_, container)] = exporters(found)
    assert set(options(container).resources) == {plural for plural in DEFAULT if RESOURCES[plural].namespaced}
    assert options(container).namespaces == ("kube-system",)  # what the downward API stands for here


def test_daemonset_covers_everything_once():
    """Each kind is exported by one of the three; pods by two, of which each has those that the other has not."""
    found = {
        workload["metadata"]["name"]: options(container) for workload, container in exporters(overlay("daemonset"))
    }
    nodes, rest, unscheduled = (found.pop(f"shardex-{name}") for name in ("nodes", "rest", "unscheduled"))
    assert not found
    assert set(rest.resources) == DEFAULT - {"pods"}
    assert (nodes.resources, nodes.node, nodes.track_unscheduled_pods) == (("pods",), "node-0", False)
    assert (unscheduled.resources, unscheduled.node, unscheduled.track_unscheduled_pods) == (("pods",), "", True)


@pytest.mark.parametrize("name", OVERLAYS)
def test_pod_monitor(tmp_path, name):
    """It scrapes every port of every pod of every overlay, within limits that are said."""
    found = _placed(tmp_path, name, "prometheus", "prometheus-operator")
    monitor = one(found, "PodMonitor")
    assert faults(monitor) == []
    assert monitor["metadata"]["namespace"] == "prometheus"
    assert monitor["spec"]["bodySizeLimit"]
    ends = {end["port"]: end for end in monitor["spec"]["podMetricsEndpoints"]}
    for workload in of(found, *WORKLOADS):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert {port["name"] for c in pod(workload)["containers"] for port in c["ports"]} <= ends.keys()
    assert ends["http-metrics"]["honorLabels"] is True  # otherwise a pod's own labels become exported_pod


@pytest.mark.parametrize("name", OVERLAYS)
def test_in_another_namespace(tmp_path, name):
    """As docs/deploying.md says: everything moves along, also whom the roles are bound to."""
    found = _placed(tmp_path, name, "elsewhere")
    sound(found)
    assert {document["metadata"].get("namespace", "elsewhere") for document in found} == {"elsewhere"}


@pytest.mark.parametrize("name", OVERLAYS)
def test_auth_filter(tmp_path, name):
    """Every exporter asks for a token, may ask whose it is, and its readiness still reaches the kubelet."""
    found = _placed(tmp_path, name, "elsewhere", "auth-filter")
    assert [fault for document in found for fault in faults(document)] == []
    for workload, container in exporters(found):
        assert options(container).auth_filter
        probed(workload)
    if name == "scaler":
        container = pod(one(found, "Deployment"))["containers"][0]
        assert scaler_options(container).shard_token_file == "/var/run/secrets/kubernetes.io/serviceaccount/token"
        assert granted(found, "shardex-scaler")["", "/metrics", "get"] == {("", "")}
    if name != "daemonset":  # whose accounts have other names
        sound(found)


def _placed(folder, name, namespace, *components):
    """Documents of an overlay in a namespace of its user's, with components."""
    used = ", ".join(_relative(folder, f"components/{component}") for component in components)
    (folder / "kustomization.yaml").write_text(
        f"resources: [{_relative(folder, f'overlays/{name}')}]\ncomponents: [{used}]\nnamespace: {namespace}\n"
    )
    return overlay(str(folder))


def _relative(folder, name):
    """Kustomize takes no absolute paths."""
    return os.path.relpath((MANIFESTS / name).resolve(), folder.resolve())
