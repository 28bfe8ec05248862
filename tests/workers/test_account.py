"""The byte account of a worker: what it says of its parts is what its process takes."""

import pytest
from tree import running

from load import testing

pytestmark = pytest.mark.slow

PARTS = (
    "shardex_worker_base_memory_bytes",
    "shardex_worker_arena_bytes",
    "shardex_index_bytes",
    "shardex_table_bytes",
)


def total(telemetry, name):
    return sum(value for (family, *_), value in telemetry.items() if family == name)


def test_the_account_adds_up():
    """Interpreter, compressed text, index and table make up the resident memory within 15 %."""
    with testing.running(pods=8000) as server, running(server.url, "--resources=pods", workers=1) as tree:
        assert tree.metrics().status == 200  # folded: before, text of the last page waits uncompressed
        told = tree.telemetry()
        parts = [total(told, name) for name in PARTS]
        assert min(parts) > 1e6
        assert sum(parts) == pytest.approx(total(told, "shardex_worker_resident_memory_bytes"), rel=0.15)
        assert total(told, "shardex_segment_bytes") == pytest.approx(parts[1], rel=0.15)
        assert total(told, "shardex_text_bytes") > 5 * total(told, "shardex_segment_bytes")
