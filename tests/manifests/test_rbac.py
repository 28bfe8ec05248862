"""Roles grant what the exporter asks for: nothing more, nothing less."""

import pytest
from click.testing import CliRunner
from rendered import MANIFESTS, arguments, exporters, granted, overlay, pod
from tree import eventually, running

from load.testing import running as cluster
from shardex.rbac import files, main, rules, stale, write
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


def test_files_are_current():
    """No kind was added or changed without its roles; `python -m shardex.rbac` writes them."""
    assert stale(MANIFESTS) == []


def test_check_names_what_is_not_current(tmp_path):
    """A file that differs or is missing is named and the exit status is 1; writing mends both."""
    write(tmp_path)
    assert CliRunner().invoke(main, ["--check", str(tmp_path)]).exit_code == 0
    (tmp_path / "base/clusterrole.yaml").write_text("old")
    (tmp_path / "helm/shardex/resources.yaml").unlink()
    checked = CliRunner().invoke(main, ["--check", str(tmp_path)])
    assert checked.exit_code == 1
    assert [line.partition(" is not current")[0] for line in checked.output.splitlines()] == [
        str(tmp_path / name) for name in ("base/clusterrole.yaml", "helm/shardex/resources.yaml")
    ]
    assert CliRunner().invoke(main, [str(tmp_path)]).exit_code == 0
    assert stale(tmp_path) == []
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
