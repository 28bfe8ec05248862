"""Every flag: its name, form, default and reason; the only list.

The command line, `--help` and docs/flags.md come from it. Names and defaults are kube-state-metrics' own wherever it
has the setting.
"""

import msgspec


class Setting(msgspec.Struct, frozen=True):
    """One flag.

    flag     long name without the dashes
    form     string, bool, int, duration, list or allowlist, as the value is written
    default  as text, in the same form
    group    heading in --help
    """

    flag: str
    form: str
    default: str
    group: str
    help: str

    @property
    def field(self) -> str:
        """Name of the setting in Options."""
        return self.flag.replace("-", "_")


CLUSTER, WHAT, SHARDING, SERVING, PROCESS = "Cluster", "What is exported", "Sharding", "Serving", "Process"

SETTINGS = (
    Setting("apiserver", "string", "", CLUSTER, "URL of the API server. Alone it needs no kubeconfig; http will do."),
    Setting("kubeconfig", "string", "", CLUSTER, "Path of a kubeconfig. Without it and --apiserver: in-cluster."),
    Setting(
        "use-apiserver-cache", "bool", "false", CLUSTER,
        "List from the API server's cache (resourceVersion=0) instead of etcd: cheaper, possibly a little old.",
    ),
    Setting("object-limit", "int", "0", CLUSTER, "Objects to list of each resource; 0 is all of them."),
    Setting("resources", "list", "", WHAT, "Resources to export, comma-separated plurals; empty is the default set."),
    Setting("namespaces", "list", "", WHAT, "Namespaces to export, each listed on its own; empty is all of them."),
    Setting(
        "namespaces-denylist", "list", "", WHAT,
        "Namespaces to leave out. With --namespaces too, what both name is left out.",
    ),
    Setting(
        "metric-allowlist", "list", "", WHAT,
        "Families to export: names or ECMAScript-style patterns, not anchored. Not with the denylist.",
    ),
    Setting("metric-denylist", "list", "", WHAT, "Families to leave out, in the same form."),
    Setting("metric-opt-in-list", "list", "", WHAT, "Families to export though they are off by default, in RE2."),
    Setting(
        "metric-labels-allowlist", "allowlist", "", WHAT,
        "Kubernetes labels to show in *_labels families: pods=[app,team*],nodes=[*]. A * as resource is every one.",
    ),
    Setting(
        "metric-annotations-allowlist", "allowlist", "", WHAT,
        "Annotations to show in *_annotations families, in the same form.",
    ),
    Setting("node", "string", "", WHAT, "Only pods of this node, selected by the server: for one exporter a node."),
    Setting(
        "track-unscheduled-pods", "bool", "false", WHAT,
        "Only pods that have no node yet: beside exporters with --node, which it replaces.",
    ),
    Setting(
        "custom-resource-state-config", "string", "", WHAT,
        "Metrics of custom resources, as YAML; replaces the file of the next flag.",
    ),
    Setting("custom-resource-state-config-file", "string", "", WHAT, "Path of a file with such YAML."),
    Setting("custom-resource-state-only", "bool", "false", WHAT, "Export custom resources and nothing else."),
    Setting(
        "continue-without-custom-resource-state-config-file", "bool", "false", WHAT,
        "Run without custom resources while that file is not there, instead of refusing to start.",
    ),
    Setting("shard", "int", "0", SHARDING, "Ordinal of this pod's share, from 0."),
    Setting("total-shards", "int", "1", SHARDING, "Shares that the objects are divided into; 1 is no sharding."),
    Setting(
        "pod", "string", "", SHARDING,
        "Name of this pod of a StatefulSet, which then says --shard and --total-shards; with --pod-namespace.",
    ),
    Setting("pod-namespace", "string", "", SHARDING, "Namespace of --pod."),
    Setting(
        "reshard-timeout", "duration", "10m", SHARDING,
        "Time to prepare another number of shards; then it is abandoned, and the old number goes on being served.",
    ),
    Setting(
        "reshard-overlap", "duration", "1s", SHARDING,
        "Time after a change of the number of shards in which a pod still shows what it gave up. The scrape interval "
        "leaves no gap for any scraper, and as long there are duplicates.",
    ),
    Setting(
        "workers", "int", "0", SHARDING,
        "Worker processes that divide this pod's share; 0 is one per CPU of the cgroup's quota, else per core.",
    ),
    Setting("host", "string", "::", SERVING, "Address of /metrics, /healthz and /livez."),
    Setting("port", "int", "8080", SERVING, "Port of /metrics, /healthz and /livez; 0 picks a free one."),
    Setting("telemetry-host", "string", "::", SERVING, "Address of shardex's own /metrics and of /readyz."),
    Setting("telemetry-port", "int", "8081", SERVING, "Port of shardex's own /metrics and of /readyz."),
    Setting(
        "tls-config", "string", "", SERVING,
        "File with TLS, users and headers of both ports, as Prometheus' exporters have it; its files are watched.",
    ),
    Setting(
        "auth-filter", "bool", "false", SERVING,
        "Ask the API server who a bearer token is and whether it may read the path; both ports, but for health.",
    ),
    Setting(
        "ready-file", "string", "", SERVING,
        "Path of a file that is there while /readyz would say 200: for an exec probe, which no lock keeps out.",
    ),
    Setting(
        "enable-gzip-encoding", "bool", "true", SERVING,
        "Answer gzip to clients that accept it; the text is kept compressed, so this is the cheap way.",
    ),
    Setting(
        "serve-partial", "bool", "false", SERVING,
        "Answer 200 before everything was listed once, as kube-state-metrics does, instead of 503.",
    ),
    Setting(
        "stale-segments-ttl", "duration", "5m", SERVING,
        "How long the last state of a worker that died is served while it comes back; then 503.",
    ),
    Setting("server-read-timeout", "duration", "1m", SERVING, "Time to read a whole request."),
    Setting("server-read-header-timeout", "duration", "5s", SERVING, "Time to read the header of a request."),
    Setting("server-write-timeout", "duration", "1m", SERVING, "Time to write a whole response."),
    Setting("server-idle-timeout", "duration", "5m", SERVING, "Time a kept-alive connection may wait for a request."),
    Setting(
        "config", "string", "", PROCESS,
        "Path of a YAML file with settings, which override the flags; it is watched, and taken anew when it changes.",
    ),
    Setting(
        "continue-without-config", "bool", "false", PROCESS,
        "Start although the file of --config is not there yet; it is taken as soon as it is.",
    ),
    Setting("check", "bool", "false", PROCESS, "Check flags, connection and rights, kind by kind; report and exit."),
    Setting("log-format", "string", "text", PROCESS, "text or json, one line each."),
    Setting("v", "int", "0", PROCESS, "Verbosity; 4 and more shows what is decided at every turn."),
    Setting(
        "drain-timeout", "duration", "20s", PROCESS,
        "Time from SIGTERM to the end; scrapes under way are finished. Keep it below the pod's grace period.",
    ),
)  # fmt: skip

#: Flags that steer Go's runtime or its logger; accepted so that manifests need no change, and without effect.
IGNORED = {
    "auto-gomemlimit": "bool",
    "auto-gomemlimit-ratio": "string",
    "add_dir_header": "bool",
    "alsologtostderr": "bool",
    "alsologtostderrthreshold": "string",
    "legacy_stderr_threshold_behavior": "bool",
    "log_backtrace_at": "string",
    "log_dir": "string",
    "log_file": "string",
    "log_file_max_size": "string",
    "logtostderr": "bool",
    "one_output": "bool",
    "skip_headers": "bool",
    "skip_log_headers": "bool",
    "stderrthreshold": "string",
    "vmodule": "string",
}
