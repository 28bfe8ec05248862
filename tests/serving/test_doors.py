"""The doors: no page of either port, by whatever method, answers who has not shown what is asked for."""

import base64
import itertools
import threading
from types import SimpleNamespace

import bcrypt
import pytest
from asking import TELEMETRY, Asked, asking
from tree import eventually

from shardex.errors import ShardexError
from shardex.kube.reviews import Review
from shardex.serving.doors import OPEN
from shardex.serving.locks import Passwords, Tokens
from shardex.serving.tls import client_fault
from shardex.serving.webconfig import Tls, WebConfig

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND")
#: what is no page, and must not tell so
NOWHERE = ("", "/nosuch", "/metrics/", "//healthz", "/healthz/", "/livez/../metrics", "/HEALTHZ", "/debug/pprof/", "*")
PORTS = {"main": 8080, "telemetry": TELEMETRY}
HASH = bcrypt.hashpw(b"right", bcrypt.gensalt(4))
USERS = {"prometheus": HASH, "other": bcrypt.hashpw(b"another", bcrypt.gensalt(4))}


def basic(name, password):
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def web(**more):
    """--tls-config with no more than this."""
    fields = {"tls": None, "users": {}, "headers": (), "files": ()} | more
    return lambda: SimpleNamespace(config=WebConfig(**fields), context=None)


def tls(**more):
    fields = {"client_ca": "a", "needs_client": True, "sans": None, "ciphers": (), "server_order": True} | more
    return Tls(certificate="c", key="k", versions=("TLSv1_2", "TLSv1_3"), **fields)


def review(token, path, verb):
    """An API server: one may read, one may not, one breaks it."""
    if token == "broken":
        raise ShardexError("the API server is away")
    users = {"good": Review("system:serviceaccount:m:prometheus", allowed=True), "weak": Review("weak")}
    return users.get(token, Review(None))


#: lock -> what opens it, and what does not with its status
LOCKS = {
    "password": (
        {"web": web(users=USERS)},
        basic("prometheus", "right"),
        {
            "nothing": ({}, 401),
            "wrong password": (basic("prometheus", "wrong"), 401),
            "another's password": (basic("prometheus", "another"), 401),
            "no such user": (basic("nobody", "right"), 401),
            "no user": (basic("", "right"), 401),
            "the hash": (basic("prometheus", HASH.decode()), 401),
            "no password": (basic("prometheus", ""), 401),
            "zero byte": (basic("prometheus", "right\0"), 401),
            "no base64": ({"Authorization": "Basic %%%"}, 401),
            "no colon": ({"Authorization": "Basic cHJvbWV0aGV1cw=="}, 401),
            "no UTF-8": ({"Authorization": "Basic /////zo="}, 401),
            "bearer": (bearer("right"), 401),
            "no scheme": ({"Authorization": "right"}, 401),
        },
    ),
    "token": (
        {"tokens": Tokens(review)},
        bearer("good"),
        {
            "nothing": ({}, 401),
            "unknown": (bearer("wrong"), 401),
            "no rights": (bearer("weak"), 403),
            "API server away": (bearer("broken"), 503),
            "empty": (bearer(""), 401),
            "only the scheme": ({"Authorization": "Bearer"}, 401),
            "basic": (basic("good", ""), 401),
            "no scheme": ({"Authorization": "good"}, 401),
            "two": (bearer("good good"), 401),
            "in the query": ({"Cookie": "token=good"}, 401),
        },
    ),
    "certificate": ({"web": web(tls=tls())}, None, {"nothing": ({}, 403), "a token": (bearer("good"), 403)}),
}


@pytest.fixture(params=LOCKS)
def locked(request):
    """A front behind one kind of lock, the headers that open it, and those that do not."""
    given, good, bad = LOCKS[request.param]
    with asking(**given) as asked:
        yield asked, good, bad


def pages(asked, but=frozenset()):
    """Every page of both ports as the code has them, each with every method."""
    for port, paths in asked.front.paths.items():
        for path, method in itertools.product(paths, METHODS):
            if path not in but:
                yield PORTS[port], path, method


def test_every_page_is_locked(locked):
    """Each page, method and wrong credential is refused, says nothing of the cluster, and the page is not asked."""
    asked, _, bad = locked
    seen = set()
    for (port, path, method), (headers, status) in itertools.product(pages(asked, OPEN), bad.values()):
        seen.add(path)
        found = asked(path, headers, method, port)
        assert found[0].startswith(str(status)), f"{method} {path} {headers}"
        assert len(found[2]) < 100
        assert (found[2] == b"") == (method == "HEAD")
        assert found[1]["Cache-Control"] == "no-store"
        assert ("WWW-Authenticate" in found[1]) == (status == 401)
    assert seen == {"/metrics", "/readyz", "/", "/status", "/status.json"}
    told = asked.front._telemetry.exposition().decode()
    for status in {status for _, status in bad.values()}:
        assert f'shardex_requests_refused_total{{code="{status}"}}' in told
    assert asked.worker.answers == 0


def test_what_is_no_page_is_locked_too(locked):
    """A stranger does not learn which pages there are, nor gets round a lock by another spelling."""
    asked, _, bad = locked
    for path, port, method in itertools.product(NOWHERE, PORTS.values(), METHODS):
        assert asked(path, {}, method, port)[0].startswith(str(bad["nothing"][1])), f"{method} {path}"


def test_health_is_open(locked):
    """Probes carry no credentials: liveness and health answer whatever is shown, and say nothing else."""
    asked, _, bad = locked
    for path, port in (("/healthz", 8080), ("/livez", 8080), ("/healthz", TELEMETRY)):
        for headers, _ in bad.values():
            assert asked(path, headers, port=port)[::2] == ("200 OK", b"OK")


def test_a_stranger_does_not_learn_whether_the_pod_is_ready(locked):
    """Ready or not, who may not read is refused with the same words."""
    asked, _, bad = locked
    before = [asked("/readyz", headers, port=TELEMETRY) for headers, _ in bad.values()]
    asked.worker.missing = {"secrets": "403 Forbidden: not for you"}
    asked.board.sync(0, synced=False)
    assert [asked("/readyz", headers, port=TELEMETRY) for headers, _ in bad.values()] == before


@pytest.mark.parametrize("lock", [name for name, (_, good, _) in LOCKS.items() if good])
def test_the_right_credentials_open_every_page(lock):
    """With them each page answers as it does without a lock."""
    given, good, _ = LOCKS[lock]
    with asking(**given) as asked:
        free = Asked(asked.board, asked.worker)
        for port, path, method in pages(asked):
            assert asked(path, good, method, port)[0] == free(path, {}, method, port)[0], f"{method} {path}"


@pytest.mark.parametrize(
    ("given", "names", "fault"),
    [
        (tls(client_ca=""), None, ""),
        (tls(needs_client=False), None, ""),
        (tls(), None, "a client certificate is needed"),
        (tls(), (), ""),
        (tls(sans=frozenset({"a.example"})), (("DNS", "b.example"), ("DNS", "a.example")), ""),
        (tls(sans=frozenset({"a.example"})), (("DNS", "b.example"),), "none of the allowed names"),
        (tls(sans=frozenset({"a.example"})), (), "none of the allowed names"),
        (tls(sans=frozenset({"fd00::1"})), (("IP Address", "FD00:0:0:0:0:0:0:1"),), ""),
        (tls(sans=frozenset({"spiffe://x/y"})), (("URI", "spiffe://x/y"),), ""),
        (tls(sans=frozenset({"a.example"}), needs_client=False), (("DNS", "b"),), "none of the allowed names"),
    ],
)
def test_client_certificates(given, names, fault):
    """Who shows none, where one is needed, or one of another name, is refused with the reason."""
    shown = {} if names is None else {"subject": (), "subjectAltName": names}
    found = client_fault(SimpleNamespace(getpeercert=lambda: shown), given)
    assert fault in found
    assert bool(found) == bool(fault)


def test_headers_of_the_file():
    """They stand on every answer, refusals and health too, in place of the page's own."""
    headers = (("X-Frame-Options", "deny"), ("Content-Security-Policy", "default-src 'self'"))
    with asking(web=web(headers=headers, users=USERS)) as asked:
        good = basic("prometheus", "right")
        for path, given in (("/metrics", good), ("/metrics", {}), ("/healthz", {}), ("/status", good)):
            assert set(headers) <= set(asked(path, given, port=TELEMETRY)[1].items())


def test_the_authorization_goes_no_further():
    """A page, and whatever it would log or keep, never sees the secret."""
    seen = []
    with asking(tokens=Tokens(review)) as asked:
        asked.app._pages = lambda environ, start: seen.append(dict(environ)) or start("200 OK", []) or []
        asked("/metrics", bearer("good"))
    assert "good" not in repr(seen)
    assert len(seen) == 1


class Asks:
    """A review that counts, waits and fails as told."""

    def __init__(self, answer=None):
        self.calls = []
        self.answer = answer
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, token, path, verb):
        self.calls.append((token, path, verb))
        self.gate.wait(20)
        if self.answer is None:
            raise ShardexError("it is away")
        return self.answer


def environ(headers, path="/metrics", method="GET"):
    return {"HTTP_AUTHORIZATION": headers["Authorization"], "PATH_INFO": path, "REQUEST_METHOD": method}


@pytest.mark.parametrize(
    ("answer", "seconds", "status"),
    [(Review("u", True), 60.0, None), (Review("u"), 10.0, "403"), (Review(None), 10.0, "401"), (None, 0.0, "503")],
)
def test_how_long_an_answer_holds(answer, seconds, status):
    """A grant for a minute, a refusal for ten seconds, a fault not at all; each path and method for itself."""
    now = [1000.0]
    asks = Asks(answer)
    lock = Tokens(asks, clock=lambda: now[0])

    def asked(**more):
        found = lock(environ(bearer("t"), **more))
        assert (found.status[:3] if found else None) == status
        return len(asks.calls)

    assert asked() == 1
    now[0] += max(0.0, seconds - 0.01)
    assert asked() == (1 if seconds else 2)
    now[0] += 0.02
    before = len(asks.calls)
    assert asked() == before + 1
    assert asked(path="/status") == before + 2
    assert asked(method="HEAD") == before + 3
    assert asks.calls[-1] == ("t", "/metrics", "head")


def test_a_grant_ends_with_the_api_server():
    """Closed, never open: who was let in is refused once that is forgotten and nobody can be asked."""
    now = [0.0]
    asks = Asks(Review("u", True))
    lock = Tokens(asks, clock=lambda: now[0])
    assert lock(environ(bearer("t"))) is None
    asks.answer, now[0] = None, 59.0
    assert lock(environ(bearer("t"))) is None
    now[0] = 61.0
    assert lock(environ(bearer("t"))).status.startswith("503")


def test_no_token_is_kept_or_logged(caplog):
    """Neither what is remembered nor what is said holds a token, whatever the API server says."""
    secret = "tok-81f3aa20"
    for answer in (Review("u", True), Review("u"), Review(None), None):
        lock = Tokens(Asks(answer))
        lock._review.calls = SimpleNamespace(append=lambda _: None)
        lock(environ(bearer(secret)))
        kept = [lock._granted.__dict__, lock._refused.__dict__, lock.__dict__]
        assert secret not in repr(kept)
    assert secret not in caplog.text
    assert "it is away" in caplog.text


def test_faults_are_said_once(caplog):
    """An API server that is away for an hour is one line, and one when it is back."""
    caplog.set_level("INFO")
    asks = Asks(None)
    lock = Tokens(asks)
    for _ in range(5):
        lock(environ(bearer("t")))
    asks.answer = Review("u", True)
    lock(environ(bearer("t")))
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


def test_guesses_hold_up_nobody():
    """While four tokens are being asked for, a fifth is told to come again, and who is known passes."""
    asks = Asks(Review("u", True))
    lock = Tokens(asks)
    assert lock(environ(bearer("known"))) is None
    asks.gate.clear()
    threads = [threading.Thread(target=lock, args=(environ(bearer(f"guess-{n}")),)) for n in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(asks.calls) == 5)
    assert lock(environ(bearer("another"))).status.startswith("503")
    assert lock(environ(bearer("known"))) is None
    asks.gate.set()
    for thread in threads:
        thread.join()
    assert lock(environ(bearer("another"))) is None


def test_guesses_of_passwords_hold_up_nobody(monkeypatch):
    """The same for passwords: while four are being checked a fifth is 429, and who is known passes."""
    gate, checking, real = threading.Event(), [], bcrypt.checkpw
    lock = Passwords()
    assert lock(environ(basic("prometheus", "right")), USERS) is None
    monkeypatch.setattr(bcrypt, "checkpw", lambda *given: checking.append(1) or (gate.wait(20) and real(*given)))
    guesses = [(environ(basic("prometheus", f"guess-{n}")), USERS) for n in range(5)]
    threads = [threading.Thread(target=lock, args=guess) for guess in guesses[:4]]
    for thread in threads:
        thread.start()
    eventually(lambda: len(checking) == 4)
    refusal = lock(*guesses[4])
    assert (refusal.status, dict(refusal.headers)) == ("429 Too Many Requests", {"Retry-After": "1"})
    assert lock(environ(basic("prometheus", "right")), USERS) is None
    gate.set()
    for thread in threads:
        thread.join()
    assert lock(*guesses[4]).status.startswith("401")


def test_passwords_are_checked_once(monkeypatch):
    """A scraper pays for bcrypt once; a wrong password every time; a changed hash asks again."""
    checked = []
    real = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda *given: checked.append(given) or real(*given))
    lock = Passwords()
    for _ in range(5):
        assert lock(environ(basic("prometheus", "right")), USERS) is None
    assert len(checked) == 1
    for _ in range(2):
        assert lock(environ(basic("prometheus", "wrong")), USERS).status.startswith("401")
    assert len(checked) == 3
    changed = {"prometheus": bcrypt.hashpw(b"new", bcrypt.gensalt(4))}
    assert lock(environ(basic("prometheus", "right")), changed).status.startswith("401")
    assert lock(environ(basic("prometheus", "new")), changed) is None


def test_a_name_that_does_not_exist_costs_as_much(monkeypatch):
    """Names cannot be found out by time: there is one check of a hash for each, known or not."""
    checked = []
    monkeypatch.setattr(bcrypt, "checkpw", lambda *given: bool(checked.append(given)))
    lock = Passwords()
    for name in ("prometheus", "nobody"):
        lock(environ(basic(name, "x")), USERS)
    assert len(checked) == 2


def test_long_passwords():
    """bcrypt looks at 72 bytes; a longer password is no fault."""
    long = "x" * 100
    users = {"u": bcrypt.hashpw(long[:72].encode(), bcrypt.gensalt(4))}
    assert Passwords()(environ(basic("u", long)), users) is None


def test_two_locks_both_count():
    """A certificate and a password: either alone is refused."""
    with asking(web=web(tls=tls(), users=USERS)) as asked:
        assert asked("/metrics", basic("prometheus", "right"))[0].startswith("403")
    with asking(web=web(users=USERS), tokens=Tokens(review)) as asked:
        for headers in (basic("prometheus", "right"), bearer("good")):
            assert asked("/metrics", headers)[0].startswith("401")
