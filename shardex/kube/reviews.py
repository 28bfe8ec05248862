"""Asks the API server who a bearer token belongs to, and whether they may read a path: delegated authentication and
authorization, as the kubelet and kube-state-metrics' --auth-filter do it.

What shardex needs for it is the ClusterRole system:auth-delegator; what the caller needs is a rule with
nonResourceURLs: ["/metrics"], verbs: ["get"].
"""

from typing import Any

import msgspec

from shardex.errors import ShardexError
from shardex.kube.client import ApiError, Client
from shardex.kube.pieces import UNDECODABLE

# A review that takes longer is of no use to a scrape, which has ten seconds in all.
_SECONDS = 3.0
_TOKEN_REVIEW = "authentication.k8s.io/v1", "TokenReview", "tokenreviews"
_ACCESS_REVIEW = "authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews"


class Review(msgspec.Struct, frozen=True):
    """The answer: nobody is known by that token (user is None), or a user who may or may not."""

    user: str | None
    allowed: bool = False


class _User(msgspec.Struct, frozen=True):
    username: str = ""
    uid: str = ""
    groups: list[str] | None = None
    extra: dict[str, list[str]] | None = None


class _Authenticated(msgspec.Struct, frozen=True):
    authenticated: bool = False
    user: _User = _User()


class _Authorized(msgspec.Struct, frozen=True):
    allowed: bool = False
    denied: bool = False


class _TokenReview(msgspec.Struct, frozen=True):
    status: _Authenticated = _Authenticated()


class _AccessReview(msgspec.Struct, frozen=True):
    status: _Authorized = _Authorized()


class Reviewer:
    """For all threads of the front."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def review(self, token: str, path: str, verb: str) -> Review:
        """Whether the token's user may do that; nothing is remembered here.

        raise  ShardexError when the API server does not say
        """
        told = self._ask(_TOKEN_REVIEW, {"token": token}, _TokenReview).status
        if not told.authenticated or not told.user.username:
            return Review(None)
        user = {name: value for name, value in msgspec.to_builtins(told.user).items() if value}
        spec = {"user": user.pop("username"), **user, "nonResourceAttributes": {"path": path, "verb": verb}}
        verdict = self._ask(_ACCESS_REVIEW, spec, _AccessReview).status
        return Review(told.user.username, verdict.allowed and not verdict.denied)

    def probe(self) -> None:
        """Ask both questions about nobody.

        raise  ShardexError when we may not ask
        """
        self._ask(_TOKEN_REVIEW, {"token": "shardex"}, _TokenReview)
        nobody = {"user": "system:anonymous", "nonResourceAttributes": {"path": "/metrics", "verb": "get"}}
        self._ask(_ACCESS_REVIEW, nobody, _AccessReview)

    def _ask(self, what: tuple[str, str, str], spec: dict[str, Any], type: type[Any]) -> Any:
        api, kind, plural = what
        body = msgspec.json.encode({"apiVersion": api, "kind": kind, "spec": spec})
        path = f"/apis/{api}/{plural}"
        try:
            try:
                answer = self._client.post(path, body, _SECONDS)
            except ApiError as error:
                if error.status != 401:
                    raise
                self._client.renew_credentials()
                answer = self._client.post(path, body, _SECONDS)
        except ApiError as error:
            if error.status == 403:
                raise ShardexError(
                    f"{plural}: {error}; shardex's own account needs the ClusterRole system:auth-delegator"
                ) from None
            raise
        try:
            return msgspec.json.decode(answer, type=type)
        except UNDECODABLE as error:
            raise ShardexError(f"{plural}: the answer cannot be read: {error}") from None
