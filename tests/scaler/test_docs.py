"""docs/scaler.md says what the tables in the code say."""

from pathlib import Path

from click.testing import CliRunner

from scaler.documentation import current, main
from scaler.observation import REASONS
from scaler.settings import SETTINGS

PAGE = Path(__file__).parent.parent.parent / "docs" / "scaler.md"


def test_the_tables_are_current():
    """No flag, reason, metric or limit was changed without the page; `python -m scaler.documentation` writes it."""
    text = PAGE.read_text(encoding="utf-8")
    assert current(text) == text
    assert all(f"| `--{setting.flag}` |" in text for setting in SETTINGS)
    assert all(f"| `{reason}` |" in text for reason in REASONS)
    assert "| `shardex_scaler_constraint_shards` | gauge | `constraint` |" in text
    assert "| `shardex_scaler_decision_total` | counter | `reason` |" in text


def test_what_is_not_current_is_named(tmp_path):
    """--check says so and changes nothing; without it the page is written."""
    page = tmp_path / "scaler.md"
    text = PAGE.read_text(encoding="utf-8").replace("| `--headroom` |", "| `--headspace` |")
    page.write_text(text, encoding="utf-8")
    checked = CliRunner().invoke(main, ["--check", str(page)])
    assert checked.exit_code == 1
    assert "not current" in checked.output
    assert page.read_text(encoding="utf-8") == text
    assert CliRunner().invoke(main, [str(page)]).exit_code == 0
    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_the_figures_have_their_marks():
    """`load predict --doc` and `load scale --doc` can write theirs again, and have."""
    text = PAGE.read_text(encoding="utf-8")
    for mark, words in (("predicted", "Off by"), ("scale", "changes of size")):
        figures = text.partition(f"<!-- {mark}: begin -->")[2].partition(f"<!-- {mark}: end -->")[0]
        assert words in figures
