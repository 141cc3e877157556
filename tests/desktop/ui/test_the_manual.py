"""F1: every action is named in both languages, nothing leads nowhere, keys suffice, nothing comes from outside."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QImage, QRawFont, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.gallery.command import MANUAL as GALLERY
from desktop.gallery.manual_pictures import MOST_BYTES, reduced, shown
from desktop.gallery.screens import SCREENS
from desktop.operations.calls import PbxCallEvent
from desktop.ui.actions import desk_actions
from desktop.ui.frame import PAGES
from desktop.ui.main_window import MainWindow
from desktop.ui.manual.chapters import KEYS, MANUAL, PICTURES, ManualError, load
from desktop.ui.manual.opening import PAGE, READ_FROM
from desktop.ui.manual.page import ManualPage
from desktop.ui.manual.paper import Paper
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import THEMES
from desktop.ui.words import ENGLISH, VIETNAMESE, speak
from tests.desktop.ui.conftest import HandClock, focused, named, press, type_text
from tests.desktop.ui.spoken import is_vietnamese

BOTH = (VIETNAMESE, ENGLISH)
IDS = [action.id for action in desk_actions()]
NAMES_IN_ENGLISH = ("Trạm 111", "Mẫu 01")


@pytest.mark.parametrize("language", BOTH)
def test_every_registered_action_is_named(language: str) -> None:
    named_there = {one for chapter in load(language, IDS).chapters for one in chapter.actions}
    lacking = [one for one in desk_actions() if one.id not in named_there]
    assert not lacking, "\n".join(
        f"write {{action:{one.id}}} ({one.label}) into the fitting chapter of resources/manual/{language}/*.md, with "
        "a sentence that says what it does (in both languages, at the same place)"
        for one in lacking
    )


def test_both_languages_have_the_same_chapters_sections_actions_and_pictures() -> None:
    vietnamese, english = (load(language, IDS) for language in BOTH)
    for one, other in zip(vietnamese.chapters, english.chapters, strict=True):
        assert one.id == other.id
        kinds = [[block.kind for block in chapter.blocks] for chapter in (one, other)]
        assert kinds[0] == kinds[1], f"{one.id}.md: paragraphs differ"
        for mine, theirs in zip(one.blocks, other.blocks, strict=True):
            asked = [[(s.kind, s.target) for s in block.spans if s.target] for block in (mine, theirs)]
            assert sorted(asked[0]) == sorted(asked[1]), f"{one.id}.md: {theirs.spans[0].text[:40]!r}"
        assert one.pictures() == other.pictures()
        assert one.sections() == other.sections()
    for language in BOTH:
        files = {path.stem for path in (MANUAL / language).iterdir()}
        assert files == {chapter.id for chapter in vietnamese.chapters}


def test_english_is_english_and_every_text_is_composed() -> None:
    for language in BOTH:
        for path in (MANUAL / language).glob("*.md"):
            text = path.read_text("utf-8")
            assert unicodedata.is_normalized("NFC", text), path.name
            for name in NAMES_IN_ENGLISH:
                text = text.replace(name, "")
            assert language != ENGLISH or not is_vietnamese(text), path.name


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("Bấm {action:no_such_thing}.", "no action of the registry is called 'no_such_thing'"),
        ("Xem [kia](nowhere).", "there is no chapter 'nowhere'"),
        ("![Ảnh](nowhere)", "there is no picture nowhere"),
        ("Bấm F8 để mở.", "the key F8 is typed by hand"),
        ("Bấm Ctrl+K.", "the key Ctrl+K. is typed by hand"),
        ("Chữ **đậm không đóng.", "left over"),
        ("{action:help", "left over"),
        ("# Tên thứ hai", "one title"),
    ],
)
def test_a_chapter_that_leads_nowhere_is_refused_with_its_line(tmp_path: Path, line: str, what: str) -> None:
    folder = Path(shutil.copytree(MANUAL, tmp_path / "manual"))
    load(VIETNAMESE, IDS, folder)
    path = folder / VIETNAMESE / "start.md"
    count = len(path.read_text("utf-8").splitlines())
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    with pytest.raises(ManualError, match=re.escape(what)) as refused:
        load(VIETNAMESE, IDS, folder)
    assert "start.md:1:" in str(refused.value) or f"start.md:{count + 1}:" in str(refused.value)


def test_pictures_are_those_of_the_gallery_and_weigh_little(qapp: QApplication) -> None:
    packed = {path.stem: path for path in (MANUAL / PICTURES).iterdir()}
    assert packed.keys() == shown()
    assert packed.keys() <= {screen.name for screen in SCREENS}
    assert sum(path.stat().st_size for path in packed.values()) <= MOST_BYTES
    for name, path in packed.items():
        now, kept = reduced(GALLERY / f"{name}.png"), QImage(str(path))
        rgb = QImage.Format.Format_RGB32
        same = now.convertToFormat(rgb) == kept.convertToFormat(rgb)
        assert same, f"{name}: ./tram111 shots --manual --theme light --size 100 --only {name}"


def test_every_page_and_every_sheet_it_is_read_from_has_its_chapter() -> None:
    screens = load(VIETNAMESE, IDS).screens
    assert {*PAGES, *READ_FROM} <= screens.keys()


def page_of(window: MainWindow) -> ManualPage:
    page = window.manual_keys.page
    assert isinstance(page, ManualPage)
    return page


def strike(window: MainWindow, action_id: str) -> None:
    """The key of an action, to whatever has the focus."""
    QTest.keySequence(QApplication.focusWidget() or window, window.actions_by_id[action_id].shortcut())


@pytest.mark.parametrize("name", PAGES)
def test_f1_opens_the_chapter_of_the_page_and_esc_gives_the_caret_back(window: MainWindow, name: str) -> None:
    window.go(name)
    before = focused()
    strike(window, "help")
    page = page_of(window)
    assert window.page_name == PAGE
    manual = load(VIETNAMESE, IDS)
    assert page.chapter_id == manual.screens[name]
    chapter = manual.named(page.chapter_id)
    assert chapter is not None
    assert chapter.title in page.text.toPlainText()
    assert focused() is page.box
    strike(window, "back")
    assert window.page_name == name
    assert focused() is before
    strike(window, "help")
    strike(window, "help")
    assert window.page_name == name


def test_a_sheet_lies_there_again_with_what_was_typed_on_it(window: MainWindow) -> None:
    window.act("people")
    sheet = window.people_sheet
    sheet.staff.setFocus()
    type_text("hoa.tran")
    strike(window, "help")
    assert page_of(window).chapter_id == "people"
    assert not sheet.isVisible()
    strike(window, "back")
    assert sheet.isVisible()
    assert sheet.staff.text() == "hoa.tran"
    assert focused() is sheet.staff
    press(window, Qt.Key.Key_Escape)
    window.act("privacy")
    assert not window.actions_by_id["help"].isEnabled()


def test_a_call_comes_before_the_manual_and_its_keys_work_there(
    window: MainWindow, clock: HandClock, qtbot: QtBot
) -> None:
    window.act("help")
    window.calls.answered(PbxCallEvent("111", "9.1", "0900081502", "", clock.now_ms(), clock.now_ms()))
    assert window.page_name == "calls"
    window.act("help")
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        strike(window, "outcome.silent")
    assert window.calls.current is None


def test_letters_without_tones_filter_the_whole_text_and_are_marked(window: MainWindow) -> None:
    window.go("calls")
    strike(window, "help")
    page = page_of(window)
    type_text("niem phong usb")
    titles = [page.contents.item(row).text() for row in range(page.contents.count())]
    assert "Gửi bằng USB" in titles
    assert len(titles) < len(load(VIETNAMESE, IDS).chapters)
    while page.chapter_id != "courier":
        press(window, Qt.Key.Key_Down)
    assert "niêm phong" in [one.cursor.selectedText() for one in page.text.extraSelections()] or {
        "niêm", "phong", "USB"
    } <= {one.cursor.selectedText() for one in page.text.extraSelections()}  # fmt: skip
    page.box.clear()
    page.box.typed.emit()
    type_text("zzzz")
    assert page.contents.count() == 0
    assert "Không có chương nào" in page.state.text()


def test_the_sheet_of_keys_is_its_last_page_with_every_key_once(window: MainWindow) -> None:
    window.manual_keys.keys()
    page = page_of(window)
    assert page.chapter_id == KEYS
    assert page.contents.currentRow() == page.contents.count() - 1
    lines = [line.strip() for line in page.text.toPlainText().splitlines()]
    for action in window.registry:
        place = lines.index(action.key_text)
        assert lines[place + 1] == action.label
        assert lines.count(action.key_text) == 1


@pytest.mark.parametrize("theme", THEMES)
def test_every_chapter_is_laid_out_in_every_look_with_keys_and_labels_of_the_registry(
    qapp: QApplication, look: Look, theme: str
) -> None:
    registry, font = desk_actions(), QRawFont.fromFont(qapp.font())
    document = QTextDocument()
    for zoom in (0.8, 2.0):
        paper = Paper(registry, THEMES[theme], zoom, 600)
        document.setDefaultStyleSheet(paper.style())
        for chapter in load(VIETNAMESE, IDS).chapters:
            document.setHtml(paper.chapter(chapter))
            text = document.toPlainText()
            assert text.startswith(chapter.title)
            for one in chapter.actions:
                assert registry[one].label in text
                assert registry[one].key_text in text
            assert "{" not in text
            seen = {one for one in text if not one.isspace() and one != "\ufffc"}
            assert not {one for one in seen if not font.supportsCharacter(ord(one))}


def test_nothing_is_loaded_but_pictures_of_the_package_and_no_address_is_opened(window: MainWindow) -> None:
    window.act("help")
    text, page = page_of(window).text, page_of(window)
    for address in ("https://example.org/a.png", "file:///etc/passwd", "start.md", "qrc:/a"):
        assert text.loadResource(2, QUrl(address)) is None
    assert not text.loadResource(2, QUrl("picture:calls")).isNull()
    assert not text.openExternalLinks()
    assert not text.openLinks()
    text.anchorClicked.emit(QUrl("https://example.org"))
    assert page.chapter_id == "start"
    text.anchorClicked.emit(QUrl("chapter:rest"))
    assert page.chapter_id == "rest"


def test_a_damaged_manual_leaves_the_keys_and_says_so(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_asked: object) -> None:
        raise ManualError("vi/start.md:3: no action of the registry is called 'x'")

    monkeypatch.setattr("desktop.ui.manual.page.load", broken)
    strike(window, "help")
    page = page_of(window)
    assert page.chapter_id == KEYS
    assert "bị hỏng" in page.state.text()
    assert "Im lặng" in named(window, "text.manual").toPlainText()
    assert "vi/start.md:3" in caplog.text


def test_it_speaks_the_language_of_the_desk(show_english: Callable[[], MainWindow]) -> None:
    window = show_english()
    window.act("help")
    text = page_of(window).text.toPlainText()
    assert "Getting to know the desk" in text
    for name in NAMES_IN_ENGLISH:
        text = text.replace(name, "")
    assert not is_vietnamese(text)


@pytest.fixture
def show_english(
    open_desk: Callable[[], object], show: Callable[[object], MainWindow], look: Look
) -> object:
    def show_one() -> MainWindow:
        desk = open_desk()
        speak(ENGLISH)
        return show(desk)

    yield show_one
    speak(VIETNAMESE)
    look.speak()
