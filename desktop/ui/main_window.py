"""The desk's one window: pages, keys, the current call, what is saved, the road."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from desktop.operations.intake import FORM_FILE, FORM_REPORT
from desktop.ui.actions import desk_actions
from desktop.ui.calls.banner import CallBanner
from desktop.ui.calls.deeds import CallDeeds
from desktop.ui.calls.exchange import ExchangeDesk
from desktop.ui.calls.lists import ListsModel
from desktop.ui.calls.page import CallsPage
from desktop.ui.calls.promise_strip import PromiseStrip
from desktop.ui.calls.showing import Showing
from desktop.ui.calls.verifying import Verifying
from desktop.ui.calls.viewmodel import UNDO_MS, CallsModel, UndoOffer
from desktop.ui.case.attachments_model import AttachmentsModel
from desktop.ui.case.page import CasePage
from desktop.ui.case.reasoned import Reasoned
from desktop.ui.case.viewmodel import CaseModel
from desktop.ui.covering import Covering
from desktop.ui.desk import DeskWires
from desktop.ui.directory.interpreter import InterpreterKeys
from desktop.ui.directory.page import DirectoryPage
from desktop.ui.flow import Flow
from desktop.ui.forms.definition import FormDefinition, load_all
from desktop.ui.forms.told import told
from desktop.ui.frame import PAGES, KeyStrip, Navigation, StatusLine, TroubleBar, column_of
from desktop.ui.intake.page import IntakePage
from desktop.ui.intake.sheet import advice_of
from desktop.ui.key_action import KeyAction
from desktop.ui.liking import Liking
from desktop.ui.locks.watch import LockWatch
from desktop.ui.manual.opening import ManualKeys
from desktop.ui.manual.page import ManualPage
from desktop.ui.palette import PaletteKeys
from desktop.ui.queue.deeds import QueueDeeds
from desktop.ui.queue.page import QueuePage
from desktop.ui.queue.viewmodel import QueueModel
from desktop.ui.road.courier import CourierModel
from desktop.ui.road.lease import LeaseNotice
from desktop.ui.road.page import RoadModel, RoadPage
from desktop.ui.search.emergency import EmergencyCard, EmergencyModel
from desktop.ui.search.page import SearchModel, SearchPage
from desktop.ui.sheets import Sheets
from desktop.ui.shift.deeds import ShiftDeeds
from desktop.ui.shift.page import ShiftPage
from desktop.ui.shift.viewmodel import ShiftModel
from desktop.ui.signin.people_sheet import PeopleSheet
from desktop.ui.theme.look import RESOURCES, Look
from desktop.ui.theme.measure import NARROW, tell_room
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import PrivacyCover, Toast
from desktop.ui.words import clock_text, tr
from domain.codes.catalogue import Catalogue

FORMS = ("file", "report", "case", "referral", "attempt", "incoming", "request")


def load_forms(catalogue: Catalogue, centre: str = "") -> dict[str, FormDefinition]:
    """Every form of the desk by id, with its centre's own questions. Raises `FormError` (file, line)."""
    forms = load_all(RESOURCES / "forms", FORMS, catalogue, centre)
    return {name: told(form) for name, form in forms.items()}


class MainWindow(QMainWindow):
    """`calls` is the calls view-model: `window.calls.answered(event)` is how a call comes in. `gone` comes
    when it is closed and every draft is on its way to the store, `warm` when all that it holds for good is read."""

    gone = Signal()
    warm = Signal()

    def __init__(self, desk: DeskWires, look: Look | None = None) -> None:
        super().__init__()
        app = QApplication.instance()
        assert isinstance(app, QApplication), "a window needs an application"
        self.look = look or Look(app)
        self.look.speak()
        with self.look.off():
            self._furnish(desk)
        app.focusChanged.connect(self._focus_changed)
        self.look.worn.connect(self._reflow)
        self._reflow()
        self.go("calls")
        self.calls.refresh()
        self.call_lists.refresh()
        self.queue_model.refresh()
        self.shift_model.refresh()
        self.case_model.refresh_list()
        self.road_model.refresh()
        self.file_page.restore()
        self._lane.query(self._warm_places, self._warmed)

    def _furnish(self, desk: DeskWires) -> None:
        self.desk = desk
        self._narrow: bool | None = None
        self.pages: dict[str, Any] = {}
        lane, bus, catalogue = desk.lane, desk.bus, desk.catalogue
        self._clock, self._lane = lane.clock, lane
        clock, staff = lane.clock, lane.staff
        self.registry = desk_actions()
        forms = load_forms(catalogue, desk.seat.centre)
        self.setWindowTitle(tr("Trạm 111"))
        self.setMinimumSize(1024, 640)
        self.resize(1366, 768)

        self.calls = CallsModel(lane, bus, clock, catalogue, desk.seat.centre)
        self.case_model = CaseModel(lane, bus, clock)
        self.attachments = AttachmentsModel(lane, desk.blobs, bus, clock)
        self.search_model = SearchModel(lane, clock)
        desk.bus.changed.connect(self.search_model.records_changed)
        self.road_model = RoadModel(lane, bus, clock, desk.driver)
        self.courier_model = CourierModel(desk.aside, desk.courier)
        self.call_lists = ListsModel(lane, bus, clock, desk.seat.centre, desk.seat.seat_code)
        self.calls_page = CallsPage(self.calls, self.call_lists, self.look, clock, catalogue)
        writing = {name: forms[name] for name in (FORM_FILE, FORM_REPORT)}
        self.file_page = IntakePage(lane, clock, catalogue, desk.places, writing, staff, self.look)
        self.case_page = CasePage(
            self.case_model, lane, staff, catalogue, desk.places, forms, self.look, self.attachments
        )
        emergency = EmergencyModel(desk.aside, desk.ask_emergency, staff)
        self.search_page = SearchPage(self.search_model, self.look, EmergencyCard(emergency, catalogue))
        self.road_page = RoadPage(self.road_model, self.courier_model, self.look)
        self.directory_page = DirectoryPage(desk.reference.directory, catalogue, clock, self.look)
        self.queue_model = QueueModel(lane, bus, clock, desk.seat.centre, desk.seat.seat_code)
        self.queue_page = QueuePage(self.queue_model, catalogue, clock, self.look)
        self.shift_model = ShiftModel(lane, bus, clock, desk.seat.centre, desk.seat.seat_code)
        self.shift_page = ShiftPage(self.shift_model, catalogue, clock, self.look)
        cases = (self.calls_page, self.file_page, self.case_page, self.search_page)
        others = (self.road_page, self.directory_page, self.queue_page, self.shift_page)
        self.pages = dict(zip(PAGES, cases + others, strict=True))
        self.pages["manual"] = ManualPage(self.registry, self.look)
        centre = catalogue["centres"].get(desk.seat.centre)
        place = centre.extra["name_vi"] if centre else desk.seat.centre
        self.banner = CallBanner(self.calls, clock, catalogue, self.look)
        self.navigation = Navigation(
            self.registry, self.look, tr("{place} · ghế {seat}").format(place=place, seat=desk.seat.seat_code)
        )
        self.toast = Toast()
        self.status = StatusLine(self.toast, self.look)
        self.trouble = TroubleBar()
        self._build()
        self.exchange_line: ExchangeDesk | None = None
        self.privacy = PrivacyCover(self._ground, self.look)
        self._closed = False
        self._typed_since = False
        self._watched: QWidget | None = None
        self.actions_by_id: dict[str, QAction] = {}
        self.flow = Flow(self)
        self.call_deeds = CallDeeds(self)
        self.liking = Liking(self)
        self.verifying = Verifying(self)
        self.showing = Showing(self)
        self.reasoned = Reasoned(self)
        self.people_sheet = PeopleSheet(self._ground, self.look, desk)
        self.watch = LockWatch(self)
        self.covering = Covering(self, self._upper)
        self.lease_notice = LeaseNotice(self)
        self.interpreter_keys = InterpreterKeys(self)
        self.queue_deeds = QueueDeeds(self)
        self.palette_keys = PaletteKeys(self)
        self.manual_keys = ManualKeys(self)
        self.sheets = Sheets(self, forms)
        self.shift_deeds = ShiftDeeds(self)
        self._lay_keys()
        self._connect()

    def _warm_places(self, _connection: object) -> None:
        self.desk.places.warm()  # on a reader's thread, so that the first place typed does not wait for it

    def _warmed(self, _nothing: None) -> None:
        self.places_warm = True
        self.warm.emit()

    def _build(self) -> None:
        self.places_warm = False
        self.stack = QStackedWidget()
        for page in self.pages.values():
            self.stack.addWidget(page)
        self.promise_strip = PromiseStrip(self.look, self.stack)
        right = column_of(self.banner, self.trouble, (self.stack, 1), self.promise_strip)
        self._upper = QWidget()
        upper = QHBoxLayout(self._upper)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        upper.addWidget(self.navigation)
        upper.addLayout(right, 1)
        self._ground = QWidget()
        self._ground.setObjectName("ground")
        whole = QVBoxLayout(self._ground)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._upper, 1)
        whole.addWidget(KeyStrip(self.registry, self.act))
        whole.addWidget(self.status)
        self.setCentralWidget(self._ground)
        self._tick = QTimer(self)
        self._tick.setInterval(15_000)
        self._tick.timeout.connect(self._show_road)
        self._tick.start()

    def _connect(self) -> None:
        self.navigation.wanted.connect(self.go)
        self.calls.labelled.connect(self._labelled)
        self.calls.undone.connect(self._undone)
        self.calls.call_came.connect(self._call_came)
        self.calls.saved_at.connect(self.say_saved)
        self.calls.pending.connect(self._pending)
        self.file_page.restored.connect(self._restored)
        self.case_model.saved_at.connect(self.say_saved)
        self.road_model.changed.connect(self._show_road)
        for model in (self.calls, self.call_lists, self.case_model, self.queue_model, self.shift_model):
            model.trouble.connect(self.show_trouble)
        self.desk.bus.failed.connect(self.show_trouble)
        self.privacy.asked_to_go.connect(self.watch.back)
        self.people_sheet.asked_to_go.connect(self.covering.uncover)
        self._show_road()

    # Keys --------------------------------------------------------------------------------------------------

    def _lay_keys(self) -> None:
        for action in self.registry:
            made = KeyAction(action.id, action.label, self)
            made.setShortcut(QKeySequence(action.key))
            made.wanted = self.act
            self.addAction(made)
            self.actions_by_id[action.id] = made

    def act(self, action_id: str) -> None:
        """Do what an action of the registry says."""
        action = self.registry[action_id]
        if action.outcome:
            self.call_deeds.press(action.outcome)
            return
        deeds: dict[str, Callable[[], None]] = {
            "open_file": self.flow.open_file,
            "open_report": self.flow.open_report,
            "add_to_case": self.flow.add_to_case,
            "interpreter": self.interpreter_keys.begin,
            "privacy": self.watch.privacy,
            "switch_person": self.watch.switch,
            "people": self.covering.people,
            "help": self.manual_keys.toggle,
            "undo": self._undo,
            "leave": self._leave,
            "save_form": self._save,
            "next_form": self._next_form,
            "attach_file": self._attach_file,
            "search": self._search,
            "back": self._back,
            "queue_next": self.queue_deeds.take_next,
            "queue_more": self.queue_deeds.turn,
            "list_call_backs": self.queue_deeds.show_call_backs,
            "palette": self.palette_keys.begin,
            "verify_caller": self.verifying.begin,
            "show_masked": self.showing.begin,
            **self.sheets.deeds(),
            **self.call_deeds.deeds(),
            **self.liking.deeds(),
        }
        if action_id in deeds:
            deeds[action_id]()
        else:
            self.go(action_id.removeprefix("go_"))

    def go(self, name: str) -> None:
        """Turn to a page; what is being composed is committed first, nothing is lost."""
        QGuiApplication.inputMethod().commit()
        page = self.pages[name]
        self.stack.setCurrentWidget(page)
        self.navigation.show_page(name)
        if not self.watch.covered:  # a call that comes while locked turns the page, and takes no key from the box
            page.focus()

    @property
    def ground(self) -> QWidget:
        """What lies under everything: sheets are laid over it."""
        return self._ground

    @property
    def page_name(self) -> str:
        """The page in front."""
        return next(name for name, page in self.pages.items() if page is self.stack.currentWidget())

    def _save(self) -> None:
        if self.page_name == "file":
            self.file_page.save_current()
        elif self.page_name == "case":
            self.case_page.save_current()
        elif self.page_name == "search" and self.search_page.emergency.isVisible():
            self.search_page.emergency.ask()

    def _attach_file(self) -> None:
        if self.page_name == "case" and self.attachments.ready:
            self.case_page.attachments.choose()
        else:
            self.status.news.say(Status.QUIET, tr("Mở một hồ sơ rồi mới đính kèm tệp"))

    def _next_form(self) -> None:
        if self.file_page.sheets:
            self.file_page.next_form()
            self.go("file")

    @Slot(int)
    def _restored(self, count: int) -> None:
        self.status.news.say(
            Status.WAITING, tr("Đã khôi phục {count} bản nháp: Ctrl+2 để viết tiếp").format(count=count)
        )

    # Calls -------------------------------------------------------------------------------------------------

    @Slot()
    def _call_came(self) -> None:
        self.covering.call_came()
        self.flow.stop_attaching()
        self.file_page.forget_just_saved()
        if self.file_page.sheets:
            self.file_page.park_all()
            self.status.news.say(
                Status.WAITING,
                tr("{count} biểu mẫu gác lại, đã lưu nháp: Ctrl+2 để viết tiếp").format(
                    count=len(self.file_page.sheets)
                ),
            )
        if self.page_name != "calls":
            self.go("calls")

    @Slot(str)
    def _pending(self, code: str) -> None:
        self.status.saved.say(Status.MOVING, tr("đang lưu: {word}…").format(word=self.calls.word(code)))

    @Slot(object)
    def _labelled(self, offer: UndoOffer) -> None:
        self._typed_since = False
        words = tr("Đã ghi: {word} · cuộc {name} · Ctrl+Z hoàn tác (10 giây)")
        if offer.swept:
            words = tr("Đã ghi: {word} · {name} · Ctrl+Z hoàn tác (10 giây)")
        self.toast.say(words.format(word=self.calls.word(offer.labelled.code), name=offer.name), UNDO_MS)

    def _undo(self) -> None:
        if self.queue_deeds.undo() or self.calls.undo():
            self.toast.put_away()

    @Slot(str)
    def _undone(self, name: str) -> None:
        self.status.news.say(Status.QUIET, tr("Đã hoàn tác cuộc {name}").format(name=name))

    @Slot(object)
    def say_saved(self, at_ms: int) -> None:
        """COMMIT returned at this time (UTC ms)."""
        self.status.saved.say(Status.GOOD, tr("đã lưu {time}").format(time=clock_text(at_ms)))

    # The desk ----------------------------------------------------------------------------------------------

    def _search(self) -> None:
        self.go("search")

    def _back(self) -> None:
        self.flow.stop_attaching()
        back = getattr(self.stack.currentWidget(), "back", None)
        if back is not None and back():
            return
        if self.page_name != "calls":
            self.go("calls")

    def _leave(self) -> None:
        if self.watch.busy().call:
            self.status.news.say(Status.WAITING, tr("Đang có cuộc gọi: ghi kết quả xong rồi đóng trạm"))
        else:
            self.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed; hidden behind the icon of the tray it is not."""
        return self._closed

    def keep_drafts(self) -> None:
        """Keep everything that is being written, now."""
        self.file_page.keep_all()
        self.case_page.keep_all()
        self.sheets.keep_all()

    @Slot(object)
    def show_trouble(self, fault: object) -> None:
        """One sentence that says what to do, above the pages."""
        self.trouble.say(advice_of(fault))
        self.status.saved.say(Status.URGENT, tr("CHƯA lưu, xem dòng báo phía trên"))

    @Slot()
    def _show_road(self) -> None:
        self.status.road.say(*self.road_model.line())

    # What Qt asks of a window --------------------------------------------------------------------------------

    @Slot(QWidget, QWidget)
    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._watched is not None and isValid(self._watched):  # a dialog takes its boxes with it as it goes
            self._watched.removeEventFilter(self)
        self._watched = new if new is not None and self.isAncestorOf(new) else None
        if self._watched is not None:
            self._watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While the toast stands and nothing was typed since, Ctrl+Z means the call and not the text box."""
        self.watch.saw(event)
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress and event.text().isprintable() and event.text():
                self._typed_since = True
            undo = event.type() == QEvent.Type.ShortcutOverride and event.matches(QKeySequence.StandardKey.Undo)
            if undo and self.toast.isVisible() and not self._typed_since:
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another size may need another order of panels."""
        super().resizeEvent(event)
        self._reflow()

    @Slot()
    def _reflow(self) -> None:
        narrow = self.width() < NARROW * self.look.zoom
        if narrow != self._narrow:
            self._narrow = narrow
            tell_room((self.navigation, *self.pages.values()), narrow)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep every draft before the lane closes; the desk is closed by whoever built it."""
        QGuiApplication.inputMethod().commit()
        self.keep_drafts()
        self.watch.stop()
        self.people_sheet.stop()
        for timer in self.findChildren(QTimer):
            timer.stop()
        if not self._closed:
            self._closed = True
            self.desk.bus.failed.disconnect(self.show_trouble)
            kept = (self.calls, self.call_lists, self.case_model, self.queue_model, self.shift_model)
            for model in (*kept, self.attachments, self.road_model):
                model.close()
            self.gone.emit()
        super().closeEvent(event)
