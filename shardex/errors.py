"""What can go wrong by name; a package may raise more, but only these are caught across packages."""


class ShardexError(Exception):
    """Base of every error that shardex raises on purpose."""


class OptionsError(ShardexError):
    """Faults of the command line or of a configuration file, all of them at once.

    faults  one sentence each, in the order found; never empty
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class TableError(ShardexError):
    """A row of a family table that cannot be rendered; found when the table is compiled, never at a scrape."""


class EndpointError(ShardexError):
    """No way to the API server: a broken kubeconfig, a missing token, an unreadable certificate."""
