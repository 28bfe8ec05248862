"""The lines of a watch on their way out, and the faults that spoil them."""

from load.answer import Stream
from load.faults import Fault, garbled, mistyped
from load.status import encoded, status
from load.text import Object
from load.view import View

Change = tuple[str, Object]


class Feed:
    """The lines of one watch, with what a fault does to them."""

    def __init__(self, stream: Stream, view: View, fault: Fault | None, custom: bool) -> None:
        self._stream, self._view, self._custom = stream, view, custom
        self._fault = fault if fault is not None and fault.spoils_events() else None
        self.sent = 0

    async def send(self, changes: list[Change]) -> bool:
        """Write events; False when a fault ended the stream with them."""
        fault = self._fault
        rest: list[Change] = []
        if fault is not None:
            room = max(0, fault.after_events - self.sent)
            changes, rest = changes[:room], changes[room:]
        if changes:
            event = self._view.event
            text = memoryview(b"".join([piece for type, obj in changes for piece in event(type, obj)]))
            if len(changes) > 1:  # chunks do not align with lines: a client that thinks so must not get away with it
                await self._stream.write(text[: len(text) // 2])
                text = text[len(text) // 2 :]
            await self._stream.write(text)
            self.sent += len(changes)
        if fault is None or self.sent < fault.after_events:
            return True
        return await self._spoil(fault, rest)

    async def _spoil(self, fault: Fault, rest: list[Change]) -> bool:
        if fault.kind in {"halfline", "wrong_type"} and not rest:
            return True  # there is nothing to spoil yet
        self._fault = None
        match fault.kind:
            case "gone":
                await self.error(410, "Expired", "too old resource version: 1 (2)")
                return False
            case "error_event":
                await self.error(fault.status, "InternalError", "an error on request")
                return False
            case "garbage":
                await self._stream.write(garbled(self._view.bookmark(1)))
            case "unknown_event":
                await self._stream.write(self._view.bookmark(1).replace(b"BOOKMARK", b"SURPRISE", 1))
            case "halfline":
                line = b"".join(self._view.event(*rest[0]))
                await self._stream.write(line[: len(line) // 2])
                return False
            case _:
                type, obj = rest.pop(0)
                await self._stream.write(b"".join(self._view.event(type, mistyped(fault, obj, self._custom))))
        return await self.send(rest)

    async def error(self, code: int, reason: str, message: str) -> None:
        await self._stream.write(b'{"type":"ERROR","object":%s}\n' % encoded(status(code, reason, message))[:-1])

    async def bookmark(self, revision: int, end: bool = False) -> None:
        await self._stream.write(self._view.bookmark(revision, end))
