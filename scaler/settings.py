"""Every flag of shardex-scaler: its name, form, default and reason; the only list.

--help and docs/scaler.md come from it.
"""

from shardex.settings import Setting

CLUSTER, SHARDS, LIMITS, BOUNDS = "Cluster", "Shards", "What must hold", "Bounds"
CONTROL = "Controller: flags of `run` only"
PROCESS = "Process"

SETTINGS = (
    Setting("apiserver", "string", "", CLUSTER, "URL of the API server. Alone it needs no kubeconfig; http will do."),
    Setting("kubeconfig", "string", "", CLUSTER, "Path of a kubeconfig. Without it and --apiserver: in-cluster."),
    Setting("resources", "list", "", CLUSTER, "What the shards' --resources says; empty is what the shards tell."),
    Setting("namespaces", "list", "", CLUSTER, "What the shards' --namespaces says; empty is all of them."),
    Setting("statefulset", "string", "shardex", SHARDS, "Name of the StatefulSet that the shards run in."),
    Setting("namespace", "string", "", SHARDS, "Its namespace; empty is that of this pod, or default."),
    Setting("service", "string", "", SHARDS, "The headless Service of its pods; empty is the StatefulSet's own."),
    Setting("telemetry-port", "int", "8081", SHARDS, "Port of the shards' own metrics."),
    Setting(
        "shard-url", "list", "", SHARDS,
        "Telemetry pages of the shards, by ordinal, instead of those that the Service finds.",
    ),
    Setting("shard-scheme", "string", "http", SHARDS, "http, or https where their --tls-config has a certificate."),
    Setting(
        "shard-token-file", "string", "", SHARDS,
        "File with the token that their --auth-filter asks for, in a cluster"
        " /var/run/secrets/kubernetes.io/serviceaccount/token; read anew each time. Empty shows none. Over plain http"
        " it goes to pods of the set and to this machine, nowhere else.",
    ),
    Setting("shard-ca-file", "string", "", SHARDS, "Authorities of their certificates; empty is the system's."),
    Setting(
        "shard-server-name", "string", "", SHARDS,
        "Name that their certificates have; empty is the address asked, which few certificates have.",
    ),
    Setting(
        "shard-insecure-skip-verify", "bool", "false", SHARDS,
        "Take any certificate. Whoever is in between can then read along, and keep the token.",
    ),
    Setting("shard-cert-file", "string", "", SHARDS, "Client certificate, where their --tls-config needs one."),
    Setting("shard-key-file", "string", "", SHARDS, "Its key."),
    Setting("shard-timeout", "duration", "10s", SHARDS, "Time that a shard has to answer; after it, it is missing."),
    Setting(
        "reshard-overlap", "duration", "1s", SHARDS,
        "Time that pods are kept after their series have moved; the scrape interval leaves no gap for any scraper.",
    ),
    Setting("resize-timeout", "duration", "10m", SHARDS, "Time for one change of size; then it is abandoned."),
    Setting(
        "memory-limit", "bytes", "0", LIMITS, "Memory limit of a pod, as 512Mi; 0 is that of the StatefulSet.",
    ),
    Setting("cpu-limit", "cores", "0", LIMITS, "CPU that a pod may use, as 1500m; 0 is the StatefulSet's limit."),
    Setting("scrape-timeout", "duration", "10s", LIMITS, "The scraper's scrape_timeout; 0 is no limit."),
    Setting(
        "scrape-body-limit", "bytes", "0", LIMITS,
        "The scraper's body_size_limit, which counts text that is not compressed; 0 is no limit.",
    ),
    Setting("scrape-sample-limit", "int", "0", LIMITS, "The scraper's sample_limit; 0 is no limit."),
    Setting("headroom", "ratio", "0.2", LIMITS, "Part of each limit that is kept free."),
    Setting("workers", "int", "0", LIMITS, "Workers of a pod; 0 is as many as the shards have, or as many as needed."),
    Setting("min-shards", "int", "1", BOUNDS, "Never fewer."),
    Setting("max-shards", "int", "32", BOUNDS, "Never more. Equal to --min-shards it switches changes off."),
    Setting("max-step", "int", "4", BOUNDS, "Shards that one change adds or removes at most."),
    Setting("dead-band", "ratio", "0.2", BOUNDS, "A set shrinks only if it would hold a cluster larger by this part."),
    Setting("apply", "bool", "false", CONTROL, "Act. Without it every decision is made and told, and nothing changed."),
    Setting("interval", "duration", "15s", CONTROL, "Between two observations."),
    Setting("up-window", "duration", "1m", CONTROL, "How long more shards must be needed before some are added."),
    Setting("down-window", "duration", "30m", CONTROL, "How long fewer must do before some are removed."),
    Setting("max-changes-per-hour", "int", "6", CONTROL, "Changes in any hour; the others wait."),
    Setting("metrics-host", "string", "::", CONTROL, "Address of the scaler's own /metrics."),
    Setting("metrics-port", "int", "8083", CONTROL, "Port of the scaler's own /metrics; 0 is any free one."),
    Setting("lease", "string", "shardex-scaler", CONTROL, "Name of the Lease that the acting replica holds."),
    Setting("log-format", "string", "text", PROCESS, "text or json, one line each."),
    Setting("v", "int", "0", PROCESS, "Verbosity; 4 and more shows what is decided at every turn."),
)  # fmt: skip
