"""Writes what is made of the definitions into the manifests.

python -m manifests.monitoring [DIR]            write the files
python -m manifests.monitoring --check [DIR]    name those that are not current; exit status 1 if there are any
"""

from pathlib import Path

import click

from manifests.monitoring import grafana, signoz
from manifests.monitoring.cluster import CLUSTER
from manifests.monitoring.exporter import EXPORTER
from manifests.monitoring.wrapper import prometheus_rule

DASHBOARDS = (CLUSTER, EXPORTER)


def files(folder: Path) -> dict[str, str]:
    """Text of every file by its path in the folder; the rule files are read there."""
    rules = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("alerts/*.rules.yaml"))]
    wanted = {"alerts/prometheusrule.yaml": prometheus_rule(rules)}
    for dashboard in DASHBOARDS:
        wanted[f"dashboards/grafana/{dashboard.name}.json"] = grafana.text(dashboard)
        wanted[f"dashboards/signoz/{dashboard.name}.json"] = signoz.text(dashboard)
    return wanted


def stale(folder: Path) -> list[str]:
    """Files that are missing, differ from the definitions, or are of a dashboard that does not exist."""
    wanted = files(folder)
    present = {path.relative_to(folder).as_posix() for path in folder.glob("dashboards/*/*.json")}
    return sorted(
        name
        for name in wanted.keys() | present
        if name not in wanted
        or not (folder / name).exists()
        or (folder / name).read_text(encoding="utf-8") != wanted[name]
    )


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; name the files that are not current.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("manifests"))
def main(check: bool, folder: Path) -> None:
    """Write dashboards and the PrometheusRule to a folder of manifests."""
    wanted, found = files(folder), stale(folder)
    for name in found:
        path = folder / name
        if check:
            click.echo(f"{path} is not current: run python -m manifests.monitoring")
        elif name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    if check and found:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
