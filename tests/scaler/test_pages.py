"""The shards' doors as the scaler meets them: what it shows, to whom, and whom it believes."""

import shutil
import ssl

import pytest
from kubeconfigs import kubeconfig
from loopback import reply, scripted
from observing import answering, page, shard
from tree import eventually, running

from load import testing
from scaler.observation import Reason
from scaler.options import parse
from scaler.pages import Pages
from shardex.errors import OptionsError

TOKEN = "tok-5d11c0de"


@pytest.fixture
def folder(made, tmp_path):
    """Certificates and a token."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return tmp_path


def asked(urls, folder=None, **given):
    """Names of the pages that came, and the faults; files by their name in the folder."""
    flags = {f"shard-{name.replace('_', '-')}": text for name, text in given.items()}
    flags = {name: f"{folder}/{text}" if name.endswith("-file") else text for name, text in flags.items()}
    faults = []
    pages = Pages(parse({"shard-timeout": "10s"} | flags)).read({url: f"{url}/metrics" for url in urls}, faults)
    assert TOKEN not in repr(faults)
    return list(pages), faults


def server_side(folder, clients=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    if clients:
        context.load_verify_locations(folder / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_no_token_unless_told(folder):
    """A shard without a lock has no use for it."""
    seen = []
    with answering([page(shard())], seen) as urls:
        assert asked(urls) == (urls, [])
    assert seen[0]["Authorization"] is None


def test_the_token_of_the_moment(folder):
    """It is read at each turn: a ServiceAccount's rotates."""
    seen = []
    with answering([page(shard())], seen) as urls:
        assert asked(urls, folder, token_file="token") == (urls, [])
        (folder / "token").write_text("tok-next")
        assert asked(urls, folder, token_file="token") == (urls, [])
    assert [headers["Authorization"] for headers in seen] == [f"Bearer {TOKEN}", "Bearer tok-next"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "empty"), (f"{TOKEN}\nmore".encode(), "blanks"), (b"\xff\xfe", "not a text")],
    ids=["missing", "empty", "two lines", "binary"],
)
def test_a_token_that_is_none(folder, content, said, caplog):
    """Nobody is asked, and the fault names the flag and the file, never what is in it."""
    (folder / "token").unlink() if content is None else (folder / "token").write_bytes(content)
    seen = []
    with answering([page(shard())], seen) as urls:
        found, [fault] = asked(urls, folder, token_file="token")
    assert (found, seen, fault.reason) == ([], [], Reason.SHARDS_UNKNOWN)
    assert f"--shard-token-file={folder}/token: " in fault.message
    assert said in fault.message
    assert TOKEN not in caplog.text


def test_it_does_not_go_where_an_answer_points(folder):
    """A shard that redirects is missing, and the other place is not asked."""
    seen = []
    with (
        answering([page(shard())], seen) as (other,),
        scripted(lambda handler: reply(handler, b"", 307, Location=f"{other}/metrics")) as url,
    ):
        found, [fault] = asked([url], folder, token_file="token")
    assert (found, seen) == ([], [])
    assert "answered 307" in fault.message


@pytest.mark.parametrize(("status", "said"), [(401, "--shard-token-file"), (403, "may get /metrics")])
def test_a_refusal_says_what_would_open(status, said):
    """The fault is the shard's, and names the flag or the right that it lacks."""
    with scripted(lambda handler: reply(handler, b"no\n", status)) as url:
        found, [fault] = asked([url])
    assert (found, fault.reason) == ([], Reason.SHARD_MISSING)
    assert f"answered {status}; " in fault.message
    assert said in fault.message


def test_certificates_are_believed_as_told(folder):
    """By their authority, under the address asked or the name given; or any of them."""
    with answering([page(shard())], context=server_side(folder)) as urls:
        assert asked(urls, folder, ca_file="ca.crt", token_file="token") == (urls, [])
        assert asked(urls, folder, ca_file="ca.crt", server_name="api.internal") == (urls, [])
        assert asked(urls, insecure_skip_verify="true") == (urls, [])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "certificate verify failed"),
        ({"ca_file": "stranger.crt"}, "certificate verify failed"),
        ({"ca_file": "ca.crt", "server_name": "other.internal"}, "mismatch"),
    ],
    ids=["nobody's", "another authority", "another name"],
)
def test_no_token_for_whom_it_does_not_believe(folder, given, said):
    """The handshake fails, and nothing is sent."""
    seen = []
    with answering([page(shard())], seen, server_side(folder)) as urls:
        found, [fault] = asked(urls, folder, token_file="token", **given)
    assert (found, seen, fault.reason) == ([], [], Reason.SHARD_MISSING)
    assert said in fault.message


def test_a_client_certificate(folder):
    """It is shown where shards need one; without it there is no page."""
    with answering([page(shard())], context=server_side(folder, clients=True)) as urls:
        pair = {"cert_file": "client.crt", "key_file": "client.key"}
        assert asked(urls, folder, ca_file="ca.crt", **pair) == (urls, [])
        assert asked(urls, folder, ca_file="ca.crt")[0] == []


@pytest.mark.parametrize(
    ("given", "flag"),
    [
        ({"ca_file": "none.crt"}, "shard-ca-file"),
        ({"ca_file": "token"}, "shard-ca-file"),
        ({"cert_file": "client.crt", "key_file": "server.key"}, "shard-cert-file"),
        ({"cert_file": "client.crt", "key_file": "locked.key"}, "shard-cert-file"),
    ],
    ids=["missing", "no certificate", "another key", "a locked key"],
)
def test_files_that_do_not_do(folder, given, flag):
    """One fault that names flag and file, whatever the number of shards; it is gone with the next turn's good file."""
    with answering([page(shard()), page(shard())], context=server_side(folder)) as urls:
        found, [fault] = asked(urls, folder, **given)
    assert (found, fault.reason) == ([], Reason.SHARDS_UNKNOWN)
    assert fault.message.startswith(f"--{flag}={folder}/")
    assert not fault.message.endswith(": ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"shard-scheme": "ftp"}, "http or https"),
        ({"shard-cert-file": "a"}, "one needs the other"),
        ({"shard-key-file": "a"}, "one needs the other"),
        ({"shard-insecure-skip-verify": "true", "shard-ca-file": "a"}, "leave out"),
        (
            {"shard-token-file": "a", "shard-url": "https://a.example,http://10.0.0.1:8081"},
            "http://10.0.0.1:8081: the t",
        ),
        ({"shard-token-file": "a", "shard-url": "http://localhost.example"}, "in the clear; use https"),
        ({"shard-token-file": "a", "shard-url": "http://[::1"}, "in the clear"),
    ],
)
def test_options(given, said):
    """What contradicts itself, or would give the token away, is refused at the start."""
    with pytest.raises(OptionsError) as caught:
        parse(given)
    [fault] = caught.value.faults
    assert said in fault


def test_options_of_this_machine():
    """A forwarded port is nobody else's to listen to."""
    urls = "http://127.0.0.1:8081,http://localhost:8082,http://[::1]:8083,https://a.example"
    assert len(parse({"shard-token-file": "a", "shard-url": urls}).shard_url) == 4


@pytest.mark.slow
def test_locked_shards(folder):
    """The whole way: a process tree with TLS and --auth-filter, which knows the scaler by its token."""
    tokens = {"token": ("own:shardex", f"{TOKEN}:scaler"), "powerless_token": "weak:weak"}
    web, ready = folder / "web.yml", folder / "ready"
    web.write_text("tls_server_config: {cert_file: server.crt, key_file: server.key}\n")
    with testing.running(pods=5, **tokens) as server:
        config = kubeconfig(folder / "config", {"token": "own"}, server=server.url)
        flags = f"--kubeconfig={config}", "--auth-filter", f"--tls-config={web}", f"--ready-file={ready}"
        with running("", *flags, ready=False) as tree:
            eventually(ready.exists, 60.0, tree.log)
            url = f"https://127.0.0.1:{tree.telemetry_port}"
            assert asked([url], folder, ca_file="ca.crt", token_file="token") == ([url], [])
            (folder / "token").write_text("weak")
            for given, status in (({}, 401), ({"token_file": "token"}, 403)):
                found, [fault] = asked([url], folder, ca_file="ca.crt", **given)
                assert (found, f"answered {status}" in fault.message) == ([], True)
            assert TOKEN not in tree.log()
