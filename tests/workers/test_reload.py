"""What a reload takes, refuses and leaves as it is, without a process."""

import contextlib
import logging

import msgspec
import pytest

from shardex.errors import EndpointError, OptionsError
from shardex.kube.endpoint import Endpoint
from shardex.options import Options, parse
from shardex.workers.reload import FIXED, Setup
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
