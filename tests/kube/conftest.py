"""One synthetic API server for all tests of this folder, filled anew for each."""

import pytest
from loopback import relay
from reflecting import cluster, fill


@pytest.fixture(scope="session")
def session_server():
    with cluster(0) as made:
        yield made


@pytest.fixture
def server(session_server):
    """A server with ten pods, which nobody has asked for anything yet."""
    fill(session_server)
    return session_server


@pytest.fixture
def hop(server):
    """A network hop before that server."""
    with relay(server.url) as made:
        yield made
