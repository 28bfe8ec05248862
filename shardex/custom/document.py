"""A YAML document as structs, with every fault and its path instead of the first one."""

from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

import msgspec
import yaml

_KEPT = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")
_RESOLVERS = {
    first: [(tag, pattern) for tag, pattern in rules if tag in _KEPT]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_TRUE = frozenset({"true", "True", "TRUE", "y", "Y", "yes", "on"})  # goyaml.v3, decoding into a bool
_FALSE = frozenset({"false", "False", "FALSE", "n", "N", "no", "off"})
_FORMS = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    tuple: "a list",
    list: "a list",
    dict: "a map",
}

T = TypeVar("T")


class Findings:
    """What is wrong with a document (faults) and what has no effect in it (warnings), in the order found.

    A path has one fault: that a name is missing needs no saying where a list was found in its place.
    """

    def __init__(self) -> None:
        self._faults: dict[str, str] = {}
        self.warnings: list[str] = []

    @property
    def faults(self) -> list[str]:
        return list(self._faults.values())

    def fault(self, at: str, message: str) -> None:
        self._faults.setdefault(at, _sentence(at, message))

    def warn(self, at: str, message: str) -> None:
        self.warnings.append(_sentence(at, message))


def _sentence(at: str, message: str) -> str:
    return f"{at}: {message}" if at else message


class _Loader(yaml.SafeLoader):
    """Every scalar but null is the text that it is written as.

    The peer decodes into typed fields: `list: [True, False]` are two texts, and `[order, 0]` is a path. Resolved by
    YAML's own rules they would be booleans and a number, and how they were written would be lost.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.yaml_implicit_resolvers = _RESOLVERS
        self.repeated: list[tuple[str, str]] = []  # where, which key

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    where = f"line {key.start_mark.line + 1}, column {key.start_mark.column + 1}"
                    self.repeated.append((where, key.value))
                seen.add(key.value)
        return node


def read(text: str, form: type[T], findings: Findings) -> T:
    """The first document of the text as a struct; where it is faulty, the struct's defaults.

    form   a struct of texts, whole numbers, booleans, structs, tuples and dicts of them; every field has a default
    """
    value = load(text, findings)
    if value is None:
        if not findings.faults:
            findings.fault("", "the document is empty")
        return form()
    converted: T = convert(value, form, "", findings)
    return converted


def load(text: str, findings: Findings) -> Any:
    """The first document of the text, each scalar but null as it is written; None when it is empty or no YAML."""
    value = None
    try:
        loader = _Loader(text)
        value = loader.get_data()
        for where, key in loader.repeated:
            findings.fault(where, f"{key!r} stands twice in its map")
        if loader.check_event(yaml.DocumentStartEvent):
            findings.warn("", "the file holds more than one document; only the first is read")
    except (yaml.YAMLError, RecursionError) as error:
        findings.fault("", "not YAML: " + " ".join(str(error).split()))
        return None
    return value


def convert(value: Any, form: Any, at: str, findings: Findings) -> Any:
    """The value as the form declares it; a part that does not fit is a fault, and empty in what is returned."""
    origin, inner = get_origin(form) or form, get_args(form)
    if origin is UnionType:  # optional: absent is None, which an empty value is not
        return convert(value, inner[0], at, findings)
    if value is None:
        return origin()
    if origin is tuple and isinstance(value, list):
        if None in value:
            findings.warn(at, "null in a list is left out; quote it if the word is meant")
        items = [(f"{at}[{number}]", item) for number, item in enumerate(value) if item is not None]
        return tuple(convert(item, inner[0], path, findings) for path, item in items)
    if origin is dict and isinstance(value, dict):
        return {key: convert(item, inner[1], f"{at}.{key}", findings) for key, item in _texts(value, at, findings)}
    if isinstance(value, dict) and issubclass(origin, msgspec.Struct):
        return _struct(value, origin, at, findings)
    if isinstance(value, str) and origin in {str, int, bool}:
        return _scalar(value, origin, at, findings)
    met = _FORMS.get(type(value), f"YAML's {type(value).__name__}")  # of a scalar with a tag
    findings.fault(at, f"{_FORMS.get(origin, 'a map')} is expected, not {met}")
    return origin()


def _texts(value: dict[Any, Any], at: str, findings: Findings) -> list[tuple[str, Any]]:
    for key in value:
        if not isinstance(key, str):
            findings.fault(f"{at}.{key}", "a key has to be text")
    return [(key, item) for key, item in value.items() if isinstance(key, str)]


def _struct(value: dict[Any, Any], form: type[msgspec.Struct], at: str, findings: Findings) -> msgspec.Struct:
    fields = {field.encode_name: field for field in msgspec.structs.fields(form)}
    given = {}
    for key, item in _texts(value, at, findings):
        path = f"{at}.{key}".lstrip(".")
        if key not in fields:
            findings.warn(path, "there is no such field; it is ignored")
        elif item is not None:
            given[fields[key].name] = convert(item, fields[key].type, path, findings)
    return form(**given)


def _scalar(value: str, form: type, at: str, findings: Findings) -> Any:
    if form is bool and value in _TRUE | _FALSE:
        return value in _TRUE
    try:
        if form is str:
            value.encode()  # JSON's \ud800 would be found at the scrape that prints it
            return value
        if form is int:
            return int(value)
    except ValueError:
        pass
    findings.fault(at, f"{_FORMS[form]} is expected, not {value!r}")
    return form()
