"""shardex render: manifests in, the exporter's exposition out, without a cluster."""

import io
import json
import sys

import pytest
import yaml
from helpers import DATA, golden, read

from shardex.cli import main
from shardex.errors import ShardexError
from shardex.options import parse
from shardex.render import render
from shardex.resources import RESOURCES

CONFORMANCE = DATA / "conformance"
VARIANTS = json.loads((CONFORMANCE / "golden" / "variants.json").read_text())


def options(**flags):
    return parse({flag.replace("_", "-"): text for flag, text in flags.items()}, RESOURCES, lambda: 1)


def manifest(kind, name, api="v1", **more):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "n", "uid": name}, **more}


POD, NODE = manifest("Pod", "web", spec={"nodeName": "one"}), manifest("Node", "one")
DEPLOYMENT = manifest("Deployment", "web", "apps/v1", spec={"replicas": 3})
TYPED = [{key: o[key] for key in o if key not in {"apiVersion", "kind"}} for o in (POD, manifest("Pod", "db"))]


def rendered(*documents, **flags):
    return render({f"document {number}": text for number, text in enumerate(documents)}, options(**flags))


def infos(text):
    """Families whose samples say that an object is there, with its name."""
    wanted = {"kube_pod_info": "pod", "kube_node_info": "node", "kube_deployment_spec_replicas": "deployment"}
    samples = read(text).samples
    return sorted((each.name, dict(each.labels)[wanted[each.name]]) for each in samples if each.name in wanted)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, variant in VARIANTS.items()
        if not variant["query"]
        and "openmetrics" not in variant["content_type"]
        and not any("custom-resource" in arg or "shard" in arg for arg in variant["args"])
    ],
)
def test_it_is_what_the_peer_serves(name):
    """The recorded lists of a cluster, under the flags of each recording, give the peer's families and samples."""
    parts = [arg.removeprefix("--").partition("=") for arg in VARIANTS[name]["args"]]
    flags = {flag: value or "true" for flag, _, value in parts}
    documents = {path.name: path.read_bytes() for path in sorted((CONFORMANCE / "objects" / "pub").glob("*.json"))}
    found = render(documents, parse(flags, RESOURCES, lambda: 1))
    assert read(found.text) == golden(name)
    assert not found.malformed


TWO = [("kube_deployment_spec_replicas", "web"), ("kube_pod_info", "web")]

FORMS = {
    "JSON": (json.dumps(POD), TWO[1:]),
    "JSON with line breaks": (json.dumps(POD, indent=2), TWO[1:]),
    "JSON lines": ("\n".join(map(json.dumps, (POD, DEPLOYMENT))) + "\n", TWO),
    "YAML": (yaml.safe_dump(POD), TWO[1:]),
    "YAML documents": (f"---\n# two\n{yaml.safe_dump_all([POD, DEPLOYMENT])}---\n", TWO),
    "a List": (json.dumps({"apiVersion": "v1", "kind": "List", "items": [POD, DEPLOYMENT]}), TWO),
    "a List in YAML": (yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [POD, DEPLOYMENT]}), TWO),
    "a PodList": (
        json.dumps({"apiVersion": "v1", "kind": "PodList", "items": TYPED}),
        [("kube_pod_info", "db"), ("kube_pod_info", "web")],
    ),
    "an empty list": ('{"apiVersion": "v1", "kind": "PodList", "items": []}', []),
    "nothing": ("", []),
    "only a comment": ("# nothing\n", []),
    "bytes with a mark": (b"\xef\xbb\xbf" + json.dumps(POD).encode(), TWO[1:]),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    """Whatever kubectl and Helm write, lists taken apart."""
    text, wanted = FORMS[form]
    found = rendered(text)
    assert infos(found.text) == wanted
    assert found.unknown == found.malformed == ()


def test_documents_are_one_cluster():
    """Each family stands once, with the lines of all documents, kinds in the exporter's order."""
    found = rendered(json.dumps(POD), yaml.safe_dump(DEPLOYMENT), json.dumps(manifest("Pod", "db")))
    assert infos(found.text) == [TWO[0], ("kube_pod_info", "db"), TWO[1]]
    assert found.text.count("# TYPE kube_pod_info ") == 1
    assert found.text.index("kube_deployment_") < found.text.index("kube_pod_")


def test_yaml_times_stay_text():
    """An unquoted time is what the API server would have sent."""
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, creationTimestamp: 2024-01-02T03:04:05Z}\n"
    found = rendered(text)
    assert not found.malformed
    (created,) = [value for series, value in read(found.text).samples.items() if series.name == "kube_pod_created"]
    assert created == [1704164645.0]


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ({}, {"kube_pod_info", "kube_node_info", "kube_deployment_spec_replicas"}),
        ({"resources": "pods"}, {"kube_pod_info"}),
        ({"metric_allowlist": "kube_node_info"}, {"kube_node_info"}),
        ({"metric_denylist": "kube_pod.*"}, {"kube_node_info", "kube_deployment_spec_replicas"}),
        ({"namespaces": "other"}, {"kube_node_info"}),
        ({"namespaces_denylist": "n"}, {"kube_node_info"}),
        ({"node": "one"}, {"kube_pod_info", "kube_node_info"}),
        ({"node": "two"}, {"kube_node_info"}),
        ({"track_unscheduled_pods": "true"}, {"kube_node_info"}),
    ],
)
def test_filters(flags, wanted):
    """The flags choose what they choose in the exporter."""
    node = {**NODE, "metadata": {"name": "one"}}
    assert {name for name, _ in infos(rendered(*map(json.dumps, (POD, node, DEPLOYMENT)), **flags).text)} == wanted


def test_allow_lists():
    """Labels are shown as they are in the exporter."""
    pod = {**POD, "metadata": {**POD["metadata"], "labels": {"app": "a", "tier": "b"}}}
    text = rendered(json.dumps(pod), metric_labels_allowlist="pods=[app]").text
    assert 'kube_pod_labels{namespace="n",pod="web",uid="web",label_app="a"} 1\n' in text
    assert "tier" not in text


@pytest.mark.parametrize(
    ("o", "said"),
    [
        (manifest("Widget", "w", "example.dev/v1"), "example.dev/v1 Widget"),
        (manifest("Pod", "p", "example.dev/v1"), "example.dev/v1 Pod"),
        (manifest("Deployment", "d", "apps/v9"), "apps/v9 Deployment"),
        ({"metadata": {"name": "x"}}, "an object without kind"),
    ],
)
def test_unknown_kinds(o, said):
    """Said once each, whatever there are of them; everything else is rendered."""
    found = rendered(json.dumps(o), json.dumps(o), json.dumps(POD))
    assert found.unknown == (said,)
    assert infos(found.text) == TWO[1:]


def test_a_malformed_object_is_named():
    """It is left out with its kind, name and reason; those beside it are not."""
    bad = manifest("Pod", "bad", spec={"containers": "none"})
    found = rendered(json.dumps({"apiVersion": "v1", "kind": "List", "items": [bad, POD]}))
    assert infos(found.text) == TWO[1:]
    (said,) = found.malformed
    assert said.startswith("Pod n/bad: Expected `array")
    assert "$.spec.containers" in said


@pytest.mark.parametrize("text", ["a: [", "{", "- 1\n- 2\n", '"text"', "3", b"\xff\xfe\x00"])
def test_a_malformed_document_is_named(text):
    """What is no manifest ends it, with the document's name."""
    with pytest.raises(ShardexError, match=r"^document 1: (neither JSON nor YAML|not a manifest): "):
        rendered(json.dumps(POD), text)


def test_the_command(tmp_path, capsys, monkeypatch):
    """Files and standard input; what was left out is on stderr and ends with 1 if that is asked for."""
    files = []
    for number, o in enumerate((DEPLOYMENT, manifest("Widget", "w", "example.dev/v1"))):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump(o))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(POD).encode())))
    line = ["render", f"--file={files[0]}", "-f", f"-,{files[1]}", "--metric-denylist=kube_pod_created"]
    assert main(line) == 0
    found = capsys.readouterr()
    assert infos(found.out) == TWO
    assert found.err == "shardex: no metrics of example.dev/v1 Widget\n"
    for flag, status in (("--strict", 1), ("--strict=1", 1), ("--strict=false", 0), ("--strict=maybe", 2)):
        assert main(["render", "-f", str(files[1]), flag]) == status
    assert main(["render", "-f", str(files[0]), "--strict"]) == 0


def test_the_command_with_a_bad_file(tmp_path, capsys):
    """One sentence with its name, and 1; wrong flags are told before any file is read."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [")
    assert main(["render", "-f", str(bad)]) == 1
    assert capsys.readouterr().err.startswith(f"shardex: {bad}: neither JSON nor YAML: ")
    assert main(["render", "-f", str(tmp_path / "none.yaml")]) == 1
    assert capsys.readouterr().err == f"shardex: {tmp_path / 'none.yaml'}: No such file or directory\n"
    assert main(["render", "-f", str(bad), "--resources=podz"]) == 2


def test_the_command_with_a_configuration_file(tmp_path, capsys):
    """--config counts here too."""
    (tmp_path / "config.yaml").write_text("metric_allowlist: {kube_pod_info: {}}\n")
    (tmp_path / "pod.json").write_text(json.dumps(POD))
    assert main(["render", "-f", str(tmp_path / "pod.json"), f"--config={tmp_path / 'config.yaml'}"]) == 0
    assert set(read(capsys.readouterr().out).types) == {"kube_pod_info"}
