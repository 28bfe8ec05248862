"""--custom-resource-state-config and its file -> the configuration; the one place that reads them."""

import logging
from pathlib import Path

from shardex.custom.config import CustomConfig
from shardex.errors import OptionsError
from shardex.options import Options

log = logging.getLogger(__name__)

_INLINE, _FILE = "--custom-resource-state-config", "--custom-resource-state-config-file"


def custom_resources(options: Options) -> CustomConfig:
    """What the flags configure, empty when they configure nothing; warnings of it are logged.

    raise   OptionsError with every fault, each with the flag and its path in the document
    """
    where = _INLINE
    text: str | None = options.custom_resource_state_config
    if not text:
        where, text = f"{_FILE}={options.custom_resource_state_config_file}", _read(options)
    elif options.custom_resource_state_config_file:
        log.warning("%s is not read, since %s is given", _FILE, _INLINE)
    if text is None:
        return CustomConfig()
    from shardex.custom.parse import parse  # noqa: PLC0415  YAML, as the --config file's reader

    try:
        config = parse(text)
    except OptionsError as error:
        raise OptionsError([f"{where}: {fault}" for fault in error.faults]) from None
    for warning in config.warnings:
        log.warning("%s: %s", where, warning)
    if options.node or options.track_unscheduled_pods:  # then the server selects by node, which only pods have
        log.warning("%s: no metrics of custom resources with --node or --track-unscheduled-pods", where)
        return CustomConfig()
    return config


def _read(options: Options) -> str | None:
    """Text of the file; None when there is none to read."""
    path = options.custom_resource_state_config_file
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if not options.continue_without_custom_resource_state_config_file:
            raise OptionsError([f"{_FILE}={path}: {error.strerror}"]) from error
        log.warning("%s=%s is not there: no metrics of custom resources until it is read again", _FILE, path)
        return None
    except OSError as error:
        raise OptionsError([f"{_FILE}={path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise OptionsError([f"{_FILE}={path}: not UTF-8 at byte {error.start}"]) from error
