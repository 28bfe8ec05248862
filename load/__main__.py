"""python -m load: a Kubernetes cluster without Kubernetes."""

import asyncio
import gc
import logging
import resource
import signal
import ssl
import time
from pathlib import Path
from typing import Any

import click

from load.apiserver import ApiServer, serve
from load.bench.command import bench
from load.bench.guard import bench_check
from load.churn import Churn
from load.cluster import Cluster
from load.demo import demo
from load.objects.population import populate
from load.objects.world import Settings, World
from load.pictures import pictures
from load.predict import predict
from load.profiles import PROFILES
from load.replay import replay
from load.reshard.command import reshard
from load.reviews import User, Users
from load.scale import scale

log = logging.getLogger("load")


class Rate(click.ParamType[float]):
    """Changes a second: 100 or 100/s."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            rate = float(str(value).removesuffix("/s"))
        except ValueError:
            self.fail(f"{value!r} is no rate; write 100 or 100/s", param, ctx)
        if rate < 0:
            self.fail("a rate cannot be below zero", param, ctx)
        return rate


@click.group()
def main() -> None:
    """A synthetic Kubernetes cluster, for tests, demos and benchmarks.

    It answers what a kube-apiserver 1.36 answers to exporters, controllers and scalers: lists in pages, watches with
    bookmarks, streaming lists, writes with conflicts, discovery and reviews.
    """


main.add_command(bench)
main.add_command(bench_check)
main.add_command(demo)
main.add_command(pictures)
main.add_command(predict)
main.add_command(reshard)
main.add_command(scale)


@main.command("serve", context_settings={"show_default": True})
@click.option("--pods", default=20_000, type=click.IntRange(0), help="Pods in the cluster; everything else follows.")
@click.option("--nodes", default=None, type=click.IntRange(1), help="Nodes; one per 100 pods if not given.")
@click.option("--seed", default=1, help="The same seed gives the same bytes.")
@click.option("--pod-bytes", default=12_000, type=click.IntRange(0), help="JSON text of a pod, on average.")
@click.option("--kinds", default="", help="Plurals to keep objects of, comma separated; all if not given.")
@click.option(
    "--objects",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve recorded lists instead: a directory whose index.json maps each file to its API path.",
)
@click.option("--churn", default="0/s", type=Rate(), help="Changes a second.")
@click.option("--profile", default="steady", type=click.Choice(list(PROFILES)), help="What changes.")
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port to listen on; 0 is any free one.")
@click.option("--url-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the URL here when it is up.")
@click.option("--tls", nargs=2, type=click.Path(exists=True), metavar="CERT KEY", help="Serve HTTPS with these files.")
@click.option(
    "--client-ca",
    type=click.Path(exists=True),
    help="Client certificates that this authority signed are accepted, without a token; needs --tls.",
)
@click.option(
    "--token",
    "tokens",
    multiple=True,
    metavar="TOKEN[:USER]",
    help="Accept this bearer token, of a user who may do everything. Others get 401, callers without one 403.",
)
@click.option(
    "--powerless-token",
    "powerless",
    multiple=True,
    metavar="TOKEN[:USER]",
    help="Accept this bearer token, of a user who may do nothing.",
)
@click.option("--history", default=20_000, type=click.IntRange(1), help="Events remembered a kind: older is 410.")
@click.option("--bookmark-seconds", default=60.0, help="Between the bookmarks of a quiet watch.")
def serve_(**options: Any) -> None:
    """Serve a cluster until SIGINT or SIGTERM; the URL is the first line of the output.

    \b
    A large cluster that changes all the time:
        python -m load serve --pods 100000 --churn 500/s
    A rollout after the other:
        python -m load serve --pods 3000 --nodes 200 --churn 50/s --profile rollout
    Objects recorded elsewhere:
        python -m load serve --objects recorded/

    \b
    While it runs, /_load/ on the same port is its control:
        GET  /_load/state      what there is
        GET  /_load/requests   who asked for what
        POST /_load/churn      {"profile": "drain", "rate": 200}
        POST /_load/faults     {"kind": "cut", "match": {"resource": "pods", "verb": "watch"}, "after_bytes": 5000}
        POST /_load/objects    {"action": "delete", "path": "/api/v1/namespaces/x/pods/y"}
        POST /_load/compact    forget the history: older versions are 410
        POST /_load/restart    drop all connections, as a restart does
    """  # noqa: D301  # click leaves lines after its mark as they are
    logging.basicConfig(level=logging.INFO, format="%(asctime)s load %(message)s")
    if options["client_ca"] and not options["tls"]:
        raise click.UsageError("--client-ca needs --tls")
    cluster, churn = _made(options)
    tokens = _users(options["tokens"], "admin", True) | _users(options["powerless"], "nobody", False)
    users = Users(tokens, certificates=bool(options["client_ca"]))
    api = ApiServer(cluster, users, churn, options["bookmark_seconds"])
    asyncio.run(_serve(api, options))


def _users(tokens: tuple[str, ...], default: str, allowed: bool) -> dict[str, User]:
    pairs = [text.partition(":") for text in tokens]  # a bearer token has no colon (RFC 6750)
    return {token: User(name or default, allowed) for token, _, name in pairs}


def _made(options: dict[str, Any]) -> tuple[Cluster, Churn]:
    """The cluster and what changes it; the garbage collector would search it in vain, again and again."""
    started = time.monotonic()
    gc.disable()
    world = None
    if options["objects"]:
        if options["churn"]:
            raise click.UsageError("--objects are recorded: they do not change by --churn, only through /_load/objects")
        cluster = replay(options["objects"], options["history"])
    else:
        cluster = Cluster(options["history"])
        kinds = frozenset(filter(None, options["kinds"].replace(" ", "").split(","))) or None
        unknown = (kinds or frozenset()) - {plural for _, plural in cluster.collections}
        if unknown:
            raise click.UsageError(f"no such kinds: {', '.join(sorted(unknown))}")
        settings = Settings(options["pods"], options["nodes"] or 0, options["seed"], options["pod_bytes"], kinds)
        world = World(cluster, settings)
        populate(world)
    gc.enable()
    gc.freeze()
    count = sum(len(collection.objects) for collection in cluster.collections.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    log.info("%d objects in %.1f s, %.0f MB", count, time.monotonic() - started, peak)
    return cluster, Churn(world, options["profile"], options["churn"])


def _tls(options: dict[str, Any]) -> ssl.SSLContext | None:
    if not options["tls"]:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*options["tls"])
    if options["client_ca"]:
        context.load_verify_locations(options["client_ca"])
        context.verify_mode = ssl.CERT_OPTIONAL  # a caller without one may still have a token
    return context


async def _serve(api: ApiServer, options: dict[str, Any]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(api, options["host"], options["port"], _tls(options)) as url:
        print(url, flush=True)
        if options["url_file"]:
            options["url_file"].write_text(url + "\n")
        await stop.wait()
    log.info("stopped")


if __name__ == "__main__":
    main(prog_name="python -m load")
