"""Everything is said in English where English was chosen and in Vietnamese elsewhere; a sentence without its
translation is named with its file and line."""

from __future__ import annotations

import ast
import csv
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.home import Home
from desktop.settings import LANGUAGE, choose
from desktop.store.troubles import UnknownCode
from desktop.store.unit_of_work import Operation
from desktop.ui import words
from desktop.ui.desk import DeskWires
from desktop.ui.liking import remember, remembered, wear
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.look import Look
from desktop.ui.words import ENGLISH, FILES, VIETNAMESE, speak, spoken, tr
from tests.desktop.ui.conftest import press
from tests.desktop.ui.spoken import (
    KEEPS_ITS_NAME,
    ROOT,
    is_vietnamese,
    shape,
    sources,
    translated,
    untranslated,
)

SCREENS, SENTENCES, LISTS, COMMANDS = (
    tomllib.loads((ROOT / "resources/i18n/en" / name).read_text("utf-8")) for name in FILES
)

NOT_SAID = {
    "desktop/store/search_query.py": "the filters that a person types",
    "domain/codes/places.py": "kinds of communes as they stand in the names of places",
    "domain/text.py": "the alphabet",
    "domain/spoken.py": "words of one-time codes, read aloud in Vietnamese",
    "desktop/ui/forms/definition.py": "a sample value that expressions are tried on",
    "domain/cdr.py": "lines of the exchange's file: for the technician who feeds it, on a terminal",
    "domain/app_reports.py": "lines of the app's file: for the technician who feeds it; the report's own",
    "domain/command_words.py": "Python's own English, said in Vietnamese: in English it stays as Python says it",
    "domain/numbering.py": "kinds of cases by their letters: documents",
    "desktop/operations/letter_words.py": "official letters are Vietnamese whatever the desk speaks",
    "desktop/operations/list_words.py": "a list that leaves is Vietnamese whatever the desk speaks",
    "desktop/ui/liking.py": "a language is named in itself",
}
"""Modules with Vietnamese literals that are no sentence of a screen."""

def committed(desk: DeskWires, operation: Operation[None], qtbot: QtBot) -> None:
    """An operation and everything submitted before it is in the store."""
    done: list[None] = []
    desk.lane.submit(operation, done.append)
    qtbot.waitUntil(partial(bool, done))


@pytest.fixture
def spoken_english(look: Look) -> Iterator[None]:
    yield
    speak(VIETNAMESE)
    look.speak()


@pytest.fixture
def english_desk(open_desk: Callable[[], Desk], qtbot: QtBot, spoken_english: None) -> Desk:
    committed(open_desk(), choose(LANGUAGE, ENGLISH), qtbot)
    return open_desk()  # the language is read at sign-in


@pytest.fixture
def english(english_desk: Desk, show: Callable[[Desk], MainWindow]) -> MainWindow:
    return show(english_desk)


def test_every_sentence_of_the_screens_has_its_english() -> None:
    missing = [
        f"{name}:{line}: resources/i18n/en/screens.toml lacks {text!r}"
        for name, tree in sources("desktop")
        for line, text in translated(tree)
        if text not in SCREENS
    ]
    assert not missing, "\n".join(missing)


def test_every_sentence_made_elsewhere_has_its_english() -> None:
    known = {shape(text) for text in (*SENTENCES, *LISTS, *SCREENS, *COMMANDS)}
    missing = [
        f"{name}:{line}: resources/i18n/en/sentences.toml lacks {text!r}"
        for name, tree in sources("desktop", "domain", "sync")
        for line, text in untranslated(tree)
        if name not in NOT_SAID and shape(text) not in known and text not in KEEPS_ITS_NAME
    ]
    assert not missing, "\n".join(missing)


def test_every_word_of_forms_lists_and_directory_has_its_english() -> None:
    missing = []
    for path in sorted((ROOT / "resources/forms").rglob("*.toml")):
        texts = set(_form_words(tomllib.loads(path.read_text("utf-8")))) - LISTS.keys() - SENTENCES.keys()
        missing += [f"{path.name}: resources/i18n/en/lists.toml lacks {text!r}" for text in texts - SCREENS.keys()]
    for path in sorted((ROOT / "resources/directory").glob("*.csv")):
        for row in csv.DictReader(path.read_text("utf-8").splitlines()):
            texts = {row.get(one, "") for one in ("name_vi", "note_vi", "source", "title_vi", "words_vi")} - {""}
            missing += [f"{path.name}: resources/i18n/en/lists.toml lacks {text!r}" for text in texts - LISTS.keys()]
    for path in sorted((ROOT / "resources/codes").glob("*.csv")):
        for row in csv.DictReader(path.read_text("utf-8").splitlines()):
            label = row["label_en"]
            if not label or (is_vietnamese(label) and label not in KEEPS_ITS_NAME):
                missing.append(f"{path.name} {row['code']}: label_en is {label!r}")
    assert not missing, "\n".join(missing)


def _form_words(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str):
                if key in ("title", "label", "hint", "question", "words", "message", "help"):
                    yield value
            elif key == "options":
                yield from (words for _, words in value)
            else:
                yield from _form_words(value)
    elif isinstance(node, list):
        for one in node:
            yield from _form_words(one)


def test_translations_are_english_and_keep_their_values() -> None:
    for catalogue in (SCREENS, SENTENCES, LISTS, COMMANDS):
        for source, english in catalogue.items():
            kept = english
            for name in KEEPS_ITS_NAME:
                kept = kept.replace(name, "")
            assert english.strip(), f"{source!r} has an empty translation"
            assert not is_vietnamese(kept), f"{source!r} is translated as {english!r}"
            holes = [sorted(re.findall(r"\{[^{}]*\}", text)) for text in (source, english)]
            assert holes[0] == holes[1], f"{source!r} and {english!r} have different values"


def test_nothing_is_translated_before_the_language_is_known() -> None:
    early = []
    for name, tree in sources("desktop"):
        for node in _at_import(tree):
            early += [f"{name}:{line}: {text!r}" for line, text in translated(node)]
    assert not early, "said when the module is loaded, always in Vietnamese:\n" + "\n".join(early)


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _at_import(child)
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child


def test_sentences_with_values_are_known_by_their_shape(spoken_english: None) -> None:
    assert spoken("Mã xx không có trong danh mục của máy này: hãy chọn lại từ danh sách.").startswith("Mã xx")
    speak(ENGLISH)
    assert "code xx:" in spoken("Mã xx không có trong danh mục của máy này: hãy chọn lại từ danh sách.")
    assert spoken(UnknownCode("sex", "Giới tính").advice).startswith("“Sex” holds a code")
    assert spoken("lời của người dùng") == "lời của người dùng"
    assert tr("Trạm 111") == "Trạm 111"
    speak(VIETNAMESE)
    assert tr("Cuộc gọi nhỡ") == "Cuộc gọi nhỡ"


def test_qt_speaks_the_language_of_the_desk(english: MainWindow, look: Look) -> None:
    def menu() -> set[str]:
        made = english.search_page.box.createStandardContextMenu()
        texts = {action.text().split("\t")[0].replace("&", "") for action in made.actions() if action.text()}
        made.deleteLater()
        return texts

    assert menu() == {"Undo", "Redo", "Cut", "Copy", "Paste", "Delete", "Select All"}
    speak(VIETNAMESE)
    look.speak()
    assert menu() == {"Hoàn tác", "Làm lại", "Cắt", "Sao chép", "Dán", "Xóa", "Chọn tất cả"}


def test_a_language_is_chosen_by_keys_and_spoken_from_the_next_sign_in_on(
    window: MainWindow, home: Home, open_desk: Callable[[], Desk], qtbot: QtBot, spoken_english: None
) -> None:
    press(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    press(window, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: remembered(home) == ENGLISH)
    qtbot.waitUntil(lambda: "Ctrl+Shift+L" in window.status.news.words.text())
    assert tr("Cuộc gọi nhỡ") == "Cuộc gọi nhỡ"
    committed(window.desk, _nothing, qtbot)
    open_desk()
    assert (words.language(), tr("Cuộc gọi nhỡ")) == (ENGLISH, "Missed calls")


def _nothing(_uow: object) -> None:
    return None


def test_sign_in_speaks_the_language_chosen_last_on_this_desk(home: Home) -> None:
    assert remembered(home) == VIETNAMESE
    remember(home, ENGLISH)
    assert remembered(home) == ENGLISH
    home.language.write_text("klingon", "ascii")
    assert remembered(home) == VIETNAMESE


def test_colours_and_size_chosen_before_are_worn_again(
    window: MainWindow, look: Look, open_desk: Callable[[], Desk], qtbot: QtBot
) -> None:
    press(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    press(window, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    committed(window.desk, _nothing, qtbot)
    look.wear("light")
    look.step_zoom(0)
    wear(look, open_desk().settings)
    assert (look.tokens.name, look.zoom) == ("dark", 0.9)
    look.step_zoom(0)
    look.wear("light")
