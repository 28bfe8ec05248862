"""The API server: finds out what a request means and has it answered."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
from aiohttp import web

from load import control, discovery
from load.answer import Stream, abort, answer, refuse
from load.audit import Audit
from load.body import Writer, decode
from load.churn import Churn
from load.cluster import Cluster
from load.collection import Collection
from load.faults import Fault, Faults, refusal
from load.kinds import REVIEWS, Kind
from load.list import list_objects
from load.reviews import ANONYMOUS, OWN_REVIEWS, User, Users, review
from load.status import (
    PLAIN,
    ApiError,
    encoded,
    failure,
    forbidden,
    forbidden_path,
    no_path,
    no_resource,
    not_allowed,
)
from load.target import Target, target
from load.view import View, negotiate
from load.watch import streaming, watch_objects
from load.write import create, delete, found, patch, rescale, scale, shown, update

log = logging.getLogger("load")

_BODY_BYTES = 256 << 20  # thousands of objects may be applied at once through /_load/objects
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OPEN_PATHS = frozenset({"/livez", "/readyz", "/healthz", "/version"})  # also for callers without credentials


class ApiServer:
    """One cluster behind HTTP."""

    def __init__(self, cluster: Cluster, users: Users, churn: Churn, bookmark_seconds: float = 60.0) -> None:
        self.cluster = cluster
        self.users = users
        self.churn = churn
        self.faults: Faults = Faults()
        self.audit = Audit()
        self.server: web.Server | None = None
        self._bookmark_seconds = bookmark_seconds

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith("/_load/"):
            return await control.respond(self, request)
        aim = target(request.path)
        entry = self.audit.begin(request, _verb(request, aim), aim)
        status = None
        try:
            response = await self._answered(request, aim, entry)
            status = response.status
        finally:
            self.audit.end(entry, status)
        return response

    async def _answered(
        self, request: web.BaseRequest, aim: Target | None, entry: dict[str, Any]
    ) -> web.StreamResponse:
        try:
            return await self._respond(request, aim, entry)
        except ApiError as error:
            return await refuse(request, error)
        except ConnectionError:  # the client is gone, or was cut off on purpose: nothing is left to say
            raise
        except Exception:
            log.exception("%s %s", request.method, request.path_qs)
            return await refuse(request, failure(500, "InternalError", "the synthetic API server has a fault"))

    def drop(self, kept: web.RequestHandler | None = None) -> None:
        """End every connection but one, without a goodbye."""
        for connection in self.server.connections if self.server else ():
            if connection is not kept and connection.transport is not None:
                connection.transport.abort()

    def _user(self, request: web.BaseRequest) -> User:
        certificate = request.get_extra_info("peercert") or {}
        names = dict(pair[0] for pair in certificate.get("subject", ()))
        return self.users.identify(request.headers.get("Authorization", ""), names.get("commonName", ""))

    async def _respond(self, request: web.BaseRequest, aim: Target | None, entry: dict[str, Any]) -> web.StreamResponse:
        user = self._user(request)
        if aim is None:
            if not user.allowed and request.path not in _OPEN_PATHS:
                raise forbidden_path(user.name, request.path)
            return await self._document(request)
        verb = _verb(request, aim)
        fault = self.faults.take(_fault_verb(verb), aim.plural, aim.namespace)
        if fault is not None:
            entry["fault"] = fault.kind
            await self._before(request, fault, verb, aim)
        if not user.allowed and not (aim.plural == OWN_REVIEWS and user.name != ANONYMOUS):
            allowed_verb = {"stream": "watch", "continue": "list"}.get(verb, verb)
            subject = (aim.group, aim.plural)
            raise forbidden(user.name, allowed_verb, subject, aim.namespace, aim.name, aim.subresource)
        for kind in REVIEWS:
            if (aim.group, aim.plural) == (kind.group, kind.plural):
                return await self._review(request, kind, user)
        collection = self._collection(aim)
        partial = negotiate(request.headers.get("Accept", "") or "*/*")
        view = View(collection.kind, aim.version, partial)
        entry["status"] = 200
        if verb in {"watch", "stream"}:
            return await watch_objects(
                request, self.cluster, collection, aim.namespace, view, fault, self._bookmark_seconds
            )
        if verb in {"list", "continue"}:
            return await list_objects(request, self.cluster, collection, aim.namespace, view, fault)
        if verb == "get":
            return await self._get(request, collection, aim, view, fault)
        return await self._write(request, verb, collection, aim, view)

    @staticmethod
    async def _before(request: web.BaseRequest, fault: Fault, verb: str, aim: Target) -> None:
        """What a fault does before there is an answer."""
        if fault.kind == "reset":
            raise abort(request)
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        error = refusal(fault, verb, aim.plural, aim.namespace)
        if error is not None:
            raise error

    def _collection(self, aim: Target) -> Collection:
        collection = self.cluster.collections.get((aim.group, aim.plural))
        if collection is not None and aim.version in collection.kind.versions:
            if collection.kind.namespaced or not aim.namespace:
                return collection
            raise no_resource()
        kinds = [c.kind for c in self.cluster.collections.values()]
        if any(kind.group == aim.group and aim.version in kind.versions for kind in kinds):
            raise no_resource()
        raise no_path()

    async def _get(
        self, request: web.BaseRequest, collection: Collection, aim: Target, view: View, fault: Fault | None
    ) -> web.StreamResponse:
        obj = found(collection, aim.key)
        if aim.subresource == "scale":
            body = encoded(scale(obj))
        elif aim.subresource in {"", "status"}:
            body = shown(view, obj)
        else:
            raise no_resource()
        if fault is None:
            return await answer(request, body)
        stream = await Stream.open(request, fault)
        await stream.write(body)
        return await stream.close()

    async def _write(
        self, request: web.BaseRequest, verb: str, collection: Collection, aim: Target, view: View
    ) -> web.StreamResponse:
        cluster, key = self.cluster, aim.key
        if (verb == "create") == bool(aim.name) or (
            verb == "create" and collection.kind.namespaced and not aim.namespace
        ):
            raise not_allowed()
        body, content, writer = await request.read(), request.headers.get("Content-Type", ""), _writer(request)
        if aim.subresource == "scale":
            if verb not in {"update", "patch"}:
                raise not_allowed()
            return await answer(
                request, encoded(rescale(cluster, collection, key, request.method, content, body, writer))
            )
        match verb:
            case "create":
                document = decode(content, body, collection.kind)
                obj = create(cluster, collection, aim.namespace, document, writer)
                return await answer(request, shown(view, obj), 201)
            case "update":
                obj = update(cluster, collection, key, decode(content, body, collection.kind), writer)
            case "patch":
                obj = patch(cluster, collection, key, content, body, writer)
            case _:
                return await answer(request, encoded(delete(cluster, collection, key)))
        return await answer(request, shown(view, obj))

    async def _review(self, request: web.BaseRequest, kind: Kind, user: User) -> web.StreamResponse:
        if request.method != "POST":
            raise not_allowed()
        document = decode(request.headers.get("Content-Type", ""), await request.read(), kind)
        return await answer(request, encoded(review(self.users, kind.plural, document, user, _writer(request))), 201)

    async def _document(self, request: web.BaseRequest) -> web.StreamResponse:
        """Discovery, version and health."""
        kinds = [*(c.kind for c in self.cluster.collections.values()), *REVIEWS]
        path = request.path.rstrip("/")
        if path in {"/livez", "/readyz", "/healthz"}:
            headers = {"X-Content-Type-Options": "nosniff"}
            return await answer(request, discovery.health("verbose" in request.query), content=PLAIN, headers=headers)
        if path == "/version":
            return await answer(request, msgspec.json.format(msgspec.json.encode(discovery.VERSION), indent=2))
        if path in {"/api", "/apis"} and "as=APIGroupDiscoveryList" in request.headers.get("Accept", ""):
            body = encoded(discovery.aggregated(kinds, core=path == "/api"))
            headers = {"Cache-Control": "public", "Vary": "Accept"}
            return await answer(request, body, content=discovery.AGGREGATED, headers=headers)
        listed = discovery.document(kinds, path.strip("/").split("/"), request.host)
        if listed is None:
            raise no_path()
        return await answer(request, encoded(listed))


def _writer(request: web.BaseRequest) -> Writer:
    manager = request.headers.get("User-Agent", "unknown").partition("/")[0]
    return Writer(manager, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))


def _verb(request: web.BaseRequest, aim: Target | None) -> str:
    """The request's verb; a watch with initial events is a `stream`, a further page of a list a `continue`."""
    if request.method not in {"GET", "HEAD"} or aim is None:
        return _VERBS.get(request.method, "get")
    if aim.name:
        return "get"
    if request.query.get("watch") in {"true", "1"}:
        return "stream" if streaming(request.query) else "watch"
    return "continue" if request.query.get("continue") else "list"


def _fault_verb(verb: str) -> str:
    return verb if verb in {"list", "continue", "watch", "stream", "get"} else "write"


def _report(churning: asyncio.Task[None]) -> None:
    if not churning.cancelled():
        log.error("churn has ended", exc_info=churning.exception())


@asynccontextmanager
async def serve(
    api: ApiServer, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """The server's URL while it serves and churns; port 0 is any free one."""
    request = partial(web.BaseRequest, loop=asyncio.get_running_loop(), client_max_size=_BODY_BYTES)
    api.server = web.Server(api, request_factory=request, handler_cancellation=True)
    runner = web.ServerRunner(api.server, shutdown_timeout=0.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls, backlog=1024)
    await site.start()
    churning = asyncio.create_task(api.churn.run())
    churning.add_done_callback(_report)
    address = runner.addresses[0]
    try:
        yield f"{'https' if tls else 'http'}://{host}:{address[1]}"
    finally:
        churning.cancel()
        api.drop()
        await runner.cleanup()
