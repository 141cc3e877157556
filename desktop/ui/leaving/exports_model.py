"""What the export sheet knows and does: which tables this person may take out, making one, writing it to a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from desktop.operations import figures, lists, sheets
from desktop.operations.sheets import Sheet
from desktop.store.engine import Connection
from desktop.store.reads_lists import may_list
from desktop.store.sight import SHOWN, sight_of
from domain.clock import Clock, vn_date
from domain.rules.privacy import Thing

if TYPE_CHECKING:
    from desktop.background.aside import AsideLane
    from desktop.background.lanes import StoreLane

FIGURES: Final = "figures"
MONTHS: Final = 6
"""So many months are offered; older ones by the command `tram111 export`."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One table that can be made: its kind and its month."""

    kind: str
    year: int
    month: int

    @property
    def name(self) -> str:
        """A name for its file: kind and month, nothing of anybody."""
        word = {FIGURES: "so-lieu", lists.CALLS: "cuoc-goi", lists.QUEUE: "hang-doi"}[self.kind]
        return f"{word}-{self.year:04d}-{self.month:02d}"


class ExportsModel(QObject):
    """`offers` is what this person may take out now, `made` the last table with what it is of."""

    changed = Signal()
    ready = Signal()
    written = Signal()
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, aside: AsideLane, clock: Clock) -> None:
        super().__init__()
        self._lane, self._aside, self._clock = lane, aside, clock
        self.offers: tuple[Offered, ...] = ()
        self.made: Sheet | None = None
        self.of: Offered | None = None

    def refresh(self) -> None:
        """Ask what the roles of the person at this desk let out."""
        self._lane.query(partial(_allowed, centre=self._lane.seat.centre), self._read, self._failed)

    def _read(self, allowed: tuple[str, ...]) -> None:
        today = vn_date(self._clock.now_ms())
        months = [divmod(today.year * 12 + today.month - 1 - back, 12) for back in range(MONTHS + 1)]
        self.offers = tuple(
            Offered(kind, year, month + 1)
            for kind in allowed
            for year, month in (months[1:] if kind == FIGURES else months[:-1])
        )
        self.changed.emit()

    def forget(self) -> None:
        """The sheet went: nothing of it stays."""
        self.offers, self.made, self.of = (), None, None

    def make(self, offered: Offered) -> None:
        """Make this table: the entry of who did so stands before anybody sees it."""
        self.made, self.of = None, offered
        if offered.kind == FIGURES:
            self._lane.submit(
                figures.of_month(offered.year, offered.month), self._made, self._failed, initiator="exports"
            )
        else:
            operation = lists.take_out(offered.kind, offered.year, offered.month)
            self._lane.submit(operation, self._noted, self._failed, initiator="exports")

    def _noted(self, draw: Callable[[Connection], Sheet]) -> None:
        self._lane.query(draw, self._made, self._failed)

    def _made(self, sheet: Sheet) -> None:
        if self.of is not None:
            self.made = sheet
            self.ready.emit()

    @Slot(str)
    def write(self, target: str) -> None:
        """Write the table that was made last there."""
        if self.made is not None:
            self._aside.submit(partial(sheets.write, self.made, Path(target)), self._written, self._failed)

    def _written(self, _target: Path) -> None:
        self.written.emit()

    def _failed(self, fault: Exception) -> None:
        self.trouble.emit(fault)


def _allowed(connection: Connection, centre: str) -> tuple[str, ...]:
    """Kinds of tables that the person who reads may take out."""
    sight = sight_of(connection)
    counted = sight is not None and sight.may(figures.ACTION, Thing(centre)) in SHOWN
    return ((FIGURES,) if counted else ()) + (lists.KINDS if may_list(connection, centre) else ())
