"""What a whole run found, as it is kept in results.json."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from load.bench.figures import Figure
from load.bench.machine import Machine
from load.bench.run import Settings
from load.bench.subject import PEER_NAME, SHARDEX
from load.bench.targets import Judgement, Verdict, judged


class Outcome(msgspec.Struct, frozen=True):
    """One scenario of one subject.

    seconds       it took
    others_cores  cores that other processes of the machine kept busy meanwhile; 0.1 and less is quiet
    skipped       why it was not measured, "" when it was
    failed        what went wrong, "" when nothing did; the figures are those until then
    """

    scenario: str
    title: str
    subject: str
    seconds: float
    others_cores: float
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str = ""
    failed: str = ""


class Results(msgspec.Struct, frozen=True):
    """A whole run.

    commands  of the subjects, by name
    """

    machine: Machine
    settings: Settings
    commands: dict[str, str]
    outcomes: tuple[Outcome, ...]

    def of(self, subject: str) -> Iterable[Outcome]:
        return (outcome for outcome in self.outcomes if outcome.subject == subject)

    def peer_figures(self) -> dict[str, Figure]:
        return {figure.name: figure for outcome in self.of(PEER_NAME) for figure in outcome.figures}

    def judge(self, figure: Figure) -> Judgement:
        return judged(figure, self.settings.pods, self.peer_figures())

    def missed(self) -> Sequence[Figure]:
        """Figures that do not reach their targets."""
        figures = (figure for outcome in self.of(SHARDEX.name) for figure in outcome.figures)
        return [figure for figure in figures if self.judge(figure).verdict is Verdict.MISSED]

    def failed(self) -> list[str]:
        """Scenarios in which something went wrong."""
        return [outcome.scenario for outcome in self.outcomes if outcome.failed]

    @property
    def others_cores(self) -> float:
        """The busiest that others were during any scenario."""
        return max((outcome.others_cores for outcome in self.outcomes), default=0.0)


def save(results: Results, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
