"""The road page: what is saved here and what has reached the centre, in figures and plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from desktop.background.change_bus import ChangeBus, Changes, RoadStatus
from desktop.store import reads
from desktop.store.reads_audit import AuditView, audit_view
from desktop.ui.road.courier import CourierCard, CourierModel
from desktop.ui.road.words import audit_line, recount_line, road_line, road_story, servers_line
from desktop.ui.theme.look import Look
from desktop.ui.theme.measure import Measure
from desktop.ui.theme.tokens import READING, Status
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.said import Card, Mark, Said
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.words import tr, when_text
from domain.clock import Clock

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane
    from desktop.background.sync_driver import SyncDriver


class RoadModel(QObject):
    """Holds the last word of the sync driver and the store's own figures."""

    changed = Signal()

    def __init__(self, lane: StoreLane, bus: ChangeBus, clock: Clock, driver: SyncDriver | None = None) -> None:
        super().__init__()
        self._lane, self.clock, self._bus = lane, clock, bus
        self._closed = False
        self.status: RoadStatus | None = None
        self.view: reads.RoadView | None = None
        self.audit: AuditView | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(250)
        self._soon.timeout.connect(self.refresh)
        bus.road.connect(self._told)
        if driver is not None and driver.status != RoadStatus():
            # The road runs before there is a window: what it said meanwhile is not said again.
            self.status = driver.status
        bus.changed.connect(self._records_changed)

    def close(self) -> None:
        """The window closes: nothing more is read."""
        self._closed = True
        self._bus.changed.disconnect(self._records_changed)
        self._bus.road.disconnect(self._told)
        self._soon.stop()

    @Slot(object)
    def _told(self, status: RoadStatus) -> None:
        self.status = status
        self.changed.emit()
        self._soon.start()

    @Slot(object)
    def _records_changed(self, _changes: Changes) -> None:
        if not self._soon.isActive():
            self._soon.start()

    @property
    def is_due(self) -> bool:
        """Whether the figures are about to be read anew, because records changed."""
        return self._soon.isActive()

    @Slot()
    def refresh(self) -> None:
        """Read the store's own figures."""
        if not self._closed:
            self._lane.query(reads.road_view, self._read, self._failed)

    def count_audit(self) -> None:
        """Count the audit chains held here anew: some 100,000 entries a second, so only when somebody looks."""
        if not self._closed:
            self._lane.query(audit_view, self._counted, self._failed)

    def _counted(self, view: AuditView) -> None:
        self.audit = view
        self.changed.emit()

    def _read(self, view: reads.RoadView) -> None:
        self.view = view
        self.changed.emit()

    def _failed(self, _fault: Exception) -> None:
        self.changed.emit()

    def line(self) -> tuple[Status, str]:
        """Shape and words for the status line."""
        return road_line(self.status, self.clock.now_ms())


class RoadPage(QWidget):
    """What is saved here, at the centre, in its backup; what waits; one story, one comparison."""

    def __init__(self, model: RoadModel, courier: CourierModel, look: Look) -> None:
        super().__init__()
        self.setObjectName("page.road")
        self.model = model
        self.story = Mark(Status.QUIET, "", "reading", wraps=True)
        story = Card(margins=24, space=12)
        story.inside.addWidget(self.story)
        self._figures: dict[str, Said] = {}
        row = QWidget()
        figures = Flowing(row, space=16, lines=16, fills=True)
        for name, words in (
            ("saved_here", tr("Đã lưu trên máy này")),
            ("at_hub", tr("Đã tới trạm vùng")),
            ("at_centre", tr("Đã tới trung tâm")),
            ("in_backup", tr("Đã vào bản sao lưu của trung tâm")),
            ("waiting", tr("Đang chờ gửi")),
            ("held", tr("Đang giữ, chờ phần còn thiếu")),
            ("siblings", tr("Giá trị khác nhau, chờ chọn")),
        ):
            card = Card(margins=16, space=4)
            figure = Said("0", "number")
            figure.setObjectName(f"figure.{name}")
            card.inside.addWidget(figure)
            card.inside.addWidget(Said(words, "muted", wraps=True))
            card.inside.addStretch(1)
            Measure(card, look, width=156, least=True)
            figures.add(card)
            self._figures[name] = figure
            if name == "at_hub":
                self._hub = card
                card.hide()  # a desk without a hub has two steps, not three
        details = Card(margins=24, space=8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self._lines: dict[str, Mark] = {}
        for place, (name, words) in enumerate(
            (
                ("equal", tr("So khớp với máy chủ")),
                ("servers", tr("Máy chủ, theo thứ tự")),
                ("contact", tr("Liên lạc lần cuối")),
                ("down", tr("Đường truyền")),
                ("copied", tr("Bản sao lưu trên máy này")),
                ("recount", tr("Đếm lại hằng tuần")),
                ("audit", tr("Nhật ký kiểm toán")),
            )
        ):
            grid.addWidget(Said(words, "muted"), place, 0)
            self._lines[name] = Mark(wraps=True)
            grid.addWidget(self._lines[name], place, 1)
        self.audit_mark = self._lines["audit"]
        details.inside.addLayout(grid)
        inside = QWidget()
        page = QVBoxLayout(inside)
        page.setContentsMargins(24, 16, 24, 16)
        page.setSpacing(READING)
        page.addWidget(Said(tr("Đường truyền"), "title"))
        page.addWidget(story)
        page.addWidget(row)
        page.addWidget(details)
        self.courier = CourierCard(courier)
        page.addWidget(self.courier)
        courier.taken.connect(model.refresh)
        page.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))
        model.changed.connect(self._changed)
        self.show_road()

    def focus(self) -> None:
        """Nothing here takes keys; the page itself does."""
        self.setFocus()

    @Slot()
    def _changed(self) -> None:
        if self.isVisible():  # the road is told at every save; a page behind another is written when it comes
            self.show_road()

    def showEvent(self, event: QShowEvent) -> None:
        """The page comes to the front: what it says is of now."""
        self.model.count_audit()
        self.show_road()
        super().showEvent(event)

    @Slot()
    def show_road(self) -> None:
        """Write everything anew."""
        now = self.model.clock.now_ms()
        status, view = self.model.status, self.model.view
        self.story.say(*road_story(status, now))
        for name, figure in self._figures.items():
            value = getattr(status, name, None)
            if value is None or view is not None:
                value = getattr(view, name, value)
            if name == "at_hub":
                self._hub.setVisible(value is not None)
            figure.setText(f"{value or 0:,}".replace(",", "."))
        at = status.equal_at_ms if status else (view.equal_at_ms if view else None)
        equal = status.equal if status else (view.equal if view else None)
        when = when_text(at, now) if at is not None else ""
        if equal and at is not None:
            self._lines["equal"].say(Status.GOOD, tr("Khớp lúc {when}").format(when=when))
        elif equal is False:
            words = tr("Chưa khớp, lần khớp gần nhất {when}").format(when=when) if when else tr("Chưa khớp")
            self._lines["equal"].say(Status.CONFLICT, words)
        elif when:
            words = tr("Khớp lần gần nhất {when}, đang chờ so lại").format(when=when)
            self._lines["equal"].say(Status.QUIET, words)
        else:
            self._lines["equal"].say(Status.QUIET, tr("Chưa so khớp lần nào"))
        self._lines["servers"].say(Status.QUIET, servers_line(status))
        copied = view.copied_at_ms if view else None
        if copied is None:
            self._lines["copied"].say(Status.QUIET, tr("Chưa có, máy sẽ tự làm khi trạm đang mở"))
        else:
            self._lines["copied"].say(Status.GOOD, tr("Đã kiểm lúc {when}").format(when=when_text(copied, now)))
        self._lines["recount"].say(*recount_line(view, now))
        self._lines["audit"].say(*audit_line(self.model.audit, now))
        last = (status.last_contact_ms if status else None) or (view.last_contact_ms if view else None)
        if last is None:
            self._lines["contact"].say(Status.QUIET, tr("Chưa liên lạc được lần nào"))
        else:
            self._lines["contact"].say(Status.GOOD, when_text(last, now))
        down = status.line_down_since_ms if status else (view.line_down_since_ms if view else None)
        if down is None and status is None:
            self._lines["down"].say(Status.QUIET, tr("Chưa biết"))
        elif down is None:
            self._lines["down"].say(Status.GOOD, tr("Đang thông"))
        else:
            self._lines["down"].say(Status.URGENT, tr("Đứt từ {when}").format(when=when_text(down, now)))
