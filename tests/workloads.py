"""What must hold of every workload, whoever rendered it."""

import re

from rendered import WORKLOADS, exporters, of, options, pod


def hardened(workload):
    """Nothing runs as root, writes to its own root file system, gains a right or has a capability."""
    spec = pod(workload)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] >= 1000
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
    for volume in spec.get("volumes", ()):
        assert "hostPath" not in volume
        assert volume.get("emptyDir", {"medium": "Memory"})["medium"] == "Memory"


def sized(workload):
    """Every container has requests and a memory limit, and no CPU limit: throttling makes scrapes late."""
    for container in pod(workload)["containers"]:
        resources = container["resources"]
        assert resources["requests"].keys() == {"cpu", "memory"}
        assert resources["limits"].keys() == {"memory"}


def probed(workload):
    """Alive is asked without asking the API server, ready is whether everything was listed once."""
    for container in pod(workload)["containers"]:
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        alive, ready = ("/metrics", "/metrics") if "command" in container else ("/livez", "/readyz")
        assert container["livenessProbe"]["httpGet"]["path"] == alive
        assert container["livenessProbe"]["httpGet"]["port"] in ports
        if "command" in container or not locked(container):
            assert container["readinessProbe"]["httpGet"]["path"] == ready
            assert container["readinessProbe"]["httpGet"]["port"] in ports
            continue
        path = options(container).ready_file
        assert container["readinessProbe"]["exec"]["command"] == ["test", "-f", path]
        assert container["readinessProbe"]["initialDelaySeconds"] >= 5  # a file of a container that was killed is gone
        [volume] = [m["name"] for m in container["volumeMounts"] if path.startswith(f"{m['mountPath']}/")]
        assert [v["emptyDir"]["medium"] for v in pod(workload)["volumes"] if v["name"] == volume] == ["Memory"]


def locked(container):
    """Whether the kubelet, which has nothing to show, may find /readyz locked."""
    given = options(container)
    return bool(given.auth_filter or given.tls_config or given.config)


def drains(workload):
    """The grace period has room for the preStop pause and for --drain-timeout."""
    grace = pod(workload)["terminationGracePeriodSeconds"]
    for found, container in exporters([workload]):
        assert found is workload
        [word, pause] = container["lifecycle"]["preStop"]["exec"]["command"]
        assert word == "sleep"
        assert int(pause) + options(container).drain_timeout < grace
        ports = {port["containerPort"] for port in container["ports"]}
        assert ports == {options(container).port, options(container).telemetry_port}


def guarded(found):
    """A NetworkPolicy selects each pod, lets its ports in, and lets it out to the API server."""
    for workload in of(found, *WORKLOADS):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        [policy] = [
            p["spec"]
            for p in of(found, "NetworkPolicy")
            if p["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        ]
        assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
        ports = {port["name"] for container in pod(workload)["containers"] for port in container["ports"]}
        assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} == ports
        assert {443, 6443} <= {port["port"] for rule in policy["egress"] for port in rule["ports"]}


def selected(found):
    """A selector chooses the pods of its own workload and of no other."""
    for workload in of(found, *WORKLOADS):
        selector = workload["spec"]["selector"]["matchLabels"].items()
        chosen = [w for w in of(found, *WORKLOADS) if selector <= w["spec"]["template"]["metadata"]["labels"].items()]
        assert chosen == [workload]
    for service in of(found, "Service", "PodDisruptionBudget"):
        selector = service["spec"]["selector"]
        labels = selector.get("matchLabels", selector).items()
        assert [w for w in of(found, *WORKLOADS) if labels <= w["spec"]["template"]["metadata"]["labels"].items()]


def referred(found):
    """Accounts, roles, config maps, secrets and services that something names are there."""
    there = {(d["kind"], d["metadata"].get("namespace", ""), d["metadata"]["name"]) for d in found}
    for binding in of(found, "RoleBinding", "ClusterRoleBinding"):
        role, space = binding["roleRef"], binding["metadata"].get("namespace", "")
        if not role["name"].startswith("system:"):
            assert (role["kind"], space if role["kind"] == "Role" else "", role["name"]) in there
        for subject in binding["subjects"]:
            assert (subject["kind"], subject["namespace"], subject["name"]) in there
    for workload in of(found, *WORKLOADS):
        space = workload["metadata"]["namespace"]
        assert ("ServiceAccount", space, pod(workload)["serviceAccountName"]) in there
        if workload["kind"] == "StatefulSet":
            assert ("Service", space, workload["spec"]["serviceName"]) in there
        for volume in pod(workload).get("volumes", ()):
            if "configMap" in volume:
                assert ("ConfigMap", space, volume["configMap"]["name"]) in there
            if "secret" in volume:
                assert ("Secret", space, volume["secret"]["secretName"]) in there
        mounted = {m["name"] for c in pod(workload)["containers"] for m in c.get("volumeMounts", ())}
        assert mounted == {volume["name"] for volume in pod(workload).get("volumes", ())}


def sound(found):
    """All of the above."""
    assert of(found, *WORKLOADS)
    for workload in of(found, *WORKLOADS):
        hardened(workload)
        sized(workload)
        probed(workload)
        drains(workload)
        for container in pod(workload)["containers"]:
            assert re.fullmatch(r"[\w./:-]+:[\w.-]+(@sha256:[0-9a-f]{64})?", container["image"])
    guarded(found)
    selected(found)
    referred(found)
