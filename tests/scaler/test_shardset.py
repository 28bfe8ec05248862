"""resize() on a synthetic API server, with pods that prepare what is announced and serve what is ordered."""

import json
import threading

import pytest
from observing import answering, page, shard

from scaler.apply import ResizeError
from scaler.cli import main
from scaler.cluster import Cluster
from scaler.observation import PREPARING, SERVING
from scaler.options import parse
from scaler.shardset import ClusterResizer

SIZE = 3


class Pods:
    """Pages of three pods, each made of what the StatefulSet says when it is asked for."""

    def __init__(self, server, obedient=True):
        self.cluster, self.obedient = Cluster(parse({"apiserver": server.url})), obedient
        self.lock, self.seen = threading.Lock(), []

    def page(self, ordinal):
        found = self.cluster.set("monitoring", "shardex")
        preparing, serving = (int(found.annotations.get(name, 0)) for name in (PREPARING, SERVING))
        with self.lock:
            self.seen.append((found.replicas, preparing, serving))
        if ordinal >= found.replicas:
            return None
        told = {"serving": serving or found.replicas, "preparing": preparing, "prepared": int(self.obedient)}
        if preparing and serving == preparing:
            told["preparing"] = 0
        elif found.replicas > serving:
            told["serving"] = found.replicas  # it grew: everyone flips
        return page(shard(ordinal, found.replicas), **{f"shardex_shards_{name}": told[name] for name in told})

    def pages(self):
        return [lambda ordinal=ordinal: self.page(ordinal) for ordinal in range(SIZE)]


def options(server, urls, **more):
    given = {"apiserver": server.url, "namespace": "monitoring", "shard-url": ",".join(urls), "resize-timeout": "30s"}
    given["reshard-overlap"] = "0s"
    return parse(given | more)


def state(pods):
    found = pods.cluster.set("monitoring", "shardex")
    return found.replicas, {n: v for n, v in found.annotations.items() if n in {PREPARING, SERVING}}


def test_growing_and_shrinking(server, set_path):
    """Up by the replicas alone; down by announcement, preparation, order, and then the replicas."""
    pods = Pods(server)
    with answering(pods.pages()) as urls:
        resizer = ClusterResizer(options(server, urls), pods.cluster)
        resizer.resize(3)
        assert state(pods) == (3, {SERVING: "3"})
        pods.seen.clear()
        resizer.resize(1)
    assert state(pods) == (1, {SERVING: "1"})
    steps = list(dict.fromkeys(pods.seen))
    assert steps == [(3, 0, 3), (3, 1, 3), (3, 1, 1), (1, 0, 1)]


def test_a_pod_that_does_not_prepare(server, set_path):
    """After the time the announcement is withdrawn, the replicas stay, and the error says who was waited for."""
    pods = Pods(server, obedient=False)
    with answering(pods.pages()) as urls:
        resizer = ClusterResizer(options(server, urls, **{"resize-timeout": "1s"}), pods.cluster)
        resizer.resize(2)
        with pytest.raises(ResizeError, match=r"Abandoned.*shard 0 to prepare"):
            resizer.resize(1)
    assert state(pods) == (2, {SERVING: "2"})


def test_a_server_that_goes_away(server, set_path):
    """An API server that answers no more ends the change with an error, not with a traceback."""
    pods = Pods(server)
    with answering(pods.pages()) as urls:
        resizer = ClusterResizer(options(server, urls), pods.cluster)
        server.fault("status", "statefulsets", "get", status=503, count=-1)
        with pytest.raises(ResizeError, match="503"):
            resizer.resize(2)


def test_the_command(server, set_path, capsys):
    """`set 2` makes two of one; exit status 1 with the reason when it cannot."""
    pods = Pods(server)
    with answering(pods.pages()) as urls:
        line = ["set", "2", f"--apiserver={server.url}", "--namespace=monitoring", f"--shard-url={','.join(urls)}"]
        assert main(line) == 0
        assert state(pods)[0] == 2
        assert main([*line, "--statefulset=nobody"]) == 1
    assert "nobody" in capsys.readouterr().err


def test_the_answer_is_of_the_set(server, set_path, capsys):
    """Between two commands `recommend` sees what `set` has made."""
    pods = Pods(server)
    with answering(pods.pages()[:1]) as urls:
        line = ["recommend", f"--apiserver={server.url}", "--namespace=monitoring", f"--shard-url={urls[0]}"]
        main([*line, "--seconds=0", "--resources=pods", "-o", "json"])
    found = json.loads(capsys.readouterr().out)
    assert found["recommendation"]["current"] == 1
    assert found["observation"]["set"]["memory_limit"] == 256 * 2**20
