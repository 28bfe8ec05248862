"""What a reload takes, refuses and leaves as it is, without a process."""

import contextlib
import logging

import msgspec
import pytest

from shardex.errors import EndpointError, OptionsError
from shardex.kube.endpoint import Endpoint
from shardex.options import Options, parse
from shardex.workers.board import Phase
from shardex.workers.notice import Notice
from shardex.workers.reload import FIXED, Settings, Setup
from shardex.workers.state import Life
from shardex.workers.supervisor import Supervisor


def setup(url="http://one", **given):
    flags = {flag.replace("_", "-"): text for flag, text in given.items()}
    return Setup(parse({"workers": "2", **flags}, ("pods", "nodes"), lambda: 1), (), Endpoint(url))


@pytest.fixture
def reloaded(caplog):
    """Reload a supervisor that runs the default settings: what it runs then, and what it said."""
    caplog.set_level(logging.INFO)
    with contextlib.ExitStack() as open_:

        def reload(again):
            supervisor = Supervisor(setup(), lambda *_: None, (), again, lambda _: None)
            for ends in supervisor._channels:
                for end in ends:
                    open_.enter_context(contextlib.closing(end))
            supervisor._reload(0.0, asked=True)
            return supervisor, caplog.text

        yield reload


def test_new_settings_are_taken(reloaded):
    """Every worker is to start anew, one after the other, with what was read."""
    supervisor, said = reloaded(lambda: setup("http://two", resources="pods"))
    assert supervisor._setup.endpoint.url == "http://two"
    assert supervisor._setup.options.resources == ("pods",)
    assert supervisor._reloading == [0, 1]
    assert "reloading: 2 workers, one after the other" in said


def test_who_is_not_ready_starts_anew_first(reloaded):
    """And at once: who waits for it would wait for what the new settings may not even want."""
    supervisor, _ = reloaded(setup)
    ready = Life(Phase.READY, alive=True)
    for phase, order in ((Phase.STARTING, [1, 0]), (Phase.READY, [0, 1])):
        supervisor._lives = {0: ready, 1: Life(phase, alive=True), -1: ready}
        supervisor._reload(0.0, asked=True)
        assert supervisor._reloading == order


def test_a_refusal_is_said_once_unless_asked_for(caplog):
    """A file that stays wrong is tried each half minute, which is no news; who sends SIGHUP gets an answer."""

    def again():
        raise OptionsError(["--a: wrong"])

    settings = Settings(setup(), again, Notice(), {})
    said = []
    for asked in (False, False, True, False):
        settings.renewed(0.0, asked)
        said.append(caplog.text.count("--a: wrong"))
    assert said == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("fresh", "new"),
    [
        (setup(), False),
        (setup(port="9999"), False),
        (setup(namespaces="x"), True),
        (setup("http://two"), True),
    ],
)
def test_what_says_the_same_ends_nobody(fresh, new):
    """A comment in a file, or a setting of the next start: the workers go on. SIGHUP has them start anew even so."""
    settings = Settings(setup(), lambda: fresh, Notice(), {})
    assert settings.renewed(0.0, asked=False) == new
    assert settings.renewed(0.0, asked=True)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"node": "one"}, "--node selects pods only, so these are not exported here: configmaps, cronjobs, "),
        (
            {"track_unscheduled_pods": "true", "resources": "pods,nodes,secrets"},
            "--track-unscheduled-pods selects pods only, so these are not exported here: secrets\n",
        ),
        ({"node": "one", "resources": "pods"}, ""),
        ({"resources": "secrets"}, ""),
    ],
)
def test_what_a_node_leaves_out_is_said(reloaded, caplog, flags, said):
    """One warning, and none where nothing is left out."""
    caplog.set_level(logging.INFO)
    known = ("pods", "nodes", "secrets")
    given = {flag.replace("_", "-"): text for flag, text in flags.items()}
    reloaded(lambda: Setup(parse({"workers": "2", **given}, known, int), (), Endpoint("http://one")))
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == bool(said)
    assert said in caplog.text


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OptionsError(["--a: wrong", "--b: wrong too"]), "--a: wrong; --b: wrong too"),
        (EndpointError("kubeconfig /x: gone"), "kubeconfig /x: gone"),
        (FileNotFoundError(2, "No such file or directory", "/etc/config.yaml"), "/etc/config.yaml"),
    ],
)
def test_wrong_settings_change_nothing(reloaded, error, sentence):
    """Whatever is wrong with them, the old ones stay, and the log says what it is."""

    def again():
        raise error

    supervisor, said = reloaded(again)
    assert supervisor._setup == setup()
    assert supervisor._reloading == []
    assert f"reload refused, the old settings stay: {error}" in said
    assert sentence in said
    assert "Traceback" not in said


def test_what_the_front_was_started_with_stays(reloaded):
    """Ports, limits and the number of workers wait for the next start; the log names them; the rest is taken."""
    supervisor, said = reloaded(lambda: setup(workers="5", port="9999", enable_gzip_encoding="false", namespaces="x"))
    options = supervisor._setup.options
    assert (options.workers, options.port, options.enable_gzip_encoding) == (2, 8080, True)
    assert options.namespaces == ("x",)
    assert "with the next start only: --workers, --port, --enable-gzip-encoding" in said


def test_the_fixed_settings_exist():
    """Each is a setting, and what the workers alone read is none of them."""
    assert set(FIXED) < set(Options.__struct_fields__)
    assert not {"resources", "namespaces", "kubeconfig", "object_limit"} & set(FIXED)
    assert msgspec.structs.replace(setup().options, **dict.fromkeys(FIXED, 0))
