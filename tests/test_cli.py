"""The command line: what it prints where, and its exit statuses."""

import json
import os
import re
import socket
import subprocess

import click
import pytest
from tree import ROOT, command

from load import testing
from shardex import __version__, cli
from shardex.cli import main
from shardex.resources import RESOURCES
from shardex.settings import IGNORED, SETTINGS

NOWHERE = "--apiserver=http://127.0.0.1:1"


def run(*flags, **environment):
    """The finished command: for what must not start, or must not go on."""
    return subprocess.run(
        command(*flags),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("line", [["version"], ["--v=4", "version"], ["version", "-v", "4"], ["--port=0", "version"]])
def test_version(line, capsys):
    """Which version this is, and whose output it equals; flags may stand before and behind."""
    assert main(line) == 0
    assert capsys.readouterr().out == f"shardex, version {__version__} (output of kube-state-metrics v2.20.0)\n"


def test_help(capsys):
    """--help and -h name every flag with its sentence and default, those without effect too, and the commands."""
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    text = "".join(out.split())  # lines are broken where they end, in words with a hyphen too
    for setting in SETTINGS:
        default = "" if setting.default in {"", "0", "false"} else f"(default {setting.default})"
        assert f"--{setting.flag} " in out
        assert "".join(f"{setting.help}{default}".split()) in text
    for flag in IGNORED:
        assert f"--{flag}" in text
    for name in cli.cli.commands:
        assert re.search(rf"^  {name} ", out, re.MULTILINE)
    assert main(["-h"]) == 0
    assert capsys.readouterr().out == out


def test_families_as_json(capsys):
    """Every family of every kind, with what a dashboard's author wants to know."""
    assert main(["families", "--output=json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert len(rows) == sum(len(resource.families) for resource in RESOURCES.values())
    row = rows["kube_deployment_status_condition"]
    assert (row["resource"], row["type"], row["stability"]) == ("deployments", "gauge", "STABLE")
    assert row["labels"] == ["namespace", "deployment", "reason", "condition", "status"]
    assert (row["default"], row["opt_in"]) == (True, False)
    assert rows["kube_pod_nodeselectors"]["opt_in"]
    assert not rows["kube_role_info"]["default"]


def test_families_as_text(capsys):
    """One line a family; -o text is the default."""
    assert main(["families"]) == 0
    out = capsys.readouterr().out
    assert "\npods " in out
    assert main(["families", "-o", "text"]) == 0
    assert capsys.readouterr().out == out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell, capsys):
    """A script that the shell can load."""
    assert main(["completion", shell]) == 0
    assert "_SHARDEX_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        (["--resorces=pods"], ["unknown flag: --resorces (did you mean --resources?)"]),
        (["--resources=pod"], ["there is no 'pod'; there are"]),
        (["--shard=3", "--total-shards=3"], ["--shard=3: from 0 to 2, since --total-shards=3"]),
        (["--port=8081"], ["--port and --telemetry-port are both 8081"]),
        (["--port"], ["flag needs a value: --port"]),
        (["--nosuch", "--workers=x", "--port=99999"], ["unknown flag: --nosuch", "--workers=x: ", "--port=99999: "]),
        (["serve"], ["unknown command: serve (there are "]),
        (["version", "--nosuch"], ["unknown flag: --nosuch"]),
        (["version", "more"], ["more"]),
        (["families", "--output=xml"], ["xml"]),
        (["completion", "dos"], ["dos"]),
        (["--output=json"], ["output"]),
        (["--metric-allowlist=a", "--metric-denylist=b"], ["give one of them, not both"]),
        (["--metric-allowlist=kube_(pod", NOWHERE], ["kube_(pod"]),
    ],
)  # fmt: skip
def test_a_wrong_line(line, faults, capsys):
    """Exit status 2, nothing on stdout, every fault on stderr, and none of it a traceback."""
    assert main(line) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    for fault in faults:
        assert fault in printed.err
    assert "Traceback" not in printed.err


def test_every_fault_is_said_before_anything_runs():
    """A command line with three faults names all three, ends with 2, and has not asked anybody."""
    done = run("--nosuch=1", "--shard=-1", "--log-format=xml", "--kubeconfig=/nosuch")
    assert done.returncode == 2
    assert done.stdout == ""
    assert [line for line in done.stderr.splitlines() if line.startswith("shardex: ")] == [
        "shardex: unknown flag: --nosuch",
        "shardex: --shard=-1: from 0 to 0, since --total-shards=1",
        "shardex: --log-format=xml: text or json",
    ]


@pytest.mark.parametrize("flag", ["port", "telemetry-port"])
def test_a_port_that_is_taken(flag):
    """Exit status 1 and one sentence that names the flag and the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        free = {"port": "telemetry-port", "telemetry-port": "port"}[flag]
        done = run(NOWHERE, "--host=127.0.0.1", "--telemetry-host=127.0.0.1", f"--{flag}={port}", f"--{free}=0")
    assert done.returncode == 1
    assert done.stderr == f"shardex: --{flag}: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


def test_an_address_that_is_not_ours():
    """The same for an address that this machine does not have."""
    done = run(NOWHERE, "--host=192.0.2.1", "--port=0", "--telemetry-port=0")
    assert done.returncode == 1
    assert done.stderr == "shardex: --port: cannot listen on 192.0.2.1 port 0: Cannot assign requested address\n"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--kubeconfig=/nosuch/config"], "/nosuch/config"),
        ([], "not in a cluster (give --kubeconfig or --apiserver)"),
    ],
)
def test_no_way_to_the_server(flags, said):
    """Exit status 1 and a sentence that says what to do, before a process is forked or a port is bound."""
    done = run(*flags, "--port=0", "--telemetry-port=0", KUBERNETES_SERVICE_HOST="", KUBERNETES_SERVICE_PORT="")
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_flags_without_effect_are_said(capsys, monkeypatch):
    """Flags that steer Go are taken, and a warning says that they do nothing."""
    monkeypatch.setattr("shardex.run.run", lambda options, again: 0)
    assert main(["--logtostderr", "--stderrthreshold=2", "--auto-gomemlimit", NOWHERE]) == 0
    assert "--logtostderr, --stderrthreshold, --auto-gomemlimit" in capsys.readouterr().err


def test_the_exit_status_is_the_supervisors(monkeypatch):
    """What the process tree ends with is what the command ends with; a reload reads the line again."""
    seen = []
    monkeypatch.setattr("shardex.run.run", lambda options, again: seen.append((options, again())) or 1)
    assert main([NOWHERE, "--workers=3", "--resources=pods"]) == 1
    ((options, again),) = seen
    assert (options.workers, options.resources) == (3, ("pods",))
    assert again == options


def test_ctrl_c_before_anything_ran(monkeypatch):
    """130, as shells expect, and no traceback."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("shardex.run.run", interrupted)
    assert main([NOWHERE]) == 130


def test_check(capsys):
    """--check: 0 when every list and watch works; 1 with the ones that do not, by name and reason."""
    with testing.running(pods=5) as server:
        assert main([f"--apiserver={server.url}", "--resources=pods,nodes", "--check"]) == 0
        assert "everything works" in capsys.readouterr().out
        server.fault("status", "nodes", status=403, count=-1)
        assert main([f"--apiserver={server.url}", "--resources=pods,nodes", "--check"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"^FAIL +/api/v1/nodes +list: 403 Forbidden.*watch: 403", out, re.MULTILINE)
    assert re.search(r"^ok +/api/v1/pods +ok$", out, re.MULTILINE)
    assert "1 of the lists above do not work" in out


def test_a_closed_pipe_is_no_traceback():
    """shardex families | head -1"""
    done = subprocess.run(
        ["sh", "-c", f"{' '.join(command('families'))} | head -1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_no_command_line_library_leaks_its_own_errors(capsys):
    """Whatever the library raises of a wrong line is one sentence and 2."""
    assert issubclass(click.UsageError, click.ClickException)
    assert main(["render"]) == 2
    assert capsys.readouterr().err.startswith("shardex: ")
