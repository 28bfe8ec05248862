"""The command line: forms, faults all at once, exit statuses."""

import json

import pytest
import yaml
from observing import answering, page, shard

from scaler.cli import main
from scaler.options import parse, policy
from scaler.settings import SETTINGS
from shardex.errors import OptionsError


def test_defaults_are_valid():
    """The table's own texts make options, and a field each."""
    options = parse({})
    assert {setting.field for setting in SETTINGS} == set(options.__struct_fields__)
    assert (options.headroom, options.up_window, options.down_window) == (0.2, 60.0, 1800.0)
    assert not options.apply


@pytest.mark.parametrize(
    ("flag", "text", "value"),
    [
        ("memory-limit", "512Mi", 512 * 2**20),
        ("cpu-limit", "1500m", 1.5),
        ("headroom", "25%", 0.25),
        ("scrape-timeout", "1m30s", 90.0),
        ("shard-url", "http://a, http://b", ("http://a", "http://b")),
        ("apply", "TRUE", True),
    ],
)
def test_forms(flag, text, value):
    """Values are read as Kubernetes and Go write them."""
    assert getattr(parse({flag: text}), flag.replace("-", "_")) == value


def test_every_fault_at_once():
    """All that is wrong is said in one go."""
    given = {
        "memory-limit": "much", "cpu-limit": "-1", "headroom": "0.95", "min-shards": "9", "max-shards": "3",
        "interval": "0s", "apply": "maybe", "shard-url": "ftp://x", "resources": "podz", "log-format": "xml", "v": "x",
    }  # fmt: skip
    with pytest.raises(OptionsError) as caught:
        parse(given)
    faults = "\n".join(caught.value.faults)
    assert all(f"--{flag}" in faults for flag in given)


def test_limits_of_the_stateful_set_fill_what_is_not_given():
    """A flag wins over the StatefulSet's own limit."""
    from observing import SET

    from scaler.observation import Set

    target = Set(SET.namespace, SET.name, 1, memory_limit=100.0, cpu_limit=2.0)
    limits = policy(parse({"cpu-limit": "1"}), target)
    assert (limits.memory_limit, limits.cpu_limit) == (100.0, 1.0)
    assert policy(parse({}), None).memory_limit == 0.0


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        (["recommend", "--memory-limt=1Gi"], 2, "did you mean --memory-limit?"),
        (["recommend", "--apply"], 2, "--apply"),
        (["recommend", "--headroom=2"], 2, "--headroom=2"),
        (["recommend", "-o", "xml", "--apiserver=http://127.0.0.1:1"], 2, "table, json or yaml"),
        (["recommend", "--seconds=soon", "--apiserver=http://127.0.0.1:1"], 2, "--seconds=soon"),
        (["shrink"], 2, "No such command"),
        (["set"], 2, "SHARDS"),
        (["set", "0"], 2, "SHARDS"),
        (["run", "--kubeconfig=/nonexistent"], 1, "no way to the API server"),
        (["recommend"], 1, "outside a cluster give --kubeconfig or --apiserver"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_lines(capsys, line, status, said):
    """What is wrong with a line is said on stderr, with the status of its sort."""
    assert main(line) == status
    assert said in capsys.readouterr().err


def test_help(capsys):
    """Every flag is listed where it applies; those of the controller with `run` only."""
    assert main(["run", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"--{setting.flag} " in text for setting in SETTINGS)
    assert main(["recommend", "--help"]) == 0
    text = capsys.readouterr().out
    assert "--memory-limit" in text
    assert "--apply" not in text
    assert main([]) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {command} " in text for command in ("recommend", "report", "run", "set"))


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_forms_of_the_answer(capsys, form, read):
    """JSON and YAML hold the answer and everything it rests on."""
    with answering([page(shard(objects={"pods": 5000}))]) as urls:
        line = ["recommend", f"--shard-url={urls[0]}", "--memory-limit=128Mi", "--seconds=0", f"--output={form}"]
        assert main(line) == 0
    found = read(capsys.readouterr().out)
    assert found["recommendation"]["shards"] == 1
    assert [bound["name"] for bound in found["recommendation"]["bounds"]][:2] == ["memory", "startup-memory"]
    assert found["observation"]["shards"][0]["kinds"]["pods"]["objects"] == 5000


def test_the_table(capsys):
    """For people: the answer, the reason, the limits in rows; what is missing, and status 1 for it."""
    with answering([page(shard(objects={"pods": 5000}), synced=1), None]) as urls:
        line = ["recommend", f"--shard-url={','.join(urls)}", "--memory-limit=128Mi", "--seconds=0"]
        assert main(line) == 1
    text = capsys.readouterr().out
    assert "wanted, 1 now" in text
    assert "startup-memory" in text
    assert "ShardMissing: " in text
    assert "answered 503" in text
