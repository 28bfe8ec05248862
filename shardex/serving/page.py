"""The pages for people: HTML without scripts, forms or anything from elsewhere, and a policy that allows nothing else.

Light or dark as the reader's system is; tables become cards on a phone. Everything that comes from the cluster or from
a request is escaped.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from html import escape

from shardex import __version__
from shardex.serving.report import KindReport, Report, Sharding, ShardReport
from shardex.serving.style import STYLE

_REFRESH_SECONDS = 5
_NEVER = "-"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d+)?")

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
#: what every page is sent with
HEADERS = (
    (
        "Content-Security-Policy",
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)


def landing(title: str, links: Iterable[str], host: str, telemetry_port: str) -> str:
    """The main port's page.

    host  as the request names it; the status page is at its other port
    """
    named = _HOST.fullmatch(host)
    items = [_link(link, link) for link in links]
    if named:
        items.append(_link(f"//{named[1]}:{telemetry_port}/status", "status"))
    listed = "".join(f"<li>{item}</li>" for item in items)
    return _document("shardex", f"<h1>shardex {escape(__version__)}</h1><p>{escape(title)}</p><ul>{listed}</ul>")


def status(found: Report) -> str:
    """The status page."""
    body = [_head(found), _totals(found), _shards(found.shards)]
    if found.refused:
        rows = "".join(f"<tr><td>{escape(kind)}</td><td>{escape(why)}</td></tr>" for kind, why in found.refused.items())
        body.append(
            f"<h2>Not given by the API server</h2><div class=sheet><table><tbody>{rows}</tbody></table></div>"
            "<p class=soft>Their metrics are missing. 403: the ClusterRole lacks list and watch; 404: this cluster "
            "does not have the kind. Tried again slowly; what appears is picked up.</p>"
        )
    body.append(_kinds(found.kinds))
    return _document("shardex status", "".join(body), refresh=True)


def _document(title: str, body: str, refresh: bool = False) -> str:
    again = f'<meta http-equiv="refresh" content="{_REFRESH_SECONDS}">' if refresh else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{again}'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>\n"
    )


def _link(target: str, text: str) -> str:
    return f'<a href="{escape(target)}">{escape(text)}</a>'


def _head(found: Report) -> str:
    state = '<span class="state good">ready</span>' if found.ready else '<span class="state wait">not ready</span>'
    links = "".join(_link(path, path) for path in ("/metrics", "/readyz", "/status.json"))
    share = found.sharding
    of = f"{share.ordinal} of {share.total}{_besides(share)}"
    return (
        f"<header><h1>shardex {escape(found.version)}</h1>{state}"
        f"<span class=soft>share {of}, {len(found.shards)} workers</span></header>"
        f"<nav>{links}</nav>"
    )


def _totals(found: Report) -> str:
    totals = found.totals
    cards = (
        ("objects", _count(totals.objects)),
        ("series", _count(totals.series)),
        ("scrape, as text", size(totals.text_bytes)),
        ("kept, compressed", size(totals.kept_bytes)),
        ("memory of workers", size(totals.resident_bytes)),
        ("skew", f"{totals.skew_ratio:.2f}"),
    )
    return f"<dl class=totals>{''.join(f'<div><dt>{name}</dt><dd>{value}</dd></div>' for name, value in cards)}</dl>"


def _besides(sharding: Sharding) -> str:
    return f" (and of {sharding.preparing}, since their number changes)" if sharding.preparing else ""


def _shards(shards: Sequence[ShardReport]) -> str:
    most = max((shard.peak_bytes for shard in shards), default=0)
    names = ("shard", "objects", "series", "memory", "peak", "watch age", "restarts", "state")
    rows = [
        _row(
            names,
            (
                escape(shard.shard),
                _count(shard.objects),
                _count(shard.series),
                size(shard.resident_bytes) + _bar(shard.resident_bytes, most),
                size(shard.peak_bytes),
                age(shard.watch_age_seconds),
                _count(shard.restarts),
                _shard_state(shard),
            ),
        )
        for shard in shards
    ]
    return _table("Shards", names, rows)


def _shard_state(shard: ShardReport) -> str:
    if shard.phase == "failed":
        said = [_mark("bad", f"died again and again, last with {shard.last_exit_code}")]
    elif shard.phase != "ready" and not shard.synced:
        said = [_mark("wait", shard.phase)]
    else:
        said = [_mark("good", "synced") if shard.synced else _mark("wait", "listing")]
    if shard.stale:
        said.append(_mark("wait", "its last state is served"))
    said += [_mark("wait", f"{kind}: {why}") for kind, why in sorted(shard.missing.items())]
    if shard.error:
        said.append(_mark("bad", shard.error))
    return "<br>".join(said)


def _kinds(kinds: Sequence[KindReport]) -> str:
    most = max((kind.kept_bytes for kind in kinds), default=0)
    names = ("kind", "objects", "series", "text", "kept", "an object", "watch age", "state")
    rows = [
        _row(
            names,
            (
                escape(kind.plural),
                _count(kind.objects),
                _count(kind.series),
                size(kind.text_bytes),
                size(kind.kept_bytes) + _bar(kind.kept_bytes, most),
                size(kind.kept_bytes / kind.objects) if kind.objects else _NEVER,
                age(kind.watch_age_seconds),
                _kind_state(kind),
            ),
        )
        for kind in kinds
    ]
    return _table("Kinds", names, rows)


def _kind_state(kind: KindReport) -> str:
    if kind.excused:
        return _mark("wait", "not given")
    said = [_mark("good", "synced") if kind.synced else _mark("wait", "listing")]
    if kind.malformed:
        said.append(_mark("bad", f"{_count(kind.malformed)} left out"))
    if kind.error:
        said.append(_mark("bad", kind.error))
    return "<br>".join(said)


def _table(title: str, names: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{name}</th>" for name in names)
    return (
        f"<h2>{title}</h2><div class=sheet><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(names: Sequence[str], cells: Iterable[str]) -> str:
    first, *rest = cells
    named = "".join(f'<td data-name="{name}">{cell}</td>' for name, cell in zip(names[1:], rest, strict=True))
    return f"<tr><td>{first}</td>{named}</tr>"


def _mark(kind: str, text: str) -> str:
    return f"<span class={kind}>{escape(text)}</span>"


def _bar(value: float, most: float) -> str:
    width = 100 * value / most if most else 0
    return (
        f'<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect width="{width:.1f}" '
        'height="1"/></svg>'
    )


def _count(value: int) -> str:
    return f"{value:,}"


def size(count: float) -> str:
    """Bytes as people read them: 812 B, 1.4 MiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1000 or unit == "GiB":
            break
        count /= 1024
    return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"


def age(seconds: float | None) -> str:
    """Time since something as people read it: 4 s, 12 min, 3 h; a dash for never."""
    if seconds is None:
        return _NEVER
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
