"""Listening sockets, bound before the first fork, so that a port that is taken is said at the start."""

import socket

from shardex.errors import ShardexError


def listen(flag: str, host: str, port: int) -> socket.socket:
    """A bound socket; "::" takes IPv4 too, and falls back to it where the kernel has no IPv6.

    raise  ShardexError that names the flag
    """
    try:
        wildcard = host in {"::", ""}
        family = socket.AF_INET6 if ":" in host or wildcard else socket.AF_INET
        if wildcard and not socket.has_dualstack_ipv6():
            family, host = socket.AF_INET, "0.0.0.0"
        return socket.create_server(
            (host or "::", port), family=family, backlog=128, dualstack_ipv6=wildcard and family == socket.AF_INET6
        )
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]  # the rest repeats the address
        raise ShardexError(f"--{flag}: cannot listen on {host} port {port}: {reason}") from error
