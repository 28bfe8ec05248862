"""Who a caller is, what it may do, and the reviews that answer the same questions for others."""

from collections.abc import Mapping
from typing import Any

import msgspec

from load.body import Writer
from load.status import ApiError, bad_request, invalid, unauthorized

_AUDIENCE = "https://kubernetes.default"
ANONYMOUS = "system:anonymous"
OWN_REVIEWS = "selfsubjectaccessreviews"  # open to every authenticated user


class User(msgspec.Struct, frozen=True):
    """An authenticated caller; `allowed` is all or nothing here."""

    name: str
    allowed: bool = True


class Users:
    """Bearer tokens and whom they belong to; without any, and without client certificates, everyone may do anything."""

    def __init__(self, tokens: Mapping[str, User], certificates: bool) -> None:
        self.tokens = dict(tokens)
        self._certificates = certificates

    def identify(self, authorization: str, certificate: str) -> User:
        """The caller behind a header or a client certificate's common name.

        raise   ApiError 401 for a token that is none; a caller without credentials is anonymous and has no rights
        """
        if authorization.startswith("Bearer "):
            token = authorization.removeprefix("Bearer ").strip()
            if token in self.tokens:
                return self.tokens[token]
            if self.tokens:
                raise unauthorized()
        if certificate:
            return User(certificate)
        return User(ANONYMOUS, allowed=not self.tokens and not self._certificates)

    def may(self, name: str, groups: list[str]) -> bool:
        return "system:masters" in groups or any(user.allowed and user.name == name for user in self.tokens.values())


def review(users: Users, plural: str, document: dict[str, Any], user: User, writer: Writer) -> dict[str, Any]:
    """The answer to a review; raise ApiError 400 or 422 as a kube-apiserver refuses it."""
    spec = document.get("spec") or {}
    if plural == "tokenreviews":
        return _reviewed("TokenReview", "authentication.k8s.io/v1", spec, _token(users, spec), writer)
    own = plural == OWN_REVIEWS
    if own:
        verdict = {"allowed": user.allowed}
    else:
        if not spec.get("user") and not spec.get("groups"):
            raise _nobody()
        verdict = {"allowed": users.may(spec.get("user", ""), spec.get("groups") or [])}
    kind = "SelfSubjectAccessReview" if own else "SubjectAccessReview"
    order = ("resourceAttributes", "nonResourceAttributes", "user", "groups", "extra", "uid")
    spec = {name: _filled(spec[name]) for name in order if name in spec}
    return _reviewed(kind, "authorization.k8s.io/v1", spec, verdict, writer)


def _filled(part: Any) -> Any:
    """The part without empty texts, as Go's omitempty leaves it."""
    return {name: value for name, value in part.items() if value != ""} if isinstance(part, dict) else part


def _token(users: Users, spec: Mapping[str, Any]) -> dict[str, Any]:
    if not spec.get("token"):
        raise bad_request("token is required for TokenReview in authentication")
    user = users.tokens.get(spec["token"])
    if user is None or _AUDIENCE not in (spec.get("audiences") or [_AUDIENCE]):
        return {"user": {}, "error": "invalid bearer token"}
    who = {"username": user.name, "uid": user.name, "groups": ["", "system:authenticated"]}
    return {"authenticated": True, "user": who, "audiences": [_AUDIENCE]}


def _nobody() -> ApiError:
    causes = [("FieldValueInvalid", 'Invalid value: "": at least one of user or group must be specified', "spec.user")]
    return invalid('.authorization.k8s.io ""', causes, {"group": "authorization.k8s.io"})


def _reviewed(
    kind: str, api: str, spec: Mapping[str, Any], verdict: Mapping[str, Any], writer: Writer
) -> dict[str, Any]:
    entry: dict[str, Any] = {"manager": writer.manager, "operation": "Update", "apiVersion": api, "time": writer.time}
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {f"f:{name}": {} for name in spec}}}
    return {"kind": kind, "apiVersion": api, "metadata": {"managedFields": [entry]}, "spec": spec, "status": verdict}
