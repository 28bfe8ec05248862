"""How the front asks a worker for its text: datagrams of a few words, the text itself stays in the worker's arena.

    request   id · arena that the front has mapped · oldest generation it still reads from · fold (1) or as it is (0)
    reply     id · arena · generation · offset and size of the publication in the arena; with the memfd when it is new

A socket pair a worker, made by the supervisor before the first fork, which keeps both ends: so a worker that starts
again takes up where the dead one left off, there is no name in a file system, and none but our own processes can ask.
Ids never repeat, not even when the front is started anew: a reply to a question of the front before is told apart.
"""

import array
import select
import socket
import struct
from typing import NamedTuple

_REQUEST = struct.Struct("<QQQQ")
_REPLY = struct.Struct("<QQQQQ")


class Request(NamedTuple):
    id: int
    arena: int
    oldest: int
    fold: int


class Reply(NamedTuple):
    id: int
    arena: int
    generation: int
    offset: int
    size: int


def pair() -> tuple[socket.socket, socket.socket]:
    """(front's end, worker's end); messages keep their bounds."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def ask(front: socket.socket, request: Request) -> bool:
    """Send a request; False when the worker does not take any more."""
    try:
        front.send(_REQUEST.pack(*request), socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    return True


def asked(worker: socket.socket, seconds: float) -> Request | None:
    """The newest request, None when none came in time; older ones waiting are answered by the same reply.

    raise  BrokenPipeError when nobody is left who could ask
    """
    data = b""
    # A socket's own timeout would make every later call on it wait as well, MSG_DONTWAIT or not.
    while select.select([worker], [], [], 0 if data else seconds)[0]:
        data = worker.recv(_REQUEST.size)
        if not data:  # would be readable for ever
            raise BrokenPipeError("the front's end is closed")
    return Request(*_REQUEST.unpack(data)) if data else None


def answer(worker: socket.socket, reply: Reply, fd: int | None) -> None:
    """Send a reply, with the arena's memfd when the front does not have it."""
    extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
    worker.sendmsg([_REPLY.pack(*reply)], extra)


def answered(front: socket.socket, seconds: float) -> tuple[Reply, int | None] | None:
    """The next reply and the memfd that came with it; None when none came in time."""
    if not select.select([front], [], [], seconds)[0]:
        return None
    data, fds, _, _ = socket.recv_fds(front, _REPLY.size, 1)
    return Reply(*_REPLY.unpack(data)), fds[0] if fds else None
