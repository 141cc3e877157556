"""What a screen has a lane do, and the way of the answer back to it.

A lane may never be the last to hold a screen's model, a closure over one, or a stack in which one stands: Python then
destroys it on the lane's thread, Qt takes its lock of connections there and wants the GIL, while the GUI thread holds
the GIL and wants that lock, and the desk stands still for ever (`desktop.ui.sweeping`). A sheet that was closed while
its last save was under way was enough. So an errand is emptied on the GUI thread, and what a lane keeps is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, eq=False)
class Errand:
    """Work of a lane. `done` and `failed` are bound methods that the GUI thread calls with what the lane left here:
    `outcome`, or `fault`; `wasted` where nobody is to be told any more."""

    work: Callable[..., Any] | None
    done: Callable[[Any], None] | None = None
    failed: Callable[[Exception], None] | None = None
    outcome: Any = None
    fault: Exception | None = None
    wasted: bool = False

    def carry_out(self, *given: Any) -> Any:
        """Do the work on the lane's thread; what it raises is the lane's to put into `fault`, after it was caught."""
        assert self.work is not None, "an errand is done once, and emptied after that"
        return self.work(*given)

    def empty(self) -> tuple[Callable[[Any], None] | None, Any]:
        """On the GUI thread: whom to call, and with what; nobody and a fault where nobody wants to hear of that one.
        From now on it holds nothing."""
        fault, wasted = self.fault, self.wasted
        told = (self.done, self.outcome) if fault is None else (self.failed, fault)
        self.work = self.done = self.failed = self.outcome = self.fault = None
        return (None, None) if wasted else told
