"""Whether somebody is at the desk now: what arrives then gives way to what is written."""

from __future__ import annotations

import time
from typing import Final

CALM_S: Final = 10.0
"""How long (seconds) after the last key somebody counts as being at the desk."""


class Presence:
    """Whether somebody is at the desk: a key or the mouse within the last ten seconds. Told on the GUI thread, asked
    on the engine's; both times are the machine's monotonic ones."""

    def __init__(self) -> None:
        self._until = 0.0

    def touched(self) -> None:
        """Somebody is."""
        self._until = time.monotonic() + CALM_S

    def is_there(self) -> bool:
        """Whether somebody still is."""
        return time.monotonic() < self._until
