"""A kind's table of families -> one render function; the one clever place.

The function is written as source text and compiled once, the way dataclasses and namedtuple build their methods, so
that a family costs one call of its source and one f-string a sample, and a family filtered out costs nothing.
No object data is ever compiled: names are checked against the Prometheus grammar before they reach the template.
"""

import linecache
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from shardex.errors import TableError
from shardex.exposition.family import ANNOTATIONS, LABELS, Each, Family, Shape, Shared, Source
from shardex.exposition.labels import Pick, label_text
from shardex.exposition.text import Escapes, Numbers, escape, number

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
    scope: dict[str, Any] = {
        "E": Escapes().__getitem__,
        "escape": escape,
        "L": _loose,
        "N": Numbers().__getitem__,
    }
    base = ",".join(f'{label}="{{escape(o.{path})}}"' for label, path in identity)
    body = ["def render(o):", f" b = f'{base}'"]
    origins = list(dict.fromkeys(f.source.of for f in families if isinstance(f.source, Each | Shared)))
    for k, origin in enumerate(origins):
        scope[f"of{k}"] = origin
        body.append(f" s{k} = of{k}(o)")
    loops: dict[Any, list[int]] = {}
    for i, family in enumerate(families):
        source = family.source
        if isinstance(source, Each):
            loops.setdefault((source.of, source.labels, family.labels[: len(source.labels)]), []).append(i)
        elif isinstance(source, Shared):
            scope[f"f{i}"] = source.read
            body += _family_lines(i, family, f"s{origins.index(source.of)}", allowed, scope)
        else:
            scope[f"f{i}"] = source
            body += _family_lines(i, family, "o", allowed, scope)
    for (origin, *_), members in loops.items():
        body += _loop_lines(f"s{origins.index(origin)}", {i: families[i] for i in members}, scope)
    body.append(" return [" + ", ".join(f"r{i}" for i in range(len(families))) + "]")
    text, filename = "\n".join(body), f"<render {kind}>"
    # Registered as attrs does it, so that a traceback shows the generated line above the row it came from.
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(text, filename, "exec"), scope)  # noqa: S102
    render: Render = scope["render"]
    return render


def _family_lines(i: int, family: Family, given: str, allowed: Mapping[str, Pick], scope: dict[str, Any]) -> list[str]:
    """The lines of render() that set r<i>; a family that is empty for most objects costs a call and a test.

    given   name of what the source is asked about
    """
    name, found = family.name, f"f{i}({given})"
    own = _pairs(family, family.labels)
    names = "".join(f"x{j}, " for j in range(len(family.labels)))
    line = f"f'{name}{{{{{{b}}{own}}}}} {{N(v)}}\\n'"
    if family.form is Shape.NUMBER:
        return [f" v = {found}; r{i} = '' if v is None else {line}"]
    if family.form is Shape.ROWS:
        return [f" r{i} = ''", f" for {names} v in {found} or (): r{i} += {line}"]
    if family.form is Shape.ROW:
        text = f"f'{name}{{{{{{b}}{own}}}}} 1\\n'"
        return [f" row = {found}; r{i} = ''", " if row:", f"  {names} = row; r{i} = {text}"]
    if family.form is Shape.LOOSE:
        line = f"f'{name}{{{{{{b}}{{L(x)}}}}}} {{N(v)}}\\n'"
        return [f" r{i} = ''", f" for x, v in {found} or (): r{i} += {line}"]
    if family.form is Shape.ENDINGS:
        return [f" t = {found}; r{i} = (p := f'{name}{{{{{{b}}') + p.join(t) if t else ''"]
    pick = allowed.get(family.allow) if family.allow else _everything
    if pick is None:
        return [f" r{i} = ''"]
    scope[f"f{i}"] = _picked(scope[f"f{i}"], family.prefix, pick)
    return [f" v = {found}; r{i} = '' if v is None else f'{name}{{{{{{b}}{{v}}}}}} 1\\n'"]


def _loop_lines(things: str, families: Mapping[int, Family], scope: dict[str, Any]) -> list[str]:
    """One loop for all families that ask for the same list; what their rows begin with is put together once a thing."""
    first, *_ = families
    labels = families[first].source.labels  # type: ignore[attr-defined]  # an Each, by the caller's word
    scope |= {f"l{first}_{j}": label for j, label in enumerate(labels)}
    lines = [" " + " = ".join(f"r{i}" for i in families) + " = ''", f" for i in {things} or ():"]
    lines += [f"  x{j} = l{first}_{j}(i)" for j in range(len(labels))]
    lines.append(f"  c = f'{{{{{{b}}{_pairs(families[first], families[first].labels[: len(labels)])}'")
    for i, family in families.items():
        scope[f"f{i}"] = family.source.fact  # type: ignore[attr-defined]
        lines.append(f"  v = f{i}(i)")
        if family.shape is Shape.ENDINGS:
            lines.append(f"  if v: p = f'{family.name}{{c}}'; r{i} += p + p.join(v)")
        elif family.shape is Shape.ROW:
            rest = family.labels[len(labels) :]
            names = "".join(f"x{j}, " for j in range(len(labels), len(family.labels)))
            row = f"f'{family.name}{{c}}{_pairs(family, rest)}}}}} 1\\n'"
            lines.append(f"  if v is not None: {names} = v; t = {row}; r{i} += '' if t in r{i} else t")
        else:
            lines.append(f"  if v is not None: r{i} += f'{family.name}{{c}}}}}} {{N(v)}}\\n'")
    return lines


def _pairs(family: Family, labels: Sequence[str]) -> str:
    """`,name="value"` of each label, as a template: the value of the family's first label is x0."""
    return "".join(
        f',{label}="{{{"escape" if label in family.unique else "E"}(x{family.labels.index(label)})}}"'
        for label in labels
    )


def endings(labels: Sequence[str], rows: Iterable[Sequence[Any]]) -> tuple[str, ...]:
    """Rows of (label value, ..., number) as the texts that ENDINGS sources give: `,unit="core"} 0.5`."""
    return tuple(
        "".join([f',{label}="{escape(value)}"' for label, value in zip(labels, row[:-1], strict=True)])
        + f"}} {number(row[-1])}\n"
        for row in rows
    )


def _loose(labels: Mapping[str, str]) -> str:
    return "".join([f',{name}="{escape(value)}"' for name, value in labels.items()])


def _everything(mapping: Mapping[str, str]) -> Mapping[str, str]:
    return mapping


def _picked(source: Source, prefix: str, pick: Pick) -> Callable[[Any], str | None]:
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
