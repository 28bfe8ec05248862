"""A kind whose best API the server lacks is read from an older one, and from the best one once it is there."""

import logging

import pytest
from loopback import relay
from reflecting import asked, cluster, reflecting

from shardex.kube.reflector import Target, api_of

V1, OLD, OLDER = (f"/apis/batch/{version}/cronjobs" for version in ("v1", "v1beta1", "v1alpha1"))
CRONJOBS = Target(V1, "cronjobs", fallbacks=(OLD, OLDER))
JOB = "/apis/batch/{}/namespaces/n/cronjobs/{}"
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cronjobs.batch"


def serve(change, *versions):
    """From now on the server has cronjobs at these versions of batch alone; change is its add or modify."""
    served = [{"name": name, "served": True, "storage": name == versions[0]} for name in versions]
    names = {"plural": "cronjobs", "kind": "CronJob"}
    change(CRD, {"spec": {"group": "batch", "scope": "Namespaced", "names": names, "versions": served}})


def add(server, version, name):
    server.add(JOB.format(version, name), {"spec": {"schedule": "@hourly"}})


@pytest.fixture
def server():
    with cluster(0) as made:
        serve(made.add, "v1beta1")
        add(made, "v1beta1", "a")
        yield made


@pytest.fixture
def hop(server):
    with relay(server.url) as made:
        yield made


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if "read from" in record.getMessage()]


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "pages"])
def test_an_older_api_is_read(server, streams, caplog):
    """Nothing is missing, nothing is excused: the API in use is told, and said once."""
    if not streams:
        server.fault("refuse_streaming", verb="stream", count=-1)
    for name in "bcdefgh":
        add(server, "v1beta1", name)
    with reflecting(server, target=CRONJOBS) as shown:
        shown.synced()
        assert shown.named('cronjob="') == set("abcdefgh")
        add(server, "v1beta1", "i")
        shown.until(lambda _: "i" in shown.named('cronjob="'))
        standing = shown.standing()
    assert (standing.api, standing.excused, standing.error) == ("batch/v1beta1", "", "")
    assert warnings(caplog) == [
        "cronjobs: read from batch/v1beta1, since the server lacks batch/v1, which is tried again with every watch"
    ]


def test_the_preferred_api_is_taken_when_it_appears(server, hop, caplog):
    """The next watch goes there from where the last one was: no list, and no series is gone for a moment."""
    caplog.set_level(logging.INFO)
    with reflecting(server, hop.url, target=CRONJOBS) as shown:
        shown.synced()
        serve(server.modify, "v1", "v1beta1")
        add(server, "v1", "b")
        hop.cut()
        shown.until(lambda standing: standing.api == "batch/v1")
        add(server, "v1", "c")
        shown.until(lambda _: shown.named('cronjob="') == {"a", "b", "c"})
        assert shown.standing().relists == {}
        assert shown.standing().lists == {"success": 1}
    assert warnings(caplog)[1:] == ["cronjobs: read from batch/v1"]


def test_an_api_that_goes_is_left_for_another(server, hop):
    """An upgrade of the server that drops the old API and brings a new one costs no list either."""
    with reflecting(server, hop.url, target=CRONJOBS) as shown:
        shown.synced()
        serve(server.modify, "v1alpha1")
        hop.cut()
        shown.until(lambda standing: standing.api == "batch/v1alpha1")
        assert shown.named('cronjob="') == {"a"}
        assert shown.standing().lists == {"success": 1}


def test_a_server_without_any_of_them(server):
    """None of the APIs: excused, every one tried again slowly, and read as soon as one of them is there."""
    serve(server.modify, "v3")
    with reflecting(server, target=CRONJOBS) as shown:
        shown.until(lambda standing: standing.excused.startswith("404"))
        assert [entry["path"] for entry in server.requests(resource="cronjobs")][:3] == [V1, OLD, OLDER]
        assert shown.standing().api == ""
        serve(server.modify, "v1alpha1")
        shown.synced()
        assert shown.named('cronjob="') == {"a"}
        assert shown.standing().api == "batch/v1alpha1"
        assert shown.standing().excused == ""


def test_a_refusal_is_no_reason_to_look_elsewhere(server):
    """403 is about the group, whatever its version: the older APIs would be refused as well."""
    server.fault("status", "cronjobs", status=403)
    with reflecting(server, target=CRONJOBS) as shown:
        shown.until(lambda standing: standing.excused.startswith("403"))
        assert next(entry["path"] for entry in server.requests(resource="cronjobs")) == V1
        shown.synced()
        assert asked(server, "cronjobs")[:1] == ["stream"]


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("/api/v1/pods", "v1"),
        ("/api/v1/namespaces/n/pods", "v1"),
        ("/apis/batch/v1/cronjobs", "batch/v1"),
        ("/apis/policy/v1beta1/namespaces/n/poddisruptionbudgets", "policy/v1beta1"),
    ],
)
def test_api_of(path, api):
    """An API is named as documents name it."""
    assert api_of(path) == api
