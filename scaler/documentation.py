"""The tables of docs/scaler.md, written from those in the code.

python -m scaler.documentation FILE            write them between their marks
python -m scaler.documentation --check FILE    exit status 1 when one is not current
"""

import re
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from scaler.constraints import constraints
from scaler.metrics import Metrics
from scaler.model import learn
from scaler.observation import REASONS, Observation
from scaler.policy import Policy
from scaler.settings import SETTINGS


def current(document: str) -> str:
    """The document with its tables as they should be; raise ValueError when a mark is missing."""
    for name, table in {"flags": flags(), "reasons": reasons(), "metrics": metrics(), "limits": limits()}.items():
        start, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        found = re.compile(f"{start}.*?{end}", re.DOTALL)
        document, count = found.subn(f"{start}\n\n{table}\n\n{end}".replace("\\", r"\\"), document)
        if count != 1:
            raise ValueError(f"there must be one <!-- {name}: begin --> and one <!-- {name}: end --> after it")
    return document


def flags() -> str:
    return _table(
        ("flag", "form", "default", "meaning"),
        [
            (f"`--{setting.flag}`", setting.form, f"`{setting.default}`" if setting.default else "", setting.help)
            for setting in SETTINGS
        ],
    )


def reasons() -> str:
    return _table(("reason", "meaning"), [(f"`{reason}`", meaning) for reason, meaning in REASONS.items()])


def metrics() -> str:
    rows = [
        (f"`{name}`", type, ", ".join(f"`{label}`" for label in labels), help)
        for name, type, labels, help in Metrics().described()
    ]
    return _table(("metric", "type", "labels", "meaning"), rows)


def limits() -> str:
    """A row a constraint, with every limit set and every value known."""
    model = msgspec.structs.replace(learn(Observation(0.0, {}, ())), cores=1.0)
    found = constraints(model, Policy(1, 1, 1, 1, 1), 1)
    rows = [(f"`{one.name}`", one.unit, f"`{one.formula}`") for one in found]
    return _table(("limit", "unit", "what must hold of the fullest pod"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


@click.command()
@click.option("--check", is_flag=True)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(check: bool, path: Path) -> None:
    """Write the tables of a document, or look whether they are current."""
    text = path.read_text(encoding="utf-8")
    wanted = current(text)
    if check and wanted != text:
        raise click.ClickException(f"{path} is not current: python -m scaler.documentation {path}")
    path.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
