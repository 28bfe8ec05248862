"""Whether the files that the options name do for what they are named for; asked at the start and by --check."""

from shardex.errors import OptionsError
from shardex.options import Options
from shardex.workers import readyfile


def verify(options: Options) -> None:
    """Change nothing; raise OptionsError with every fault of them all."""
    faults = readyfile.faults(options.ready_file)
    if options.tls_config:
        from shardex.serving import tls  # noqa: PLC0415  YAML, which a start without files does not need

        try:
            tls.verify(options)
        except OptionsError as error:
            faults += error.faults
    if faults:
        raise OptionsError(faults)
