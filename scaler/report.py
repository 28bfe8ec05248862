"""A plan -> report.html, .md or .json; the first holds everything it shows, and asks no network for anything."""

from pathlib import Path
from typing import Any

import msgspec

from scaler.charts import charts, extra
from scaler.plan import Plan
from scaler.show import answer, why
from scaler.units import quantity, written
from shardex.errors import ShardexError

_FOLDER = Path(__file__).parent / "templates"


def write(plan: Plan, path: Path) -> None:
    """Write the plan in the form that the file's name ends with.

    raise  ShardexError for another ending, without the extra `report`, or when the file cannot be written
    """
    forms = {".html": html, ".md": markdown, ".json": json}
    form = forms.get(path.suffix)
    if form is None:
        raise ShardexError(f"{path}: a report is {', '.join(forms)}")
    try:
        path.write_text(form(plan), encoding="utf-8")
    except OSError as error:
        raise ShardexError(f"{path}: {error.strerror}") from error


def html(plan: Plan) -> str:
    markup = extra("markupsafe").Markup
    return _rendered("report.html.jinja", plan, {name: markup(svg) for name, svg in charts(plan).items()})


def markdown(plan: Plan) -> str:
    return _rendered("report.md.jinja", plan, {})


def json(plan: Plan) -> str:
    return msgspec.json.format(msgspec.json.encode(plan), indent=1).decode() + "\n"


def _rendered(name: str, plan: Plan, pictures: dict[str, Any]) -> str:
    jinja2 = extra("jinja2")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=jinja2.select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"written": written, "quantity": quantity, "percent": _percent, "times": _times}
    found = plan.told.recommendation
    text = environment.get_template(name).render(
        plan=plan,
        told=plan.told,
        found=found,
        policy=plan.told.policy,
        set=plan.told.observation.set,
        answer=answer(found, plan.told.policy),
        why=why(found),
        arguments=arguments(plan),
        pictures=pictures,
        error=_error(plan),
    )
    return str(text).strip() + "\n"


def arguments(plan: Plan) -> list[str]:
    """Flags that make the controller hold to what this plan was made with."""
    policy = plan.told.policy
    given = (
        ("memory-limit", quantity(policy.memory_limit) if policy.memory_limit else ""),
        ("cpu-limit", f"{policy.cpu_limit * 1000:.0f}m" if policy.cpu_limit else ""),
        ("scrape-timeout", f"{policy.scrape_seconds:g}s" if policy.scrape_seconds else ""),
        ("scrape-body-limit", f"{policy.scrape_bytes:.0f}" if policy.scrape_bytes else ""),
        ("scrape-sample-limit", f"{policy.scrape_samples:.0f}" if policy.scrape_samples else ""),
        ("headroom", f"{policy.headroom:g}"),
        ("dead-band", f"{policy.dead_band:g}"),
        ("min-shards", str(policy.min_shards)),
        ("max-shards", str(policy.max_shards)),
    )
    return [f"--{flag}={value}" for flag, value in given if value]


def _error(plan: Plan) -> float:
    """The largest part by which a prediction is off; 0 without any."""
    off = [abs(case.predicted / case.measured - 1) for case in plan.cases if case.measured]
    off += [abs(case.predicted_peak / case.measured_peak - 1) for case in plan.cases if case.measured_peak]
    return max(off, default=0.0)


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _times(value: float | None) -> str:
    return "over 1,000 x" if value is None else f"{value:.2g} x" if value < 10 else f"{value:,.0f} x"
