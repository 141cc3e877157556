"""What happened in one world: a timeline that can be read, a fingerprint of it, and counts of what was met."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256


class Broken(AssertionError):
    """A promise of the road does not hold. `law` is its short name."""

    def __init__(self, law: str, what: str) -> None:
        super().__init__(f"{law}: {what}")
        self.law = law


class Trace:
    """Every event in order: virtual time (ms), who, what, and figures."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, str, str, tuple[object, ...]]] = []
        self.met: Counter[str] = Counter()
        """How often something that a world should sometimes meet was met."""

    def say(self, now: int, who: str, what: str, *figures: object) -> None:
        """One event."""
        self._lines.append((now, who, what, figures))

    def lines(self) -> list[str]:
        """The timeline, one line an event; times are days, hours, minutes, seconds of virtual time."""
        return [
            f"{_clock(now)}  {who:<8} {what} {' '.join(map(str, figures))}".rstrip()
            for now, who, what, figures in self._lines
        ]

    def fingerprint(self) -> str:
        """The same for the same timeline."""
        return sha256("\n".join(self.lines()).encode()).hexdigest()


def _clock(ms: int) -> str:
    seconds, ms = divmod(ms, 1_000)
    days, seconds = divmod(seconds, 86_400)
    return f"{days:3}d {seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
