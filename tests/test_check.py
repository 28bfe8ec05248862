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
    assert lines[-1] == "1 of the lists above do not work"


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
