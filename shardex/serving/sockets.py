"""Listening sockets, bound before the first fork, so that a port that is taken is said at the start."""

import socket
import struct

from shardex.errors import ShardexError


def listen(flag: str, host: str, port: int, read_seconds: float, write_seconds: float) -> socket.socket:
    """A bound socket; "::" takes IPv4 too, and falls back to it where the kernel has no IPv6.

    read_seconds, write_seconds   the kernel's limits for one recv and one send of every connection accepted from it:
                                  a client that stops reading or writing costs a thread for no longer
    raise   ShardexError that names the flag
    """
    try:
        wildcard = host in {"::", ""}
        family = socket.AF_INET6 if ":" in host or wildcard else socket.AF_INET
        if wildcard and not socket.has_dualstack_ipv6():
            family, host = socket.AF_INET, "0.0.0.0"
        listener = socket.create_server(
            (host or "::", port), family=family, backlog=128, dualstack_ipv6=wildcard and family == socket.AF_INET6
        )
    except OSError as error:
        raise ShardexError(f"--{flag}: cannot listen on {host} port {port}: {error.strerror or error}") from error
    for option, seconds in ((socket.SO_RCVTIMEO, read_seconds), (socket.SO_SNDTIMEO, write_seconds)):
        listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", int(seconds), int(seconds % 1 * 1e6)))
    return listener
