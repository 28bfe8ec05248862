"""The reference in docs/, a page a kind and one of the flags, written from the tables that the exporter runs on.

python -m shardex.documentation [DIR]            write the pages
python -m shardex.documentation --check [DIR]    name the pages that are not current; exit status 1 if there are any
"""

import re
from collections.abc import Iterable, Sequence

from shardex.exposition.family import Family, Shape
from shardex.generated import Generated
from shardex.resources import RESOURCES
from shardex.resources.resource import Resource
from shardex.settings import IGNORED, SETTINGS, Setting

_NOTICE = "<!-- Written by `python -m shardex.documentation` from the tables in the code: change those. -->"
_INDEX = """\
There are {families} families of {kinds} kinds. STABLE ones, whose HELP text says so, keep their name and labels; ALPHA
ones may still change. The {opt_in} opt-in families are shown when `--metric-opt-in-list` names them.
"""
_ALLOWED = """\
`label_*` and `annotation_*` stand for the object's own keys, as far as `--metric-labels-allowlist` and
`--metric-annotations-allowlist` let them through; without a list these families have no samples.
"""
_FLAGS = """\
A value follows its flag as `--flag=value` or `--flag value`; a bool alone means true, and `--flag=false` turns it off.
Lists are separated by commas, durations are written as `1m30s` or `500ms`. Names and defaults are those of
kube-state-metrics wherever it has the setting.
"""
_IGNORED = """\
These steer Go's runtime or the logger of kube-state-metrics. They are accepted, so that manifests need no change, and
have no effect.
"""


def pages() -> dict[str, str]:
    """Text of every page by its path in the folder."""
    kinds = {f"metrics/{resource.plural}.md": _kind(resource) for resource in RESOURCES.values()}
    return {"flags.md": _flags(), "metrics/README.md": _index(), **kinds}


def _kind(resource: Resource) -> str:
    where = "namespaced" if resource.namespaced else "cluster-scoped"
    when = "on by default" if resource.default else "off unless `--resources` names it"
    older = f" (or, from older servers, {_codes(resource.fallbacks)})" if resource.fallbacks else ""
    first = _codes(label for label, _ in resource.identity)
    intro = f"`{resource.plural}` of API `{resource.api}`{older}: {where}, {when}.\n"
    intro += f"Every sample starts with {first}; the table has the labels that follow.\n"
    allowed = [_ALLOWED] if any(family.allow for family in resource.families) else []
    rows = [
        (f"`{f.name}`", f.type, f.stability, _labels(f), "yes" if f.opt_in else "", _text(f.help))
        for f in resource.families
    ]
    table = _table(("Family", "Type", "Stability", "Labels", "Opt-in", "What it says"), rows)
    return _page(resource.kind, intro, *allowed, table)


def _labels(family: Family) -> str:
    if family.prefix:
        return f"`{family.prefix}_*`"
    return _codes(family.labels) + (", not all on each sample" if family.form is Shape.LOOSE else "")


def _index() -> str:
    families = [family for resource in RESOURCES.values() for family in resource.families]
    intro = _INDEX.format(families=len(families), kinds=len(RESOURCES), opt_in=sum(f.opt_in for f in families))
    rows = [
        (f"[{r.plural}]({r.plural}.md)", f"`{r.api}`", "yes" if r.default else "", str(len(r.families)))
        for r in RESOURCES.values()
    ]
    return _page("Metrics", intro, _table(("Resource", "API", "On by default", "Families"), rows))


def _flags() -> str:
    groups: dict[str, list[Setting]] = {}
    for setting in SETTINGS:
        groups.setdefault(setting.group, []).append(setting)
    parts = [_FLAGS]
    for heading, settings in groups.items():
        rows = [(f"`--{s.flag}`", s.form, f"`{s.default}`" if s.default else "", _text(s.help)) for s in settings]
        parts += [f"## {heading}\n", _table(("Flag", "Form", "Default", "Meaning"), rows)]
    ignored = _codes(f"--{flag}" for flag in IGNORED) + ".\n"
    return _page("Flags", *parts, "## Without effect\n", _IGNORED, ignored)


def _page(title: str, *parts: str) -> str:
    return "\n".join([f"{_NOTICE}\n", f"# {title}\n", *parts])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _text(sentence: str) -> str:
    """A sentence in a cell: what Markdown would take for its own is escaped."""
    return re.sub(r"([|<*\\])", r"\\\1", sentence)


REFERENCE = Generated("shardex.documentation", "docs", pages, own="metrics/*.md")
main = REFERENCE.command("Write the reference of metrics and flags to a folder.")

if __name__ == "__main__":
    main()
