"""The three metric types: an object's data -> samples, each with the labels that are its own."""

from collections.abc import Callable
from typing import Any

from shardex.custom.config import Gauge, Info, StateSet
from shardex.custom.labels import compile_labels
from shardex.custom.paths import compile_path, shown
from shardex.custom.values import number

Sample = tuple[dict[str, str], float]

#: (an object's data, faults) -> samples; what cannot be one is left out and said in `faults`, never raised.
Values = Callable[[Any, list[str]], list[Sample]]


def compile_values(block: Gauge | Info | StateSet) -> Values:
    """The samples that a block describes."""
    if isinstance(block, Gauge):
        return _gauge(block)
    return _info(block) if isinstance(block, Info) else _state_set(block)


def _gauge(block: Gauge) -> Values:
    """A sample a number: what lies at the path, each element of a list, each key of a map.

    Of a map, elements that hold no number are passed over without a word: `path: [spec], valueFrom: [paused]` is how
    one names a single key of it, and its other keys are no faults.
    """
    path, value_from = compile_path(block.path), compile_path(block.value_from)
    add = compile_labels(block.labels_from_path)
    at, below = shown(block.path), f"{shown(block.value_from)}: " if block.value_from else ""
    whole = block.value_from[0] if len(block.value_from) == 1 and "," not in block.value_from[0] else ""

    def amount(element: Any) -> float | None:
        """None when nothing lies below the element; ValueError when no number does."""
        found = value_from(element)
        if found is None:
            return 0 if block.nil_is_zero else None
        try:
            return number(found)
        except ValueError as error:
            raise ValueError(f"{below}{error}") from None

    def of_map(found: dict[str, Any], faults: list[str]) -> list[Sample]:
        samples = []
        for key in sorted(found):
            element = found[key]
            named = bool(whole) and key == whole
            try:
                value = (0 if element is None and block.nil_is_zero else number(element)) if named else amount(element)
            except ValueError as error:
                if named:
                    faults.append(f"{at}: [{key}]: {error}")
                continue
            if value is not None:
                labels = {block.label_from_key: key} if key and block.label_from_key else {}
                add(element, labels)
                add(found, labels)
                samples.append((labels, value))
        return samples

    def values(data: Any, faults: list[str]) -> list[Sample]:
        found = path(data)
        if type(found) is dict:
            return of_map(found, faults)
        many = type(found) is list
        samples = []
        for position, element in enumerate(found if many else (found,)):
            where = f"{at}: [{position}]" if many else at
            try:
                value = amount(element)
            except ValueError as error:
                faults.append(f"{where}: {error}")
                continue
            if value is not None:
                labels: dict[str, str] = {}
                add(element, labels)
                samples.append((labels, value))
            elif element is None:
                faults.append(f"{where}: nothing lies there")
        return samples

    return values


def _info(block: Info) -> Values:
    """1 for what lies at the path, or each element of a list, and of a map for the whole and for each key.

    Without a label there is no sample: it would say nothing.
    """
    path, add = compile_path(block.path), compile_labels(block.labels_from_path)
    at, from_key = shown(block.path), block.label_from_key

    def values(data: Any, faults: list[str]) -> list[Sample]:
        found = path(data)
        samples: list[Sample] = []
        for element in found if type(found) is list else (found,):
            labels: dict[str, str] = {}
            add(element, labels)
            if labels:
                samples.append((labels, 1))
        if type(found) is not dict:
            return samples
        if samples and from_key in samples[0][0]:
            faults.append(f"{at}: the whole map has a label {from_key} too; labelFromKey should be another")
        for key in sorted(found):
            labels = {from_key: key} if key and from_key else {}
            add(found[key], labels)
            if labels:
                samples.append((labels, 1))
        return samples

    return values


def _state_set(block: StateSet) -> Values:
    """A sample for each text of the list; none while there is no text to compare."""
    path, value_from = compile_path(block.path), compile_path(block.value_from)
    add, at = compile_labels(block.labels_from_path), shown(block.path, block.value_from)

    def values(data: Any, faults: list[str]) -> list[Sample]:
        found = path(data)
        samples = []
        for element in found if type(found) is list else (found,):
            current = value_from(element)
            if current is None:
                continue
            if type(current) is not str:
                faults.append(f"{at}: text is expected, not {type(current).__name__}")
                continue
            for state in block.list:
                labels = {block.label_name: state}
                add(element, labels)
                samples.append((labels, float(state == current)))
        return samples

    return values
