"""What the case page knows and does of files: the list of one dossier, how each travels, put in, look, export."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.background.change_bus import BlobMoved, ChangeBus, Changes
from desktop.operations import taking_out
from desktop.store import blobs
from desktop.store.blobs import AttachmentRow
from desktop.ui.case.pictures import shown
from domain.clock import Clock

if TYPE_CHECKING:
    from desktop.background.blob_lane import BlobLane
    from desktop.background.lanes import StoreLane


class AttachmentsModel(QObject):
    """`rows` of the open dossier; `moving` holds how far (0 to 100) a blob has travelled since it began."""

    changed = Signal()
    attached = Signal(bool)
    opened = Signal(object, object)
    exported = Signal()
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, blob_lane: BlobLane, bus: ChangeBus, clock: Clock) -> None:
        super().__init__()
        self._lane, self._blobs, self._bus, self.clock = lane, blob_lane, bus, clock
        self._closed = False
        self._contact = ""
        self._case: str | None = None
        self._asked = False
        self.rows: list[AttachmentRow] = []
        self.moving: dict[str, int] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(60)
        self._soon.timeout.connect(self.refresh)
        bus.changed.connect(self._records_changed)
        bus.blobs.connect(self._moved)

    def close(self) -> None:
        """The window closes: nothing more is read."""
        self._closed = True
        self._bus.changed.disconnect(self._records_changed)
        self._bus.blobs.disconnect(self._moved)
        self._soon.stop()

    def turn_to(self, contact_id: str, case_id: str | None) -> None:
        """Another dossier is open: its files are listed and, by the policy, fetched."""
        self._contact, self._case, self._asked = contact_id, case_id, True
        self.rows = []
        self.changed.emit()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Read the list again, on a reader's lane."""
        if not self._closed and self._contact:
            reading = Listing(self, self._contact)
            self._lane.query(partial(blobs.of_contact, contact_id=self._contact), reading.read, self._failed)

    def took(self, contact: str, rows: list[AttachmentRow]) -> None:
        """The list of a dossier was read; that of another than the open one says nothing."""
        if contact != self._contact or self._closed:
            return
        self.rows = rows
        if self._asked:
            self._asked = False
            self._blobs.opened_dossier([row.id for row in rows if not row.here])
        self.changed.emit()

    @Slot(object)
    def _records_changed(self, changes: Changes) -> None:
        if "attachment" in changes.ids or "staff" in changes.ids:
            self._asked = True
            self._soon.start()

    @Slot(object)
    def _moved(self, moved: BlobMoved) -> None:
        if moved.sealed and moved.want in ("up", "down"):
            self.moving[moved.blob] = min(100, 100 * moved.done // moved.sealed)
        if moved.settled:
            self.moving.pop(moved.blob, None)
            self._soon.start()
        elif any(row.blob == moved.blob for row in self.rows):
            self.changed.emit()

    # What a person does --------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether a dossier is open."""
        return bool(self._contact)

    def attach(self, path: str) -> None:
        """Put a file into the open dossier."""
        if self._contact:
            self._blobs.attach(Path(path), self._contact, self._case, self._attached, self._failed)

    def _attached(self, attached: Any) -> None:
        self.attached.emit(bool(attached.new))
        self._soon.start()

    def open(self, row: AttachmentRow) -> None:
        """Decrypt into memory and make it ready to be shown; where it is not here it is fetched first."""
        self._blobs.open(row.id, Opening(self, row).done, self._failed, shown)

    def export(self, row: AttachmentRow, target: str) -> None:
        """Write it out of the program where the roles allow it, once the entry of who did so stands."""
        noted = taking_out.attachment(row.id)
        self._lane.submit(noted, Leaving(self, row.id, Path(target)).noted, self._failed, initiator="attachments")

    def leave(self, record_id: str, target: Path) -> None:
        """The entry stands."""
        self._blobs.export(record_id, target, self._exported, self._failed)

    def _exported(self, _path: Path) -> None:
        self.exported.emit()

    def _failed(self, fault: Exception) -> None:
        self.trouble.emit(fault)


class Leaving:
    """One file on its way out."""

    def __init__(self, model: AttachmentsModel, record_id: str, target: Path) -> None:
        self._model, self._record_id, self._target = model, record_id, target

    def noted(self, _nothing: None) -> None:
        """COMMIT returned for its entry."""
        self._model.leave(self._record_id, self._target)


class Listing:
    """One reading of a list on its way."""

    def __init__(self, model: AttachmentsModel, contact: str) -> None:
        self._model, self._contact = model, contact

    def read(self, rows: list[AttachmentRow]) -> None:
        """The rows came."""
        self._model.took(self._contact, rows)


class Opening:
    """One opening on its way."""

    def __init__(self, model: AttachmentsModel, row: AttachmentRow) -> None:
        self._model, self._row = model, row

    def done(self, content: Any) -> None:
        """It is ready to be shown."""
        self._model.opened.emit(self._row, content)
