"""Every screen of the desk by name, and how a counsellor comes to it: pictures, manual and tests read this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from desktop.background.change_bus import RoadStatus
from desktop.day.hands import fill, press, type_words
from desktop.day.waiting import StuckError
from desktop.gallery import scene
from desktop.gallery.settle import settle
from desktop.gallery.studio import Studio
from desktop.store.reads_road import RoadView
from desktop.store.troubles import UnknownCode
from desktop.ui.calls.lists import MISSED, UNCLASSIFIED
from desktop.ui.signin.first_steps import CODE, PERSON, WHERE, WORDS
from desktop.ui.signin.window import OWN_WORDS, SIGN_IN
from domain.clock import MINUTE

_MOST_READINGS: Final = 8


@dataclass(frozen=True, slots=True)
class Screen:
    """`show` brings it in front and answers the window that shows it."""

    name: str
    show: Callable[[Studio], QWidget]


def _signin(page: int, studio: Studio) -> QWidget:
    window = studio.signin()
    window.pages.setCurrentIndex(page)
    if page == SIGN_IN:
        window.tiles.choose(scene.STAFF)
    return window


def _first_run(step: int, studio: Studio) -> QWidget:
    window = studio.first_run(step)
    steps = window.first.steps
    steps.address.setText(scene.ADDRESS)
    steps.code.setText(scene.CODE if step == CODE else "")
    if step == PERSON:
        steps.staff.setText(scene.STAFF)
        steps.passphrase.setFocus()
    if step == WORDS:
        window.first.say_words("AG05", bytes(32))
    return window


def _calls(studio: Studio) -> QWidget:
    studio.ring()
    return studio.window


def _listing(name: str, studio: Studio) -> QWidget:
    studio.free()
    studio.window.go("calls")
    studio.window.calls_page.show_list(name)
    return studio.window


def _reconciled(studio: Studio) -> QWidget:
    """The exchange's file was read: what it added, and a line that could not be read."""
    window = _listing(UNCLASSIFIED, studio)
    studio.window.call_deeds.reconciling.say_done(scene.RECONCILED, scene.DAMAGED)
    return window


def _asks(action: str, studio: Studio) -> QWidget:
    studio.ring()
    studio.window.act(action)
    return studio.window


def _verify(studio: Studio) -> QWidget:
    """The caller asks about the case in front: how was it made sure who this is?"""
    studio.open_the_case()
    return _asks("verify_caller", studio)


def _interpreters(studio: Studio) -> QWidget:
    studio.open_the_case()
    studio.window.act("interpreter")
    press(studio.window, "1")
    return studio.window


def _form(form: str, studio: Studio) -> QWidget:
    window = studio.window
    studio.ring()
    window.act("open_file" if form == "file" else "open_report")
    sheet = window.file_page.current
    assert sheet is not None
    kept: list[object] = []
    sheet.model.draft_kept.connect(kept.append)
    told = scene.spelt(scene.CHILD, studio.spelling)
    fill(sheet.form, {name: value for name, value in told.items() if name != "number"})
    sheet.model.keep_now()
    studio.until("bản nháp được lưu", lambda: bool(kept), sheet.model.draft_kept)
    studio.to_the_top()
    return window


def _report_end(studio: Studio) -> QWidget:
    window = _form("report", studio)
    studio.to_the_foot()
    return window


def _report_faults(studio: Studio) -> QWidget:
    """A date that no calendar has, a province that was typed and not chosen, and a code that was retired."""
    window = _form("report", studio)
    sheet = studio.window.file_page.current
    assert sheet is not None
    for name, words in (("child_birth_date", "31/02/2017"), ("province", studio.spelling("Hà"))):
        box = sheet.form.findChild(QWidget, f"field.{name}")
        assert isinstance(box, QWidget), name
        type_words(box, words)
    sheet.show_trouble(UnknownCode("child_sex", "Giới tính"))
    return window


def _suggestions(studio: Studio) -> QWidget:
    """The list of a code picker, open under its box."""
    window = _form("file", studio)
    sheet = studio.window.file_page.current
    assert sheet is not None
    box = sheet.form.findChild(QWidget, "field.topics")
    assert isinstance(box, QWidget), "the form asks for topics"
    type_words(box, "bao luc" if studio.spelling is scene.as_it_is else "violence")
    return window


def _parked(studio: Studio) -> QWidget:
    _form("file", studio)
    studio.window.file_page.park_all()
    studio.window.go("file")
    return studio.window


def _case(studio: Studio) -> QWidget:
    studio.open_the_case()
    studio.to_the_top()
    return studio.window


def _case_edit(studio: Studio) -> QWidget:
    studio.open_the_case()
    studio.window.case_page.begin_edit()
    return studio.window


def _letter(studio: Studio) -> QWidget:
    window = studio.window
    _case(studio)
    sheet = window.call_deeds.sheet
    window.act("letter")
    studio.until("các văn bản được đưa ra", sheet.isVisible, studio.desk.bus.delivered)
    press(window, "1")
    return window


def _history(studio: Studio) -> QWidget:
    studio.open_the_case()
    sheet = studio.window.sheets.history.sheet
    studio.window.act("history")
    studio.until("lịch sử hiện ra", lambda: bool(sheet.rows.rows), sheet.rows.modelReset)
    return studio.window


def _restrict(studio: Studio) -> QWidget:
    studio.open_the_case()
    sheet = studio.window.sheets.restrict.sheet
    studio.window.act("restrict")
    studio.until("danh sách người đọc hiện ra", lambda: bool(sheet.rows.lines), sheet.rows.modelReset)
    return studio.window


def _conflicts(studio: Studio) -> QWidget:
    keys = studio.window.sheets.conflicts
    studio.window.act("conflicts")
    studio.until("mục khác nhau hiện ra", lambda: bool(keys.model.waits.conflicts), keys.model.changed)
    return studio.window


def _conflict(studio: Studio) -> QWidget:
    window = _conflicts(studio)
    keys = studio.window.sheets.conflicts
    keys.model.open(keys.model.waits.conflicts[0])
    studio.until("các giá trị hiện ra", keys.sheet.card.isVisible, keys.model.opened)
    return window


def _same_child(studio: Studio) -> QWidget:
    studio.open_the_case()
    sheet = studio.window.sheets.same_child.sheet
    studio.window.act("same_child")
    studio.until("trẻ giống hiện ra", sheet.isVisible, sheet.rows.modelReset)
    return studio.window


def _queue(studio: Studio) -> QWidget:
    model = studio.window.queue_model
    studio.window.go("queue")
    if model.in_hand is None:
        model.take_next()
        studio.until("mục được nhận", lambda: model.in_hand is not None, model.changed)
    if model.words is None:
        model.read_words()
        studio.until("nội dung hiện ra", lambda: model.words is not None, model.changed)
    return studio.window


def _entry(studio: Studio) -> QWidget:
    studio.window.act("queue_enter")
    return studio.window


def _requests(studio: Studio) -> QWidget:
    keys = studio.window.sheets.requests
    studio.window.act("requests")
    studio.until("sổ yêu cầu hiện ra", keys.sheet.isVisible, keys.model.changed)
    return studio.window


def _audit(studio: Studio) -> QWidget:
    keys = studio.window.sheets.audit
    studio.free()
    studio.window.act("audit")
    studio.until("nhật ký hiện ra", lambda: bool(keys.sheet.rows.rows), keys.model.changed)
    studio.until("chuỗi được đếm lại", lambda: keys.model.chain is not None, keys.model.changed)
    keys.model.awaited = scene.AWAITED  # as a regional lead sees it: a counsellor reviews nobody
    keys.model.changed.emit()
    return studio.window


def _exports(studio: Studio) -> QWidget:
    keys = studio.window.sheets.exports
    studio.window.act("exports")
    studio.until("vai trò được hỏi xong", keys.sheet.state.isVisible, keys.model.changed)
    keys.model.offers = scene.OFFERS  # as a regional lead sees it: a counsellor takes nothing out
    keys.model.changed.emit()
    return studio.window


def _export_made(studio: Studio) -> QWidget:
    window, model = _exports(studio), studio.window.sheets.exports.model
    model.of, model.made = scene.OFFERS[0], scene.FIGURES
    model.ready.emit()
    return window


def _request(studio: Studio) -> QWidget:
    window = _requests(studio)
    studio.window.sheets.requests.sheet.begin_writing()
    return window


def _search(studio: Studio) -> QWidget:
    window = studio.window
    window.act("search")
    type_words(window.search_page.box, studio.child)
    studio.until("kết quả tìm", lambda: bool(window.search_model.hits), window.search_model.found)
    return window


def _emergency(studio: Studio) -> QWidget:
    studio.window.act("search")
    type_words(studio.window.search_page.box, "AG03-261120-0422")
    studio.window.search_page.ask_elsewhere()
    return studio.window


def _palette(studio: Studio) -> QWidget:
    window = studio.window
    window.go("calls")
    window.act("palette")
    type_words(window.palette_keys.palette.box, "ca")
    return window


def _palette_finds(studio: Studio) -> QWidget:
    window, palette = studio.window, studio.window.palette_keys.palette
    window.go("calls")
    window.act("palette")
    type_words(palette.box, studio.child)
    studio.until("kết quả trong bảng lệnh", lambda: bool(palette.rows.rows), palette.rows.modelReset)
    return window


def _page(name: str, studio: Studio) -> QWidget:
    studio.free()
    studio.window.go(name)
    studio.to_the_top()
    return studio.window


def _road(studio: Studio, *, down: bool = False) -> QWidget:
    window, model = studio.window, studio.window.road_model
    window.go("road")
    for _ in range(_MOST_READINGS):  # the store's own figures may still be on their way and would be shown after ours
        shown = _put_road(studio, down=down)
        studio.until("số liệu thôi đổi", lambda: not model.is_due, model.changed)
        settle(window)
        if model.view is shown:
            studio.to_the_top()
            return window
    raise StuckError("số liệu đường truyền đổi mãi")


def _put_road(studio: Studio, *, down: bool) -> RoadView:
    now, model = studio.clock.now_ms(), studio.window.road_model
    view = model.view
    assert view is not None
    saved, away = view.saved_here, 14 if down else 0
    at, since = now - (25 * MINUTE if down else MINUTE), now - 25 * MINUTE if down else None
    model.status = RoadStatus(
        saved_here=saved, at_centre=saved - away, waiting=away, line_down_since_ms=since, last_contact_ms=at,
        equal=None if down else True, equal_at_ms=at, servers=("https://111.example",),
        server="https://111.example",
    )  # fmt: skip
    shown = model.view = replace(
        view, at_centre=saved - away, in_backup=saved - 60, waiting=away, line_down_since_ms=since,
        last_contact_ms=at, equal=None if down else True, equal_at_ms=at,
    )  # fmt: skip
    model.changed.emit()
    return shown


def _courier(studio: Studio) -> QWidget:
    window = _road(studio, down=True)
    studio.to_the_foot()
    return window


def _handover(studio: Studio) -> QWidget:
    studio.window.go("shift")
    studio.window.shift_deeds.ask()
    return studio.window


def _acts(action: str, studio: Studio) -> QWidget:
    studio.free()
    studio.window.go("calls")
    studio.window.act(action)
    return studio.window


def _keys(studio: Studio) -> QWidget:
    studio.free()
    studio.window.go("calls")
    studio.window.manual_keys.keys()
    return studio.window


def _people(studio: Studio) -> QWidget:
    window = _acts("people", studio)
    studio.to_the_top()
    return window


def _newcomer(studio: Studio) -> QWidget:
    window = _acts("people", studio)
    studio.to_the_foot()
    return window


def _lock(studio: Studio) -> QWidget:
    studio.free()
    studio.window.covering.lay_over(studio.window.watch.cover)
    return studio.window


def _trouble(studio: Studio) -> QWidget:
    studio.window.go("calls")
    studio.window.show_trouble(studio.full())
    return studio.window


SCREENS: Final = (
    Screen("signin", partial(_signin, SIGN_IN)),
    Screen("first-run", partial(_first_run, WHERE)),
    Screen("first-run-code", partial(_first_run, CODE)),
    Screen("first-run-person", partial(_first_run, PERSON)),
    Screen("first-run-words", partial(_first_run, WORDS)),
    Screen("own-passphrase", partial(_signin, OWN_WORDS)),
    Screen("calls", _calls),
    Screen("calls-undo", Studio.labelled),
    Screen("calls-promise", Studio.promised),
    Screen("calls-unclassified", partial(_listing, UNCLASSIFIED)),
    Screen("calls-reconciled", _reconciled),
    Screen("calls-missed", partial(_listing, MISSED)),
    Screen("calls-outcomes", partial(_asks, "more_outcomes")),
    Screen("calls-alert", partial(_asks, "number_alert")),
    Screen("calls-verify", _verify),
    Screen("calls-trouble", _trouble),
    Screen("file", partial(_form, "file")),
    Screen("file-suggestions", _suggestions),
    Screen("file-parked", _parked),
    Screen("report", partial(_form, "report")),
    Screen("report-faults", _report_faults),
    Screen("report-end", _report_end),
    Screen("case", _case),
    Screen("case-edit", _case_edit),
    Screen("letter", _letter),
    Screen("history", _history),
    Screen("restrict", _restrict),
    Screen("conflicts", _conflicts),
    Screen("conflict", _conflict),
    Screen("same-child", _same_child),
    Screen("queue", _queue),
    Screen("queue-entry", _entry),
    Screen("requests", _requests),
    Screen("request", _request),
    Screen("audit", _audit),
    Screen("exports", _exports),
    Screen("export-made", _export_made),
    Screen("search", _search),
    Screen("search-emergency", _emergency),
    Screen("palette", _palette),
    Screen("palette-finds", _palette_finds),
    Screen("directory", partial(_page, "directory")),
    Screen("interpreter", partial(_asks, "interpreter")),
    Screen("interpreter-person", _interpreters),
    Screen("road", _road),
    Screen("road-down", partial(_road, down=True)),
    Screen("courier", _courier),
    Screen("shift", partial(_page, "shift")),
    Screen("handover", _handover),
    Screen("rest", partial(_acts, "rest")),
    Screen("people", _people),
    Screen("newcomer", _newcomer),
    Screen("language", partial(_acts, "language")),
    Screen("manual", partial(_acts, "help")),
    Screen("keys", _keys),
    Screen("privacy", partial(_acts, "privacy")),
    Screen("lock", _lock),
    Screen("parting", Studio.parting),
)
"""In the order of the manual."""
