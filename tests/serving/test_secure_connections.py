"""TLS at a whole process tree: what is served is the same, and nobody's handshake is somebody else's problem."""

import contextlib
import http.client
import select
import shutil
import socket
import ssl
import subprocess
import time

import bcrypt
import pytest
from helpers import read
from kubeconfigs import kubeconfig
from loopback import relay
from tree import command, eventually, get, running

from load import testing

pytestmark = pytest.mark.slow

PAIR = "cert_file: server.crt, key_file: server.key"


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def server():
    """A cluster in which nothing changes; its exposition is larger than every buffer on the way."""
    with testing.running(pods=600) as server:
        yield server


def trusting(folder, certificate=None):
    """A client that knows the authority, and shows a certificate if given."""
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    if certificate:
        context.load_cert_chain(folder / f"{certificate}.crt", folder / f"{certificate}.key")
    return context


@contextlib.contextmanager
def secure(url, folder, tls, *flags, rest=""):
    """A ready tree with this TLS, and a client that trusts it."""
    path, ready = folder / "web.yml", folder / "ready"
    path.write_text(f"tls_server_config: {{{tls}}}\n{rest}")
    with running(url, f"--tls-config={path}", f"--ready-file={ready}", *flags, ready=False) as tree:
        tree.client = trusting(folder)
        eventually(ready.exists, 60.0, tree.log)
        yield tree


def hello():
    """The beginning of a client's side of a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="x")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def test_the_same_text(server, folder):
    """gzip and identity over TLS are what a scrape without it shows, whole, on one connection that is kept."""
    with running(server.url) as plain:
        want = read(plain.metrics().text)
    with secure(server.url, folder, PAIR) as tree:
        connection = http.client.HTTPSConnection("127.0.0.1", tree.port, timeout=60, context=tree.client)
        with contextlib.closing(connection):
            for method, coding in [("GET", "gzip"), ("HEAD", "gzip"), ("GET", "identity"), ("GET", "gzip")]:
                connection.request(method, "/metrics", headers={"Accept-Encoding": coding})
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200
                assert answer.headers["Connection"] == "keep-alive"
                assert len(body) == (0 if method == "HEAD" else int(answer.headers["Content-Length"]))
        plain = get(tree.port, "/metrics", context=tree.client)
        assert len(plain.content) > 4 << 20
        assert read(plain.text) == want
        assert get(tree.port, "/metrics", {"Accept-Encoding": "gzip"}, context=tree.client).exposition == want


def test_requests_in_one_record(server, folder):
    """What TLS has unpacked beyond the first request is answered too: no more would arrive to wake the server."""
    padded = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Pad: %s\r\n\r\n" % (b"x" * 4000)
    last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with (
        secure(server.url, folder, PAIR) as tree,
        socket.create_connection(("127.0.0.1", tree.port), 20) as raw,
        tree.client.wrap_socket(raw, server_hostname="127.0.0.1") as sock,
    ):
        sock.sendall(padded * 3 + last)  # one record holds 16 kB, one read of the server 8 kB
        said = b""
        while data := sock.recv(1 << 16):
            said += data
        assert said.count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.parametrize("versions", [("TLS12", "TLS12"), ("TLS13", "TLS13")], ids=lambda v: v[0])
def test_versions(server, folder, versions):
    """Only the versions that are set are spoken."""
    least, highest = versions
    other = ssl.TLSVersion.TLSv1_3 if least == "TLS12" else ssl.TLSVersion.TLSv1_2
    with secure(server.url, folder, f"{PAIR}, min_version: {least}, max_version: {highest}") as tree:
        assert get(tree.port, "/metrics", context=tree.client).status == 200
        wrong = trusting(folder)
        wrong.minimum_version = wrong.maximum_version = other
        with pytest.raises(ssl.SSLError):
            get(tree.port, "/metrics", context=wrong)
        eventually(lambda: "no TLS with 127.0.0.1: " in tree.log())


def test_who_does_not_speak_tls(server, folder):
    """Plain HTTP, noise and a client that trusts nobody get nothing, cost a line a reason, and do no harm."""
    with secure(server.url, folder, PAIR) as tree:
        for _ in range(3):
            for said in (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\xff\xff"):
                with socket.create_connection(("127.0.0.1", tree.port), 20) as sock, contextlib.suppress(OSError):
                    sock.sendall(said)
                    sock.shutdown(socket.SHUT_WR)
                    assert b"HTTP" not in sock.recv(1000)
            with pytest.raises(ssl.SSLError):
                get(tree.port, "/metrics", context=ssl.create_default_context())
        assert get(tree.port, "/livez", context=tree.client).status == 200
        lines = [line for line in tree.log().splitlines() if "no TLS with" in line]
        assert len(lines) == len({line.partition("no TLS with")[2] for line in lines}) >= 2
        assert "ERROR" not in tree.log()


def test_half_handshakes_hold_up_nobody(server, folder):
    """More of them than there are threads, silent, half or finished and then silent: scrapes and probes go on."""
    with (
        secure(server.url, folder, PAIR, "--server-read-header-timeout=4s") as tree,
        contextlib.ExitStack() as open_,
    ):
        first = hello()
        held = []
        for number in range(125):
            sock = socket.create_connection(("127.0.0.1", tree.port), 30)
            said = (b"", first[:1], first[:-1], first, None)[number % 5]  # the last but one is answered, and is silent
            if said is None:
                sock = tree.client.wrap_socket(sock, server_hostname="127.0.0.1")
            else:
                sock.sendall(said)
            held.append(open_.enter_context(sock))
        started = time.monotonic()
        assert get(tree.port, "/livez", context=tree.client).status == 200
        assert get(tree.port, "/metrics", context=tree.client).status == 200
        assert time.monotonic() - started < 4.0, "a scrape had to wait for their time to be over"
        for sock in held:
            with contextlib.suppress(ConnectionResetError):
                while sock.recv(1 << 16):
                    pass
        assert time.monotonic() - started < 20.0
        assert "ERROR" not in tree.log()


def test_a_slow_reader_is_cut_off(server, folder):
    """Who takes a kilobyte a second delays no scrape, is shut out when its time is over, and leaves no traceback."""
    with secure(server.url, folder, PAIR, "--server-write-timeout=4s") as tree, socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        raw.settimeout(20)
        raw.connect(("127.0.0.1", tree.port))
        with tree.client.wrap_socket(raw, server_hostname="127.0.0.1") as slow:
            slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert slow.recv(1024).startswith(b"HTTP/1.1 200 OK")
            for _ in range(3):
                assert get(tree.port, "/metrics", context=tree.client).status == 200
            poller = select.poll()
            poller.register(slow, select.POLLHUP | select.POLLERR)
            assert poller.poll(20_000), "it is still connected"
        assert get(tree.port, "/metrics", context=tree.client).status == 200
        assert "ERROR" not in tree.log()


def shown(tree):
    """The certificate that a new connection is shown."""
    anybody = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", tree.port), 20) as raw, anybody.wrap_socket(raw) as sock:
        return ssl.DER_cert_to_PEM_cert(sock.getpeercert(binary_form=True))


def test_rotation(server, folder):
    """A new certificate is shown to new connections; one that is broken is not; a connection that is kept goes on."""
    with secure(server.url, folder, PAIR) as tree:
        connection = http.client.HTTPSConnection("127.0.0.1", tree.port, timeout=20, context=tree.client)
        with contextlib.closing(connection):

            def kept():
                connection.request("GET", "/livez")
                return connection.getresponse().read() == b"OK"

            assert kept()
            first = shown(tree)
            (folder / "server.crt").write_text((folder / "client.crt").read_text())  # the old key does not fit
            eventually(lambda: shown(tree) and "the last working TLS configuration stays" in tree.log())
            assert shown(tree) == first
            assert tree.log().count("the last working TLS configuration stays") == 1
            (folder / "server.key").write_text((folder / "client.key").read_text())
            assert eventually(lambda: shown(tree) != first)
            assert get(tree.port, "/metrics", context=tree.client).status == 200
            assert kept()


def test_a_front_that_begins_again(server, folder):
    """A front that dies while the file is broken answers nobody, says why in a line, and is back when it is mended."""
    with secure(server.url, folder, PAIR) as tree:
        path, good = folder / "web.yml", (folder / "web.yml").read_text()
        path.write_text("broken: yes")
        tree.kill(tree.front())
        eventually(
            lambda: f"no answers until it is mended: --tls-config={path}: broken: unknown key" in tree.log(), 30.0
        )
        path.write_text(good)

        def answers():
            with contextlib.suppress(OSError):
                return get(tree.port, "/metrics", context=tree.client).status == 200

        eventually(answers, 60.0)


def test_client_certificates(server, folder):
    """Who shows none reads nothing but health; a stranger's is no connection at all."""
    tls = f"{PAIR}, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert"
    with secure(server.url, folder, tls) as tree:
        assert get(tree.port, "/metrics", context=trusting(folder, "client")).status == 200
        answer = get(tree.port, "/metrics", context=tree.client)
        assert (answer.status, answer.text) == (403, "a client certificate is needed\n")
        assert get(tree.telemetry_port, "/readyz", context=tree.client).status == 403
        assert get(tree.port, "/livez", context=tree.client).text == "OK"
        with pytest.raises((ssl.SSLError, ConnectionError)):
            get(tree.port, "/livez", context=trusting(folder, "stranger"))


def test_a_user_is_added(server, folder):
    """Users are read anew as certificates are: no restart, and the old ones are out."""
    users = "basic_auth_users: {{prometheus: '{}'}}\n"
    first, second = (bcrypt.hashpw(word, bcrypt.gensalt(4)).decode() for word in (b"first", b"second"))
    with secure(server.url, folder, PAIR, rest=users.format(first)) as tree:

        def status(token):
            headers = {"Authorization": f"Basic {token}"}
            return [get(port, "/metrics", headers, context=tree.client).status for port in tree.ports]

        tree.ports = (tree.port, tree.telemetry_port)
        old, new = "cHJvbWV0aGV1czpmaXJzdA==", "cHJvbWV0aGV1czpzZWNvbmQ="
        assert (status(old), status(new)) == ([200, 200], [401, 401])
        path = folder / "web.yml"
        path.write_text(path.read_text().replace(first, second))
        eventually(lambda: status(new) == [200, 200])
        assert status(old) == [401, 401]


def test_auth_filter(tmp_path):
    """The whole way: the API server says who may read either port, and while it is away nobody new may."""
    tokens = {"token": ("own:shardex", "scraper:prometheus"), "powerless_token": "weak:weak"}
    with testing.running(pods=5, **tokens) as server, relay(server.url) as way:
        config = kubeconfig(tmp_path / "config", {"token": "own"}, server=way.url)
        ready = tmp_path / "ready"
        flags = f"--kubeconfig={config}", "--auth-filter", f"--ready-file={ready}"
        with running("", *flags, ready=False) as tree:
            eventually(ready.exists, 60.0, tree.log)

            def status(token, path="/metrics"):
                return [
                    get(port, path, {"Authorization": f"Bearer {token}"}).status
                    for port in (tree.port, tree.telemetry_port)
                ]

            for _ in range(3):
                assert status("scraper") == [200, 200]
                assert status("weak") == [403, 403]
                assert status("wrong") == [401, 401]
            assert [get(port, "/metrics").status for port in (tree.port, tree.telemetry_port)] == [401, 401]
            assert get(tree.telemetry_port, "/readyz").status == 401
            # A token is asked for once a minute, and no more than that for the same page of both ports.
            assert len(server.requests("create", "tokenreviews")) == 3
            assert len(server.requests("create", "subjectaccessreviews")) == 2
            way.away()
            assert status("scraper") == [200, 200]
            assert status("scraper", "/") == [503, 503]
            assert status("late") == [503, 503]
            assert get(tree.port, "/livez").status == 200
            assert "nobody new is let in" in tree.log()
            way.back()
            assert eventually(lambda: status("scraper", "/") == [200, 200])
            assert "scraper" not in tree.log()


def test_a_broken_file_ends_the_start(server, folder):
    """Every fault of the file, exit status 2, and nothing was started."""
    path = folder / "web.yml"
    path.write_text("rate: 1\ntls_server_config: {cert_file: none.crt}\n")
    done = subprocess.run(
        command(f"--apiserver={server.url}", "--port=0", "--telemetry-port=0", f"--tls-config={path}"),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if line.startswith("shardex: --tls-config=")] == [
        f"shardex: --tls-config={path}: {fault}"
        for fault in (
            "rate: unknown key",
            "tls_server_config.cert_file: none.crt: No such file or directory",
            "tls_server_config.key_file: missing",
        )
    ]


def test_two_authorizations_are_a_fault(server, folder):
    """A password and a token cannot both be sent: said at the start instead of refusing everybody."""
    path = folder / "web.yml"
    path.write_text(f"basic_auth_users: {{a: '{bcrypt.hashpw(b'x', bcrypt.gensalt(4)).decode()}'}}")
    done = subprocess.run(
        command(f"--apiserver={server.url}", f"--tls-config={path}", "--auth-filter"),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "both want the one Authorization header" in done.stderr
