"""How long to wait before the next try."""

import msgspec


class Backoff(msgspec.Struct, frozen=True):
    """Exponential delays with full jitter on top, as client-go's reflector has them.

    first_seconds   before the second try: at 0.8 s, doubling to 30 s, one reflector asks a dead server for at most
                    7 lists in its first minute and 2 to 3 a minute later
    cap_seconds     the largest delay before jitter
    slow_seconds    between tries of a kind that the server refuses or does not have
    healthy_seconds a watch that lived this long forgives the failures before it
    """

    first_seconds: float = 0.8
    cap_seconds: float = 30.0
    slow_seconds: float = 60.0
    healthy_seconds: float = 120.0

    def delay(self, failures: int, jitter: float) -> float:
        """Seconds to wait after so many failures in a row.

        failures  at least 1
        jitter    0 <= jitter < 1, from the caller's randomness: two thousand reflectors must not come back in one
                  second
        """
        delay: float = min(self.cap_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        return delay * (1.0 + jitter)
