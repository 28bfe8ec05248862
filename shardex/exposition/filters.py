"""Which families are kept: the allow, deny and opt-in lists of metric names."""

import logging
from collections.abc import Sequence

from shardex.errors import OptionsError
from shardex.exposition.patterns import ECMASCRIPT, RE2, Dialect, Matcher, matcher

log = logging.getLogger(__name__)


class Filters:
    """The three lists, ready to be asked.

    allow   when given, only families that one of its patterns matches are kept
    deny    families that one of its patterns matches are not kept; not together with allow
    opt_in  switches on opt-in families; these must pass allow or deny as well

    Patterns match anywhere in a name: kube_pod_status_ready is also kube_pod_status_ready_time.

    raise   OptionsError with every fault of every list
    """

    def __init__(self, allow: Sequence[str] = (), deny: Sequence[str] = (), opt_in: Sequence[str] = ()) -> None:
        faults: list[str] = []
        if allow and deny:
            faults.append("--metric-allowlist and --metric-denylist: give one of them, not both")
        self._allow = _matchers("metric-allowlist", allow, ECMASCRIPT, faults)
        self._deny = _matchers("metric-denylist", deny, ECMASCRIPT, faults)
        self._opt_in = _matchers("metric-opt-in-list", opt_in, RE2, faults)
        if faults:
            raise OptionsError(faults)

    def keeps(self, name: str, opt_in: bool = False) -> bool:
        """Whether a family is shown.

        A pattern that looks too long at a name costs that family, in a deny list too, as it does in the peer.
        """
        try:
            if opt_in and not any(matches(name) for matches in self._opt_in):
                return False
            if self._allow:
                return any(matches(name) for matches in self._allow)
            return not any(matches(name) for matches in self._deny)
        except TimeoutError as error:
            log.warning("family %s is left out: %s", name, error)
            return False


def _matchers(flag: str, patterns: Sequence[str], dialect: Dialect, faults: list[str]) -> list[Matcher]:
    """The patterns that are sound; what is wrong with the others goes to `faults`."""
    sound = []
    for pattern in patterns:
        try:
            sound.append(matcher(pattern, dialect))
        except ValueError as error:
            faults.append(f"--{flag}: {pattern!r}: {error}")
    return sound
