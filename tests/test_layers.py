"""Imports go down: the rule of the house, read from the sources."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: layer -> what it may import of ours besides itself, errors and the version
MAY = {
    "shardex.kube": {"options"},
    "shardex.exposition": set(),
    "shardex.store": set(),
    "shardex.resources": {"kube.meta", "kube.quantity", "kube.schedule", "kube.clock", "exposition"},
    "shardex.custom": {"kube.meta", "kube.quantity", "kube.pieces", "exposition"},
    "shardex.workers": {"kube", "exposition", "resources", "custom", "store", "shard", "options", "logs"},
    "shardex.serving": {"kube", "exposition", "store", "workers", "options", "logs"},
    "scaler": {"settings", "forms", "arguments", "logs", "kube.quantity", "resources"},
}
COMMON = {"", "errors", "pem", "rfc3339"}


def imports(path):
    """Modules that a file imports, as full names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(package):
    return sorted((ROOT / package.replace(".", "/")).rglob("*.py"))


@pytest.mark.parametrize("layer", MAY)
def test_imports_go_down(layer):
    """A package imports what lies below it and none of its siblings."""
    for path in sources(layer):
        for name in imports(path):
            if not (name + ".").startswith("shardex."):
                continue
            inner = name.removeprefix("shardex").removeprefix(".")
            own = (name + ".").startswith(layer + ".")
            allowed = inner in COMMON or inner.startswith(("errors.", "pem.", "rfc3339.", "__version__"))
            below = any((inner + ".").startswith(may + ".") for may in MAY[layer])
            assert own or allowed or below, f"{path.relative_to(ROOT)} imports {name}"


def test_load_knows_nothing_of_us():
    """The synthetic cluster shares no line with what it tests: a bug in our decoder cannot hide in our own traffic.

    load/scale.py makes no traffic: there the scaler's pure parts are what runs.
    """
    for path in sources("load"):
        foreign = ("shardex.",) if path == ROOT / "load" / "scale.py" else ("shardex.", "scaler.")
        for name in imports(path):
            assert not (name + ".").startswith(foreign), f"{path.relative_to(ROOT)} imports {name}"


def test_the_exporter_knows_nothing_of_the_scaler():
    """It is installed without one."""
    for path in sources("shardex"):
        assert not any((name + ".").startswith("scaler.") for name in imports(path)), path


def test_the_scaler_decides_without_a_clock():
    """From observation to decision everything is an argument: no time, no randomness, no environment, no network."""
    foreign = {"time", "random", "os", "pathlib", "socket", "urllib3", "kubernetes", "prometheus_client", "logging"}
    for name in ("observation", "costs", "model", "policy", "constraints", "recommend", "decide", "growth", "plan"):
        assert not foreign & {one.split(".")[0] for one in imports(ROOT / "scaler" / f"{name}.py")}, name


def test_monitoring_knows_nothing_of_us():
    """Dashboards ask what any scraper can: they are made without the exporter, and it without them."""
    for path in sources("manifests"):
        for name in imports(path):
            assert not (name + ".").startswith(("shardex.", "scaler.", "load.")), f"{path.relative_to(ROOT)}: {name}"
    for path in sources("shardex"):
        assert not [name for name in imports(path) if (name + ".").startswith("manifests.")], path.relative_to(ROOT)


def test_prometheus_client_renders_only_our_own_telemetry():
    """The Kubernetes families never pass through a metrics library."""
    users = {
        p.relative_to(ROOT).as_posix()
        for p in sources("shardex")
        for n in imports(p)
        if n.startswith("prometheus_client")
    }
    assert {user.rpartition("/")[0] for user in users} == {"shardex/serving"}


def test_the_kubernetes_package_stays_in_its_process():
    """Its models cost 20 MB; only the short-lived reader of credentials imports it."""
    users = {
        p.relative_to(ROOT).as_posix()
        for p in sources("shardex")
        for n in imports(p)
        if n.split(".")[0] == "kubernetes"
    }
    assert users <= {"shardex/kube/credentials.py"}


@pytest.mark.parametrize(
    "package",
    sorted(p.parent for top in ("shardex", "scaler") for p in (ROOT / top).rglob("__init__.py")),
    ids=lambda p: p.name,
)
def test_packages_say_what_may_live_there(package):
    """Each package's docstring is its contract."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert text
    if package.name != "shardex":
        assert "May not:" in text


def test_only_the_command_line_prints():
    """Everything else logs."""
    for path in [*sources("shardex"), *sources("scaler")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                raise AssertionError(f"{path.relative_to(ROOT)}:{node.lineno} prints")
