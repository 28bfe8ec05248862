"""Ways to an API server that work: kubeconfigs, in-cluster files, URLs, proxies; against a server that checks them."""

import shutil

import pytest
from kubeconfigs import TOKEN, client_of, encoded, listed, plugin
from loopback import reply, scripted

from shardex.errors import EndpointError
from shardex.kube import incluster
from shardex.kube.client import ApiError, Client, RefusedError
from shardex.kube.endpoint import Credentials, Endpoint, resolve


def users(pki, directory):
    (directory / "token").write_text(TOKEN)
    for name in ("client.crt", "client.key"):
        shutil.copy(pki / name, directory)
    pem = {"clientCertificateData": (pki / "client.crt").read_text(), "clientKeyData": (pki / "client.key").read_text()}
    return {
        "token": {"token": TOKEN},
        "token-file": {"tokenFile": "token"},
        "certificate-data": {
            "client-certificate-data": encoded(pki / "client.crt"),
            "client-key-data": encoded(pki / "client.key"),
        },
        "certificate-files": {"client-certificate": "client.crt", "client-key": "client.key"},
        "plugin-token": plugin(directory / "plugin", {"token": TOKEN}),
        "plugin-certificate": plugin(directory / "plugin-with-certificate", pem),
    }


@pytest.mark.parametrize(
    "name",
    ["token", "token-file", "certificate-data", "certificate-files", "plugin-token", "plugin-certificate"],
)
def test_kubeconfig(tmp_path, pki, written, name):
    """Each way to authenticate that a kubeconfig has; paths in it are relative to it."""
    assert listed(client_of(written(users(pki, tmp_path)[name]))) == "PodList"


def test_a_caller_without_credentials_is_refused(written):
    """The server of these tests does check; 403 is what it says to nobody."""
    with pytest.raises(ApiError) as error:
        listed(client_of(written()))
    assert error.value.status == 403


def test_the_authority_may_stand_in_the_kubeconfig(pki, written):
    """certificate-authority-data instead of a file."""
    cluster = {"certificate-authority": None, "certificate-authority-data": encoded(pki / "ca.crt")}
    assert listed(client_of(written({"token": TOKEN}, **cluster))) == "PodList"


def test_insecure_skip_tls_verify(pki, written):
    """Neither the authority nor the name is checked, and nobody is told at every request."""
    cluster = {"certificate-authority": None, "insecure-skip-tls-verify": True, "tls-server-name": "elsewhere"}
    assert listed(client_of(written({"token": TOKEN}, **cluster))) == "PodList"


def test_tls_server_name(written):
    """The certificate is checked for this name instead of the URL's host."""
    assert listed(client_of(written({"token": TOKEN}, **{"tls-server-name": "api.internal"}))) == "PodList"
    with pytest.raises(RefusedError, match=r"certificate is not valid for 'elsewhere'|[Hh]ostname mismatch"):
        listed(client_of(written({"token": TOKEN}, **{"tls-server-name": "elsewhere"})))


def test_apiserver_overrides_the_kubeconfig(secure, written):
    """--apiserver with --kubeconfig: this URL, those credentials."""
    kubeconfig = written({"token": TOKEN}, server="https://192.0.2.1:6443")
    assert listed(client_of(kubeconfig, apiserver=secure.url)) == "PodList"


def test_basic_auth(written):
    """A user name and a password make one header."""
    seen = []

    def respond(handler):
        seen.append(handler.headers["authorization"])
        reply(handler, b'{"kind":"PodList"}')

    with scripted(respond) as url:
        assert listed(client_of(written({"username": "u", "password": "p"}, server=url))) == "PodList"
    assert seen == ["Basic dTpw"]


@pytest.mark.parametrize(
    ("given", "want"),
    [
        ("http://host:8080", "http://host:8080"),
        ("https://host/k8s/clusters/c-1", "https://host/k8s/clusters/c-1"),
        ("host:8080", "http://host:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_apiserver_alone(given, want):
    """--apiserver needs no kubeconfig; without a scheme it is http, as in the peer."""
    assert resolve(given, "") == Endpoint(url=want)


@pytest.mark.parametrize(
    "url", ["ftp://host", "http://", "http://host:port", "http://host:99999", "http://[::1", "://x"]
)
def test_a_url_that_is_none(url):
    """Said at the start, with the URL."""
    with pytest.raises(EndpointError, match="the API server's URL is none") as error:
        resolve(url, "")
    assert url in str(error.value)


def test_in_cluster(tmp_path, monkeypatch, pki, secure):
    """The service's address from the environment, token and authority from the mounted files."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    shutil.copy(pki / "ca.crt", tmp_path)
    host, _, port = secure.url.removeprefix("https://").partition(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    monkeypatch.setenv("NO_PROXY", host)
    monkeypatch.setattr(incluster, "MOUNT", tmp_path)
    endpoint = resolve("", "")
    assert endpoint == Endpoint(url=secure.url, ca=(pki / "ca.crt").read_text(), token_file=str(token))
    assert listed(Client(Credentials(endpoint, ""), "shardex/test")) == "PodList"


def test_not_in_a_cluster(monkeypatch):
    """Without flags outside of a cluster: what to do about it."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(EndpointError, match=r"^not in a cluster \(give --kubeconfig or --apiserver\): ") as error:
        resolve("", "")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.org,10.0.0.0/8"}, ""),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".svc,192.168.0.0/16"}, "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, ""),
    ],
    ids=str,
)
def test_proxy_of_the_environment(monkeypatch, written, environment, proxy):
    """A proxy for the world is not one for the cluster's own addresses."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert resolve("", written(server="https://10.96.0.1")).proxy == proxy


@pytest.mark.parametrize(("user", "want"), [("", None), ("me:p%40ss@", "Basic bWU6cEBzcw==")], ids=["open", "password"])
def test_proxy_of_the_kubeconfig(written, user, want):
    """proxy-url: requests go there, for the server's own address, with the proxy's password when it has one."""
    seen = []

    def respond(handler):
        seen.append((handler.path, handler.headers["proxy-authorization"]))
        reply(handler, b'{"kind":"PodList"}')

    with scripted(respond) as url:
        proxy = url.replace("http://", f"http://{user}")
        assert listed(client_of(written(server="http://api.internal:1", **{"proxy-url": proxy}))) == "PodList"
    assert seen == [("http://api.internal:1/api/v1/pods?limit=1", want)]


def test_a_proxy_of_another_kind(written):
    """What cannot be spoken is said at the start, without the password."""
    with pytest.raises(EndpointError, match=r"no HTTP proxy: socks5://\.\.\.$"):
        resolve("", written(**{"proxy-url": "socks5://me:secret@proxy:1080"}))
