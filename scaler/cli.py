"""The command line of shardex-scaler: flags -> Options, subcommands, exit codes; the only place that prints.

Exit status 0: done; 1: it could not be done, or `recommend` found inputs that nobody may act on; 2: the command line is
wrong; 130: interrupted.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from scaler.options import Options, parse
from scaler.settings import CONTROL, SETTINGS
from shardex import __version__, logs
from shardex.arguments import normal
from shardex.errors import OptionsError, ShardexError

_METAVARS = {"list": "A,B", "bool": "[=false]", "string": "TEXT", "int": "N", "duration": "DURATION"}
_METAVARS |= {"bytes": "512Mi", "cores": "1500m", "ratio": "0.2"}
_OWN = {"output": "list", "from": "string", "cluster-growth": "list", "monthly-growth": "string", "seconds": "string"}
_FORMS = {setting.flag: setting.form for setting in SETTINGS} | _OWN | {"help": "bool"}


class _Sections(click.Command):
    """A command that takes the flags of the table, listed under their headings."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._own = list(self.params)
        wanted = [setting for setting in SETTINGS if setting.group != CONTROL or self.name == "run"]
        self.settings = wanted
        self.params += [
            click.Option([f"--{setting.flag}", setting.field], metavar=_METAVARS[setting.form]) for setting in wanted
        ]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [
            record
            for param in [*self._own, self.get_help_option(ctx)]
            if param and (record := param.get_help_record(ctx))
        ]
        with formatter.section("Options"):
            formatter.write_dl(own)
        for group in dict.fromkeys(setting.group for setting in self.settings):
            with formatter.section(group):
                formatter.write_dl([
                    (f"--{setting.flag} {_METAVARS[setting.form]}", setting.help + _default(setting.default))
                    for setting in self.settings
                    if setting.group == group
                ])  # fmt: skip


def _default(text: str) -> str:
    return f" (default {text})" if text not in {"", "0", "false"} else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; the process's exit status."""
    line = normal(sys.argv[1:] if arguments is None else arguments, _FORMS, {})
    flags = ["--help" if flag == "--help=true" else flag for flag in line.flags]
    words = [*line.words[:1], *flags, *line.words[1:]]
    if line.faults:
        return _wrong(line.faults)
    try:
        status = cli.main(words or ["--help"], prog_name="shardex-scaler", standalone_mode=False)
    except OptionsError as error:
        return _wrong(error.faults)
    except click.ClickException as error:
        click.echo(f"shardex-scaler: {error.format_message()}", err=True)
        return 2
    except ShardexError as error:
        click.echo(f"shardex-scaler: {error}", err=True)
        return 1
    except (click.Abort, KeyboardInterrupt):
        return 130
    return int(status or 0)


def _wrong(faults: Sequence[str]) -> int:
    for fault in faults:
        click.echo(f"shardex-scaler: {fault}", err=True)
    click.echo("Run shardex-scaler COMMAND --help for the flags.", err=True)
    return 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Say how many shards a cluster needs, and why; or see to it that there are as many."""


def _options(given: dict[str, str | None]) -> Options:
    """The Options of a command; logs are set up as they say."""
    texts = {setting.flag: given.get(setting.field) for setting in SETTINGS}
    options = parse({flag: text for flag, text in texts.items() if text is not None})
    logs.set_up(options.log_format, options.v)
    return options


@cli.command()
def version() -> None:
    """Print the version."""
    click.echo(f"shardex-scaler, version {__version__}")


@cli.command(cls=_Sections)
@click.option("--output", "-o", default="table", metavar="FORM", help="table, json or yaml (default table)")
@click.option("--seconds", default="5", metavar="N", help="between two looks, which CPU in use needs; 0 looks once")
def recommend(output: str, seconds: str, **given: str | None) -> int:
    """Say once how many shards are needed, and why.

    Exit status 1 when something is missing or contradicts itself, so that the answer is not to be acted on.
    """
    from scaler.show import formatted  # noqa: PLC0415  what one command needs the others do not load

    options = _options(given)
    if output not in {"table", "json", "yaml"}:
        raise click.UsageError(f"--output={output}: table, json or yaml")
    told = _told(options, _seconds(seconds))
    click.echo(formatted(told, output))
    return 1 if told.recommendation.faults else 0


@cli.command(cls=_Sections)
@click.option("--output", "-o", default="report.html", metavar="FILE,FILE", help="files to write: .html, .md, .json")
@click.option(
    "--from", "source", metavar="FILE", help="what `recommend -o json`, `report -o x.json` or a benchmark wrote"
)
@click.option(
    "--cluster-growth", default="1,2,5,10", metavar="A,B", help="sizes of the cluster to plan for (default 1,2,5,10)"
)
@click.option("--monthly-growth", default="", metavar="5%", help="instead of the growth that `run` has observed")
def report(output: str, source: str | None, cluster_growth: str, monthly_growth: str, **given: str | None) -> int:
    """Write a capacity plan: one page that needs no network, for a screen or for paper."""
    from scaler.plan import growths, plan, rate  # noqa: PLC0415
    from scaler.report import write  # noqa: PLC0415
    from scaler.results import told_by  # noqa: PLC0415

    options = _options(given)
    files = [Path(name) for name in output.split(",") if name]
    factors, monthly = growths(cluster_growth), rate(monthly_growth)
    told, cases = told_by(Path(source), options) if source else (_told(options, 5.0), ())
    made = plan(told, factors, monthly, cases)
    for path in files:
        write(made, path)
        click.echo(str(path))
    return 0


@cli.command("set", cls=_Sections)
@click.argument("shards", type=click.IntRange(1, 512))
def set_(shards: int, **given: str | None) -> int:
    """Bring the set to SHARDS shards without losing a series; `kubectl scale` down would leave a gap."""
    from scaler.cluster import Cluster  # noqa: PLC0415
    from scaler.shardset import ClusterResizer  # noqa: PLC0415

    options = _options(given)
    ClusterResizer(options, Cluster(options)).resize(shards)
    return 0


@cli.command(cls=_Sections)
def run(**given: str | None) -> int:
    """Watch, recommend and, with --apply, resize, for as long as this replica leads."""
    from scaler.service import serve  # noqa: PLC0415

    return serve(_options(given))


def _told(options: Options, seconds: float) -> Any:
    """What there is now, and what it asks for."""
    from scaler.cluster import Cluster  # noqa: PLC0415
    from scaler.observe import Observer  # noqa: PLC0415
    from scaler.options import policy  # noqa: PLC0415
    from scaler.recommend import recommend as recommended  # noqa: PLC0415
    from scaler.show import Told  # noqa: PLC0415

    alone = bool(options.shard_url) and not options.apiserver and not options.kubeconfig
    observer = Observer(options, None if alone else Cluster(options))
    observation = observer.observe(time.time())
    if observation.shards and seconds:
        time.sleep(seconds)
        observation = observer.observe(time.time())
    limits = policy(options, observation.set)
    return Told(recommended(observation, limits), limits, observation)


def _seconds(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        raise click.UsageError(f"--seconds={text}: not a number") from None
