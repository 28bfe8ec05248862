"""The cluster at a glance: what runs, what does not, where.

Series are first made one an object, `max by (identity)`: an object that moves to another shard is for a moment in two
scrapes, and would be counted twice.
"""

from manifests.monitoring.dashboard import COLUMNS, Dashboard, Look, Panel, Query, Row, Unit, Variable, number

_IN = 'cluster=~"$cluster", namespace=~"$namespace"'
_OF = 'cluster=~"$cluster"'
_POD = "max by (cluster, namespace, pod, uid)"
_CONTAINER = "max by (cluster, namespace, pod, uid, container)"
_DEPLOYMENT = "max by (cluster, namespace, deployment)"
_NODE = "max by (cluster, node)"

_DESIRED = f"{_DEPLOYMENT} (kube_deployment_spec_replicas{{{_IN}}})"
_AVAILABLE = f"{_DEPLOYMENT} (kube_deployment_status_replicas_available{{{_IN}}})"
_RESTARTS = f"{_CONTAINER} (increase(kube_pod_container_status_restarts_total{{{_IN}}}[1h]))"


def _pods(phase: str) -> str:
    return f'sum({_POD} (kube_pod_status_phase{{{_IN}, phase="{phase}"}}))'


_NOW = Row(
    "Now",
    (
        number("Running pods", "Pods whose phase is Running.", _pods("Running")),
        number("Pending pods", "Pods that wait for a node, images or volumes.", _pods("Pending"), alarm=1),
        number("Failed pods", "Pods that ended with an error, or were put out.", _pods("Failed"), alarm=1),
        number(
            "Nodes not ready",
            "Nodes whose kubelet says so, or is not heard of.",
            f"count({_NODE} (kube_node_info{{{_OF}}}))"
            f' - sum({_NODE} (kube_node_status_condition{{{_OF}, condition="Ready", status="true"}}))',
            alarm=1,
        ),
        number(
            "Active namespaces",
            "Namespaces that are not being deleted.",
            f'sum(max by (cluster, namespace) (kube_namespace_status_phase{{{_IN}, phase="Active"}}))',
        ),
        number(
            "Deployments short",
            "Deployments whose available replicas are not the desired ones.",
            f"sum({_DESIRED} != bool {_AVAILABLE})",
            alarm=1,
        ),
        number("Restarts, 1 h", "Container restarts in the last hour.", f"sum({_RESTARTS})", alarm=10),
        number(
            "Claims without volume",
            "Claims that are pending or lost.",
            "sum(max by (cluster, namespace, persistentvolumeclaim) "
            f'(kube_persistentvolumeclaim_status_phase{{{_IN}, phase=~"Pending|Lost"}}))',
            alarm=1,
        ),
    ),
)

_PODS = Row(
    "Pods",
    (
        Panel(
            title="Pods by phase",
            says="All pods of the namespaces chosen.",
            queries=(
                Query(
                    f"sum by (phase) (max by (cluster, namespace, pod, uid, phase) (kube_pod_status_phase{{{_IN}}}))",
                    "{{phase}}",
                ),
            ),
            look=Look.STACK,
        ),
        Panel(
            title="Why containers wait",
            says="Containers that do not run, by the reason their kubelet gives.",
            queries=(
                Query(
                    "sum by (reason) (max by (cluster, namespace, pod, uid, container, reason) "
                    f"(kube_pod_container_status_waiting_reason{{{_IN}}}))",
                    "{{reason}}",
                ),
            ),
            look=Look.STACK,
        ),
        Panel(
            title="Container restarts, the most in an hour",
            says="The ten containers that restarted most often in the last hour.",
            queries=(Query(f"topk(10, {_RESTARTS})", "{{namespace}}/{{pod}} {{container}}"),),
        ),
        Panel(
            title="Which pods have failed",
            says="Evicted ones stay until somebody deletes them.",
            queries=(
                Query(
                    f'max by (cluster, namespace, pod) (kube_pod_status_phase{{{_IN}, phase="Failed"}}) == 1',
                    "{{namespace}}/{{pod}}",
                ),
            ),
            look=Look.TABLE,
        ),
    ),
)

_NODES = Row(
    "Nodes",
    (
        Panel(
            title="Node conditions",
            says="Nodes for which a condition holds. Ready should be all of them, the others none.",
            queries=(
                Query(
                    "sum by (condition) (max by (cluster, node, condition) "
                    f'(kube_node_status_condition{{{_OF}, status="true"}}))',
                    "{{condition}}",
                ),
            ),
        ),
        Panel(
            title="Requested of allocatable",
            says="What running pods ask for, by what all nodes can give: at 1 nothing more is placed.",
            queries=tuple(
                Query(
                    f'sum({_CONTAINER} (kube_pod_container_resource_requests{{{_OF}, resource="{resource}"}})'
                    f' and on (cluster, namespace, pod, uid) {_POD} (kube_pod_status_phase{{{_OF}, phase="Running"}})'
                    f' == 1) / sum({_NODE} (kube_node_status_allocatable{{{_OF}, resource="{resource}"}}))',
                    resource,
                )
                for resource in ("cpu", "memory")
            ),
            unit=Unit.RATIO,
        ),
    ),
)

_DEPLOYMENTS = Row(
    "Deployments",
    (
        Panel(
            title="Replicas desired and available",
            says="Summed over the deployments of the namespaces chosen.",
            queries=(Query(f"sum({_DESIRED})", "desired"), Query(f"sum({_AVAILABLE})", "available")),
        ),
        Panel(
            title="Replicas missing, by namespace",
            says="Desired less available. Below zero there are more than are asked for.",
            queries=(Query(f"sum by (namespace) ({_DESIRED} - {_AVAILABLE}) != 0", "{{namespace}}"),),
        ),
        Panel(
            title="Mismatches",
            says="Deployments whose available replicas are not the desired ones; the value is what is missing.",
            queries=(Query(f"({_DESIRED} - {_AVAILABLE}) != 0", "{{namespace}}/{{deployment}}"),),
            look=Look.TABLE,
        ),
        Panel(
            title="Other workloads short",
            says="Pods missing from stateful sets and daemon sets, and jobs that gave up.",
            queries=(
                Query(
                    f"sum(max by (cluster, namespace, statefulset) (kube_statefulset_replicas{{{_IN}}})"
                    f" - max by (cluster, namespace, statefulset) (kube_statefulset_status_replicas_ready{{{_IN}}}))",
                    "stateful sets",
                ),
                Query(
                    f"sum(max by (cluster, namespace, daemonset) (kube_daemonset_status_number_unavailable{{{_IN}}}))",
                    "daemon sets",
                ),
                Query(
                    f'sum(max by (cluster, namespace, job_name) (kube_job_failed{{{_IN}, condition="true"}}))',
                    "failed jobs",
                ),
            ),
        ),
        Panel(
            title="Fullest quotas",
            says="Used of hard; at 1 the API server refuses new objects.",
            queries=(
                Query(
                    "topk(10, max by (cluster, namespace, resourcequota, resource) "
                    f'(kube_resourcequota{{{_IN}, type="used"}})'
                    " / (max by (cluster, namespace, resourcequota, resource) "
                    f'(kube_resourcequota{{{_IN}, type="hard"}}) > 0))',
                    "{{namespace}} {{resource}}",
                ),
            ),
            unit=Unit.RATIO,
            width=COLUMNS,
            alarm=0.9,
        ),
    ),
)

CLUSTER = Dashboard(
    "kubernetes-cluster",
    "Kubernetes cluster",
    "Pods, nodes and deployments of a cluster, from its objects' state.",
    (Variable("cluster", "kube_namespace_status_phase"), Variable("namespace", "kube_namespace_status_phase")),
    (_NOW, _PODS, _NODES, _DEPLOYMENTS),
)
