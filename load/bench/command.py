"""python -m load bench"""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
import psutil

from load.bench import report
from load.bench.exporter import MeasureError, compiled
from load.bench.machine import Others, machine
from load.bench.plot import plots
from load.bench.results import Outcome, Results, save
from load.bench.run import SCRAPES, Baseline, Run, Settings, SkipError
from load.bench.scenarios import SCENARIOS, Scenario
from load.bench.screen import Screen
from load.bench.subject import SHARDEX, Subject, peer
from load.signals import interruptible


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option("--scenario", "names", multiple=True, metavar="NAME", help="Run these only; repeat it for several.")
@click.option("--short", "which", flag_value="short", default="short", help="Run the short set: within 5 minutes.")
@click.option("--all", "which", flag_value="all", help="Run every scenario: half an hour.")
@click.option("--list", "listing", is_flag=True, help="List the scenarios and exit.")
@click.option("--pods", default=20_000, type=click.IntRange(100), help="Pods in the cluster.")
@click.option("--workers", default=1, type=click.IntRange(1, 512), help="Workers, where a scenario does not say.")
@click.option("--repeats", default=3, type=click.IntRange(1), help="Starts of the exporter, where starts are measured.")
@click.option(
    "--interval",
    default=None,
    type=click.FloatRange(0.1, 600),
    help="Seconds between scrapes of a changing cluster; the changes of 30 s are made in them. "
    "[default: 3, with --all 30]",
    show_default=False,
)
@click.option(
    "--peer",
    "peer_text",
    metavar="URL|COMMAND",
    help="Measure this exporter too: the URL of its metrics, or a command with {apiserver} (a URL), {port} and, if it "
    "has one, {telemetry_port} to fill in; flags such as --resources=pods are added.",
)
@click.option("--peer-pid", default=0, type=click.IntRange(0), help="Process of a peer given by URL.")
@click.option("--out", default=".bench", type=click.Path(file_okay=False, path_type=Path), help="Folder for results.")
@click.option(
    "--doc",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Also put the figures between the marks of this Markdown file, and the pictures into images/ beside it.",
)
def bench(
    names: tuple[str, ...],
    which: str,
    listing: bool,
    peer_text: str | None,
    peer_pid: int,
    out: Path,
    doc: Path | None,
    **numbers: Any,
) -> None:
    """Measure what shardex costs: CPU, memory, bytes and seconds, beside targets and a peer's figures.

    A synthetic cluster, the exporter and scrapers run as processes on loopback. --out gets results.json, report.md and
    pictures; the last two need the extra `report`.
    """
    if listing:
        click.echo("\n".join(_listed()))
        return
    scenarios = _chosen(names, which)
    subjects = [*_peers(peer_text, peer_pid), SHARDEX]  # the peer first: its figures stand beside ours
    interval = numbers.pop("interval") or (30.0 if which == "all" else 3.0)
    settings = Settings(interval_seconds=interval, **numbers)
    if doc:
        _check(doc)
    out.mkdir(parents=True, exist_ok=True)
    interruptible()
    with Screen() as screen:
        try:
            results = _run(scenarios, subjects, settings, out, screen)
        except KeyboardInterrupt:
            raise click.ClickException("interrupted; nothing is left running") from None
        _finish(results, out, doc, screen)
    if results.failed():
        raise SystemExit(1)


def _listed() -> Iterable[str]:
    for scenario in SCENARIOS.values():
        mark = "short" if scenario.short else ""
        yield f"{scenario.name:16} {scenario.seconds:4} s  {mark:6} {scenario.title}"


def _chosen(names: Sequence[str], which: str) -> list[Scenario]:
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        raise click.UsageError(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    wanted = [scenario for scenario in SCENARIOS.values() if which == "all" or scenario.short]
    return [SCENARIOS[name] for name in dict.fromkeys(names)] or wanted


def _peers(text: str | None, pid: int) -> list[Subject]:
    if not text:
        if pid:
            raise click.UsageError("--peer-pid goes with --peer=URL")
        return []
    try:
        return [peer(text, pid)]
    except ValueError as error:
        raise click.UsageError(f"--peer: {error}") from None


def _check(doc: Path) -> None:
    """A document that cannot be written is better known before the run than after it."""
    try:
        report.module("jinja2")
        report.module("matplotlib")
        report.put(doc.read_text(encoding="utf-8"), "")
    except (report.ExtraError, ValueError) as error:
        raise click.UsageError(f"--doc {doc}: {error}") from None


def _run(
    scenarios: Sequence[Scenario], subjects: Sequence[Subject], settings: Settings, out: Path, screen: Screen
) -> Results:
    work = sum(scenario.seconds for scenario in scenarios) * (0.3 + 0.7 * settings.pods / 20_000)  # a third is pauses
    waits = sum(scenario.changes for scenario in scenarios) * SCRAPES * max(0.0, settings.interval_seconds - 3)
    about = (work + waits) * len(subjects) / 60
    screen.say(f"{len(scenarios)} scenarios, {settings.pods:,} pods, about {max(1, round(about))} min; {out}/")
    compiled()
    baselines: dict[tuple[str, ...], Baseline] = {}
    results = Results(machine(), settings, {one.name: one.url or " ".join(one.command) for one in subjects}, ())
    for scenario in scenarios:
        for subject in subjects:
            screen.say(f"\n{scenario.name}: {scenario.title} [{subject.name}]")
            outcome = _outcome(scenario, subject, Run(settings, subject, out, baselines, screen.live))
            results = msgspec.structs.replace(results, outcomes=(*results.outcomes, outcome))
            screen.say(report.screen(results, outcome))
            save(results, out / "results.json")  # a run that is interrupted keeps what it has
    return results


def _outcome(scenario: Scenario, subject: Subject, run: Run) -> Outcome:
    started, others, skipped, failed = time.monotonic(), Others(), "", ""
    try:
        if subject.url and not scenario.attaches:
            skipped = "it runs already, so that only its scrapes can be measured"
        else:
            scenario.measure(run)
    except SkipError as error:
        skipped = str(error)
    except (MeasureError, RuntimeError, TimeoutError, psutil.Error) as error:
        failed = str(error)
    seconds = time.monotonic() - started
    figures, notes = tuple(run.figures), tuple(run.notes)
    found = (scenario.name, scenario.title, subject.name, seconds, others.cores())
    return Outcome(*found, figures, notes, skipped, failed)


def _finish(results: Results, out: Path, doc: Path | None, screen: Screen) -> None:
    try:
        pictures = [path.name for path in plots(results, out)]
        (out / "report.md").write_text(report.markdown(results, pictures), encoding="utf-8")
        screen.say(f"\n{out}/: {', '.join(['results.json', 'report.md', *pictures])}")
        if doc:
            images = doc.parent / "images"
            images.mkdir(exist_ok=True)
            pictures = [f"images/{path.name}" for path in plots(results, images)]
            text = report.put(doc.read_text(encoding="utf-8"), report.markdown(results, pictures))
            doc.write_text(text, encoding="utf-8")
            screen.say(f"{doc} and {', '.join(pictures)}")
    except report.ExtraError as error:
        screen.say(f"\n{out}/: results.json; no report.md and no pictures, {error}")
    screen.say("\n".join(filter(None, [report.footnote(results), _verdict(results)])))


def _verdict(results: Results) -> str:
    missed = results.missed()
    lines = [f"missed: {figure.name} is {figure.text}, wanted {results.judge(figure).target}" for figure in missed]
    lines += [f"failed: {name}" for name in results.failed()]
    return "\n".join(lines) or "every target is met"
