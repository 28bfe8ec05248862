"""manifests/helm/shardex as Helm renders it."""

import base64
import json
import os
import re
import subprocess
import sys

import helm_python
import pytest
import yaml
from rendered import (
    CHART,
    ROOT,
    WORKLOADS,
    arguments,
    chart,
    documents,
    exporters,
    faults,
    granted,
    of,
    one,
    options,
    pod,
    scaler_options,
)
from workloads import sound

from load.testing import running as cluster
from shardex import __version__
from shardex.rbac import rules
from shardex.resources import RESOURCES

DEFAULT = [resource for resource in RESOURCES.values() if resource.default]
SHARDED = {"autosharding": {"enabled": True}, "replicas": 3}
#: name -> values that people set
VALUES = {
    "default": {},
    "sharded": SHARDED,
    "scaler": SHARDED | {"scaler": {"enabled": True}},
    "scaler-acts": SHARDED
    | {
        "scaler": {"enabled": True, "apply": True, "minShards": 2, "maxShards": 5, "extraArgs": ["--v=4"]},
        "prometheus": {"monitor": {"sampleLimit": 5000000}},
        "collectors": ["pods", "nodes"],
    },
    "scaler-namespaced": SHARDED
    | {"scaler": {"enabled": True}, "namespaces": "a,b", "rbac": {"useClusterRole": False}},
    "scaler-auth": SHARDED | {"scaler": {"enabled": True}, "authFilter": {"enabled": True}},
    "scaler-auth-roles": SHARDED
    | {
        "scaler": {"enabled": True},
        "extraArgs": ["--auth-filter"],
        "namespaces": "a,b",
        "rbac": {"useClusterRole": False},
    },
    "scaler-tls": SHARDED
    | {
        "scaler": {
            "enabled": True,
            "extraArgs": ["--shard-scheme=https", "--shard-ca-file=/tls/ca.crt", "--shard-server-name=shardex"],
            "volumes": [{"name": "tls", "emptyDir": {"medium": "Memory"}}],
            "volumeMounts": [{"name": "tls", "mountPath": "/tls"}],
        },
    },
    "collectors": {"collectors": ["pods", "nodes"], "collectorsExtra": ["roles", "pods"]},
    "collectors-text": {"collectors": "pods,nodes,secrets", "collectorsExclude": "secrets"},
    "exclude": {"collectorsExclude": ["secrets", "configmaps"]},
    "namespaces-list": {"namespaces": ["a", "b"], "namespacesDenylist": ["c"]},
    "namespaces-text": {"namespaces": "a, b", "releaseNamespace": True},
    "roles": {"namespaces": "a,b", "rbac": {"useClusterRole": False}},
    "existing-role": {"rbac": {"useExistingRole": "view-all"}},
    "no-rbac": {"rbac": {"create": False}},
    "metrics": {
        "metricAllowlist": ["kube_pod_.*", "kube_node_info"],
        "metricLabelsAllowlist": ["pods=[app,team*]", "nodes=[*]"],
        "metricAnnotationsAllowList": ["pods=[owner]"],
    },
    "denylist": {"metricDenylist": ["^kube_secret_.*", "kube_.*_created"]},
    "monitor": {
        "prometheus": {
            "monitor": {
                "enabled": True,
                "namespace": "prometheus",
                "additionalLabels": {"release": "{{ .Release.Name }}"},
                "sampleLimit": 5000000,
                "http": {
                    "interval": "15s",
                    "scheme": "https",
                    "tlsConfig": {"insecureSkipVerify": True},
                    "bearerTokenSecret": {"name": "token", "key": "token"},
                    "relabelings": [{"action": "labeldrop", "regex": "pod"}],
                },
            }
        }
    },
    "scrapeconfig": {
        "prometheus": {
            "scrapeconfig": {
                "enabled": True,
                "additionalLabels": {"release": "{{ .Release.Name }}"},
                "annotations": {"note": "1"},
                "jobName": "kube-state-metrics",
                "sampleLimit": 5000000,
                "scheme": "https",
                "tlsConfig": {"insecureSkipVerify": True},
                "authorization": {"credentials": {"name": "token", "key": "token"}},
                "proxyUrl": "http://proxy.example",
                "staticConfigLabels": {"cluster": "{{ .Release.Namespace }}"},
                "relabelings": [{"action": "labeldrop", "regex": "uid"}],
                "metricRelabelings": [{"action": "labeldrop", "regex": "uid"}],
            }
        }
    },
    "scrapeconfig-alone": {
        "prometheus": {"scrapeconfig": {"enabled": True}},
        "selfMonitor": {"enabled": False},
    },
    "vpa": {"verticalPodAutoscaler": {"enabled": True}},
    "vpa-sharded": SHARDED
    | {
        "verticalPodAutoscaler": {
            "enabled": True,
            "recommenders": [{"name": "mine"}],
            "controlledResources": ["memory"],
            "controlledValues": "RequestsAndLimits",
            "maxAllowed": {"memory": "4Gi"},
            "minAllowed": {"memory": "256Mi"},
            "updatePolicy": {"updateMode": "Initial", "minReplicas": 1},
        }
    },
    "budget": {"podDisruptionBudget": {"minAvailable": 1}},
    "users": {"hostUsers": False},
    "auth": {"authFilter": {"enabled": True}},
    "auth-slow": {"authFilter": {"enabled": True}, "readinessProbe": {"initialDelaySeconds": 30}},
    "tls": {"extraArgs": ["--tls-config", "/tls/web.yml"]},
    "auth-flag": SHARDED | {"extraArgs": ["--auth-filter"]},
    "config": {"extraArgs": ["--config=/etc/shardex.yaml"]},
    "custom": {
        "customResourceState": {
            "enabled": True,
            "config": {"kind": "CustomResourceStateMetrics", "spec": {"resources": []}},
        },
        "rbac": {"extraRules": [{"apiGroups": ["example.com"], "resources": ["widgets"], "verbs": ["list", "watch"]}]},
    },
    "only-custom": {
        "collectors": [],
        "customResourceState": {"enabled": True, "create": False, "name": "mine"},
        "extraArgs": ["--custom-resource-state-only=true"],
        "extraManifests": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine", "namespace": "monitoring"}}
        ],
    },
    "kubeconfig": {"kubeconfig": {"enabled": True, "secret": base64.b64encode(b"kind: Config").decode()}},
    "open": {"networkPolicy": {"ingress": [{"ports": [{"port": "http"}, {"port": "metrics"}]}]}},
    "ports": {"service": {"port": 9090}, "selfMonitor": {"telemetryPort": 9091, "telemetryHost": "0.0.0.0"}},
    "names": {
        "nameOverride": "ksm",
        "fullnameOverride": "cluster-state",
        "namespaceOverride": "elsewhere",
        "customLabels": {"team": "sre"},
        "releaseLabel": True,
        "podLabels": {"mesh": "off"},
        "podAnnotations": {"note": "1"},
        "annotations": {"note": "2"},
        "image": {"registry": "example.com", "tag": "1.2.3", "sha": "0" * 64},
        "imagePullSecrets": ["plain", {"name": "map"}],
        "serviceAccount": {"name": "reader", "annotations": {"role": "x"}},
    },
    "placed": {
        "affinity": "nodeAffinity:\n  {}\n",
        "tolerations": [{"operator": "Exists"}],
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}
        ],
        "priorityClassName": "system-cluster-critical",
        "hostNetwork": True,
        "dnsPolicy": "ClusterFirstWithHostNet",
        "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
    },
    "probed": {"startupProbe": {"enabled": True}, "livenessProbe": {"httpGet": {"scheme": "https"}}},
    "extra": {
        "extraArgs": ["--use-apiserver-cache", "--log-format=json"],
        "env": [{"name": "TZ", "value": "UTC"}],
        "volumes": [{"name": "web", "secret": {"secretName": "web"}}],
        "volumeMounts": [{"name": "web", "mountPath": "/etc/web"}],
        "extraManifests": [
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web", "namespace": "monitoring"}},
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-extra\n",
        ],
    },
    "disrupted": {"podDisruptionBudget": {"minAvailable": 1}},
    "dual-stack": {"service": {"ipDualStack": {"enabled": True}}},
}


@pytest.fixture(params=VALUES)
def values(request):
    return VALUES[request.param]


@pytest.fixture
def found(values):
    return chart(values)


def collectors(values):
    """What is exported, as the container's own options say."""
    [(_, container)] = exporters(chart(values))
    return sorted(options(container).resources)


def test_lint():
    """Helm's own linter has nothing to say but that there is no icon."""
    report = helm_python.lint(CHART, {}, strict=True)
    assert report["errors"] == []
    assert [message["error"] for message in report["messages"]] == ["icon is recommended"]


def test_lint_of_values(values):
    """Nor with other values."""
    assert helm_python.lint(CHART, values, strict=True)["errors"] == []


def test_kubernetes_takes_it(found):
    """Every object fits the OpenAPI schema of its kind, down to the last field."""
    assert [fault for document in found for fault in faults(document)] == []


def test_workloads_are_sound(values, found):
    """Hardened, sized, probed, drained, guarded, and all that is named is there."""
    role = {"kind": "ClusterRole", "apiVersion": "v1", "metadata": {"name": "view-all"}, "rules": []}
    sound([*found, role])


def test_exporter_takes_its_arguments(found):
    """No argument that the exporter would refuse at start."""
    [(_, container)] = exporters(found)
    assert options(container).workers == 2


def test_names_are_unique(found):
    """No object is written twice: the second would silently replace the first."""
    names = [(d["apiVersion"], d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]) for d in found]
    assert len(names) == len(set(names))


def test_version_is_ours():
    """Chart and image say the version that `shardex version` says."""
    metadata = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert metadata["version"] == metadata["appVersion"] == __version__
    [(_, container)] = exporters(chart())
    assert container["image"] == f"shardex:{__version__}"


def test_sharding_changes_nothing_that_cannot_be_changed():
    """Turned on and off by upgrades: the Service and the budget stay what they are, the workload is another kind."""
    before, after = chart(), chart(SHARDED)
    assert one(before, "Service") == one(after, "Service")
    assert one(after, "Service")["spec"]["clusterIP"] == "None"
    assert {w["kind"] for w in of(before, *WORKLOADS)} == {"Deployment"}
    [grown] = of(chart(SHARDED | {"replicas": 5}), *WORKLOADS)
    [small] = of(after, *WORKLOADS)
    assert (grown["spec"].pop("replicas"), small["spec"].pop("replicas")) == (5, 3)
    assert grown == small


def test_sharded_set():
    """All pods start at once, know who they are, and are taken away one at a time."""
    found = chart(SHARDED)
    spec = one(found, "StatefulSet")["spec"]
    assert (spec["podManagementPolicy"], spec["replicas"], spec["serviceName"]) == ("Parallel", 3, "shardex")
    assert spec["minReadySeconds"] > 0
    assert one(found, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    [(_, container)] = exporters(found)
    assert {"--pod=shardex-0", "--pod-namespace=kube-system"} <= set(arguments(container))


def test_a_new_chart_restarts_nothing():
    """The pods' labels do not have the chart's version."""
    assert "helm.sh/chart" not in one(chart(), "Deployment")["spec"]["template"]["metadata"]["labels"]


def test_rights_follow_the_collectors():
    """The role grants list and watch of what is exported, whatever of it is left out or added."""
    assert one(chart(), "ClusterRole")["rules"] == rules(DEFAULT)
    less = chart(VALUES["exclude"])
    wanted = [resource for resource in DEFAULT if resource.plural not in {"secrets", "configmaps"}]
    assert one(less, "ClusterRole")["rules"] == rules(wanted)
    assert collectors(VALUES["exclude"]) == sorted(resource.plural for resource in wanted)
    more = chart(VALUES["collectors"])
    assert one(more, "ClusterRole")["rules"] == rules(RESOURCES[plural] for plural in ("nodes", "pods", "roles"))
    assert collectors(VALUES["collectors"]) == ["nodes", "pods", "roles"]
    assert collectors(VALUES["collectors-text"]) == ["nodes", "pods"]


def test_every_kind_can_be_granted():
    """Each of the kinds by itself: its group is known to the chart."""
    for plural, resource in RESOURCES.items():
        assert one(chart({"collectors": [plural]}), "ClusterRole")["rules"] == rules([resource])


def test_roles_in_namespaces():
    """Without a ClusterRole: a Role and its binding in each namespace, and no kind that lives outside of them."""
    found = chart(VALUES["roles"])
    assert not of(found, "ClusterRole", "ClusterRoleBinding")
    spaced = [resource for resource in DEFAULT if resource.namespaced]
    assert {role["metadata"]["namespace"]: role["rules"] for role in of(found, "Role")} == {
        "a": rules(spaced),
        "b": rules(spaced),
    }
    assert {binding["metadata"]["namespace"] for binding in of(found, "RoleBinding")} == {"a", "b"}
    [(_, container)] = exporters(found)
    assert options(container).namespaces == ("a", "b")
    assert set(options(container).resources) == {resource.plural for resource in spaced}


def test_namespaces():
    """A list or a text; the release's own may be added."""
    [(_, container)] = exporters(chart(VALUES["namespaces-list"]))
    assert (options(container).namespaces, options(container).namespaces_denylist) == (("a", "b"), ("c",))
    [(_, container)] = exporters(chart(VALUES["namespaces-text"]))
    assert options(container).namespaces == ("a", "b", "monitoring")


def test_existing_role():
    """It is bound, and none is made."""
    found = chart(VALUES["existing-role"])
    assert not of(found, "ClusterRole")
    assert one(found, "ClusterRoleBinding")["roleRef"]["name"] == "view-all"
    assert not of(chart(VALUES["no-rbac"]), "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")


def test_metric_lists():
    """Lists reach the exporter as they were meant."""
    [(_, container)] = exporters(chart(VALUES["metrics"]))
    found = options(container)
    assert found.metric_allowlist == ("kube_pod_.*", "kube_node_info")
    assert {name: tuple(keys) for name, keys in found.metric_labels_allowlist.items()} == {
        "pods": ("app", "team*"),
        "nodes": ("*",),
    }
    assert {name: tuple(keys) for name, keys in found.metric_annotations_allowlist.items()} == {"pods": ("owner",)}


def test_auth_filter():
    """The exporter may ask who a scraper is, by Kubernetes' own role for that, with Roles too."""
    for values in (VALUES["auth"], VALUES["auth"] | VALUES["roles"]):
        found = chart(values)
        binding = one(found, "ClusterRoleBinding", "shardex-auth")
        assert binding["roleRef"] == {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "system:auth-delegator",
        }
        [(_, container)] = exporters(found)
        assert "--auth-filter" in arguments(container)


def test_readiness_behind_a_lock():
    """Where /readyz may be locked the kubelet looks for the file, as seldom and as late as it would have asked."""
    for name, delay in {"auth": 5, "auth-slow": 30, "tls": 5, "auth-flag": 5, "config": 5}.items():
        [(_, container)] = exporters(chart(VALUES[name]))
        probe = container["readinessProbe"]
        assert "httpGet" not in probe
        assert probe["exec"]["command"] == ["test", "-f", options(container).ready_file]
        assert (probe["initialDelaySeconds"], probe["periodSeconds"]) == (delay, 5)
    [(_, container)] = exporters(chart({"extraArgs": ["--use-apiserver-cache"]}))
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert not options(container).ready_file


def test_custom_resources():
    """The configuration is mounted where the flag says, and the definitions may be watched."""
    found = chart(VALUES["custom"])
    data = one(found, "ConfigMap")["data"]
    assert yaml.safe_load(data["config.yaml"]) == VALUES["custom"]["customResourceState"]["config"]
    [(workload, container)] = exporters(found)
    [flag] = [a for a in arguments(container) if a.startswith("--custom-resource-state-config-file=")]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert flag.endswith(f"={mounts['customresourcestate-config']}/config.yaml")
    grants = granted(found, pod(workload)["serviceAccountName"])
    assert {("apiextensions.k8s.io", "customresourcedefinitions", verb) for verb in ("list", "watch")} <= grants.keys()
    assert ("example.com", "widgets", "watch") in grants


def test_custom_resources_alone():
    """No kind is exported, and none is granted."""
    found = chart(VALUES["only-custom"])
    assert one(found, "ClusterRole", "shardex")["rules"] == []
    assert one(chart({"extraArgs": ["--custom-resource-state-only"]}), "ClusterRole")["rules"] == []
    [(_, container)] = exporters(found)
    assert options(container).custom_resource_state_only


def test_service_monitor():
    """Both ports, of this release's Service alone, with limits; what is set for one port holds for that port."""
    found = chart(VALUES["monitor"])
    monitor = one(found, "ServiceMonitor")
    assert monitor["metadata"]["labels"]["release"] == "shardex"
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": ["monitoring"]}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= one(found, "Service")["metadata"]["labels"].items()
    assert (monitor["spec"]["bodySizeLimit"], monitor["spec"]["sampleLimit"]) == ("1GB", 5000000)
    main, own = monitor["spec"]["endpoints"]
    assert {main["port"], own["port"]} == {port["name"] for port in one(found, "Service")["spec"]["ports"]}
    assert (main["interval"], main["scrapeTimeout"], main["honorLabels"], main["scheme"]) == (
        "15s",
        "30s",
        True,
        "https",
    )
    assert "honorLabels" not in own
    assert "scheme" not in own
    assert not of(chart(), "ServiceMonitor")


def test_scrape_config():
    """Each port of every pod, with limits; the objects' labels on one, the pods' own on the other."""
    found = chart(VALUES["scrapeconfig"])
    main, own = one(found, "ScrapeConfig", "shardex"), one(found, "ScrapeConfig", "shardex-telemetry")
    assert main["metadata"]["labels"]["release"] == "shardex"
    labels = one(found, "Deployment")["spec"]["template"]["metadata"]["labels"]
    ports = {port["name"] for _, container in exporters(found) for port in container["ports"]}
    chosen = set()
    for config in (main["spec"], own["spec"]):
        [place] = config["kubernetesSDConfigs"]
        assert place["namespaces"]["names"] == [one(found, "Deployment")["metadata"]["namespace"]]
        [selector] = place["selectors"]
        assert dict(pair.split("=") for pair in selector["label"].split(",")).items() <= labels.items()
        [kept] = [rule for rule in config["relabelings"] if rule.get("action") == "keep"]
        chosen.add(kept["regex"])
        assert {"targetLabel": "cluster", "replacement": "monitoring"} in config["relabelings"]
        assert (config["scheme"], config["bodySizeLimit"], config["sampleLimit"]) == ("https", "1GB", 5000000)
        assert config["authorization"]["credentials"] == {"name": "token", "key": "token"}
    assert chosen == ports
    assert main["spec"]["honorLabels"] is True
    assert "honorLabels" not in own["spec"]
    assert (main["spec"]["jobName"], own["spec"]["jobName"]) == (
        "kube-state-metrics",
        "kube-state-metrics-telemetry",
    )
    assert [d["metadata"]["name"] for d in of(chart(VALUES["scrapeconfig-alone"]), "ScrapeConfig")] == ["shardex"]
    assert not of(chart(), "ScrapeConfig")


def test_vertical_pod_autoscaler():
    """It is for the workload that there is and for the exporter's container, within what is allowed."""
    for name, kind in {"vpa": "Deployment", "vpa-sharded": "StatefulSet"}.items():
        found = chart(VALUES[name])
        spec = one(found, "VerticalPodAutoscaler")["spec"]
        [(workload, container)] = exporters(found)
        assert workload["kind"] == kind
        assert spec["targetRef"] == {"apiVersion": "apps/v1", "kind": kind, "name": workload["metadata"]["name"]}
        [policy] = spec["resourcePolicy"]["containerPolicies"]
        assert policy["containerName"] == container["name"]
    assert spec["updatePolicy"] == {"updateMode": "Initial", "minReplicas": 1}
    assert (policy["maxAllowed"], policy["controlledResources"]) == ({"memory": "4Gi"}, ["memory"])
    assert not of(chart(), "VerticalPodAutoscaler")


def test_replica_count():
    """The name of other charts, also for none at all."""
    for count in (0, 5):
        assert one(chart(SHARDED | {"replicaCount": count}), "StatefulSet")["spec"]["replicas"] == count


def test_small_values():
    """A budget of one's own, and a user namespace."""
    assert one(chart(VALUES["budget"]), "PodDisruptionBudget")["spec"]["minAvailable"] == 1
    assert pod(one(chart(VALUES["users"]), "Deployment"))["hostUsers"] is False
    assert "hostUsers" not in pod(one(chart(), "Deployment"))


def test_scaler():
    """It reads the set, acts only when told to, and knows the scraper's limits."""
    found = chart(VALUES["scaler"])
    container = pod(one(found, "Deployment"))["containers"][0]
    assert container["command"] == ["shardex-scaler", "run"]
    assert "--statefulset=shardex" in arguments(container)
    assert {"--scrape-timeout=30s", "--scrape-body-limit=1Gi"} <= set(arguments(container))
    assert "--apply" not in arguments(container)
    acts = pod(one(chart(VALUES["scaler-acts"]), "Deployment"))["containers"][0]
    assert {"--apply", "--min-shards=2", "--max-shards=5", "--v=4", "--resources=nodes,pods"} <= set(arguments(acts))
    assert "--scrape-sample-limit=5000000" in arguments(acts)


UPGRADE = """
import helm_python, json, sys
given = json.load(sys.stdin)
config = helm_python.Config(kubeconfig_content=given["kubeconfig"], namespace="monitoring")
with config, helm_python.Chart.load(given["chart"]) as chart:
    texts = config.render(chart, given["values"], name="shardex", namespace="monitoring", is_upgrade=True)
sys.stdout.write("\\n---\\n".join(text for path, text in texts.items() if path.endswith(".yaml")))
"""


@pytest.mark.parametrize(("apply", "replicas"), [(True, 7), (False, 3)])
def test_an_upgrade_leaves_the_number_to_the_scaler(tmp_path, apply, replicas):
    """Where the scaler sets the replicas, an upgrade renders what the cluster has; else what the values say."""
    values = SHARDED | {"scaler": {"enabled": True, "apply": apply}}
    with cluster() as server:
        server.add(
            "/apis/apps/v1/namespaces/monitoring/statefulsets/shardex",
            {"metadata": {"name": "shardex", "namespace": "monitoring"}, "spec": {"replicas": 7}},
        )
        kubeconfig = json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": server.url}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
                "users": [{"name": "c", "user": {}}],
                "current-context": "c",
            }
        )
        done = subprocess.run(
            [sys.executable, "-c", UPGRADE],
            input=json.dumps({"kubeconfig": kubeconfig, "chart": str(CHART), "values": values}),
            env={**os.environ, "HOME": str(tmp_path)},  # Helm keeps what it found out about a server there
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert one(documents(done.stdout), "StatefulSet")["spec"]["replicas"] == replicas


@pytest.mark.parametrize(
    ("limit", "given"), [("1GB", "1Gi"), ("512MiB", "512Mi"), ("100KB", "100Ki"), ("5000B", "5000"), ("7", "7")]
)
def test_body_limit_for_the_scaler(limit, given):
    """Prometheus writes sizes in powers of 1024 whatever the unit is called; the scaler takes Kubernetes' form."""
    found = chart(VALUES["scaler"] | {"prometheus": {"monitor": {"bodySizeLimit": limit}}})
    assert f"--scrape-body-limit={given}" in arguments(pod(one(found, "Deployment"))["containers"][0])


def test_scaler_takes_its_arguments():
    """No argument that the scaler would refuse at start."""
    for name in ("scaler", "scaler-acts", "scaler-namespaced", "scaler-auth", "scaler-tls"):
        container = pod(one(chart(VALUES[name]), "Deployment"))["containers"][0]
        assert scaler_options(container).statefulset == "shardex"


@pytest.mark.parametrize("name", ["scaler-auth", "scaler-auth-roles"])
def test_the_scaler_shows_who_it_is(name):
    """Where shards ask for a token it has one to show, and the right to what it reads, and to no other page."""
    found = chart(VALUES[name])
    container = pod(one(found, "Deployment"))["containers"][0]
    assert scaler_options(container).shard_token_file == "/var/run/secrets/kubernetes.io/serviceaccount/token"
    assert pod(one(found, "Deployment"))["automountServiceAccountToken"]
    paths = {key for key in granted(found, "shardex-scaler") if key[1].startswith("/")}
    assert paths == {("", "/metrics", "get")}


def test_the_scaler_keeps_its_token_to_itself():
    """Where nobody asks, it is not shown, and there is no right to anything without an object."""
    found = chart(VALUES["scaler"])
    assert not scaler_options(pod(one(found, "Deployment"))["containers"][0]).shard_token_file
    assert not any(key[1].startswith("/") for key in granted(found, "shardex-scaler"))


def test_scaler_rights():
    """It lists what the shards list, watches none of it, and writes to nothing but its set, its lease and Events."""
    grants = granted(chart(VALUES["scaler"]), "shardex-scaler")
    lists = {(resource.group, resource.plural, "list") for resource in DEFAULT}
    own = grants.keys() - lists
    assert grants.keys() > lists
    assert {(resource, verb) for _, resource, verb in own if verb not in {"get", "list", "watch"}} == {
        ("statefulsets", "patch"),
        ("events", "create"),
        ("leases", "create"),
        ("leases", "update"),
    }
    assert grants["apps", "statefulsets", "patch"] == {("monitoring", "shardex")}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"collectors": ["podss"]}, "there is no podss"),
        ({"replicas": 2}, "without autosharding.enabled"),
        ({"rbac": {"useClusterRole": False}}, "name the namespaces"),
        ({"metricAllowlist": ["a"], "metricDenylist": ["b"]}, "use one of them"),
        ({"scaler": {"enabled": True}}, "needs autosharding.enabled"),
        ({"service": {"port": 8081}}, "are both 8081"),
        ({"kubeRBACProxy": {"enabled": True}}, "set authFilter.enabled"),
        ({"extraArgs": ["--ready-file=/tmp/mine"]}, "a probe that looks there"),
        (VALUES["scaler"] | {"verticalPodAutoscaler": {"enabled": True}}, "limits that the StatefulSet says"),
        ({"prometheus": {"scrapeconfig": {"enabled": True}, "monitor": {"enabled": True}}}, "scraped twice"),
        ({"selfMonitor": {"telemetryNodePort": 30081}}, "telemetryNodePort: the Service is headless"),
        ({"replicaCount": 2}, "without autosharding.enabled"),
        ({"service": {"type": "NodePort"}}, "headless"),
        ({"service": {"clusterIP": "10.0.0.1"}}, "service.clusterIP"),
        ({"rbac": {"clusterRoleSelectors": [{}]}}, "rbac.useExistingRole"),
        ({"kubeconfig": {"enabled": True}}, "in base64"),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_what_cannot_be_had_is_refused(values, said):
    """With what to do instead, before anything is installed."""
    with pytest.raises(helm_python.HelmError, match=said):
        chart(values)


def test_all_faults_at_once():
    """One run tells everything."""
    with pytest.raises(helm_python.HelmError, match=r"(?s)podss.*without autosharding.*authFilter"):
        chart({"collectors": ["podss"], "replicas": 2, "kubeRBACProxy": {"enabled": True}})


def test_values_of_the_peers_chart():
    """A values file of kube-state-metrics' chart 8.4.0, with each of its values at its default, is taken as it is."""
    text = (ROOT / "tests/data/kubernetes/peer-values.json").read_text(encoding="utf-8")
    values = json.loads(text)
    with helm_python.Chart.load(CHART) as loaded:
        loaded.validate_schema(loaded.merge_values(values))
    found = chart(values)
    assert [fault for document in found for fault in faults(document)] == []
    assert collectors(values) == sorted(values["collectors"])


def test_documented_values_are_there():
    """docs/deploying.md names no value that the chart does not have."""
    text = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    named = re.findall(r"`([a-z]\w*(?:\.\w+)*)=[^`]*`", text)
    assert "autosharding.enabled" in named
    for name in named:
        at = values
        for part in name.split("."):
            at = at[part]


def test_typos_are_refused():
    """A value that the chart does not have is not silently ignored."""
    with helm_python.Chart.load(CHART) as loaded:
        for values in ({"collector": ["pods"]}, {"prometheus": {"monitor": {"enable": True}}}, {"replicas": "2"}):
            with pytest.raises(helm_python.HelmError):
                loaded.validate_schema(loaded.merge_values(values))
        loaded.validate_schema(loaded.merge_values({}))
