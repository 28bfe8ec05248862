"""What the benchmarks compute of what they measure, by table."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from load.__main__ import main
from load.bench import report
from load.bench.figures import Figure, Unit, written
from load.bench.growing import bends, series
from load.bench.guard import instructions
from load.bench.histogram import Histogram
from load.bench.machine import Machine, busy_seconds, cpu_name
from load.bench.results import Outcome, Results
from load.bench.run import Settings
from load.bench.scenarios import SCENARIOS
from load.bench.scraper import counted
from load.bench.subject import peer
from load.bench.targets import TARGETS, Verdict, judged
from load.bench.usage import Memory, pss_of

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("seconds", "share", "wanted"),
    [
        ([0.25], 0.5, 0.25),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 0.5, 0.3),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 0.9, 0.5),
        ([0.5, 0.4, 0.3, 0.2, 0.1], 0.2, 0.1),
        ([0.1] * 99 + [7.0], 0.99, 0.1),
        ([0.1] * 99 + [7.0], 1.0, 7.0),
        ([0.00014, 0.00016], 1.0, 0.0002),
    ],
)
def test_percentiles(seconds, share, wanted):
    """Nearest rank: a percentile is a duration that was measured, whatever the order."""
    assert Histogram(seconds).percentile(share) == wanted


def test_no_percentile_of_nothing():
    """No durations are an error, not zero seconds."""
    with pytest.raises(ValueError, match="no durations"):
        Histogram().percentile(0.5)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (87.26e-6, Unit.SECONDS, "87.3 us"),
        (0.0231, Unit.SECONDS, "23.1 ms"),
        (2.345, Unit.SECONDS, "2.35 s"),
        (-0.0005, Unit.SECONDS, "-500 us"),
        (0, Unit.SECONDS, "0.00 us"),
        (2560, Unit.BYTES, "2.56 kB"),
        (186_514_152, Unit.BYTES, "187 MB"),
        (12, Unit.BYTES, "12.0 B"),
        (1_028_452, Unit.COUNT, "1,028,452"),
        (1.0449, Unit.RATIO, "1.04"),
    ],
)
def test_numbers_for_people(value, unit, text):
    """Three digits, decimal prefixes, the unit always there."""
    assert written(value, unit) == text


ROLLUP = """\
55d0c0a00000-7ffd5c5fe000 ---p 00000000 00:00 0                          [rollup]
Rss:               76732 kB
Pss:               49281 kB
Pss_Anon:          36323 kB
Pss_Shmem:         11837 kB
"""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (ROLLUP, Memory(49281 * 1024, 11837 * 1024)),
        (ROLLUP.replace("Pss_Shmem:         11837 kB\n", ""), Memory(49281 * 1024)),
    ],
    ids=["whole", "old kernel"],
)
def test_pss(text, wanted):
    """PSS and its shared memory come from the rollup, in bytes."""
    assert pss_of(text) == wanted


def test_no_pss_is_an_error():
    """A kernel that does not tell PSS is not one where everything costs nothing."""
    with pytest.raises(ValueError, match="no Pss"):
        pss_of("Rss: 1 kB\n")


@pytest.mark.parametrize(
    ("memory", "total"),
    [(Memory(100, 40, 40), 100), (Memory(100, 40, 70), 130), (Memory(100, 40, 0), 100)],
    ids=["all mapped", "30 held and not mapped", "shared without memfds"],
)
def test_no_memory_is_hidden(memory, total):
    """What is allocated to a memfd and not mapped counts too, and what is mapped counts once."""
    assert memory.total == total


def figure(name, value, unit=Unit.SECONDS):
    return Figure(name, name, value, unit)


@pytest.mark.parametrize(
    ("one", "pods", "measured", "wanted"),
    [
        (figure("sync.cpu_per_pod", 80e-6), 20_000, {}, (Verdict.MET, "<= 90.0 us", "235 us *", "2.9x")),
        (figure("sync.cpu_per_pod", 90e-6), 500, {}, (Verdict.MET, "<= 90.0 us", "235 us *", "2.6x")),
        (figure("sync.cpu_per_pod", 91e-6), 500, {}, (Verdict.MISSED, "<= 90.0 us", "235 us *", "2.6x")),
        (figure("scrape.gzip", 0.05), 20_000, {}, (Verdict.MET, "<= 100 ms", "2.20 s - 2.60 s *", "44 - 52x")),
        (figure("scrape.gzip", 0.2), 300, {}, (Verdict.NONE, "<= 100 ms at 20,000 pods", "", "")),
        (figure("scrape.two", 0.2), 300, {"scrape.two": 0.4}, (Verdict.NONE, "", "400 ms", "2.0x")),
        (figure("sync.cpu", 2.0), 300, {"sync.cpu": 1.0}, (Verdict.NONE, "", "1.00 s", "0.5x")),
        (figure("sync.cpu", 2.0), 300, {"pages.cpu": 1.0}, (Verdict.NONE, "", "", "")),
        (figure("sync.cpu_per_pod", -1e-6), 300, {}, (Verdict.MET, "<= 90.0 us", "235 us *", "")),
    ],
)  # fmt: skip
def test_targets(one, pods, measured, wanted):
    """A bound holds at its size, a peer of the same run comes before a recorded one, a ratio is the peer's by ours."""
    found = judged(one, pods, {name: figure(name, value) for name, value in measured.items()})
    assert (found.verdict, found.target, found.peer, found.ratio) == wanted


def test_every_target_has_its_scenario():
    """A target of a figure that nothing measures would be met by nobody and missed by nobody."""
    assert {name.partition(".")[0] for name in TARGETS} <= set(SCENARIOS)


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        ([(5, 15.0), (50, 105.0), (200, 405.0)], 1.0),
        ([(5, 25.0), (50, 2500.0), (200, 40000.0)], 250 / 55),
        ([(5, 95.0), (50, 185.0), (200, 335.0)], 0.5),
    ],
    ids=["a line with a fixed part", "quadratic", "flatter when large"],
)
def test_growth(points, wanted):
    """Growth is judged by what a further pod costs, so a fixed part neither hides nor makes a bend."""
    assert bends(points) == pytest.approx(wanted)


def test_series_of_growth():
    """A figure's values by size, whatever else was measured."""
    names = ("growth.50.cpu_per_pod", "growth.5.cpu_per_pod", "growth.5.gzip", "growth.cpu_bend", "sync.cpu_per_pod")
    figures = [Figure(name, name, len(name), Unit.SECONDS, low=1.5) for name in names]
    assert series(figures, "cpu_per_pod") == [(5, 20), (50, 21)]
    assert series(figures, "cpu_per_pod", least=True) == [(5, 1.5), (50, 1.5)]


EXPOSITION = b'# HELP a b\n# TYPE a gauge\na 1\nkube_pod_info{x="#"} 1\nkube_pod_info_x 1\n# EOF\nkube_pod_info{} 1\n'


def test_samples_are_counted_in_any_pieces():
    """Lines that are samples, and those of kube_pod_info, wherever the text was cut."""
    for cut in range(len(EXPOSITION) + 1):
        assert counted([EXPOSITION[:cut], EXPOSITION[cut:]]) == (4, 2)


def test_the_machine():
    """The processor's name, and the time that is used: waiting for disks and guests' names for it are not use."""
    assert cpu_name("processor\t: 0\nmodel name\t: Fast 3000\n\nmodel name\t: Fast 3001\n") == "Fast 3000"
    assert not cpu_name("processor\t: 0\nBogoMIPS\t: 50.00\n")
    assert busy_seconds("cpu  100 10 50 9999 777 5 35 3 2 1\ncpu0 1\n") == 2.0


@pytest.mark.parametrize(
    ("printed", "wanted"),
    [
        ("8214733,,instructions:u,1213000,100.00,,\n", 8214733),
        ("# started on Sun\n\n512,,instructions:u,1,100.00,1.2,insn per cycle\n", 512),
        ("<not supported>,,instructions:u,0,100.00,,\n", None),
        ("<not counted>,,instructions:u,0,0.00,,\n", None),
        ("Error: no permission\n", None),
    ],
)
def test_counted_instructions(printed, wanted):
    """perf's count, or nothing where it cannot count."""
    assert instructions(printed) == wanted


def test_a_command_with_places():
    """A peer's command keeps its words as a shell would read them, and gets the server and ports filled in."""
    found = peer("ksm '--flag=a b' --apiserver={apiserver} --port {port} --telemetry-port={telemetry_port}")
    assert found.words("http://x", 1, 2) == [
        *("ksm", "--flag=a b", "--apiserver=http://x", "--port", "1", "--telemetry-port=2")
    ]
    assert found.has_telemetry
    assert not peer("ksm {apiserver} {port}").has_telemetry


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "nosuch"], "no such scenario: nosuch"),
        (["--peer", "https://x/metrics"], "only http"),
        (["--peer", "ksm --port={port}"], "needs {apiserver}"),
        (["--peer", "ksm {apiserver} {port} {namespace}"], "no other braces"),
        (["--peer", "ksm {apiserver} {port"], "--peer"),
        (["--peer", "ksm {apiserver} {port}", "--peer-pid", "7"], "goes with a URL"),
        (["--peer-pid", "7"], "goes with --peer=URL"),
        (["--pods", "5"], "--pods"),
        (["--doc", str(ROOT / "LICENSE")], "--doc"),
    ],
)
def test_faults_of_the_command_line(arguments, words):
    """What is asked for wrongly is said before anything runs."""
    found = CliRunner().invoke(main, ["bench", *arguments])
    assert found.exit_code == 2
    assert words in found.output


def test_the_list():
    """Every scenario is listed with the time that it takes, and the short set takes less than five minutes."""
    lines = CliRunner().invoke(main, ["bench", "--list"]).output.splitlines()
    assert [line.split()[0] for line in lines] == list(SCENARIOS)
    assert sum(int(line.split()[1]) for line in lines if line.split()[3] == "short") < 300


MACHINE = Machine("Fast 3000", 2, 8 << 30, "Linux 6.1", "CPython 3.11.7", "abc1234", "2026-11-02")
SYNC = Outcome(
    "sync", "The first list", "shardex", 12.0, 0.5,
    (Figure("sync.cpu_per_pod", "CPU per pod", 120e-6, Unit.SECONDS, 110e-6, 130e-6), figure("sync.ready", 1.0)),
    ("listed as a stream",),
)  # fmt: skip
PEER = Outcome("sync", "The first list", "peer", 12.0, 0.5, (figure("sync.ready", 2.0),))
SKIPPED = Outcome("labels", "Labels", "shardex", 0.0, 0.0, skipped="it has no flag --x")
FAILED = Outcome("scrape", "Scrapes", "shardex", 0.0, 0.0, (figure("scrape.gzip", 0.01),), failed="it ended")


def results(*outcomes, pods=20_000):
    return Results(MACHINE, Settings(pods=pods), {"shardex": "shardex"}, outcomes)


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        ((SYNC,), [
            "figure       value                      target              peer      peer / ours",
            "---------------------------------------------------------------------------------",
            "CPU per pod  120 us (110 us .. 130 us)  <= 90.0 us  MISSED  235 us *  2.0x",
            "sync.ready   1.00 s",
            "note: listed as a stream",
        ]),
        ((PEER,), ["figure      value", "-" * 18, "sync.ready  2.00 s"]),
        ((SKIPPED,), ["skipped: it has no flag --x"]),
        ((FAILED,), [
            "figure       value    target          peer               peer / ours",
            "-" * 68,
            "scrape.gzip  10.0 ms  <= 100 ms  met  2.20 s - 2.60 s *  220 - 260x",
            "FAILED: it ended",
        ]),
    ],
    ids=["measured", "peer", "skipped", "failed"],
)  # fmt: skip
def test_the_screen(outcomes, wanted):
    """A table without empty columns, then what was noted or went wrong; a peer is held to no target."""
    found = report.screen(results(*outcomes), outcomes[-1]).splitlines()
    assert found == wanted


def test_the_peer_of_the_same_run_stands_beside_ours():
    """With a peer measured in the run, every figure of both has its ratio."""
    assert report.rows(results(PEER, SYNC), SYNC)[1] == ("sync.ready", "1.00 s", "", "", "2.00 s", "2.0x")


def test_what_is_missed_and_failed():
    """The end of a run names what is short of its target, and what could not be measured."""
    found = results(SYNC, SKIPPED, FAILED)
    assert [one.name for one in found.missed()] == ["sync.cpu_per_pod"]
    assert found.failed() == ["scrape"]
    assert report.footnote(found).startswith("* kube-state-metrics v2.20.0")
    assert not report.footnote(results(SKIPPED))


def test_markdown():
    """Machine, noise, targets, pictures and every scenario, each table whole."""
    text = report.markdown(results(SYNC, SKIPPED, FAILED), ["images/growth.png"])
    for part in (
        "Fast 3000, 2 cores",
        "**The machine was not quiet**: other programs kept up to 0.5 of its 2 cores busy",
        "| sync: CPU per pod | 120 us (110 us .. 130 us) | <= 90.0 us | MISSED | 235 us * | 2.0x |",
        "\\* kube-state-metrics",
        "![growth](images/growth.png)",
        "### The first list\n\n`sync`, 12 s; others used 0.5 cores.\n\n| figure | value |",
        "Listed as a stream.",
        "Skipped: it has no flag --x.",
    ):
        assert part in text
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 2
    assert all(line.count("|") == 7 for table in tables for line in table.splitlines())


BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def test_text_between_marks():
    """A document keeps what is around its marks, and the newest figures replace the older."""
    before = f"# Title\n\n{BEGIN}\n{END}\n\nEnd.\n"
    first = report.put(before, "old\n")
    assert report.put(first, "\nnew\n") == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nEnd.\n"
    assert report.put("<!-- x: begin --><!-- x: end -->", "new", "x") == "<!-- x: begin -->\n\nnew\n\n<!-- x: end -->"


@pytest.mark.parametrize(
    "document",
    ["", BEGIN, f"{END} {BEGIN}", (BEGIN + END) * 2],
    ids=["none", "no end", "the wrong way round", "twice"],
)
def test_a_document_without_its_marks(document):
    """Figures are not put where nobody made room for them."""
    with pytest.raises(ValueError, match="there must be one"):
        report.put(document, "figures")


def test_the_documentation_has_its_marks():
    """docs/performance.md can be written again by `bench --doc`."""
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert "| sync: " in text
    assert "new figures" in report.put(text, "new figures")
