"""Results -> tables for the screen and for Markdown, and the part of a document between its marks."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from load.bench.results import Outcome, Results
from load.bench.subject import PEER_NAME, SHARDEX
from load.bench.targets import PEER, PEER_CONDITIONS, TARGETS

MARK = "measured"
_TEMPLATE = Path(__file__).with_name("report.md.jinja")
_HEAD = ("figure", "value", "target", "", "peer", "peer / ours")


class ExtraError(Exception):
    """An optional package is not installed; the message says how to get it."""


def module(name: str) -> Any:
    """A module of the extra `report`; raise ExtraError without it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ExtraError(f"{error}: pip install -e '.[report]'") from None


def rows(results: Results, outcome: Outcome) -> list[tuple[str, ...]]:
    """A row a figure: what, value, target, verdict, peer, ratio; a peer is held to no target."""
    found = []
    for figure in outcome.figures:
        cells: tuple[str, ...] = ("", "", "", "")
        if outcome.subject != PEER_NAME:
            judgement = results.judge(figure)
            cells = (judgement.target, str(judgement.verdict), judgement.peer, judgement.ratio)
        found.append((figure.what, figure.text, *cells))
    return found


def summary(results: Results) -> list[tuple[str, ...]]:
    """The rows of figures that have a target, with the scenario before the figure."""
    found = []
    for outcome in results.of(SHARDEX.name):
        pairs = zip(outcome.figures, rows(results, outcome), strict=True)
        found += [(f"{outcome.scenario}: {row[0]}", *row[1:]) for figure, row in pairs if figure.name in TARGETS]
    return found


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows below a head, in columns as wide as their widest cell; columns without any cell are left out."""
    kept = [place for place in range(len(_HEAD)) if any(row[place] for row in rows)]
    lines = [tuple(row[place] for place in kept) for row in (_HEAD, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([texts[0], "-" * max(map(len, texts)), *texts[1:]])


def screen(results: Results, outcome: Outcome) -> str:
    """One scenario for the screen."""
    if outcome.skipped:
        return f"skipped: {outcome.skipped}"
    lines = [table(rows(results, outcome))] if outcome.figures else []
    lines += [f"note: {note}" for note in outcome.notes]
    return "\n".join([*lines, f"FAILED: {outcome.failed}"] if outcome.failed else lines)


def footnote(results: Results) -> str:
    """What the star beside a peer's figure means; "" when there is none."""
    figures = [figure for outcome in results.of(SHARDEX.name) for figure in outcome.figures]
    if any(results.judge(figure).peer.endswith("*") for figure in figures):
        return f"* {PEER}, recorded on another day: {PEER_CONDITIONS}."
    return ""


def markdown(results: Results, pictures: Sequence[str] = ()) -> str:
    """The whole report; pictures are paths from where it is to stand.

    raise  ExtraError without jinja2
    """
    jinja2 = module("jinja2")
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    text = template.render(
        results=results,
        rows=rows,
        summary=summary(results),
        footnote=footnote(results),
        pictures=pictures,
        title=_title,
    )
    return str(text).strip() + "\n"


def _title(path: str) -> str:
    return Path(path).stem.replace("-", " ")


def put(document: str, text: str, mark: str = MARK) -> str:
    """The document with the text between its marks; raise ValueError when it has not exactly one pair of them."""
    start, stop = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, begin, rest = document.partition(start)
    _, end, after = rest.partition(stop)
    if not begin or not end or start in rest or stop in after:
        raise ValueError(f"there must be one {start} and one {stop} after it")
    return f"{before}{start}\n\n{text.strip()}\n\n{stop}{after}"
