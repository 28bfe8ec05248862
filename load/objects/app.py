"""An application: what all pods of its workloads, in whichever namespace, have in common."""

from enum import StrEnum
from functools import cached_property
from typing import Any

from load.objects.names import SERVICES, TEAMS
from load.text import hole


class Role(StrEnum):
    """What runs the application's pods."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"
    JOB = "Job"


_CPU = ("50m", "100m", "200m", "250m", "500m", "1", "2")
_MEMORY = ("64Mi", "128Mi", "256Mi", "512Mi", "1Gi", "2Gi", "4Gi")
_LIMITS = ("200m", "500m", "1", "1", "2", "4", "8")


class App:
    """One application.

    index   decides everything that varies between applications
    extras  environment variables beyond the usual ones: what brings a pod to its size
    """

    def __init__(self, index: int, name: str, role: Role, extras: int = 0) -> None:
        self.index, self.name, self.role, self.extras = index, name, role, extras
        self.team = TEAMS[index % len(TEAMS)]
        self.image = f"registry.example.com/{self.team}/{name}"
        self.sidecar_image = "registry.example.com/platform/telemetry-proxy:v3.14.2"
        self.init = role in {Role.DEPLOYMENT, Role.STATEFUL_SET} and index % 8 == 0

    def _resources(self, scale: int) -> dict[str, Any]:
        step = (self.index + scale) % len(_CPU)
        limits = {"cpu": _LIMITS[step], "memory": _MEMORY[min(step + 1, len(_MEMORY) - 1)]}
        return {"limits": limits, "requests": {"cpu": _CPU[step], "memory": _MEMORY[step]}}

    def _environment(self) -> list[dict[str, Any]]:
        usual: list[dict[str, Any]] = [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "GOMAXPROCS", "value": "2"},
        ]
        for number in range(self.extras):
            peer = SERVICES[(self.index + number) % len(SERVICES)]
            again = f"_{number // len(SERVICES)}" if number >= len(SERVICES) else ""
            host = f"http://{peer}.{self.team}-prod.svc.cluster.local:8080/v{1 + number % 3}"
            usual.append({"name": f"{peer.upper()}_ENDPOINT{again}", "value": host})
        return usual

    def _container(self, name: str, image: str, environment: list[dict[str, Any]], port: int) -> dict[str, Any]:
        batch = self.role is Role.JOB
        probe = {
            "httpGet": {"path": "/healthz", "port": port, "scheme": "HTTP"},
            "initialDelaySeconds": 5,
            "timeoutSeconds": 2,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        }
        return {
            "name": name,
            "image": image,
            "args": [f"--listen=:{port}", f"--config=/etc/{name}/config.yaml"],
            "ports": [{"name": f"p{port}", "containerPort": port, "protocol": "TCP"}],
            "env": environment,
            "resources": self._resources(port % 3),
            "volumeMounts": [{"name": "config", "readOnly": True, "mountPath": f"/etc/{name}"}],
            **({} if batch else {"livenessProbe": probe, "readinessProbe": probe}),
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The spec of a pod template; the image's tag is the hole `tag`."""
        sidecar = [{"name": "LOG_LEVEL", "value": "warn"}]
        first = self._container("prepare", f"{self.image}-migrate:{hole('tag')}", sidecar, 8079)
        volumes: list[dict[str, Any]] = [
            {"name": "config", "configMap": {"name": f"{self.name}-config", "defaultMode": 420}}
        ]
        if self.role is Role.STATEFUL_SET:
            volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": hole("claim")}})
        return {
            "volumes": volumes,
            **({"initContainers": [_without_probes(first)]} if self.init else {}),
            "containers": [
                self._container(self.name, f"{self.image}:{hole('tag')}", self._environment(), 8080),
                self._container("telemetry-proxy", self.sidecar_image, sidecar, 9464),
            ],
            "restartPolicy": "Never" if self.role is Role.JOB else "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "default",
            "serviceAccount": "default",
            **({"nodeSelector": {"kubernetes.io/os": "linux"}} if self.index % 3 == 0 else {}),
            "securityContext": {"runAsNonRoot": True, "fsGroup": 2000},
            "schedulerName": "default-scheduler",
        }

    @cached_property
    def template(self) -> dict[str, Any]:
        """The spec as a workload's template has it: a StatefulSet's claim comes from its claim templates."""
        volumes = [volume for volume in self.spec["volumes"] if volume["name"] != "data"]
        return {**self.spec, "volumes": volumes}


def _without_probes(container: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in container.items() if not name.endswith("Probe") and name != "ports"}
