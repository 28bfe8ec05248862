"""Names, identifiers and times as they look in a real cluster."""

import random
import time

# What generated names end in: no vowels, so that no word comes out (k8s.io/apimachinery/pkg/util/rand).
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

# The newest time in a generated cluster; churn goes on from here.
EPOCH = 1_793_606_400.0  # 2026-11-02T08:00:00Z

TEAMS = (
    "shop", "payments", "shipping", "search", "identity", "media", "growth", "data", "platform", "mobile",
    "partners", "billing", "support", "fraud", "ads", "maps", "ml", "finance", "logistics", "content",
)  # fmt: skip
STAGES = ("prod", "staging", "canary", "dev", "perf")

SERVICES = (
    "checkout", "cart", "catalog", "pricing", "inventory", "orders", "payments", "delivery", "search", "suggest",
    "reviews", "login", "sessions", "profiles", "notifier", "mailer", "sms", "webhooks", "gateway", "frontend",
    "admin", "reports", "exports", "imports", "billing", "invoices", "tax", "risk", "loyalty", "coupons", "images",
    "thumbnails", "geo", "routes", "feeds", "metrics", "ingest", "events", "audit", "features", "experiments",
    "planner", "translations", "tickets", "chat", "presence", "devices", "documents",
)  # fmt: skip
DATABASES = ("postgres", "redis", "kafka", "zookeeper", "opensearch", "rabbitmq", "mongodb", "minio")
AGENTS = ("kube-proxy", "cni-agent", "node-exporter", "log-agent", "csi-node", "dns-cache", "audit-agent", "gpu-agent")
BATCHES = (
    "backup", "daily-report", "cleanup", "reindex", "settlement", "catalog-sync", "key-rotation", "ledger-export",
    "training", "vacuum", "cache-warmup", "digest-mails",
)  # fmt: skip


def suffix(rng: random.Random, length: int = 5) -> str:
    return "".join(rng.choices(_ALPHABET, k=length))


def uid(rng: random.Random) -> str:
    """A random UUID, RFC 4122 version 4."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"


def digest(rng: random.Random) -> str:
    """64 hexadecimal digits, as of an image or a container."""
    return f"{rng.getrandbits(256):064x}"


def stamp(seconds: float) -> str:
    """RFC 3339 in whole seconds, as metav1.Time is written."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def micro_stamp(seconds: float) -> str:
    """RFC 3339 with six digits after the point, as metav1.MicroTime is written."""
    return f"{stamp(seconds)[:-1]}.{int(seconds % 1 * 1_000_000):06d}Z"


def address(number: int, network: int = 10) -> str:
    """The number-th address of a private network."""
    return f"{network}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
