"""What the manifests say once Kustomize and Helm have rendered them, and what Kubernetes would say to it."""

import functools
import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import helm_python
import jsonschema
import pytest
import yaml

from scaler import options as scaler
from shardex.arguments import normal
from shardex.options import parse
from shardex.resources import RESOURCES
from shardex.settings import IGNORED, SETTINGS

ROOT = Path(__file__).resolve().parent.parent
MANIFESTS = ROOT / "manifests"
CHART = MANIFESTS / "helm" / "shardex"
OVERLAYS = sorted(path.parent.name for path in MANIFESTS.glob("overlays/*/kustomization.yaml"))
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_SCHEMAS = ROOT / "tests" / "data" / "kubernetes" / "schemas.json.gz"
#: what the kubelet puts in place of $(NAME) in an argument
_DOWNWARD = {"POD_NAME": "shardex-0", "POD_NAMESPACE": "kube-system", "NODE_NAME": "node-0"}


@functools.cache
def _kustomize():
    """A Kustomize's command: its own program, or the one within kubectl."""
    for program, words in (("kustomize", ("build",)), ("kubectl", ("kustomize",))):
        if found := shutil.which(program):
            return (found, *words)
    return pytest.skip("neither kustomize nor kubectl here: the overlays cannot be built")


@functools.cache
def _built(folder):
    done = subprocess.run([*_kustomize(), folder], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr  # deprecated fields
    return done.stdout


def overlay(name):
    """Documents of an overlay, or of any other folder of manifests/."""
    folder = MANIFESTS / "overlays" / name
    return documents(_built(folder if folder.exists() else Path(name)))


def chart(values=None, name="shardex", namespace="monitoring"):
    """Documents of the chart with some values; raises helm_python.HelmError."""
    return documents(_rendered(json.dumps(values or {}), name, namespace))


@functools.cache
def _rendered(values, name, namespace):
    with helm_python.Chart.load(CHART) as loaded:
        texts = loaded.render(json.loads(values), name=name, namespace=namespace)
    return "\n---\n".join(text for path, text in sorted(texts.items()) if path.endswith(".yaml"))


class _Unique(yaml.SafeLoader):
    """Refuses a key that stands twice, as the API server's strict decoding does."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key twice in {sorted(map(str, keys))}"
        return super().construct_mapping(node, deep)


def documents(text):
    return [document for document in yaml.load_all(text, _Unique) if document]


@functools.cache
def _schemas():
    return json.loads(gzip.decompress(_SCHEMAS.read_bytes()))


def faults(document):
    """What is wrong with an object by the OpenAPI schema of its kind, one sentence each.

    The schemas are those of Kubernetes 1.36 and of the Prometheus operator 0.93, of the kinds used here alone: field
    names, types, what is required and what there is to choose from; a field that they do not know is a fault.
    """
    kind = f"{document.get('apiVersion')}/{document.get('kind')}"
    known = _schemas()
    if kind not in known["kinds"]:
        return [f"no schema of {kind}"]
    schema = {**known["kinds"][kind], "definitions": known["definitions"]}
    found = jsonschema.Draft7Validator(schema).iter_errors(document)
    return [f"{kind} {document['metadata']['name']}: {error.json_path}: {error.message[:300]}" for error in found]


def of(found, *kinds):
    """The documents of some kinds."""
    return [document for document in found if document["kind"] in kinds]


def one(found, kind, name=None):
    """The only document of a kind, or of a kind and name."""
    [document] = [d for d in of(found, kind) if name in {None, d["metadata"]["name"]}]
    return document


def pod(workload):
    """The pod's spec of a workload."""
    return workload["spec"]["template"]["spec"]


def exporters(found):
    """(workload, its container) of those that run the exporter."""
    for workload in of(found, *WORKLOADS):
        for container in pod(workload)["containers"]:
            if "command" not in container:  # the image's own entry point
                yield workload, container


def arguments(container):
    """The arguments as the process gets them."""
    values = {variable["name"]: _DOWNWARD.get(variable["name"], "value") for variable in container.get("env", ())}
    return [re.sub(r"\$\((\w+)\)", lambda found: values[found[1]], argument) for argument in container.get("args", ())]


def _given(container, settings, ignored):
    """Texts by flag name, as the command line's reader hands them on; a flag that it does not know is a fault."""
    line = normal(arguments(container), {setting.flag: setting.form for setting in settings}, ignored)
    assert not line.faults, line.faults
    assert not line.words, line.words
    assert not line.ignored, line.ignored
    return dict(flag.removeprefix("--").split("=", 1) for flag in line.flags)


def options(container):
    """The exporter's options; raises OptionsError."""
    return parse(_given(container, SETTINGS, IGNORED), RESOURCES, cores=lambda: 1)


def scaler_options(container):
    """The scaler's options; raises OptionsError."""
    return scaler.parse(_given(container, scaler.SETTINGS, {}))


def granted(found, account):
    """(group, resource or path, verb) -> scopes, of the roles bound to an account: namespaces, "" for all of them."""
    roles = {(role["kind"], role["metadata"]["name"]): role for role in of(found, "Role", "ClusterRole")}
    grants = {}
    for binding in of(found, "RoleBinding", "ClusterRoleBinding"):
        subjects = {(s["kind"], s["name"]) for s in binding["subjects"]}
        role = roles.get((binding["roleRef"]["kind"], binding["roleRef"]["name"]))
        if ("ServiceAccount", account) not in subjects or role is None:
            continue
        scope = binding["metadata"].get("namespace", "")
        for rule in role["rules"]:
            for path in rule.get("nonResourceURLs", ()):
                grants |= {("", path, verb): {(scope, "")} for verb in rule["verbs"]}
            for group in rule.get("apiGroups", ()):
                for resource in rule["resources"]:
                    for verb in rule["verbs"]:
                        named = ",".join(rule.get("resourceNames", ()))
                        grants.setdefault((group, resource, verb), set()).add((scope, named))
    return grants
