"""A pod's own way to the API server: what it is told, and what is said when it is not told enough."""

import pytest
from kubernetes import client
from kubernetes.client.rest import should_bypass_proxies

from shardex.errors import EndpointError
from shardex.kube import incluster
from shardex.kube.endpoint import resolve

PROXY = "http://proxy:3128"
SERVICE = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.mark.parametrize(
    ("host", "url"), [("10.96.0.1", "https://10.96.0.1:443"), ("fd00::1", "https://[fd00::1]:443")]
)
def test_url(host, url):
    """An address of IPv6 stands in brackets."""
    assert incluster.url_of(SERVICE | {"KUBERNETES_SERVICE_HOST": host}) == url


@pytest.mark.parametrize("name", SERVICE)
@pytest.mark.parametrize("change", [{}, None], ids=["empty", "unset"])
def test_outside_of_a_cluster(name, change):
    """What to do about it."""
    environment = {k: v for k, v in SERVICE.items() if k != name} | ({name: ""} if change is not None else {})
    with pytest.raises(EndpointError, match=r"^not in a cluster \(give --kubeconfig or --apiserver\)"):
        incluster.url_of(environment)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"ca.crt": "x"}, "the token cannot be read: .*token"),
        ({"ca.crt": "x", "token": " \n"}, "the token cannot be read: .*token is empty"),
        ({"token": "t"}, "the API server's authority cannot be read: .*ca.crt"),
        ({"token": "t", "ca.crt": " \n"}, "the API server's authority cannot be read: .*ca.crt is empty"),
    ],
    ids=str,
)
def test_files_that_are_not_there(files, said, tmp_path, monkeypatch):
    """The start ends with the file's name: a pod whose token is not mounted, for one."""
    for name, value in SERVICE.items():
        monkeypatch.setenv(name, value)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(incluster, "MOUNT", tmp_path)
    with pytest.raises(EndpointError, match=said):
        resolve("", "")


@pytest.mark.parametrize("url", ["https://10.96.0.1:443", "https://[fd00::1]:6443", "https://api.prod.example:443"])
@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"HTTPS_PROXY": PROXY},
        {"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"},
        {"https_proxy": "", "HTTPS_PROXY": PROXY},
        {"HTTP_PROXY": PROXY},
        {"ALL_PROXY": PROXY},
        *(
            {"HTTPS_PROXY": PROXY, "NO_PROXY": rules}
            for rules in (
                "*",
                "10.96.0.1",
                "10.0.0.0/8",
                "10.96.0.1:443",
                "fd00::/8",
                " example , .svc",
                ".prod.example",
                "PROD.example:443",
                "od.example",
                "192.168.0.0/16,,",
            )
        ),
        {"HTTPS_PROXY": PROXY, "no_proxy": "", "NO_PROXY": "*"},
    ],
    ids=str,
)
def test_proxy(environment, url, monkeypatch):
    """As the kubernetes package has it."""
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    oracle = client.Configuration(host=url)
    direct = not oracle.proxy or should_bypass_proxies(url, no_proxy=oracle.no_proxy or "")
    assert incluster.proxy_to(url, environment) == ("" if direct else oracle.proxy)


def test_rule_with_a_star():
    """*.example is what Go's programs take, and the package does not."""
    assert not incluster.proxy_to("https://api.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*.example"})
