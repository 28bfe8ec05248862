"""The benchmarks against processes whose cost and answers are known, and one whole run."""

import gzip
import json
import re
import shlex
import socket
import subprocess
import sys
import threading

import psutil
import pytest
from click.testing import CliRunner

from load.__main__ import main
from load.bench.exporter import MeasureError, Scraper
from load.bench.scraper import dechunked
from load.bench.usage import Tree

TREE = """
import os, subprocess, sys, time
held = os.memfd_create("held")
os.write(held, bytes(3 << 20))
burn = "import time\\nwhile time.process_time() < 0.3: pass"
subprocess.run([sys.executable, "-c", burn], check=True)
sleeper = subprocess.Popen([sys.executable, "-c", burn + "\\nprint(flush=True)\\nimport sys; sys.stdin.read()"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
sleeper.stdout.readline()
print(flush=True)
sys.stdin.read()
sleeper.communicate()
"""


def test_a_tree_is_measured_whole():
    """CPU of a child that ended and of one that lives, and memory that no process has mapped."""
    process = subprocess.Popen([sys.executable, "-c", TREE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        process.stdout.readline()
        tree = Tree(process.pid)
        tree.rest()
        assert len(tree.pids()) == 2
        cpu, memory = tree.cpu_seconds(), tree.memory()
        parts = [psutil.Process(pid) for pid in tree.pids()]
        assert cpu == pytest.approx(sum(sum(part.cpu_times()[:4]) for part in parts), abs=0.1)
        assert 0.6 <= cpu < 3.0
        assert memory.memfds == 3 << 20
        assert memory.total == memory.pss + memory.memfds - memory.shared
        assert memory.pss == pytest.approx(sum(part.memory_full_info().pss for part in parts), rel=0.2)
        process.stdin.close()


EXPOSITION = b'# HELP a b\n# TYPE a gauge\na 1\nkube_pod_info{x="#"} 1\nkube_pod_info_x 1\n# EOF\nkube_pod_info{} 1\n'


def chunked(data, size):
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def test_chunks():
    """A chunked body is the same in chunks of any size."""
    assert all(dechunked(chunked(EXPOSITION, size)) == EXPOSITION for size in (1, 7, 1000))


PACKED = gzip.compress(EXPOSITION)
GZIP = b"Content-Encoding: gzip\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (b"Content-Length: %d\r\n\r\n%s" % (len(EXPOSITION), EXPOSITION), ("identity", len(EXPOSITION))),
        (CHUNKED + GZIP + b"\r\n" + chunked(PACKED, 7), ("gzip", len(chunked(PACKED, 7)))),
        (b"Content-Length: 999\r\n\r\n" + EXPOSITION, "of 999"),
        (CHUNKED + b"\r\n" + chunked(EXPOSITION, 7)[:-5], "was cut"),
        (GZIP + b"\r\n" + PACKED[:-4], "one whole gzip member"),
        (GZIP + b"\r\n" + PACKED * 2, "one whole gzip member"),
    ],
    ids=["plain", "chunked gzip", "short", "last chunk missing", "gzip cut", "two members"],
)
def test_a_scrape_is_whole_or_a_fault(answer, wanted):
    """What the scraper reports was read to its end, and unpacked as a Prometheus would."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Scraper() as process:

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n" + answer)

        thread = threading.Thread(target=serve)
        thread.start()
        process.ask(f"http://127.0.0.1:{listener.getsockname()[1]}/metrics", count=True)
        if isinstance(wanted, str):
            with pytest.raises(MeasureError, match=wanted):
                process.answer()
        else:
            found = process.answer()
            assert (found.encoding, found.body_bytes, found.samples, found.pods) == (*wanted, 4, 2)
            assert 0 < found.seconds < 10
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("known", "status", "words"),
    [(1000.0, 0, "much cheaper than recorded"), (0.001, 1, "dearer than it was")],
    ids=["cheaper", "dearer"],
)
def test_the_guard(tmp_path, known, status, words):
    """A pod beyond the bound of the recorded ratio is exit status 1; one far below it is worth recording."""
    recorded = tmp_path / "guard.json"
    recorded.write_text(json.dumps({"seconds": known}))
    found = CliRunner().invoke(main, ["bench-check", "--pods=100", "--rounds=1", f"--recorded={recorded}"])
    assert (found.exit_code, words in found.output) == (status, True)


@pytest.mark.slow
def test_the_guard_records(tmp_path):
    """What was recorded is what the next check compares with."""
    recorded = tmp_path / "guard.json"
    arguments = ["bench-check", "--pods=100", "--rounds=3", f"--recorded={recorded}"]
    assert CliRunner().invoke(main, [*arguments, "--record"]).exit_code == 0
    known = json.loads(recorded.read_bytes())["seconds"]
    recorded.write_text(json.dumps({"seconds": known}))  # without instructions, which few machines can count
    found = CliRunner().invoke(main, arguments).output
    ratio = re.search(r"([\d.]+) calibration loops; by CPU seconds ([\d.]+) times", found)
    assert float(ratio[1]) / known == pytest.approx(float(ratio[2]), abs=0.02)


@pytest.mark.slow
def test_a_whole_run(tmp_path):
    """`bench --scenario sync` beside a peer that is shardex too: plausible figures of both, nothing left running."""
    mine = psutil.Process()
    before = {child.pid for child in mine.children(recursive=True)}
    itself = [sys.executable, "-m", "shardex", "--workers=1", "--apiserver={apiserver}", "--port={port}"]
    peer = shlex.join([*itself, "--telemetry-port={telemetry_port}"])
    arguments = ["--scenario=sync", "--pods=300", "--repeats=1", f"--out={tmp_path}", "--peer", peer]
    command = [sys.executable, "-m", "load", "bench", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sync: The first list, as a stream [shardex]" in done.stdout
    assert {child.pid for child in mine.children(recursive=True)} <= before
    found = json.loads((tmp_path / "results.json").read_bytes())
    assert found["machine"]["cores"] > 0
    assert found["settings"]["pods"] == 300
    assert [outcome["subject"] for outcome in found["outcomes"]] == ["peer", "shardex"]
    for outcome in found["outcomes"]:
        assert (outcome["skipped"], outcome["failed"], outcome["notes"]) == ("", "", ["listed as a stream"])
        figures = {figure["name"]: figure for figure in outcome["figures"]}
        value = {name.removeprefix("sync."): figure["value"] for name, figure in figures.items()}
        assert 0.05 < value["cpu"] < 60
        assert 0.05 < value["ready"] < 60
        assert 20e6 < value["memory"] < 400e6
        assert 50e3 < value["memfds"] < value["memory"]
        assert value["memory_per_pod"] * 300 < value["memory"]
        assert value["samples"] > 300 * 20
        assert 300 * 200 < value["gzip_body"] < 300 * 12_000
        beside = figures["sync.gzip"]["percentiles"]
        assert 0 < beside["p50"] <= value["gzip"] <= beside["max"] < 10
