"""Observations made by hand, and shards that answer with a telemetry page of their own."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scaler import costs
from scaler.model import empty, pod, warm
from scaler.observation import Kind, Observation, Set, Shard, Worker
from scaler.policy import Policy

NOW = 1_800_000_000.0
MIB = 2**20
#: limits of every sort, so that every row of the constraints is there
POLICY = Policy(
    memory_limit=256 * MIB,
    cpu_limit=2.0,
    scrape_seconds=10.0,
    scrape_bytes=500e6,
    scrape_samples=10_000_000,
    max_shards=64,
)
SET = Set("monitoring", "shardex", 1, uid="u", service="shardex", container="shardex")


def shard(ordinal=0, total=1, workers=1, objects=None, cores=0.1, scrape_seconds=0.1, synced=True):
    """A pod that holds its mean share, each object of which costs what is assumed."""
    kinds = {}
    for plural, count in (objects or {"pods": 1000}).items():
        cost, own = costs.KINDS.get(plural, costs.OTHER), count // total
        kinds[plural] = Kind(
            own, *(round(own * each) for each in (cost.series, cost.text_bytes, cost.segment_bytes, cost.index_bytes))
        )
    held = sum(kind.objects for kind in kinds.values()) // workers
    stored = sum(kind.stored_bytes for kind in kinds.values()) // workers
    segments = sum(kind.segment_bytes for kind in kinds.values())
    memory = round(empty(workers) + warm(segments / workers, len(kinds)) + held * costs.OBJECT + stored)
    worker = Worker(synced, memory, 3_000_000, 1.0, held, stored)
    each = (worker,) * workers
    return Shard(f"shardex-{ordinal}", ordinal, total, round(pod(workers)), each, kinds, cores, scrape_seconds)


def observed(objects=None, shards=1, faults=(), target=SET, **more):
    """A whole observation of a set of so many shards."""
    objects = objects or {"pods": 1000}
    pods = tuple(shard(ordinal, shards, objects=objects, **more) for ordinal in range(shards))
    target = target and Set(**{field: getattr(target, field) for field in Set.__struct_fields__} | {"replicas": shards})
    return Observation(NOW, dict(objects), pods, target, tuple(faults))


def page(one, **more):
    """The telemetry page of a shard."""
    lines = [
        f'kube_state_metrics_shard_ordinal{{shard_ordinal="{one.ordinal}"}} {one.ordinal}',
        f"kube_state_metrics_total_shards {one.total}",
        f'shardex_process_memory_bytes{{process="front",worker=""}} {one.shared_bytes}',
    ]
    for number, worker in enumerate(one.workers):
        label = f'{{worker="{number}"}}'
        lines += [
            f"shardex_worker_up{label} 1",
            f"shardex_worker_synced{label} {int(worker.synced)}",
            f'shardex_process_memory_bytes{{process="worker",worker="{number}"}} {worker.memory_bytes - 1000}',
            f"shardex_worker_arena_bytes{label} 1000",
            f"shardex_worker_resident_memory_bytes{label} {worker.memory_bytes}",
            f"shardex_worker_peak_memory_bytes{label} {worker.memory_bytes + worker.transient_bytes}",
            f"shardex_worker_cpu_seconds_total{label} {worker.cpu_seconds}",
        ]
        for plural, kind in one.kinds.items():
            key = f'{{resource="{plural}",worker="{number}"}}'
            share = kind.objects // len(one.workers)
            lines += [
                f"shardex_objects{key} {share}",
                f"shardex_series{key} {kind.series // len(one.workers)}",
                f"shardex_text_bytes{key} {kind.text_bytes // len(one.workers)}",
                f"shardex_segment_bytes{key} {kind.segment_bytes // len(one.workers)}",
                f"shardex_index_bytes{key} {kind.index_bytes // len(one.workers)}",
            ]
    lines += [f"{name} {value}" for name, value in more.items()]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def answering(pages, seen=None, context=None):
    """Base URLs of servers, one a page: a text, or a function that makes one at each request; None answers 503.

    seen     gets the headers of each request
    context  of TLS
    """
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(_answering(pages, number, seen, context)) for number in range(len(pages))]


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that does not trust us hangs up."""


@contextlib.contextmanager
def _answering(pages, number, seen, context):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if seen is not None:
                seen.append(self.headers)
            text = pages[number]() if callable(pages[number]) else pages[number]
            self.send_response(503 if text is None else 200)
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, *_):
            pass

    server = _Quiet(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
