"""--config: a YAML file with the peer's keys, whose values override the flags.

What it says becomes texts by flag name, so that it passes the same checks as the command line; lists and maps stay what
they are, since a pattern may hold a comma. A fault names the key and the file that the value stands in.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from shardex.errors import OptionsError
from shardex.exposition.allowlist import from_yaml
from shardex.forms import boolean
from shardex.options import Given, Options, parse
from shardex.settings import IGNORED, SETTINGS

_RENAMED = {
    # The peer's key -> the flag, where they differ by more than dashes.
    "annotations_allow_list": "metric-annotations-allowlist",
    "labels_allow_list": "metric-labels-allowlist",
    "namespace": "pod-namespace",
    "use_api_server_cache": "use-apiserver-cache",
    "custom_resources_only": "custom-resource-state-only",
    "custom_resource_config": "custom-resource-state-config",
}
_OLDER = {"custom_resource_config_file": "custom-resource-state-config-file"}  # counts only if nothing else says it
_COMMAND_LINE = frozenset({"config", "check"})
_WITHOUT_EFFECT = {"help", *IGNORED}
_FORMS = {setting.flag: setting.form for setting in SETTINGS}
# goyaml.v3 takes YAML 1.1's words for a field that is a bool.
_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "off", "Off", "OFF"})


class Said(msgspec.Struct, frozen=True):
    """What a file says, by flag name.

    over    before the command line
    under   after it: of keys that have a newer name
    keys    flag -> the key as the file has it
    """

    over: dict[str, Given]
    under: dict[str, Given]
    keys: dict[str, str]


def settled(given: Mapping[str, str], known: Iterable[str], cores: Callable[[], int]) -> Options:
    """The options that command line and file mean together.

    given   texts of the command line by flag name
    known   resources that may be named
    cores   how many workers 0 means
    raise   OptionsError with every fault of either
    """
    path = given.get("config", "")
    found = Said({}, {}, {})
    faults: list[str] = []
    if path:
        try:
            found, faults = read(path)
        except FileNotFoundError:
            if not _continues(given):
                faults = ["no such file (--continue-without-config starts without it)"]
        faults = [f"--config={path}: {fault}" for fault in faults]
    try:
        options = parse({**found.under, **given, **found.over}, known, cores)
    except OptionsError as error:
        faults += [_traced(fault, path, found.keys) for fault in error.faults]
    if faults:
        raise OptionsError(faults)
    return options


def read(path: str) -> tuple[Said, list[str]]:
    """The settings of one file, and a sentence for each key that is wrong.

    raise   FileNotFoundError
    """
    from shardex.custom.document import Findings, load  # noqa: PLC0415  YAML, which flags alone do not need

    said = Said({}, {}, {})
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except OSError as error:
        return said, [str(error.strerror)]
    except ValueError:
        return said, ["not UTF-8"]
    findings = Findings()
    document = load(text, findings)
    faults = findings.faults + findings.warnings
    if isinstance(document, dict):
        return _said(document, faults), faults
    if document is not None:  # a file in which all is commented out says nothing
        faults.append("not a map of settings")
    return said, faults


def _said(document: Mapping[Any, Any], faults: list[str]) -> Said:
    found = Said({}, {}, {})
    for key, value in document.items():
        name = str(key)
        flag = _RENAMED.get(name) or _OLDER.get(name) or name.replace("_", "-")
        if flag in _WITHOUT_EFFECT:
            continue
        if flag not in _FORMS:
            near = get_close_matches(name, [each.replace("-", "_") for each in _FORMS] + [*_RENAMED], 1)
            faults.append(f"{name}: there is no such key" + (f" (did you mean {near[0]}?)" if near else ""))
        elif flag in _COMMAND_LINE:
            faults.append(f"{name}: for the command line only")
        elif flag in found.keys and name not in _OLDER:
            faults.append(f"{name}: stands there as {found.keys[flag]} too")
        else:
            try:
                meant = _value(value, _FORMS[flag])
            except ValueError as error:
                faults.append(f"{name}: {error}")
                continue
            if meant is None:
                continue
            if name in _OLDER:
                found.under[flag] = meant
            else:
                found.over[flag] = meant
                found.keys[flag] = name
    return found


def _value(value: Any, form: str) -> Given | None:
    """What the flag is to be, None to leave it as it is; each as the peer's decoder takes it."""
    if form == "allowlist":
        return from_yaml(value)
    if form == "list":
        return _items(value)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("a single value is expected")  # noqa: TRY004  all faults of a value are one kind
    if form == "bool":
        return "true" if value in _TRUE else "false" if value in _FALSE else value
    if form == "duration" and re.fullmatch(r"\d+", value):
        return f"{value}ns"  # a bare number is nanoseconds, as Go's YAML reads a duration
    return value


def _items(value: Any) -> tuple[str, ...] | None:
    """A list, or a map whose keys are the items: `pods: {}`, as the peer writes sets; an empty map says nothing."""
    if value is None:
        return ()
    if not isinstance(value, (list, dict)) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts, or a map with them as keys, is expected")
    return None if value == {} else tuple(dict.fromkeys(value))


def _continues(given: Mapping[str, str]) -> bool:
    try:
        return boolean(given.get("continue-without-config", "false"))
    except ValueError:  # said with the other flags' faults
        return True


def _traced(fault: str, path: str, keys: Mapping[str, str]) -> str:
    """The fault of a flag's value, with the key that it comes from where that is the file's."""
    found = [keys[flag] for flag in re.findall(r"--([a-z][a-z-]*)", fault) if flag in keys]
    return f"{fault} ({' and '.join(dict.fromkeys(found))} in {path})" if found else fault
