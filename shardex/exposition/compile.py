"""A kind's table of families -> one render function; the one clever place.

The function is written as source text and compiled once, the way dataclasses and namedtuple build their methods, so
that a family costs one call of its source and one f-string a sample, and a family filtered out costs nothing.
No object data is ever compiled: names are checked against the Prometheus grammar before they reach the template.
"""

import linecache
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shardex.errors import TableError
from shardex.exposition.family import ANNOTATIONS, LABELS, Family
from shardex.exposition.labels import Pick, label_text
from shardex.exposition.text import Escapes, Numbers, escape

Identity = Sequence[tuple[str, str]]
Render = Callable[[Any], list[str]]

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_PATH = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*\Z")


def compile_render(
    kind: str, identity: Identity, families: Sequence[Family], allowed: Mapping[str, Pick] | None = None
) -> Render:
    """render(object) -> [text of family 0, text of family 1, ...]; "" for a family without samples.

    kind      for messages and tracebacks
    identity  (label, attribute path) pairs that every family of the kind starts with
    allowed   LABELS and ANNOTATIONS -> the keys let through; a family whose list is missing has no samples
    raise     TableError: all faults of the table at once
    """
    check_table(kind, identity, families)
    allowed = allowed or {}
    scope: dict[str, Any] = {"E": Escapes().__getitem__, "escape": escape, "L": _loose, "N": Numbers().__getitem__}
    base = ",".join(f'{label}="{{escape(o.{path})}}"' for label, path in identity)
    body = ["def render(o):", f" b = f'{base}'"]
    for i, family in enumerate(families):
        scope[f"f{i}"] = family.source
        body += _family_lines(i, family, allowed, scope)
    body.append(" return [" + ", ".join(f"r{i}" for i in range(len(families))) + "]")
    source, filename = "\n".join(body), f"<render {kind}>"
    # Registered as attrs does it, so that a traceback shows the generated line above the row it came from.
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), scope)  # noqa: S102
    render: Render = scope["render"]
    return render


def _family_lines(i: int, family: Family, allowed: Mapping[str, Pick], scope: dict[str, Any]) -> list[str]:
    """The lines of render() that set r<i>."""
    if family.prefix:
        pick = allowed.get(family.allow) if family.allow else _everything
        if pick is None:
            return [f" r{i} = ''"]
        scope[f"f{i}"] = _picked(family, pick)
        return [f" v = f{i}(o); r{i} = '' if v is None else f'{family.name}{{{{{{b}}{{v}}}}}} 1\\n'"]
    if family.loose:
        line = f"f'{family.name}{{{{{{b}}{{L(x)}}}}}} {{N(v)}}\\n'"
        return [f" rows = f{i}(o); r{i} = ''.join([{line} for x, v in rows]) if rows else ''"]
    own = "".join(f',{label}="{{E(x{j})}}"' for j, label in enumerate(family.labels))
    line = f"f'{family.name}{{{{{{b}}{own}}}}} {{N(v)}}\\n'"
    if not family.labels:
        return [f" v = f{i}(o); r{i} = '' if v is None else {line}"]
    names = ", ".join(f"x{j}" for j in range(len(family.labels)))
    # Most families of most objects are empty, and asking costs a third of looping over nothing.
    return [f" rows = f{i}(o); r{i} = ''.join([{line} for {names}, v in rows]) if rows else ''"]


def _loose(labels: Mapping[str, str]) -> str:
    return "".join([f',{name}="{escape(value)}"' for name, value in labels.items()])


def _everything(mapping: Mapping[str, str]) -> Mapping[str, str]:
    return mapping


def _picked(family: Family, pick: Pick) -> Callable[[Any], str | None]:
    source, prefix = family.source, family.prefix

    def text(o: Any) -> str | None:
        mapping = source(o)
        return None if mapping is None else label_text(prefix, pick(mapping))

    return text


def check_table(kind: str, identity: Identity, families: Sequence[Family]) -> None:
    """Every name against the grammar; raises TableError with all faults, so that none shows at a scrape."""
    faults = [f"identity label {label!r}" for label, _ in identity if not _LABEL.match(label)]
    faults += [f"identity path {path!r}" for _, path in identity if not _PATH.match(path)]
    seen: set[str] = set()
    for family in families:
        if not _NAME.match(family.name):
            faults.append(f"name {family.name!r}")
        if family.name in seen:
            faults.append(f"{family.name} stands twice")
        seen.add(family.name)
        if not family.help.strip():
            faults.append(f"{family.name} has no help")
        if family.allow not in {"", LABELS, ANNOTATIONS}:
            faults.append(f"{family.name}: unknown allow list {family.allow!r}")
        faults += [f"{family.name}: label {label!r}" for label in family.labels if not _LABEL.match(label)]
        clash = {label for label, _ in identity}.intersection(family.labels)
        faults += [f"{family.name}: label {label!r} is an identity label too" for label in sorted(clash)]
    if faults:
        raise TableError(f"table of {kind}: " + ", ".join(faults))
