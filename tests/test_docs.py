"""The reference in docs/ says what the tables say."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers import DATA

from shardex.customfile import custom_resources
from shardex.documentation import REFERENCE, main, pages
from shardex.options import parse
from shardex.render import render
from shardex.resources import RESOURCES
from shardex.settings import IGNORED, SETTINGS

DOCS = Path(__file__).parent.parent / "docs"


def row(page, first):
    """Cells of the only row of a page's tables that starts with a cell."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    [found] = [line for line in lines if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in found.replace("\\|", "").strip("|").split("|")]


def test_pages_are_current():
    """No table was changed without its page; `python -m shardex.documentation` writes them."""
    assert REFERENCE.stale(DOCS) == []


def test_every_flag_is_documented():
    """Each setting has its row with its form and default, and each flag without effect is named."""
    for setting in SETTINGS:
        _, form, default, meaning = row("flags.md", f"`--{setting.flag}`")
        assert (form, default.strip("`")) == (setting.form, setting.default)
        assert meaning.endswith(".")
    text = (DOCS / "flags.md").read_text(encoding="utf-8")
    assert all(f"`--{flag}`" in text for flag in IGNORED)


@pytest.mark.parametrize("plural", RESOURCES)
def test_every_family_is_documented(plural):
    """Each kind is in the index, and each of its families has its row with type and stability."""
    resource = RESOURCES[plural]
    _, api, default, families = row("metrics/README.md", f"[{plural}]({plural}.md)")
    assert (api, default, int(families)) == (
        f"`{resource.api}`",
        "yes" if resource.default else "",
        len(resource.families),
    )
    for family in resource.families:
        _, type, stability, labels, opt_in, help = row(f"metrics/{plural}.md", f"`{family.name}`")
        assert (type, stability, opt_in == "yes") == (family.type, family.stability, family.opt_in)
        assert all(f"`{label}`" in labels for label in family.labels)
        assert help


def test_the_example_of_custom_resources_prints_what_it_says():
    """The configuration, the object and the exposition of the page belong together, to the letter."""
    text = (DOCS / "custom-resources.md").read_text(encoding="utf-8")
    config, manifest, shown = re.findall(r"^```(?:yaml|text)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    options = parse({"custom-resource-state-config": config}, RESOURCES, lambda: 1)
    rendered = render({"manifest": manifest}, options, custom_resources(options))
    assert (rendered.text, rendered.problems) == (shown, ())


PEERS_FLAGS = (DATA / "reference/flags.txt").read_text().split()


@pytest.mark.parametrize("flag", PEERS_FLAGS)
def test_every_flag_of_the_peer_is_accounted_for(flag):
    """Who migrates finds each flag: a setting, one said to have no effect, or one said to be missing."""
    _, verdict, reason = row("migrating.md", f"`--{flag}`")
    known = {setting.flag for setting in SETTINGS} | {"help"}
    assert (verdict == "ignored") == (flag in IGNORED)
    assert (verdict in {"same", "better", "differs"}) == (flag in known)
    assert reason or verdict in {"same", "ignored"}


def test_no_flag_of_another_program_is_explained():
    """The table is of the peer's flags alone."""
    text = (DOCS / "migrating.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `--([a-z_-]+)` \|", text, re.MULTILINE)) == sorted(PEERS_FLAGS)


def test_check_names_what_is_not_current(tmp_path):
    """A page that differs, is missing or is of no kind is named and the exit status is 1; writing mends all three."""
    REFERENCE.write(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")} == set(pages())
    assert CliRunner().invoke(main, ["--check", str(tmp_path)]).exit_code == 0
    (tmp_path / "flags.md").write_text("old")
    (tmp_path / "metrics/pods.md").unlink()
    (tmp_path / "metrics/podss.md").write_text("")
    checked = CliRunner().invoke(main, ["--check", str(tmp_path)])
    assert checked.exit_code == 1
    assert [line.partition(" is not current")[0] for line in checked.output.splitlines()] == [
        str(tmp_path / name) for name in ("flags.md", "metrics/pods.md", "metrics/podss.md")
    ]
    assert (tmp_path / "flags.md").read_text() == "old"
    assert CliRunner().invoke(main, [str(tmp_path)]).exit_code == 0
    assert REFERENCE.stale(tmp_path) == []


def anchors(page):
    """Anchors of a page's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("name", ["compared.md", "migrating.md", "operations.md"])
def test_links_lead_somewhere(name):
    """Who reads it at night finds what it points to: a file of this repository, a heading that is there once."""
    page = DOCS / name
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8"))
    assert links
    for path, anchor in links:
        aim = (DOCS / path).resolve() if path else page
        assert aim.exists(), path
        assert not anchor or anchors(aim).count(anchor) == 1, anchor
