"""The command line: flags -> Options, subcommands, exit codes; the only place that prints.

Exit status 0: done, or stopped by a signal; 1: could not start or --check found gaps; 2: the command line is wrong;
130: interrupted before anything ran.
"""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from shardex import __version__, logs
from shardex.arguments import normal
from shardex.configfile import settled
from shardex.errors import OptionsError, ShardexError
from shardex.forms import boolean
from shardex.options import Options, quota_cores
from shardex.resources import RESOURCES
from shardex.settings import IGNORED, SETTINGS

log = logging.getLogger(__name__)

_COMMAND_FLAGS = {"output": "string", "file": "list", "strict": "bool"}
_FORMS = {setting.flag: setting.form for setting in SETTINGS} | {"help": "bool"} | _COMMAND_FLAGS
_METAVARS = {
    "list": "A,B",
    "allowlist": "R=[K,K*]",
    "int": "N",
    "duration": "DURATION",
    "bool": "[=false]",
    "string": "TEXT",
}


class _Sections(click.Group):
    """A group whose --help lists the options under their headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for setting in SETTINGS:
            dashes = "-v, --v" if setting.flag == "v" else f"--{setting.flag}"
            default = f" (default {setting.default})" if setting.default not in {"", "0", "false"} else ""
            row = (f"{dashes} {_METAVARS[setting.form]}", setting.help + default)
            groups.setdefault(setting.group, []).append(row)
        for heading, rows in groups.items():
            with formatter.section(heading):
                formatter.write_dl(rows)
        with formatter.section("Accepted without effect (they steer Go's runtime or its logger)"):
            formatter.write_text(", ".join(f"--{flag}" for flag in IGNORED))
        self.format_commands(ctx, formatter)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; the process's exit status."""
    line = normal(sys.argv[1:] if arguments is None else arguments, _FORMS, IGNORED)
    faults = list(line.faults)
    if line.words and line.words[0] not in cli.commands:
        faults.append(f"unknown command: {line.words[0]} (there are {', '.join(cli.commands)})")
    context = {"ignored": line.ignored, "faults": faults}
    try:
        # Flags of the command stand before it in normal form, so that `shardex --v=4 version` and its reverse are one.
        own = [flag for flag in line.flags if flag[2:].partition("=")[0] in _COMMAND_FLAGS] if line.words else []
        shared = [flag for flag in line.flags if flag not in own]
        words = list(line.words) if not faults else []
        if "--help=true" in shared:
            shared, words = ["--help"], []
        status = cli.main([*shared, *words, *own], prog_name="shardex", standalone_mode=False, obj=context)
    except OptionsError as error:
        for fault in error.faults:
            click.echo(f"shardex: {fault}", err=True)
        click.echo("Run shardex --help for the flags.", err=True)
        return 2
    except click.ClickException as error:
        click.echo(f"shardex: {error.format_message()}", err=True)
        return 2
    except ShardexError as error:
        click.echo(f"shardex: {error}", err=True)
        return 1
    except click.Abort:  # Ctrl-C before there was anything to stop
        return 130
    return int(status or 0)


@click.group(cls=_Sections, invoke_without_command=True, context_settings={"help_option_names": ["--help"]})
@click.pass_context
def cli(context: click.Context, /, **given: str | None) -> int:
    """Export the state of a Kubernetes cluster as Prometheus metrics.

    A drop-in for kube-state-metrics v2.20 that uses all cores of its pod: it serves the cluster's metrics on
    :8080/metrics
    and its own on :8081/metrics. Without a command it runs the exporter.
    """
    if context.obj["faults"]:
        raise OptionsError(_every_fault(context.obj["faults"], given))
    if context.invoked_subcommand is not None:
        context.obj["given"] = given
        return 0
    options = _options(given)
    logs.set_up(options.log_format, options.v)
    if context.obj["ignored"]:
        flags = ", ".join(f"--{flag}" for flag in context.obj["ignored"])
        log.warning("without effect here, since they steer Go's runtime or its logger: %s", flags)
    if options.check:
        from shardex.check import check  # noqa: PLC0415  the exporter itself does not need it

        report = check(options)
        click.echo(report.text, nl=False)
        return 0 if report.good else 1
    from shardex.run import run  # noqa: PLC0415  gunicorn and prometheus-client, which `version` does not need

    return run(options, lambda: _options(given))


for _setting in SETTINGS:
    cli.params.append(click.Option([f"--{_setting.flag}", _setting.field], metavar=_METAVARS[_setting.form]))


def _options(given: dict[str, str | None]) -> Options:
    texts = {setting.flag: given[setting.field] for setting in SETTINGS}
    return settled({flag: text for flag, text in texts.items() if text is not None}, RESOURCES, quota_cores)


def _every_fault(faults: list[str], given: dict[str, str | None]) -> list[str]:
    """The faults of the line and those of its values together."""
    try:
        _options(given)
    except OptionsError as error:
        return faults + error.faults
    return faults


@cli.command()
def version() -> None:
    """Print the version, and the kube-state-metrics version that the output equals."""
    click.echo(f"shardex, version {__version__} (output of kube-state-metrics v2.20.0)")


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), default="bash")
def completion(shell: str) -> None:
    """Print a completion script; `source <(shardex completion bash)` loads it."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(cli, {}, "shardex", "_SHARDEX_COMPLETE").source())


@cli.command("render")
@click.option("--file", "-f", "files", required=True, metavar="A,B", help="manifests; - is standard input")
@click.option("--strict", default="false", metavar="[=false]", help="exit 1 when a kind or an object was left out")
@click.pass_context
def render_files(context: click.Context, files: str, strict: str) -> int:
    """Print the metrics of manifests: JSON, JSON lines or YAML, lists too; no cluster is needed.

    All flags of what is exported apply: kubectl get pods -A -o json | shardex render -f -
    --metric-allowlist=kube_pod_info
    """
    from shardex.customfile import custom_resources  # noqa: PLC0415  as the next
    from shardex.render import render  # noqa: PLC0415  YAML, which the exporter needs for a configuration file only

    options = _options(context.obj["given"])
    try:
        fail = boolean(strict)
    except ValueError as error:
        raise OptionsError([f"--strict={strict}: {error}"]) from None
    documents = {}
    for name in filter(None, (name.strip() for name in files.split(","))):
        try:
            documents[name] = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            raise ShardexError(f"{name}: {error.strerror}") from error
    rendered = render(documents, options, custom_resources(options))
    click.echo(rendered.text, nl=False)
    for kind in rendered.unknown:
        click.echo(f"shardex: no metrics of {kind}", err=True)
    for fault in rendered.malformed:
        click.echo(f"shardex: left out: {fault}", err=True)
    for problem in rendered.problems:
        click.echo(f"shardex: no sample of {problem}", err=True)
    return 1 if fail and (rendered.unknown or rendered.malformed) else 0


@cli.command()
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="text (a table) or json")
def families(output: str) -> None:
    """Print every kind and metric family: name, type, stability, labels."""
    rows: list[dict[str, Any]] = [
        {
            "resource": resource.plural,
            "default": resource.default,
            "name": family.name,
            "type": family.type,
            "stability": family.stability,
            "opt_in": family.opt_in,
            "labels": [*(label for label, _ in resource.identity), *family.labels]
            + ([f"{family.prefix}_*"] if family.prefix else []),
            "help": family.help,
        }
        for resource in RESOURCES.values()
        for family in resource.families
    ]
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=1).decode())
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        mark = "opt-in" if row["opt_in"] else "" if row["default"] else "off"
        labels = ",".join(row["labels"])
        click.echo(f"{row['resource']:34} {row['name']:{width}} {row['type']:8}{row['stability']:7} {mark:7}{labels}")
