"""--config: a YAML file with the peer's keys -> flag texts; what it says goes before the command line."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from shardex.errors import OptionsError
from shardex.exposition.allowlist import from_yaml

_RENAMED = {
    # The peer's key -> our flag, where they differ by more than dashes.
    "annotations_allow_list": "metric-annotations-allowlist",
    "labels_allow_list": "metric-labels-allowlist",
    "namespace": "pod-namespace",
    "use_api_server_cache": "use-apiserver-cache",
    "custom_resources_only": "custom-resource-state-only",
    "custom_resource_config": "custom-resource-state-config",
    "custom_resource_config_file": "custom-resource-state-config-file",
    "continue_without_custom_resource_state_config_file": "continue-without-custom-resource-state-config-file",
}
_NOT_HERE = frozenset({"config", "check"})


def read(path: str, forms: Mapping[str, str], ignored: Mapping[str, str]) -> dict[str, str]:
    """The file's settings as texts by flag name.

    forms    flag -> form, as the settings' table has them
    ignored  flags without effect here; their keys are accepted too
    raise    OptionsError with every fault of the file; FileNotFoundError when there is none
    """
    try:
        found = yaml.safe_load(Path(path).read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise OptionsError([f"--config={path}: {error.strerror}"]) from error
    except yaml.YAMLError as error:
        raise OptionsError([f"--config={path}: not YAML: {' '.join(str(error).split())}"]) from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise OptionsError([f"--config={path}: not a mapping of settings"])
    texts: dict[str, str] = {}
    faults = []
    for key, value in found.items():
        flag = _RENAMED.get(str(key), str(key).replace("_", "-"))
        if flag in ignored or str(key) in ignored:
            continue
        if flag not in forms or flag in _NOT_HERE:
            faults.append(f"--config={path}: unknown key {key!r}")
            continue
        try:
            text = _text(value, forms[flag])
        except ValueError as error:
            faults.append(f"--config={path}: {key}: {error}")
            continue
        # An empty list in the file leaves the flag as it is; an older key gives way to the newer one.
        if text is not None and not (flag in texts and key in _RENAMED):
            texts[flag] = text
    if faults:
        raise OptionsError(faults)
    return texts


def _text(value: Any, form: str) -> str | None:
    if value is None:
        return None
    if form in {"list", "allowlist"}:
        return _collections[form](value) or None
    if form == "bool":
        if not isinstance(value, bool):
            raise ValueError("true or false")
        return "true" if value else "false"
    if form == "duration" and isinstance(value, int) and not isinstance(value, bool):
        return f"{value}ns" if value else "0"  # a bare number is nanoseconds, as Go's YAML reads a duration
    if isinstance(value, (dict, list)):
        raise ValueError("a single value")  # noqa: TRY004  as above
    return str(value)


def _items(value: Any) -> str:
    """A list, or a mapping whose keys are the items: `pods: {}`, as the peer writes sets."""
    if not isinstance(value, (list, dict)) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts, or a mapping with them as keys")
    return ",".join(value)


def _allow_list(value: Any) -> str:
    return ",".join(f"{resource}=[{','.join(keys)}]" for resource, keys in from_yaml(value).items())


_collections: dict[str, Callable[[Any], str]] = {"list": _items, "allowlist": _allow_list}
