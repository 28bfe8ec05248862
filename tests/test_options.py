"""Every setting, its forms and its faults."""

import pytest

from shardex.arguments import normal
from shardex.errors import OptionsError
from shardex.forms import duration
from shardex.options import Options, parse, quota_cores
from shardex.settings import IGNORED, SETTINGS

KNOWN = ("pods", "nodes")


def parsed(**given):
    return parse({flag.replace("_", "-"): text for flag, text in given.items()}, KNOWN, lambda: 3)


def test_table_and_struct_agree():
    """Each row of the table is a field of Options and the other way round."""
    assert [setting.field for setting in SETTINGS] == list(Options.__struct_fields__)
    assert all(setting.help.endswith(".") for setting in SETTINGS)


def test_defaults_are_the_peers():
    """What is not given is as kube-state-metrics has it; gzip is on, since it is the cheap way here."""
    options = parsed()
    assert (options.host, options.port, options.telemetry_port) == ("::", 8080, 8081)
    assert (options.shard, options.total_shards, options.workers) == (0, 1, 3)
    assert (options.server_read_timeout, options.server_idle_timeout) == (60.0, 300.0)
    assert options.enable_gzip_encoding
    assert options.resources == ()


def test_lists_are_trimmed():
    """Blanks and empty items go, order stays, each item counts once."""
    assert parsed(resources=" pods ,, nodes,pods").resources == ("pods", "nodes")


def test_every_fault_at_once():
    """A tired reader gets the whole list of what is wrong, not the first of it."""
    with pytest.raises(OptionsError) as caught:
        parsed(
            resources="pods,Pods",
            shard="4",
            total_shards="2",
            port="x",
            log_format="xml",
            workers="-1",
            apiserver="host:1",
        )
    assert len(caught.value.faults) == 6
    assert any("no 'Pods'" in fault for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m0s", 300), ("1m30s", 90), ("300ms", 0.3), ("0", 0), ("1h", 3600), ("1.5s", 1.5)]
)
def test_durations(text, seconds):
    """Durations are Go's."""
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "5m x", "-5s", "5 m"])
def test_what_is_no_duration(text):
    """A number without unit is not guessed at."""
    with pytest.raises(ValueError, match="duration"):
        duration(text)


FORMS = {"port": "int", "check": "bool", "v": "int", "resources": "list"}


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (["--port=1"], ["--port=1"]),
        (["--port", "1"], ["--port=1"]),
        (["--check"], ["--check=true"]),
        (["--check=false"], ["--check=false"]),
        (["--check", "--port", "1"], ["--check=true", "--port=1"]),
        (["-v=4"], ["--v=4"]),
        (["-v", "4"], ["--v=4"]),
        (["-v4"], ["--v=4"]),
        (["--v=4"], ["--v=4"]),
        (["--resources="], ["--resources="]),
        (["--port=1", "--port=2"], ["--port=2"]),
        (["--resources=pods", "--resources=nodes"], ["--resources=pods,nodes"]),
    ],
    ids=" ".join,
)
def test_pflag_forms(words, flags):
    """All of pflag's ways to write a flag are read."""
    line = normal(words, FORMS, IGNORED)
    assert list(line.flags) == flags
    assert not line.faults


def test_unknown_flags_are_all_named_with_a_guess():
    """A typo is answered with the flag that was meant."""
    line = normal(["--prot=1", "--wat", "--port"], FORMS, IGNORED)
    assert line.faults == (
        "unknown flag: --prot (did you mean --port?)",
        "unknown flag: --wat",
        "flag needs a value: --port",
    )


def test_flags_of_go_are_accepted():
    """Flags that steer Go's runtime change nothing and are named once."""
    line = normal(["--auto-gomemlimit", "--auto-gomemlimit-ratio", "0.8", "--logtostderr=true"], FORMS, IGNORED)
    assert line.ignored == ("auto-gomemlimit", "auto-gomemlimit-ratio", "logtostderr")
    assert (line.words, line.flags, line.faults) == ((), (), ())


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "20000 100000"}, 1),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({"cpu.max": "rubbish"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_quota(files, cores, tmp_path, monkeypatch):
    """As many workers as the cgroup's quota pays for, rounded up; the cores where there is none."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert quota_cores(tmp_path) == (cores or 64)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"pod": "shardex-0"}, "--pod=shardex-0: --pod-namespace is missing"),
        ({"reshard-timeout": "0"}, "--reshard-timeout: above 0"),
        ({"total-shards": "70000"}, "--total-shards: at most 65535"),
    ],
)
def test_sharding_that_cannot_be(given, said):
    """What would leave a pod without a number of shards is refused before anything runs."""
    with pytest.raises(OptionsError) as caught:
        parse(given, (), lambda: 1)
    assert caught.value.faults == [said]


def test_a_namespace_alone_changes_nothing():
    """Manifests give it to every pod; without --pod the number of shards is the given one."""
    options = parse({"pod-namespace": "monitoring", "shard": "1", "total-shards": "2"}, (), lambda: 1)
    assert (options.pod, options.shard, options.total_shards) == ("", 1, 2)
