"""Tokens and certificates as time goes by: they rotate, expire, break, and are shown to nobody."""

import logging
from pathlib import Path

import msgspec
import pytest
from kubeconfigs import client_of, encoded, listed, plugin

from shardex.errors import EndpointError
from shardex.kube.client import ApiError, Client, RefusedError
from shardex.kube.endpoint import Credentials, Endpoint, resolve


def test_a_token_file_rotates(tmp_path):
    """It is looked at now and then, and at once after a 401; a file that is gone or empty leaves the token before."""
    path = tmp_path / "token"
    path.write_text("first\n")
    found = Credentials(Endpoint(url="http://host", token_file=str(path)), "")
    assert found.header() == {"authorization": "Bearer first"}
    path.write_text("second")
    assert found.header() == {"authorization": "Bearer first"}
    found.renew()
    assert found.header() == {"authorization": "Bearer second"}
    for change in (lambda: path.write_text(""), lambda: path.write_text("a b"), path.unlink):
        change()
        found.renew()
        assert found.header() == {"authorization": "Bearer second"}
    path.write_text("third")
    assert found.header() == {"authorization": "Bearer third"}


@pytest.mark.parametrize("text", [None, "", " \n", "a b", "a\nb", "\u20ac", "\x7f"], ids=repr)
def test_a_token_file_that_never_held_a_token(tmp_path, text):
    """Nobody is asked as nobody; the error names the file and not what it holds."""
    path = tmp_path / "token"
    if text is not None:
        path.write_text(text)
    with pytest.raises(EndpointError, match=str(path)) as error:
        Credentials(Endpoint(url="http://host", token_file=str(path)), "").header()
    assert text is None or not text.strip() or text not in str(error.value)


def test_a_token_file_of_any_bytes(tmp_path):
    """Bytes that are no text are no token either."""
    path = tmp_path / "token"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(EndpointError, match="cannot be read"):
        Credentials(Endpoint(url="http://host", token_file=str(path)), "").header()


def test_a_plugin_runs_again_after_401_but_not_at_every_one(tmp_path, written):
    """A server that answers 401 to everything must not keep us starting plugins."""
    runs = tmp_path / "runs"
    runs.write_text("")
    kubeconfig = written(plugin(tmp_path / "plugin", {"token": "first"}, f"open({str(runs)!r}, 'a').write('x')"))
    found = Credentials(resolve("", kubeconfig), kubeconfig)
    assert found.header() == {"authorization": "Bearer first"}
    plugin(tmp_path / "plugin", {"token": "second"}, f"open({str(runs)!r}, 'a').write('x')")
    for _ in range(3):
        found.renew()
        assert found.header() == {"authorization": "Bearer second"}
    assert runs.read_text() == "xx"


def test_a_kubeconfig_that_breaks_later_leaves_what_was_known(tmp_path, written):
    """The error is raised for the log, the credentials stay as they were."""
    kubeconfig = written({"token": "first"})
    found = Credentials(resolve("", kubeconfig), kubeconfig)
    Path(kubeconfig).write_text("[")
    with pytest.raises(EndpointError):
        found.renew()
    assert found.header() == {"authorization": "Bearer first"}


def test_a_client_certificate_is_renewed(pki, written):
    """After a 401 the kubeconfig's new certificate is the one that is shown, without a restart."""
    kubeconfig = written({"token": "revoked"})
    client = client_of(kubeconfig)
    with pytest.raises(ApiError) as error:
        listed(client)
    assert error.value.status == 401
    written({"client-certificate": str(pki / "client.crt"), "client-key": str(pki / "client.key")})
    client.renew_credentials()
    assert listed(client) == "PodList"


def test_secrets_are_nowhere(pki, written, caplog, tmp_path):
    """No token and no key in a log line, an error or a repr, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    pem = {"client-certificate-data": encoded(pki / "client.crt"), "client-key-data": encoded(pki / "client.key")}
    kubeconfig = written({"token": "secret-7a1", **pem})
    endpoint = resolve("", kubeconfig)
    assert endpoint.token == "secret-7a1"
    assert endpoint.key
    client = client_of(kubeconfig)
    texts = [repr(endpoint), str(endpoint), f"{endpoint}", repr([endpoint])]
    with pytest.raises(ApiError) as refused:
        listed(client)
    client.renew_credentials()
    with pytest.raises(RefusedError) as unreachable:
        listed(Client(Credentials(msgspec.structs.replace(endpoint, url="https://127.0.0.1:1"), ""), "shardex/test"))
    texts += [repr(refused.value), str(refused.value), repr(unreachable.value), caplog.text]
    for text in texts:
        assert "secret-7a1" not in text
        assert "PRIVATE KEY" not in text
    assert caplog.text
