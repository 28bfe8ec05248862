"""What may be wrong on the way to an API server, each said as one clear sentence and never with a secret in it."""

import os
from pathlib import Path

import pytest
from kubeconfigs import EXEC, TOKEN, client_of, listed, plugin
from reflecting import until

from shardex.errors import EndpointError
from shardex.kube.client import RefusedError
from shardex.kube.endpoint import Endpoint, read, resolve, ssl_context


def test_wrong_authority(pki, written):
    """A server that another authority vouches for is refused, and the reason is named."""
    with pytest.raises(RefusedError, match=r"^no connection to https://127.*certificate verify failed"):
        listed(client_of(written({"token": TOKEN}, **{"certificate-authority": str(pki / "stranger.crt")})))


BROKEN = {
    "empty": ("", "empty"),
    "no-yaml": ("a: [b", "while parsing"),
    "list": ("[]", ""),
    "number": ("5", ""),
    "text": ("hello", ""),
    "bytes": ("\x00\x01", "special characters"),
    "no-context": ("apiVersion: v1\nkind: Config\n", "current-context"),
    "no-such-context": ("current-context: x\ncontexts: []\nclusters: []\n", "x"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_kubeconfig(tmp_path, text, said):
    """One sentence with the file's name and what is wrong; never a traceback."""
    path = tmp_path / "broken"
    path.write_text(text)
    with pytest.raises(EndpointError) as error:
        resolve("", str(path))
    assert str(error.value).startswith(f"kubeconfig {path}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "Traceback" not in str(error.value)


def test_no_kubeconfig(tmp_path):
    """A file that is not there, a directory, a file of somebody else: the system's own words."""
    with pytest.raises(EndpointError, match=r"^kubeconfig .*nowhere: No such file or directory$"):
        resolve("", str(tmp_path / "nowhere"))
    with pytest.raises(EndpointError, match=r"^kubeconfig .*: Is a directory$"):
        resolve("", str(tmp_path))


@pytest.mark.parametrize(
    ("user", "cluster", "said"),
    [
        ({}, {"certificate-authority": "/nowhere/ca.crt"}, "File does not exist: /nowhere/ca.crt"),
        ({"client-certificate": "/nowhere/c.crt", "client-key": "/nowhere/c.key"}, {}, "/nowhere/c.crt"),
        ({"tokenFile": "/nowhere/token"}, {}, "/nowhere/token: No such file"),
        ({"token": f"{TOKEN} and more"}, {}, "a token with blanks"),
        ({"token": f"{TOKEN}\n"}, {}, "a token with blanks"),
        ({"token": f"{TOKEN}\u20ac"}, {}, "a token with blanks"),
        ({"exec": {"command": "/nowhere/plugin", "apiVersion": EXEC}}, {}, "/nowhere/plugin"),
        ({"exec": {"apiVersion": EXEC}}, {}, "missing key 'command'"),
        ({}, {"server": "ftp://host"}, "URL is none"),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_kubeconfig_names_is_missing(written, user, cluster, said):
    """What is missing or no good is named, and a token is not shown, be it ever so wrong."""
    with pytest.raises(EndpointError) as error:
        resolve("", written(user, **cluster))
    assert said in str(error.value)
    assert TOKEN not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("sys.exit('who are you?')", "process returned 1. who are you?"),
        ("print('hello')", "failed to decode"),
        ("print('{}'); sys.exit()", "missing key"),
        ("""print('{"apiVersion": "v0", "kind": "ExecCredential", "status": {}}'); sys.exit()""", "does not match"),
    ],
    ids=["status", "text", "empty", "version"],
)
def test_a_plugin_that_fails(tmp_path, written, before, said):
    """Its failure is the error: going on as nobody would end in 403 for every kind."""
    with pytest.raises(EndpointError) as error:
        resolve("", written(plugin(tmp_path / "plugin", {"token": TOKEN}, before)))
    assert str(error.value).startswith("kubeconfig ")
    assert said in str(error.value)
    assert TOKEN not in str(error.value)


def test_a_plugin_that_hangs_is_ended(tmp_path, written):
    """After its time the whole of it is gone, not only the process that ran it."""
    pid = tmp_path / "pid"
    before = f"open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    with pytest.raises(EndpointError, match="does an exec plugin wait for input"):
        read(written(plugin(tmp_path / "plugin", {"token": TOKEN}, before)), seconds=4.0)

    def is_gone():
        try:
            os.kill(int(pid.read_text()), 0)
        except ProcessLookupError:
            return True
        # A zombie that nobody has waited for yet is as good as gone.
        return Path(f"/proc/{pid.read_text()}/stat").read_text().rpartition(")")[2].split()[0] == "Z"

    until(is_gone)


def test_a_plugin_has_no_terminal(tmp_path, written):
    """It reads nothing of what a person types at shardex."""
    before = "assert sys.stdin.read() == ''"
    kubeconfig = written(plugin(tmp_path / "plugin", {"token": TOKEN}, before))
    assert resolve("", kubeconfig).token == TOKEN


@pytest.mark.parametrize(
    "change",
    [
        {"ca": "no certificate"},
        {"ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
        {"certificate": "no certificate", "key": "no key"},
        {"key": ""},
        {"key": "stranger.key"},
        {"key": "locked.key"},
    ],
    ids=str,
)
def test_certificates_that_are_none(pki, change):
    """TLS that cannot be is said at the start; a key that is locked is not asked a password for."""
    pems = {"ca": "ca.crt", "certificate": "client.crt", "key": "client.key"} | change
    texts = {name: (pki / text).read_text() if (pki / text).is_file() else text for name, text in pems.items()}
    with pytest.raises(EndpointError, match=r"^TLS to https://host: "):
        ssl_context(Endpoint(url="https://host", **texts))
