"""One synthetic API server for all tests of this folder, filled anew for each, and one that asks who is there."""

import shutil

import pytest
from kubeconfigs import TOKEN, certificates, kubeconfig
from loopback import relay
from reflecting import cluster, fill

from load.testing import running


@pytest.fixture(scope="session")
def session_server():
    with cluster(0) as made:
        yield made


@pytest.fixture
def server(session_server):
    """A server with ten pods, which nobody has asked for anything yet."""
    fill(session_server)
    return session_server


@pytest.fixture
def hop(server):
    """A network hop before that server."""
    with relay(server.url) as made:
        yield made


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """A directory of throw-away certificates."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the throw-away certificates")
    directory = tmp_path_factory.mktemp("pki")
    certificates(directory)
    return directory


@pytest.fixture(scope="session")
def secure(pki):
    """A server that wants the token or a client certificate."""
    options = {"tls": (pki / "server.crt", pki / "server.key"), "client_ca": pki / "ca.crt", "token": TOKEN}
    with running(**options) as made:
        yield made


@pytest.fixture
def written(tmp_path, monkeypatch, pki, secure):
    """Writes a kubeconfig for that server; its path. A proxy of the environment is none of its business."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def write(user=None, **cluster):
        there = {"server": secure.url, "certificate-authority": str(pki / "ca.crt")}
        return kubeconfig(tmp_path / "config", user, **there | cluster)

    return write
