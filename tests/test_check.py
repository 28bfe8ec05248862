"""--check: a report of every list and watch, and an exit status that a pipeline can act on."""

import pytest
from kubeconfigs import kubeconfig
from loopback import scripted

from load.testing import running
from shardex.cli import main


@pytest.fixture(scope="module")
def module_server():
    with running(token="right") as server:
        yield server


@pytest.fixture
def server(module_server):
    module_server.clear_faults()
    module_server.clear_requests()
    return module_server


@pytest.fixture
def config(tmp_path, server):
    """Writes a kubeconfig with a token; its path."""
    return lambda token: kubeconfig(tmp_path / "config", {"token": token}, server=server.url)


@pytest.fixture
def check(capsys):
    """Runs shardex --check; status, lines on stdout, lines on stderr."""

    def run(*arguments):
        status = main(["--check", *arguments])
        out, errors = capsys.readouterr()
        return status, out.splitlines(), errors.splitlines()

    return run


def test_everything_works(check, server, config):
    """One line a list, one at the end, status 0; each kind was listed and watched once."""
    status, lines, errors = check("--kubeconfig", config("right"))
    assert (status, errors) == (0, [])
    assert lines[0] == f"API server {server.url}"
    assert lines[-1] == "everything works"
    assert all(line.startswith("ok ") for line in lines[1:-1])
    paths = [line.split()[1] for line in lines[1:-1]]
    assert "/api/v1/pods" in paths
    assert "/apis/apps/v1/deployments" in paths
    asked = [(entry["path"], entry["verb"]) for entry in server.requests() if entry["resource"]]
    assert sorted(asked) == sorted((path, verb) for path in paths for verb in ("list", "watch"))


@pytest.mark.parametrize(("verb", "other"), [("list", "watch"), ("watch", "list")])
def test_a_refused_kind_is_named(check, server, config, verb, other):
    """403 of one verb of one kind: its path, the verb and the server's reason; the others are checked all the same."""
    server.fault("status", "secrets", verb, status=403, count=-1)
    status, lines, _ = check("--kubeconfig", config("right"), "--resources", "pods,secrets,services")
    assert status == 1
    [bad] = [line for line in lines if line.startswith("FAIL")]
    assert bad.split()[1] == "/api/v1/secrets"
    assert f"{verb}: 403 Forbidden: " in bad
    assert f"{other}:" not in bad
    assert len([line for line in lines if line.startswith("ok ")]) == 2
    assert lines[-1] == "1 of the above do not work"


def test_each_namespace_is_checked(check, server, config):
    """--namespaces: rights may differ from one to the other."""
    server.fault("status", "pods", namespace="b", status=403, count=-1)
    status, lines, _ = check("--kubeconfig", config("right"), "--resources", "pods", "--namespaces", "a,b")
    assert status == 1
    assert [line.split()[:2] for line in lines[1:-1]] == [
        ["ok", "/api/v1/namespaces/a/pods"],
        ["FAIL", "/api/v1/namespaces/b/pods"],
    ]


def test_no_server(check):
    """One sentence with the address and the cause, not one for each kind."""
    with scripted(print) as url:
        pass
    assert check("--apiserver", url) == (1, [], [f"shardex: no connection to {url}: [Errno 111] Connection refused"])


def test_unknown_caller(check, server, config):
    """401 concerns every kind and is said once, without the token."""
    status, lines, errors = check("--kubeconfig", config("wrong-5d2"))
    assert (status, lines, len(errors)) == (1, [], 1)
    assert errors[0].startswith("shardex: 401 Unauthorized")
    assert "wrong-5d2" not in errors[0]


def test_no_kubeconfig(check, tmp_path):
    """The sentence of the fault, without a traceback."""
    status, lines, errors = check("--kubeconfig", str(tmp_path / "nowhere"))
    assert (status, lines) == (1, [])
    assert errors == [f"shardex: kubeconfig {tmp_path}/nowhere: No such file or directory"]


def test_a_shard_set(check, server, config):
    """The StatefulSet of --pod is looked up and watched as the exporter does it; what is missing is said."""
    flags = ("--kubeconfig", config("right"), "--resources=pods", "--pod=shardex-0", "--pod-namespace=monitoring")
    status, lines, _ = check(*flags)
    assert (status, "404" in lines[1], lines[1][:4]) == (1, True, "FAIL")
    reference = {"kind": "StatefulSet", "name": "shardex", "controller": True}
    server.add("/api/v1/namespaces/monitoring/pods/shardex-0", {"metadata": {"ownerReferences": [reference]}})
    status, lines, _ = check(*flags)
    assert (status, lines[1].split()[0], lines[1].split()[-1]) == (0, "ok", "ok")
    server.fault("status", "statefulsets", "watch", status=403)
    status, lines, _ = check(*flags)
    assert (status, "403" in lines[1]) == (1, True)
    server.delete("/api/v1/namespaces/monitoring/pods/shardex-0")


def test_auth_filter_is_checked(check, server, config):
    """With --auth-filter the two reviews are tried too; what shardex lacks for them is named."""
    flags = ("--kubeconfig", config("right"), "--resources", "pods", "--auth-filter")
    status, lines, _ = check(*flags)
    assert status == 0
    assert lines[-2].split() == ["ok", "--auth-filter", "ok"]
    for plural in ("tokenreviews", "subjectaccessreviews"):
        server.clear_faults()
        server.fault("status", plural, "write", status=403, count=-1)
        status, lines, _ = check(*flags)
        assert status == 1
        assert lines[-2].startswith(f"FAIL --auth-filter {' ' * 40}")
        assert f"{plural}: 403 Forbidden: " in lines[-2]
        assert "system:auth-delegator" in lines[-2]


def test_tls_config_is_checked(check, tmp_path):
    """A file that would end the start ends the check, with every fault."""
    path = tmp_path / "web.yml"
    path.write_text("a: 1\nb: 2")
    status, _, errors = check(f"--tls-config={path}")
    assert status == 2
    assert errors[:2] == [f"shardex: --tls-config={path}: {key}: unknown key" for key in "ab"]
