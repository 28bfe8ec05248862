"""Status bodies and the errors that carry them, word for word as a kube-apiserver v1.36 writes them."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from load.kinds import Kind

JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"
NOSNIFF = {"X-Content-Type-Options": "nosniff"}


class ApiError(Exception):
    """An answer other than the one asked for: status code, body, content type and further headers."""

    def __init__(self, code: int, body: bytes, content: str = JSON, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code, self.body, self.content, self.headers = code, body, content, headers or {}


def status(
    code: int,
    reason: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A Status of a failure; an empty reason is left out."""
    body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": meta or {}, "status": "Failure"}
    body["message"] = message
    if reason:
        body["reason"] = reason
    if details is not None:
        body["details"] = details
    return {**body, "code": code}


def failure(
    code: int,
    reason: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    meta: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ApiError:
    return ApiError(code, encoded(status(code, reason, message, details, meta)), headers=headers)


def encoded(body: Any) -> bytes:
    """JSON and the newline that ends every body of the API."""
    return msgspec.json.encode(body) + b"\n"


def details(kind: Kind, name: str = "", **more: Any) -> dict[str, Any]:
    """Which object it is about; empty parts are left out."""
    parts = {"name": name, "group": kind.group, "kind": kind.plural, **more}
    return {key: value for key, value in parts.items() if value}


def bad_request(message: str) -> ApiError:
    return failure(400, "BadRequest", message)


def invalid(subject: str, causes: Iterable[tuple[str, str, str]], about: Mapping[str, Any]) -> ApiError:
    """422; causes are (reason, message, field)."""
    causes = list(causes)
    found = [f"{field}: {message}" for _, message, field in causes]
    text = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
    listed = [{"reason": reason, "message": message, "field": field} for reason, message, field in causes]
    return failure(422, "Invalid", f"{subject} is invalid: {text}", {**about, "causes": listed})


def invalid_options(*causes: tuple[str, str, str]) -> ApiError:
    return invalid('ListOptions.meta.k8s.io ""', causes, {"group": "meta.k8s.io", "kind": "ListOptions"})


def unauthorized() -> ApiError:
    return failure(401, "Unauthorized", "Unauthorized")


def forbidden(
    user: str, verb: str, kind: tuple[str, str], namespace: str, name: str, subresource: str = ""
) -> ApiError:
    """403 for a (group, plural), whether the group exists or not: authorization comes before existence."""
    group, plural = kind
    subject = (f"{plural}.{group}" if group else plural) + (f' "{name}"' if name else "")
    resource = f"{plural}/{subresource}" if subresource else plural
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    message = (
        f'{subject} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {scope}'
    )
    about = {key: value for key, value in (("name", name), ("group", group), ("kind", plural)) if value}
    return failure(403, "Forbidden", message, about, headers=NOSNIFF)


def forbidden_path(user: str, path: str) -> ApiError:
    message = f'forbidden: User "{user}" cannot get path "{path}"'
    return failure(403, "Forbidden", message, {}, headers=NOSNIFF)


def no_resource() -> ApiError:
    return failure(404, "NotFound", "the server could not find the requested resource", {})


def no_path() -> ApiError:
    return ApiError(404, b"404 page not found\n", PLAIN, NOSNIFF)


def not_found(kind: Kind, name: str) -> ApiError:
    return failure(404, "NotFound", f'{kind.qualified} "{name}" not found', details(kind, name))


def not_allowed() -> ApiError:
    return failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def not_acceptable() -> ApiError:
    offered = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
    streams = ("application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch")
    message = "406: Not Acceptable\n\nAvailable representations: " + ", ".join(offered + streams)
    body = msgspec.json.encode(status(406, "NotAcceptable", message, {}))
    return ApiError(406, msgspec.json.format(body, indent=2))


def unsupported_media(
    accepted: str = "application/json, application/yaml, application/vnd.kubernetes.protobuf",
) -> ApiError:
    message = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    return failure(415, "UnsupportedMediaType", message)


def conflict(kind: Kind, name: str) -> ApiError:
    message = (
        f'Operation cannot be fulfilled on {kind.qualified} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return failure(409, "Conflict", message, details(kind, name))


def already_exists(kind: Kind, name: str) -> ApiError:
    return failure(409, "AlreadyExists", f'{kind.qualified} "{name}" already exists', details(kind, name))


def expired(message: str = "The resourceVersion for the provided list is too old.", token: str = "") -> ApiError:
    return failure(410, "Expired", message, meta={"continue": token} if token else None)


def too_many() -> ApiError:
    return ApiError(429, b"Too many requests, please try again later.\n", PLAIN, {"Retry-After": "1", **NOSNIFF})


def unavailable() -> ApiError:
    message = "the request has been made before all known HTTP paths have been installed, please try again"
    return failure(503, "ServiceUnavailable", message, {"retryAfterSeconds": 5}, headers={"Retry-After": "5"})


def future(asked: int, current: int) -> ApiError:
    """504, which a kube-apiserver gives after waiting three seconds for the version to come."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    about = {"causes": causes, "retryAfterSeconds": 1}
    return failure(504, "Timeout", message, about, headers={"Retry-After": "1"})


def bad_version(text: str) -> ApiError:
    return failure(
        500, "", f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
    )
