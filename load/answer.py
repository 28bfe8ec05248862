"""How an answer leaves: Content-Length or chunks, gzip, and what faults do to the bytes."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from aiohttp import web
from isal import isal_zlib

from load.faults import Fault
from load.status import JSON, ApiError

# A body up to the buffer of Go's HTTP server goes out whole, with its length; a longer one is chunked.
_WHOLE = 2048
# gzipped above this, if a token of Accept-Encoding is exactly "gzip" (endpoints/handlers/responsewriters).
_COMPRESSED = 128 * 1024

_COMMON = {
    "Cache-Control": "no-cache, private",
    "X-Kubernetes-Pf-Flowschema-Uid": "00000000-0000-4000-8000-000000000001",
    "X-Kubernetes-Pf-Prioritylevel-Uid": "00000000-0000-4000-8000-000000000002",
    "Server": "load",
}


class CutError(ConnectionError):
    """The connection was ended on purpose."""


def abort(request: web.BaseRequest) -> CutError:
    """End the connection without a goodbye; the exception to raise for it."""
    if request.transport is not None:
        request.transport.abort()
    return CutError()


class Stream:
    """A chunked answer under way.

    sent  bytes of body written
    """

    def __init__(self, request: web.BaseRequest, response: web.StreamResponse, fault: Fault | None) -> None:
        self._request, self._response, self._fault = request, response, fault
        self.sent = 0

    @classmethod
    async def open(
        cls, request: web.BaseRequest, fault: Fault | None = None, headers: Mapping[str, str] | None = None
    ) -> "Stream":
        """Headers go out at once, as those of a watch do before its first event."""
        response = web.StreamResponse(headers={**_COMMON, "Content-Type": JSON, **(headers or {})})
        response.enable_chunked_encoding()
        await response.prepare(request)
        stream = cls(request, response, fault)
        if fault is not None:
            await stream.write(b"")
        return stream

    async def write(self, data: bytes | memoryview) -> None:
        fault = self._fault
        if fault is not None and fault.kind in {"cut", "stall"}:
            room = fault.after_bytes - self.sent
            if len(data) >= room:
                await self._write(data[:room])
                if fault.kind == "stall":
                    await asyncio.Event().wait()  # until the client goes, which cancels
                await asyncio.sleep(0.01)  # an abort drops what the socket has not taken yet
                raise abort(self._request)
        if fault is not None and fault.kind == "slow":
            step = max(1, fault.bytes_per_second // 10)
            for start in range(0, len(data), step):
                await self._write(data[start : start + step])
                await asyncio.sleep(0.1)
            return
        await self._write(data)

    async def _write(self, data: bytes | memoryview) -> None:
        self.sent += len(data)
        if data:
            await self._response.write(data)

    async def close(self) -> web.StreamResponse:
        await self._response.write_eof()
        return self._response


async def answer(
    request: web.BaseRequest,
    body: bytes,
    code: int = 200,
    content: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """A body at hand, sent with its length, or chunked when it is long."""
    response = web.Response(body=body, status=code, headers={**_COMMON, "Content-Type": content, **(headers or {})})
    if len(body) > _WHOLE:
        response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write_eof()
    return response


async def refuse(request: web.BaseRequest, error: ApiError) -> web.StreamResponse:
    return await answer(request, error.body, error.code, error.content, error.headers)


async def answer_blocks(request: web.BaseRequest, blocks: Iterator[bytes], fault: Fault | None) -> web.StreamResponse:
    """A body in blocks, sent one at a time so that a list of a gigabyte is never in memory."""
    head = next(blocks)
    for block in blocks:
        head += block
        if len(head) > _COMPRESSED:
            break
    headers = {}
    tokens = request.headers.get("Accept-Encoding", "").split(",")
    if len(head) > _COMPRESSED and "gzip" in {token.strip() for token in tokens}:
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        blocks = _compressed(chain((head,), blocks))
        head = next(blocks)
        for block in blocks:
            head += block
            if len(head) > _WHOLE:
                break
    if fault is None and len(head) <= _WHOLE:
        return await answer(request, head, headers=headers)
    stream = await Stream.open(request, fault, headers)
    await stream.write(head)
    for block in blocks:
        await stream.write(block)
    return await stream.close()


def _compressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """One gzip member; never without a block."""
    deflate = isal_zlib.compressobj(level=1, wbits=31)
    for block in blocks:
        text = deflate.compress(block)
        if text:
            yield text
    yield deflate.flush()
