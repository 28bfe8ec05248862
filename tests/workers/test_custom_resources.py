"""Custom resources under a whole process tree: definitions come, change and go, and so do the series, and only they."""

import json
import signal

import pytest
from helpers import DATA, recorded_objects
from scraping import Scraping
from tree import eventually, running

from load import testing

pytestmark = pytest.mark.slow

GROUP = "corpus.example.dev"
GADGETS, SPROCKETS = (json.loads(body) for body in recorded_objects("customresourcedefinitions"))
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{}.corpus.example.dev"
SPROCKET = f"/apis/{GROUP}/v1/sprockets/{{}}"
CONFIG = """
spec:
  resources:
  - groupVersionKind: {group: corpus.example.dev}
    labelsFromPath: {name: [metadata, name]}
    metrics:
    - {name: present, help: Is there., each: {type: info, info: {labelsFromPath: {uid: [metadata, uid]}}}}
    - {name: teeth, errorLogV: 1, each: {type: gauge, gauge: {path: [spec, teeth]}}}
  - groupVersionKind: {group: other.example.dev, version: v1, kind: Wheel}
    metrics:
    - {name: wheels_info, each: {type: info, info: {labelsFromPath: {name: [metadata, name]}}}}
"""
FLAGS = (f"--custom-resource-state-config={CONFIG}", "--resources=ingressclasses")
NATIVE = "kube_ingressclass_created"


@pytest.fixture
def server():
    """The recorded cluster: 8 gadgets in two versions, 2 sprockets, and ingress classes."""
    with testing.running(objects=DATA / "conformance" / "objects" / "pub") as server:
        yield server


def present(answer):
    """How many series of each kind and version a scrape shows."""
    found = {}
    for series in answer.exposition.samples:
        if series.name == "kube_customresource_present":
            labels = dict(series.labels)
            key = f"{labels['customresource_kind']} {labels['customresource_version']}"
            found[key] = found.get(key, 0) + 1
    return found


def native(answer):
    return {series for series in answer.exposition.samples if series.name == NATIVE}


EVERYTHING = {"Gadget v1": 8, "Gadget v1beta1": 8, "Sprocket v1": 2}


def shows(tree, want):
    eventually(lambda: present(tree.metrics()) == want, 20.0, lambda: f"{present(tree.metrics())}\n{tree.log()}")


def sprockets(count):
    """Changes that add sprockets whose number of teeth is a text for every second one."""
    return [
        {
            "action": "add",
            "path": SPROCKET.format(f"s-{number}"),
            "object": {"spec": {"teeth": "many" if number % 2 else number}},
        }
        for number in range(count)
    ]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_kind_appears_and_disappears(server, workers):
    """Every scrape on the way shows it as a whole or not at all, and all that it has nothing to do with as before."""
    server.delete(DEFINITION.format("sprockets"))
    others = {key: EVERYTHING[key] for key in ("Gadget v1", "Gadget v1beta1")}
    with running(server.url, *FLAGS, workers=workers) as tree:
        shows(tree, others)
        classes = native(tree.metrics())
        with Scraping(tree) as scraping:
            # Not served until it is established, so that its objects are there before anybody lists them.
            server.add(DEFINITION.format("sprockets"), SPROCKETS | {"status": {"conditions": []}})
            server.apply(sprockets(40))
            scraping.more(2)
            assert present(tree.metrics()) == others
            server.modify(DEFINITION.format("sprockets"), SPROCKETS)
            shows(tree, others | {"Sprocket v1": 40})
            scraping.more(2)
            assert tree.readyz().status == 200
            server.delete(DEFINITION.format("sprockets"))
            shows(tree, others)
        for answer in scraping.answers:
            assert native(answer) == classes
            found = present(answer)
            assert {key: found.get(key) for key in others} == others
        whole = [present(answer).get("Sprocket v1", 0) for answer in scraping.answers]
        up = whole[: whole.index(40) + 1]  # when it goes its objects go one by one, as they do in the cluster
        assert set(up) == {0, 40}
        told = eventually(lambda: (t := tree.telemetry()) and not [key for key in t if SPROCKET_NAME in str(key)] and t)
        events = "kube_state_metrics_custom_resource_state_{}_events_total"
        assert [told[events.format(verb),] for verb in ("add", "update", "delete")] == [2, 1, 1]
        assert told["kube_state_metrics_custom_resource_state_cache",] == 1
        assert "sprockets.v1.corpus.example.dev: not defined any more" in tree.log()


SPROCKET_NAME = "sprockets.v1"


def test_a_version_goes_and_another_comes(server):
    """The versions that stay lose no series, in no scrape."""
    with running(server.url, *FLAGS, workers=2) as tree, Scraping(tree) as scraping:
        shows(tree, EVERYTHING)
        spec = GADGETS["spec"]
        one, two, *_ = spec["versions"]
        server.modify(
            DEFINITION.format("gadgets"), GADGETS | {"spec": spec | {"versions": [one, two | {"served": False}]}}
        )
        shows(tree, {"Gadget v1": 8, "Sprocket v1": 2})
        server.modify(
            DEFINITION.format("gadgets"), GADGETS | {"spec": spec | {"versions": [one, two | {"name": "v2"}]}}
        )
        shows(tree, {"Gadget v1": 8, "Gadget v2": 8, "Sprocket v1": 2})
    for answer in scraping.answers:
        found = present(answer)
        assert (found["Gadget v1"], found["Sprocket v1"]) == (8, 2)


def test_a_worker_that_dies_on_the_way(server):
    """What it missed while it was away it knows when it is back, and no scrape shows half of a kind."""
    with running(server.url, *FLAGS, workers=3) as tree, Scraping(tree) as scraping:
        shows(tree, EVERYTHING)
        server.fault("delay", "ingressclasses", seconds=1.0, count=-1)  # it comes back, but not at once
        victim = tree.workers()[1]
        tree.kill(victim)
        server.delete(DEFINITION.format("gadgets"))
        shows(tree, {"Sprocket v1": 2})
        server.clear_faults()
        server.add(DEFINITION.format("gadgets"), GADGETS)
        server.add(f"/apis/{GROUP}/v1/namespaces/default/gadgets/late", {"spec": {}})
        shows(tree, {"Gadget v1": 1, "Gadget v1beta1": 1, "Sprocket v1": 2})
        tree.ready()
    for answer in scraping.answers:
        assert present(answer)["Sprocket v1"] == 2
        assert len(native(answer)) > 0


def test_definitions_that_may_not_be_read(server):
    """403: what is configured exactly is exported nevertheless, and the rest when it is allowed; readiness does not
    wait for it."""
    exact = CONFIG.replace("{group: corpus.example.dev}", "{group: corpus.example.dev, version: v1, kind: Sprocket}")
    server.fault("status", "customresourcedefinitions", status=403, count=-1)
    with running(server.url, f"--custom-resource-state-config={exact}", "--custom-resource-state-only") as tree:
        shows(tree, {"Sprocket v1": 2})
        assert tree.told("shardex_resource_excused", worker="0", resource="customresourcedefinitions") == 1
        assert "customresourcedefinitions cannot be read: only kinds" in tree.log()


def test_another_file_after_a_hang_up(server, tmp_path):
    """SIGHUP: what is new in the file comes, what stands in both loses no series; a wrong file changes nothing."""
    path = tmp_path / "crs.yaml"
    path.write_text(CONFIG)
    flags = (f"--custom-resource-state-config-file={path}", "--resources=ingressclasses")
    with running(server.url, *flags, workers=2) as tree, Scraping(tree) as scraping:
        shows(tree, EVERYTHING)
        path.write_text(CONFIG.replace("[{name", "{").replace("type: info", "type: no"))
        tree.tell(signal.SIGHUP)
        eventually(lambda: "reload refused, the old settings stay: --custom-resource-state-config-file" in tree.log())
        path.write_text(CONFIG.replace("name: teeth", "name: more_teeth"))
        tree.tell(signal.SIGHUP)
        eventually(lambda: "kube_customresource_more_teeth{" in tree.metrics().text, 30.0, tree.log)
        eventually(lambda: "kube_customresource_teeth{" not in tree.metrics().text, 30.0, tree.log)
        scraping.more(2)
    assert all(present(answer) == EVERYTHING for answer in scraping.answers)


def test_readiness_waits_for_what_is_defined(server):
    """Neither ready nor scraped before the definitions and every kind of theirs were listed once."""
    for resource, name in (
        ("customresourcedefinitions", "customresourcedefinitions"),
        ("gadgets", f"gadgets.v1.{GROUP}"),
    ):
        server.fault("delay", resource, seconds=3.0, count=-1)
        with running(server.url, *FLAGS, ready=False) as tree:
            eventually(lambda tree=tree, name=name: f"{name}: being listed" in tree.readyz().text, what=tree.log)
            assert tree.metrics().status == 503
            server.clear_faults()
            tree.ready()
            assert present(tree.metrics()) == EVERYTHING


def test_objects_that_lack_what_is_configured(server):
    """The sample is left out, counted for its kind, and said once for each cause from errorLogV on."""
    server.apply(sprockets(10))
    name = "sprockets.v1.corpus.example.dev"
    with running(server.url, *FLAGS, "--v=1") as tree:
        shows(tree, EVERYTHING | {"Sprocket v1": 12})
        assert tree.told("shardex_custom_resource_problems_total", worker="0", resource=name) == 5
        lines = [line for line in tree.log().splitlines() if f"{name}: no sample of" in line]
        assert len(lines) == 1
        assert lines[0].endswith("[spec,teeth]: the text is not a number")
        assert "many" not in tree.log()
        wheel = "custom resource other.example.dev/v1 Wheel: no definition serves it"
        assert tree.log().count(wheel) == 1


def test_the_peers_counters_know_them(server):
    """Lists and watches of custom resources count under the type that the peer has for all of them."""
    with running(server.url, *FLAGS) as tree:
        shows(tree, EVERYTHING)
        asked = {"resource": "*unstructured.Unstructured", "result": "success"}
        assert eventually(lambda: tree.told("kube_state_metrics_list_total", **asked)) == 3
