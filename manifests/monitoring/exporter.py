"""shardex itself: how many shards there are and should be, what they hold and cost, how far they are behind.

The label `pod` names a shard's pod; the collector configurations and pod monitors set it on telemetry.
"""

from manifests.monitoring.dashboard import Dashboard, Look, Panel, Query, Row, Unit, Variable, number

_OF = 'cluster=~"$cluster"'
_IN = 'cluster=~"$cluster", pod=~"$pod"'
_OBJECTS = f"sum by (pod) (shardex_objects{{{_IN}}})"

_NOW = Row(
    "Now",
    (
        number("Shards", "Shares that the objects are divided into.", f"max(kube_state_metrics_total_shards{{{_OF}}})"),
        number(
            "Shards answering",
            "Different ordinals among the pods that are scraped.",
            f"count(count by (shard_ordinal) (kube_state_metrics_shard_ordinal{{{_OF}}}))",
        ),
        number(
            "Shards recommended",
            "What the scaler holds to be enough; none without a scaler.",
            f"max(shardex_scaler_recommended_shards{{{_OF}}})",
        ),
        number("Objects", "Objects that all shards hold.", f"sum(shardex_objects{{{_IN}}})"),
        number(
            "Workers down",
            "Worker processes that do not run.",
            f"count(shardex_worker_up{{{_IN}}}) - sum(shardex_worker_up{{{_IN}}})",
            alarm=1,
        ),
        number(
            "Workers stale",
            "Workers whose last state is served in their absence.",
            f"sum(shardex_worker_stale{{{_IN}}})",
            alarm=1,
        ),
        number(
            "Lists to come",
            "Kinds that a worker has not listed yet, and that the server does not refuse.",
            f"sum(1 - clamp_max(shardex_resource_synced{{{_IN}}} + shardex_resource_excused{{{_IN}}}, 1))",
            alarm=1,
        ),
        number(
            "Kinds refused",
            "Kinds that the server refuses (403) or lacks (404).",
            f"sum(max by (resource) (shardex_resource_excused{{{_IN}}}))",
            alarm=1,
        ),
    ),
)

_LOAD = Row(
    "Load",
    (
        Panel(
            title="Shards, recommended and actual",
            says="They differ while a change is under way; ShardexScalerBlocked fires when that lasts.",
            queries=(
                Query(f"max(shardex_scaler_recommended_shards{{{_OF}}})", "recommended"),
                Query(f"max(shardex_scaler_current_shards{{{_OF}}})", "current"),
                Query(f"max(shardex_shards_serving{{{_IN}}})", "serving"),
                Query(f"max(shardex_shards_preparing{{{_IN}}})", "preparing"),
            ),
        ),
        Panel(
            title="Skew",
            says="The fullest pod's objects by the average pod's; 1 is even.",
            queries=(Query(f"max({_OBJECTS}) / avg({_OBJECTS})", "objects"),),
        ),
        Panel(
            title="Objects by kind",
            says="What all shards hold.",
            queries=(Query(f"sum by (resource) (shardex_objects{{{_IN}}})", "{{resource}}"),),
            look=Look.STACK,
        ),
        Panel(title="Objects by pod", says="What each shard holds.", queries=(Query(_OBJECTS, "{{pod}}"),)),
        Panel(
            title="Series by pod",
            says="What a scrape of each shard brings; a scraper's sample_limit is for one of them.",
            queries=(Query(f"sum by (pod) (shardex_series{{{_IN}}})", "{{pod}}"),),
        ),
        Panel(
            title="Text by pod",
            says="Uncompressed bytes of a scrape: what body_size_limit and maxScrapeSize count.",
            queries=(Query(f"sum by (pod) (shardex_text_bytes{{{_IN}}})", "{{pod}}"),),
            unit=Unit.BYTES,
        ),
    ),
)

_COST = Row(
    "Memory and CPU",
    (
        Panel(
            title="Memory by pod",
            says="Resident memory of a pod's workers; the front's is not in it.",
            queries=(Query(f"sum by (pod) (shardex_worker_resident_memory_bytes{{{_IN}}})", "{{pod}}"),),
            unit=Unit.BYTES,
        ),
        Panel(
            title="Peak memory by pod",
            says="The most that it ever was: what the memory limit must hold.",
            queries=(Query(f"sum by (pod) (shardex_worker_peak_memory_bytes{{{_IN}}})", "{{pod}}"),),
            unit=Unit.BYTES,
        ),
        Panel(
            title="Where memory goes",
            says="Compressed text, its index, and the shared memory that holds them and what readers still need.",
            queries=(
                Query(f"sum(shardex_segment_bytes{{{_IN}}})", "segments"),
                Query(f"sum(shardex_index_bytes{{{_IN}}})", "index"),
                Query(f"sum(shardex_worker_arena_bytes{{{_IN}}})", "arena"),
            ),
            unit=Unit.BYTES,
        ),
        Panel(
            title="CPU by pod",
            says="Cores that a pod's workers use.",
            queries=(Query(f"sum by (pod) (rate(shardex_worker_cpu_seconds_total{{{_IN}}}[5m]))", "{{pod}}"),),
        ),
    ),
)

_SCRAPE = Row(
    "Scrapes",
    (
        Panel(
            title="Scrape duration, slowest of a hundred",
            says="From the request to its last byte, at the exporter; a slow reader is in it.",
            queries=(
                Query(
                    "histogram_quantile(0.99, sum by (pod, le) (rate("
                    f'http_request_duration_seconds_bucket{{{_IN}, handler="metrics"}}[15m])'
                    f" and on (cluster, pod) shardex_worker_up{{{_IN}}}))",
                    "{{pod}}",
                ),
            ),
            unit=Unit.SECONDS,
        ),
        Panel(
            title="Scrape phases, mean",
            says="Folding of changes, merging of the workers' segments, sending.",
            queries=(
                Query(
                    f"sum by (phase) (rate(shardex_scrape_phase_seconds_sum{{{_IN}}}[15m]))"
                    f" / sum by (phase) (rate(shardex_scrape_phase_seconds_count{{{_IN}}}[15m]))",
                    "{{phase}}",
                ),
                Query(f"max(shardex_worker_fold_seconds{{{_IN}}})", "slowest worker's last fold"),
            ),
            unit=Unit.SECONDS,
        ),
    ),
)

_WATCHES = Row(
    "Watches",
    (
        Panel(
            title="Watch age by kind",
            says="Longest time since the server sent anything for it. Bookmarks keep it below a minute or two.",
            queries=(Query(f"topk(10, max by (resource) (shardex_watch_age_seconds{{{_IN}}}))", "{{resource}}"),),
            unit=Unit.SECONDS,
        ),
        Panel(
            title="Relists by reason",
            says="Lists after the first, a second. A steady rate is load on the API server for nothing.",
            queries=(Query(f"sum by (reason) (rate(shardex_relists_total{{{_IN}}}[15m]))", "{{reason}}"),),
            unit=Unit.RATE,
        ),
        Panel(
            title="Events by type",
            says="Objects listed and watched, a second.",
            queries=(Query(f"sum by (type) (rate(shardex_events_total{{{_IN}}}[5m]))", "{{type}}"),),
            unit=Unit.RATE,
        ),
        Panel(
            title="Errors",
            says="Failed lists and watches, objects left out and worker deaths in the last hour.",
            queries=(
                Query(f'sum(increase(kube_state_metrics_list_total{{{_IN}, result="error"}}[1h]))', "lists"),
                Query(f'sum(increase(kube_state_metrics_watch_total{{{_IN}, result="error"}}[1h]))', "watches"),
                Query(f"sum(increase(shardex_decode_errors_total{{{_IN}}}[1h]))", "objects"),
                Query(f"sum(increase(shardex_worker_restarts_total{{{_IN}}}[1h]))", "workers"),
            ),
        ),
    ),
)

_SCALER = Row(
    "Scaler",
    (
        Panel(
            title="Shards that each constraint asks for",
            says="The largest is the recommendation before bounds and names what binds; none where no number will do.",
            queries=(Query(f"max by (constraint) (shardex_scaler_constraint_shards{{{_OF}}})", "{{constraint}}"),),
        ),
        Panel(
            title="Decisions by reason",
            says="In the last hour: what the scaler did, or why it did nothing.",
            queries=(Query(f"sum by (reason) (increase(shardex_scaler_decision_total{{{_OF}}}[1h]))", "{{reason}}"),),
        ),
    ),
)

EXPORTER = Dashboard(
    "shardex",
    "shardex",
    "The exporter's shards: number, balance, memory, scrapes and watches.",
    (Variable("cluster", "kube_state_metrics_total_shards"), Variable("pod", "shardex_worker_up")),
    (_NOW, _LOAD, _COST, _SCRAPE, _WATCHES, _SCALER),
)
