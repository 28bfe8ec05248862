"""The flags of custom resources: what is read, what is refused with which sentence, and where it counts."""

import json

import msgspec
import pytest
from helpers import DATA, golden, read, recorded_objects
from hypothesis import given, settings
from hypothesis import strategies as st

from load.testing import running
from shardex.cli import main
from shardex.custom.config import CustomConfig
from shardex.customfile import custom_resources
from shardex.errors import OptionsError
from shardex.options import parse
from shardex.render import render
from shardex.resources import RESOURCES

CONFORMANCE = DATA / "conformance"
MAIN = CONFORMANCE / "golden" / "crs" / "main.yaml"
PUB = CONFORMANCE / "objects" / "pub"
CUSTOM = ("gadgets.json", "gadgets.v1beta1.json", "sprockets.json")
GROUP = "corpus.example.dev"


def options(**given):
    flags = {flag.replace("_", "-"): str(text) for flag, text in given.items()}
    return parse(flags, RESOURCES, lambda: 1)


def from_file(path, **more):
    return options(custom_resource_state_config_file=path, **more)


def one(name="m", group=GROUP, version="v1", kind="Gadget", more=""):
    """A configuration of one metric."""
    return f"""
spec:
  resources:
  - groupVersionKind: {{group: {group}, version: "{version}", kind: "{kind}"}}
    metrics: [{{name: {name}, each: {{type: gauge, gauge: {{path: [spec, size]}}}}, {more}}}]
"""


@pytest.fixture
def status(capsys):
    """Runs a command line; exit status, stdout, lines on stderr."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        out, errors = capsys.readouterr()
        return code, out, errors.splitlines()

    return run


def test_nothing_configured():
    """Without the flags there are none, and nothing is said."""
    assert custom_resources(options()) == CustomConfig()


def test_file_and_text_are_the_same(tmp_path, caplog):
    """Inline or from a file; of both the inline one counts, and the log says so."""
    path = tmp_path / "crs.yaml"
    path.write_text(one("file"))
    inline = custom_resources(options(custom_resource_state_config=one("file")))
    assert inline == custom_resources(from_file(path))
    assert not caplog.records
    both = custom_resources(from_file(path, custom_resource_state_config=one("inline")))
    assert [metric.name for resource in both.resources for metric in resource.metrics] == ["inline"]
    assert (
        "--custom-resource-state-config-file is not read, since --custom-resource-state-config is given" in caplog.text
    )


def test_a_missing_file(tmp_path, caplog):
    """Refused, or with --continue-without-... said in the log and done without."""
    path = tmp_path / "none.yaml"
    with pytest.raises(OptionsError) as refused:
        custom_resources(from_file(path))
    assert refused.value.faults == [f"--custom-resource-state-config-file={path}: No such file or directory"]
    go_on = from_file(path, continue_without_custom_resource_state_config_file="true")
    assert custom_resources(go_on) == CustomConfig()
    assert f"{path} is not there" in caplog.text
    path.write_text("spec: 3")
    with pytest.raises(OptionsError, match="a map is expected"):  # what is there has to be right
        custom_resources(go_on)


def test_unreadable_files(tmp_path):
    """A folder, and bytes that are no text: the path and the reason."""
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / "x", "not UTF-8 at byte 1")):
        if path != tmp_path:
            path.write_bytes(b"a\xff")
        with pytest.raises(OptionsError) as refused:
            custom_resources(from_file(path))
        assert refused.value.faults == [f"--custom-resource-state-config-file={path}: {reason}"]


def test_every_fault_before_anything_runs(status, tmp_path):
    """Exit status 2 with every fault, the file and the path in it each, without a word to any API server."""
    path = tmp_path / "crs.yaml"
    path.write_text(
        one(group='""').replace("type: gauge", "type: counter") + one(name="1-x").partition("resources:")[2]
    )
    for command in ((), ("--check",), ("render", "-f", PUB / "gadgets.json")):
        code, out, errors = status(
            "--apiserver=http://127.0.0.1:1", f"--custom-resource-state-config-file={path}", *command
        )
        assert (code, out) == (2, "")
        prefix = f"shardex: --custom-resource-state-config-file={path}: spec.resources"
        assert sum(line.startswith(prefix) for line in errors) == 3
        assert any("spec.resources[0].groupVersionKind.group: a group is needed" in line for line in errors)
        assert any("spec.resources[0].metrics[0].each.type: 'counter'" in line for line in errors)


def test_warnings_are_logged(caplog):
    """What has no effect is said with its path, and costs nothing."""
    custom_resources(options(custom_resource_state_config=one(more="nosuch: 1")))
    assert "--custom-resource-state-config: spec.resources[0].metrics[0].nosuch: there is no such field" in caplog.text


@pytest.mark.parametrize("flag", ["node", "track_unscheduled_pods"])
def test_not_by_node(flag, caplog):
    """The server selects by node nothing but pods; the peer's lists of custom resources are refused then."""
    given = {flag: "n" if flag == "node" else "true", "custom_resource_state_config": one()}
    assert custom_resources(options(**given)) == CustomConfig()
    assert "no metrics of custom resources with --node" in caplog.text


# --- render ---


@pytest.mark.parametrize(
    ("variant", "flags"),
    [
        ("crs-only", {}),
        ("crs-denylist", {"metric_denylist": "^gadget_(?!uptime)"}),
        ("crs-namespaces", {"namespaces": "pub-harbor"}),
    ],
)
def test_render_is_what_the_peer_printed(variant, flags):
    """Manifests of custom resources, without their definitions and without a cluster."""
    chosen = from_file(MAIN, **flags, custom_resource_state_only="true")
    found = render({name: (PUB / name).read_bytes() for name in CUSTOM}, chosen, custom_resources(chosen))
    assert read(found.text) == golden(variant)
    assert found.malformed == ()


@pytest.mark.parametrize(("variant", "file"), [("crs-kindstar", "kindstar"), ("crs-wildcard", "wildcard")])
def test_render_of_wildcards(variant, file):
    """The objects' kinds are what a wildcard is resolved to; a family of several kinds stands once."""
    chosen = from_file(MAIN.with_stem(file), custom_resource_state_only="true")
    found = render({name: (PUB / name).read_bytes() for name in reversed(CUSTOM)}, chosen, custom_resources(chosen))
    assert read(found.text) == golden(variant)


def test_render_on_the_command_line(status, tmp_path):
    """Metrics on stdout; what an object lacks on stderr, once; what has no metrics is named."""
    gadget = {"apiVersion": f"{GROUP}/v1", "kind": "Gadget", "metadata": {"name": "g"}, "spec": {"size": "large"}}
    path = tmp_path / "objects.json"
    path.write_text(
        "\n".join(json.dumps(o) for o in (gadget, gadget, gadget | {"kind": "Lid"}, gadget | {"spec": {"size": 2}}))
    )
    code, out, errors = status("render", "-f", path, f"--custom-resource-state-config={one('size')}")
    assert code == 0
    assert out.endswith(
        f'{{customresource_group="{GROUP}",customresource_kind="Gadget",customresource_version="v1"}} 2\n'
    )
    assert errors == [
        f"shardex: no metrics of {GROUP}/v1 Lid",
        "shardex: no sample of kube_customresource_size of g: [spec,size]: the text is not a number",
    ]
    quiet = status("render", "-f", path, f"--custom-resource-state-config={one('size', more='errorLogV: 3')}")
    assert (quiet[1], quiet[2]) == (out, errors[:1])


def test_render_leaves_built_in_kinds_to_their_tables():
    """As in a cluster, where no definition defines them: pods are pods, whatever the configuration says."""
    chosen = options(custom_resource_state_config=one(group="apps", kind="Deployment"))
    deployment = json.loads(recorded_objects("deployments")[0]) | {"apiVersion": "apps/v1", "kind": "Deployment"}
    found = render({"deployment": json.dumps(deployment)}, chosen, custom_resources(chosen))
    assert "kube_deployment_created" in found.text
    assert "kube_customresource" not in found.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None, max_examples=50)  # each plans the run anew
@given(
    st.fixed_dictionaries(
        {}, optional={"apiVersion": JSON | st.just(f"{GROUP}/v1"), "kind": JSON, "metadata": JSON, "spec": JSON}
    )
)
def test_render_takes_anything(o):
    """Whatever JSON object is met, it is rendered, named as unknown, or named as malformed."""
    chosen = options(custom_resource_state_config=one(kind="*"), custom_resource_state_only="true")
    found = render({"o": msgspec.json.encode(o)}, chosen, custom_resources(chosen))
    assert found.text or found.unknown or found.malformed


# --- check ---


@pytest.fixture(scope="module")
def module_server():
    with running(objects=PUB) as server:
        yield server


@pytest.fixture
def check(status, module_server):
    """Runs --check of custom resources alone; exit status and lines."""

    def run(config):
        code, out, errors = status(
            f"--apiserver={module_server.url}",
            "--check",
            "--custom-resource-state-only",
            f"--custom-resource-state-config={config}",
        )
        assert code in {0, 1}, errors
        return code, out.splitlines()[1:]

    yield run
    module_server.clear_faults()


DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def test_check_tries_what_is_defined(check):
    """The list of the definitions, and those of the kinds that are configured and served; what is absent is named."""
    code, lines = check(one(version="*", kind="*") + one(group="absent.example.dev").partition("resources:")[2])
    assert code == 0
    assert lines[0] == "none absent.example.dev/v1 Gadget: no definition serves it"
    assert lines[-1] == "everything works"
    paths = [f"/apis/{GROUP}/{rest}" for rest in ("v1/gadgets", "v1beta1/gadgets", "v1/sprockets")]
    assert [line.split() for line in lines[1:-1]] == [["ok", path, "ok"] for path in (DEFINITIONS, *paths)]


def test_check_names_what_rbac_refuses(check, module_server):
    """Rights on the definitions and rights on the kinds are two things; each gap has its line."""
    module_server.fault("status", "sprockets", status=403, count=-1)
    code, lines = check(one(kind="*"))
    assert code == 1
    assert [line.split()[:2] for line in lines[:-1]] == [
        ["ok", DEFINITIONS],
        ["ok", f"/apis/{GROUP}/v1/gadgets"],
        ["FAIL", f"/apis/{GROUP}/v1/sprockets"],
    ]


def test_check_without_definitions(check, module_server):
    """Refused: what the exporter would then assume is tried, and a wildcard is not served by anything."""
    module_server.fault("status", "customresourcedefinitions", status=403, count=-1)
    code, lines = check(one() + one(kind="*", version="v2").partition("resources:")[2])
    assert code == 1
    assert lines[0] == f"none {GROUP}/v2 *: no definition serves it"
    assert [line.split()[:2] for line in lines[1:-1]] == [["FAIL", DEFINITIONS], ["ok", f"/apis/{GROUP}/v1/gadgets"]]
    assert "list: 403 Forbidden" in lines[1]
