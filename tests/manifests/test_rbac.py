"""Roles grant what the exporter asks for: nothing more, nothing less."""

import contextlib

import pytest
from click.testing import CliRunner
from rendered import MANIFESTS, arguments, chart, exporters, granted, one, overlay, pod
from scaling import scaling
from tree import eventually, running

from load.testing import running as cluster
from shardex.rbac import ROLES, files, main, rules
from shardex.resources import RESOURCES

CASES = [
    ("standard", "shardex"),
    ("namespaced", "shardex"),
    ("daemonset", "shardex-nodes"),
    ("daemonset", "shardex-rest"),
    ("daemonset", "shardex-unscheduled"),
]


def asked(server):
    """(group, resource, verb) -> scopes of the requests for objects that a server has seen."""
    seen = {}
    for entry in server.requests():
        if entry["resource"]:
            start = entry["path"].split("/")
            group = start[2] if start[1] == "apis" else ""
            seen.setdefault((group, entry["resource"], entry["verb"]), set()).add((entry["namespace"], ""))
    return seen


@pytest.mark.slow
@pytest.mark.parametrize(("name", "workload"), CASES)
def test_roles_equal_what_is_asked_for(name, workload):
    """The exporter with a manifest's arguments asks for each of the verbs that its roles grant, and for no other."""
    found = overlay(name)
    [(spec, container)] = [(pod(w), c) for w, c in exporters(found) if w["metadata"]["name"] == workload]
    wanted = granted(found, spec["serviceAccountName"])
    if name == "namespaced":  # the downward API's namespace, which stands for the overlay's own
        wanted = {key: {("kube-system", "")} for key in wanted}
    flags = [argument for argument in arguments(container) if not argument.startswith("--workers")]
    with cluster(pods=3) as server:
        server.fault("refuse_streaming", verb="stream", count=-1)  # where lists are streamed, `list` is not asked for
        with running(server.url, *flags):
            eventually(lambda: asked(server).keys() >= wanted.keys(), 30, lambda: sorted(wanted.keys() - asked(server)))
            assert asked(server) == wanted


SET = {
    "metadata": {"name": "shardex", "namespace": "kube-system", "uid": "set"},
    "spec": {"replicas": 1, "serviceName": "shardex", "selector": {"matchLabels": {"app": "shardex"}},
             "template": {"metadata": {}, "spec": {"containers": [{"name": "shardex"}]}}},
    "status": {"replicas": 1, "readyReplicas": 1, "observedGeneration": 1},
}  # fmt: skip
OWNER = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "shardex", "uid": "set", "controller": True}
POD = {"metadata": {"name": "shardex-0", "namespace": "kube-system", "uid": "pod", "ownerReferences": [OWNER]}}
KUBE_SYSTEM = "namespaces/kube-system"


@contextlib.contextmanager
def with_set():
    """A server with a StatefulSet and its first pod, and without streaming lists."""
    with cluster(pods=3) as server:
        server.add(f"/apis/apps/v1/{KUBE_SYSTEM}/statefulsets/shardex", SET)
        server.add(f"/api/v1/{KUBE_SYSTEM}/pods/shardex-0", POD)
        server.fault("refuse_streaming", verb="stream", count=-1)
        yield server


def covers(grants, request, scopes):
    """Whether what was asked for is granted in each namespace it was asked for in."""
    spaces = {space for space, _ in grants.get(request, ())}
    return "" in spaces or {space for space, _ in scopes} <= spaces


@pytest.mark.slow
def test_a_pod_of_a_set_asks_for_itself_and_its_set():
    """Beyond the kinds: its own pod, and the set by its name; each verb of the set's role is used."""
    found = overlay("statefulset")
    [(workload, container)] = exporters(found)
    grants = granted(found, pod(workload)["serviceAccountName"])
    flags = [argument for argument in arguments(container) if not argument.startswith("--workers")]
    with with_set() as server:
        server.clear_requests()
        with running(server.url, *flags):
            eventually(lambda: asked(server).keys() >= grants.keys(), 30, lambda: sorted(grants.keys() - asked(server)))
            assert [request for request, scopes in asked(server).items() if not covers(grants, request, scopes)] == []


@pytest.mark.slow
def test_custom_resources_need_their_definitions(tmp_path):
    """The chart grants list and watch of what the server has definitions of; both are asked for, and no more."""
    metric = {"name": "info", "each": {"type": "Info", "info": {}}}
    kind = {"groupVersionKind": {"group": "example.com", "version": "v1", "kind": "Widget"}, "metrics": [metric]}
    config = {"kind": "CustomResourceStateMetrics", "spec": {"resources": [kind]}}
    found = chart({"collectors": ["pods"], "customResourceState": {"enabled": True, "config": config}})
    [(workload, container)] = exporters(found)
    grants = granted(found, pod(workload)["serviceAccountName"])
    (tmp_path / "config.yaml").write_text(one(found, "ConfigMap")["data"]["config.yaml"])
    mounted = [argument.replace("/etc/customresourcestate", str(tmp_path)) for argument in arguments(container)]
    with cluster(pods=3) as server:
        server.fault("refuse_streaming", verb="stream", count=-1)
        with running(server.url, *(flag for flag in mounted if "port" not in flag and "workers" not in flag)):
            eventually(lambda: asked(server).keys() >= grants.keys(), 30, lambda: sorted(grants.keys() - asked(server)))
            assert asked(server) == grants


@pytest.mark.slow
def test_the_scaler_asks_for_what_its_roles_grant():
    """Its dry run counts every kind, watches its set, tells its decision and holds the lease."""
    found = overlay("scaler")
    container = pod(one(found, "Deployment"))["containers"][0]
    grants = granted(found, "shardex-scaler")
    with with_set() as server:
        server.clear_requests()
        with scaling(server.url, *arguments(container), "--interval=1s", "--up-window=1s"):
            eventually(lambda: asked(server).keys() >= grants.keys(), 60, lambda: sorted(grants.keys() - asked(server)))
            assert [request for request, scopes in asked(server).items() if not covers(grants, request, scopes)] == []


def test_files_are_current():
    """No kind was added or changed without its roles; `python -m shardex.rbac` writes them."""
    assert ROLES.stale(MANIFESTS) == []


def test_check_names_what_is_not_current(tmp_path):
    """A file that differs or is missing is named and the exit status is 1; writing mends both."""
    ROLES.write(tmp_path)
    assert CliRunner().invoke(main, ["--check", str(tmp_path)]).exit_code == 0
    (tmp_path / "base/clusterrole.yaml").write_text("old")
    (tmp_path / "helm/shardex/resources.yaml").unlink()
    checked = CliRunner().invoke(main, ["--check", str(tmp_path)])
    assert checked.exit_code == 1
    assert [line.partition(" is not current")[0] for line in checked.output.splitlines()] == [
        str(tmp_path / name) for name in ("base/clusterrole.yaml", "helm/shardex/resources.yaml")
    ]
    assert CliRunner().invoke(main, [str(tmp_path)]).exit_code == 0
    assert ROLES.stale(tmp_path) == []
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yaml")} == set(files())


def test_rules_are_by_group():
    """One rule a group, the core group first."""
    assert rules([RESOURCES["jobs"], RESOURCES["pods"], RESOURCES["cronjobs"]], ["list"]) == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": ["list"]},
    ]


def test_older_versions_are_of_the_same_group():
    """RBAC knows no versions, so a role that grants a kind grants it on older servers too."""
    for resource in RESOURCES.values():
        assert {api.rpartition("/")[0] for api in resource.fallbacks} <= {resource.group}
