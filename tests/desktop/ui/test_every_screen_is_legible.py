"""Every page and form: buttons large enough, contrast from tokens, letters of the bundled font, keys once only
(names for the ear and cut words: `test_every_screen_is_walked`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QRawFont
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.calls import PbxCallEvent
from desktop.ui import shots
from desktop.ui.actions import Action, Registry, TwiceError, desk_actions
from desktop.ui.frame import PAGES
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.look import FAMILY, RESOURCES, Look
from desktop.ui.theme.tokens import THEMES, Status, Tokens, contrast
from tests.desktop.ui.conftest import HandClock, press, type_text
from tests.desktop.ui.test_forms_lose_nothing import answer, fill_six, go_to, saved
from tests.desktop.ui.walking import settled, visible

ROOT = RESOURCES.parent


def screens(window: MainWindow) -> Iterator[str]:
    """Every page, each form open, the key sheet: laid out and ready to be looked at."""
    window.file_page.open("file")
    for name in PAGES:
        window.go(name)
        yield settled(name)
    window.go("file")
    window.file_page.sheets[0].upgrade()
    yield settled("report")
    window.act("help")
    yield settled("help")
    window.act("back")


@pytest.fixture
def full(window: MainWindow, clock: HandClock, qtbot: QtBot) -> MainWindow:
    """A window with a current call, a case open, and long words in every place."""
    answer(window, 1, clock)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    press(window, Qt.Key.Key_F9)
    go_to(window, "child_name")
    type_text("Hồ Thị Ẵm Nguyễn Phước Bảo Ỗng")
    saved(window, qtbot)
    qtbot.waitUntil(window.case_page._dossier.isVisible)
    window.calls.answered(PbxCallEvent("111", "1.9", "0900081502", "", clock.now_ms(), clock.now_ms()))
    window.act("verify_caller")
    qtbot.waitUntil(window.call_deeds.sheet.isVisible)
    with qtbot.waitSignal(window.case_model.opened):
        type_text("1")
    window.case_page.begin_edit()
    return window


def test_the_window_title_says_nothing_of_any_person(full: MainWindow) -> None:
    for _ in screens(full):
        assert full.windowTitle() == "Trạm 111"
        for place in range(full.file_page.tabs.count()):
            assert "Ẵm" not in full.file_page.tabs.tabText(place)


def test_buttons_are_large_enough_to_hit(full: MainWindow) -> None:
    for screen in screens(full):
        for made in visible(full, QAbstractButton):
            assert made.height() >= 24, f"{screen}: {made.objectName()} {made.height()}"
            assert made.width() >= 24, f"{screen}: {made.objectName()} {made.width()}"


@pytest.mark.parametrize("tokens", THEMES.values(), ids=list(THEMES))
def test_every_theme_has_enough_contrast(tokens: Tokens) -> None:
    for ground in (tokens.surface, tokens.ground, tokens.band, tokens.chosen):
        assert contrast(tokens.text, ground) >= 7
    for ground in (tokens.surface, tokens.ground):
        assert contrast(tokens.muted, ground) >= 4.5
        assert contrast(tokens.focus, ground) >= 3
        for status in Status:
            assert contrast(tokens.of(status), ground) >= 3, status
    assert contrast(tokens.border, tokens.surface) >= 3
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.accent, tokens.surface) >= 4.5


def test_the_bundled_font_is_worn_and_has_every_vietnamese_letter(look: Look, window: MainWindow) -> None:
    assert window.font().family() == FAMILY
    font = QRawFont.fromFont(window.font())
    assert font.familyName() == FAMILY
    for folder in ("desktop/ui", "resources/forms"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in (".py", ".toml"):
                strange = {one for one in path.read_text("utf-8") if not one.isspace() and not has(font, one)}
                assert not strange, f"{path.name}: {strange} would be drawn by whatever font the machine has"
    assert all(has(font, letter) for letter in "ẴẪỖộữđĐằẳẵặ•")


def has(font: QRawFont, letter: str) -> bool:
    return bool(font.supportsCharacter(ord(letter)))


def test_a_theme_and_a_size_can_be_changed_while_working(window: MainWindow, look: Look) -> None:
    press(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert look.tokens.name == "dark"
    look.wear("light")
    press(window, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert look.zoom == 0.9
    press(window, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert look.zoom == 1.0


def test_qt_speaks_vietnamese_in_its_own_menus(window: MainWindow) -> None:
    window.go("search")
    menu = window.search_page.box.createStandardContextMenu()
    words = {action.text().split("\t")[0].replace("&", "") for action in menu.actions() if action.text()}
    menu.deleteLater()
    assert {"Hoàn tác", "Làm lại", "Cắt", "Sao chép", "Dán", "Xóa", "Chọn tất cả"} <= words
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Thôi"


def test_no_key_stands_twice() -> None:
    registry = desk_actions()
    assert len({action.key for action in registry}) == len(registry)
    with pytest.raises(TwiceError):
        Registry([Action("a", "F2", "A", "g"), Action("b", "F2", "B", "g")])


def test_every_action_of_the_registry_has_its_key_in_the_window(window: MainWindow) -> None:
    for action in window.registry:
        made = window.actions_by_id[action.id]
        assert made.shortcut().toString() == action.key.replace("Return", "Return")
        assert made.isEnabled()


def test_pictures_of_every_page_are_taken(window: MainWindow, tmp_path: Path) -> None:
    taken = shots.take(window, tmp_path / "shots")
    assert len(taken) >= 6
    assert all(path.stat().st_size > 5_000 for path in taken)
    assert window.page_name == "calls"


def test_the_self_check_opens_every_screen_and_leaves_no_form(desk: Desk, look: Look) -> None:
    window = shots.every_screen(desk, look)
    assert window.file_page.sheets == []
    window.close()
    window.deleteLater()
