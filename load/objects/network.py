"""Services, their endpoints, ingresses and network policies."""

from typing import Any

from load.objects.names import address
from load.objects.pod_document import State
from load.objects.pods import Pod
from load.objects.workload import Workload

Document = dict[str, Any]

_CLUSTER_NETWORK = 0x60000  # 172.6.0.0 on: apart from pods and nodes


def pod_address(pod: Pod) -> str:
    return address(0x400000 + pod.number % 0x400000)


def service(meta: Document, workload: Workload, number: int) -> Document:
    """The Service of a workload: headless for databases, a load balancer now and then."""
    headless = workload.app.role.value == "StatefulSet"
    outside = not headless and number % 40 == 0
    ip = "None" if headless else address(_CLUSTER_NETWORK + number, 172)
    port = {"name": "http", "protocol": "TCP", "port": 8080, "targetPort": 8080}
    spec: Document = {
        "ports": [{**port, **({"nodePort": 30000 + number % 2768} if outside else {})}],
        "selector": {"app.kubernetes.io/instance": workload.name},
        "clusterIP": ip,
        "clusterIPs": [ip],
        "type": "LoadBalancer" if outside else "ClusterIP",
        "sessionAffinity": "None",
        **({"externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": True} if outside else {}),
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }
    balancer = {"ingress": [{"hostname": f"lb-{number}.elb.example.com"}]} if outside else {}
    return {"metadata": meta, "spec": spec, "status": {"loadBalancer": balancer}}


def endpoint_slice(meta: Document, workload: Workload) -> Document:
    """The addresses behind a Service; at most 100 in one slice, as the controller has it."""
    endpoints = []
    for pod in workload.pods[:100]:
        if pod.node is None or pod.state in {State.SUCCEEDED, State.FAILED, State.EVICTED, State.CREATING}:
            continue
        conditions = {"ready": pod.ready, "serving": pod.ready, "terminating": pod.state is State.TERMINATING}
        target = {"kind": "Pod", "namespace": workload.namespace, "name": pod.name, "uid": pod.uid}
        where = {"nodeName": pod.node.name, "zone": pod.node.zone}
        endpoints.append({"addresses": [pod_address(pod)], "conditions": conditions, "targetRef": target, **where})
    ports = [{"name": "http", "port": 8080, "protocol": "TCP"}]
    return {"metadata": meta, "addressType": "IPv4", "endpoints": endpoints, "ports": ports}


def endpoints(meta: Document, slice_: Document) -> Document:
    """The older form of the same addresses."""
    addresses = [
        {"ip": one["addresses"][0], "nodeName": one["nodeName"], "targetRef": one["targetRef"]}
        for one in slice_["endpoints"]
    ]
    subset = {"addresses": addresses, "ports": slice_["ports"]}
    return {"metadata": meta, **({"subsets": [subset]} if addresses else {})}


def ingress(meta: Document, workload: Workload) -> Document:
    host = f"{workload.name}.{workload.namespace}.example.com"
    backend = {"service": {"name": workload.name, "port": {"number": 8080}}}
    rule = {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    spec = {
        "ingressClassName": "nginx",
        "tls": [{"hosts": [host], "secretName": f"{workload.name}-tls"}],
        "rules": [rule],
    }
    return {
        "metadata": meta,
        "spec": spec,
        "status": {"loadBalancer": {"ingress": [{"hostname": "lb-0.elb.example.com"}]}},
    }


def ingress_class(meta: Document) -> Document:
    return {"metadata": meta, "spec": {"controller": f"k8s.io/ingress-{meta['name']}"}}


def network_policy(meta: Document) -> Document:
    """Nothing comes in but from the same namespace."""
    spec = {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}], "policyTypes": ["Ingress"]}
    return {"metadata": meta, "spec": spec}
