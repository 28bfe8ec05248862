"""Request headers -> what the answer looks like; Prometheus' own rules of negotiation."""

from typing import NamedTuple

_OPENMETRICS = "application/openmetrics-text"
_ESCAPINGS = frozenset({"allow-utf-8", "underscores", "dots", "values"})


class Format(NamedTuple):
    """An exposition format.

    openmetrics   ends with `# EOF` and knows info and stateset
    """

    content_type: str
    openmetrics: bool


TEXT = Format("text/plain; version=0.0.4; charset=utf-8", openmetrics=False)


class _Accepted(NamedTuple):
    type: str
    params: dict[str, str]
    q: float


def negotiate(accept: str) -> Format:
    """The format that an Accept header asks for.

    OpenMetrics is answered only to those who ask for it by name, in version 0.0.1 (also when none is given) or 1.0.0,
    and with a weight above 0; every other wish, protobuf and unknown versions too, is answered in the plain text
    format.
    """
    for wish in sorted((wish for wish in _wishes(accept) if wish.q > 0), key=lambda wish: -wish.q):
        version = wish.params.get("version", "")
        if wish.type == "text/plain" and version in {"", "0.0.4", "1.0.0"}:
            return TEXT
        if wish.type == _OPENMETRICS and version in {"", "0.0.1", "1.0.0"}:
            escaping = wish.params.get("escaping", "")
            escaping = escaping if escaping in _ESCAPINGS else "underscores"
            return Format(
                f"{_OPENMETRICS}; version={version or '0.0.1'}; charset=utf-8; escaping={escaping}", openmetrics=True
            )
    return TEXT


def _wishes(accept: str) -> list[_Accepted]:
    wishes = []
    for item in accept.split(","):
        words = [word.strip() for word in item.split(";")]
        params = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        params = {key.strip().lower(): value.strip().strip('"') for key, value in params.items()}
        try:
            q = float(params.pop("q", "1"))
        except ValueError:
            q = 0.0
        if words[0]:
            wishes.append(_Accepted(words[0].lower(), params, q))
    return wishes


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the client takes gzip; `gzip;q=0` says that it does not (RFC 9110 section 12.5.3)."""
    for item in accept_encoding.split(","):
        token, _, rest = item.strip().partition(";")
        if token.strip().lower() in {"gzip", "x-gzip"}:
            return rest.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
