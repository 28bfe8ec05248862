"""python -m load reshard"""

from pathlib import Path

import click
import msgspec

from load.bench.screen import Screen
from load.reshard.results import FAULTS, Settings, heading, judged
from load.reshard.run import simulate
from load.reshard.scaler import Late
from load.signals import interruptible


class Steps(click.ParamType[tuple[int, ...]]):
    """Numbers of pods: 2,3,5."""

    name = "steps"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        try:
            steps = tuple(int(word) for word in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} are no numbers of pods; write 2,3,5", param, ctx)
        if min(steps) < 1:
            self.fail("a shard set has at least one pod", param, ctx)
        return steps


@click.command(context_settings={"show_default": True})
@click.option("--pods", default=20_000, type=click.IntRange(1), help="Pods in the cluster.")
@click.option("--steps", default="2,3,5,8,4,1", type=Steps(), help="Numbers of shards, one after the other.")
@click.option("--churn", default=100.0, type=click.FloatRange(0), help="Changes a second.")
@click.option("--fault", default="none", type=click.Choice(FAULTS), help="What goes wrong in every change.")
@click.option("--bare", is_flag=True, help="Shrink without an announcement, as kubectl scale does.")
@click.option("--rollout", is_flag=True, help="In the end restart every pod, one after the other.")
@click.option("--pre-stop", default=0.0, type=click.FloatRange(0), help="Seconds that a preStop hook sleeps.")
@click.option("--flag", "flags", multiple=True, metavar="--FLAG=VALUE", help="Give every shardex pod this flag too.")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
def reshard(path: Path | None, **options: object) -> None:
    """Change the number of shards again and again, and count what the scrapes lost.

    Every pod is a shardex process tree on loopback, scraped every 250 ms beside one that holds everything; the exit
    status is 1 if a series was lost, wrong, or shown twice for longer than around a flip. Restarts of a rollout and
    shrinking without an announcement may lose: they are measured.

    \b
        python -m load reshard --pods 2000 --steps 2,3,1
        python -m load reshard --fault scaler --json faults.json
    """  # noqa: D301
    settings = msgspec.convert(options, Settings)
    interruptible()
    with Screen() as screen:
        screen.say(heading())
        try:
            results = simulate(settings, screen.say, screen.live)
        except (Late, RuntimeError) as error:
            raise click.ClickException(str(error)) from None
        except KeyboardInterrupt:
            raise click.ClickException("interrupted; nothing is left running") from None
    if path:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    faults = judged(results)
    for fault in faults:
        click.echo(fault)
    raise SystemExit(1 if faults else 0)
