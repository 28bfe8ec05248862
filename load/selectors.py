"""Field and label selectors of lists and watches."""

from collections.abc import Callable

from load.kinds import Kind
from load.status import ApiError, bad_request
from load.text import Object, labels

Test = Callable[[Object], bool]

_FIELDS: dict[str, Callable[[Object], str]] = {
    "metadata.name": lambda obj: obj.name,
    "metadata.namespace": lambda obj: obj.namespace,
    "spec.nodeName": lambda obj: obj.node,
}


def selector(kind: Kind, fields: str, label: str) -> Test | None:
    """What an object must satisfy, or None for everything.

    raise   ApiError 400 for a field the kind cannot be selected by, or for an expression that cannot be read
    """
    tests = [_field(kind, term) for term in fields.split(",") if term]
    tests += [_label(term.strip()) for term in label.split(",") if term.strip()]
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else lambda obj: all(test(obj) for test in tests)


def _split(term: str) -> tuple[str, str, bool]:
    """Name, value and whether they shall be equal."""
    for operator in ("!=", "==", "="):
        name, found, value = term.partition(operator)
        if found:
            return name, value, operator != "!="
    raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")


def _field(kind: Kind, term: str) -> Test:
    name, value, equal = _split(term)
    if name not in {"metadata.name", "metadata.namespace", *kind.fields}:
        raise _unknown(kind, name)
    read = _FIELDS[name]
    return lambda obj: (read(obj) == value) == equal


def _unknown(kind: Kind, name: str) -> ApiError:
    if kind.plural == "pods":  # kinds with fields of their own convert selectors in their own code and words
        return bad_request(f"field label not supported: {name}")
    return bad_request(f'"{name}" is not a known field selector: only "metadata.name", "metadata.namespace"')


def _label(term: str) -> Test:
    if "(" in term or ")" in term:
        raise bad_request(f"unable to parse requirement: sets are not served here, found '{term}'")
    if "=" not in term:
        name, wanted = term.removeprefix("!"), not term.startswith("!")
        return lambda obj: (name in labels(obj)) == wanted
    name, value, equal = _split(term)
    return lambda obj: (labels(obj).get(name.strip()) == value.strip()) == equal
