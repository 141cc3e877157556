"""Emergency reading: how long a file of another centre may be read after a reason, and what counts as a reason."""

from __future__ import annotations

from typing import Final

from domain.clock import DAY, HOUR, MINUTE
from domain.text import nfc

READ_MS: Final = 60 * MINUTE
"""How long the file stays open (ms)."""
WIPED_BY_MS: Final = 2 * HOUR
"""When no copy may be left at the desk (ms after the grant came), with or without a line."""
REVIEW_MS: Final = 7 * DAY
"""Within which somebody who may looks at a read (ms after it was asked for); later it is overdue (S-36)."""
LEAST_WORDS: Final = 20
MOST_WORDS: Final = 500
"""Least and most characters of the reason's own words."""
REASONS: Final = "emergency_reason"
"""The code list of reasons."""
GRANTED: Final = "emergency"
"""`reason` of a grant that ends by itself."""


def plain(words: str) -> str:
    """The words as they are kept: NFC, one blank between words."""
    return nfc(" ".join(words.split()))


def missing(words: str) -> int:
    """How many characters are still to be written before the words are a reason; 0: enough."""
    return max(0, LEAST_WORDS - len(plain(words)))


def is_overdue(asked_at: int, now_ms: int) -> bool:
    """Whether a read that nobody has looked at waits longer than it may."""
    return now_ms - asked_at > REVIEW_MS
