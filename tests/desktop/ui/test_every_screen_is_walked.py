"""Every screen that the gallery knows is walked through, in both languages and three sizes: heard, told apart, whole,
and in one language. A screen added to the gallery is walked without a word here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from desktop.gallery.scene import Spelling, as_it_is, build
from desktop.gallery.screens import SCREENS
from desktop.gallery.settle import picture, settle
from desktop.gallery.studio import HIGH, WIDE, Studio
from desktop.home import Home
from desktop.reference import Reference
from desktop.ui.frame import PAGES
from desktop.ui.theme.look import Look
from desktop.ui.words import ENGLISH, VIETNAMESE, speak
from domain.codes.places import OLD
from domain.spoken import WORDS
from tests.conftest import Rounds
from tests.desktop.ui.spoken import KEEPS_ITS_NAME, everything_said, is_vietnamese
from tests.desktop.ui.walking import clipped, confused, heard, takes_keys, unheard

ENGLISH_WORDS = re.compile(
    r"\b(the|and|of|is|not|with|for|from|this|please|save|saved|close|cancel|search|file|files|call|calls|number"
    r"|undo|redo|copy|paste|delete|select|name|date|error|none|true|false)\b",
    re.IGNORECASE,
)
LARGER = (1.5, 2.0)


def without_marks(text: str) -> str:
    """How everybody writes in the English walk: a Vietnamese letter on a screen is then the program's own."""
    plain = text.replace("đ", "d").replace("Đ", "D")
    return "".join(one for one in unicodedata.normalize("NFD", plain) if not unicodedata.combining(one))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, look: Look) -> Iterator[Studio]:
    """The gallery's studio in Vietnamese, one for all walks."""
    yield from _opened(tmp_path_factory.mktemp("studio"), look, as_it_is, VIETNAMESE)


@pytest.fixture
def vietnamese(kept: Studio, look: Look) -> Iterator[Studio]:
    kept.window.show()
    kept.window.activateWindow()
    yield kept
    look.step_zoom(0)
    kept.window.hide()


@pytest.fixture
def english(tmp_path: Path, look: Look) -> Iterator[Studio]:
    yield from _opened(tmp_path, look, without_marks, ENGLISH)
    speak(VIETNAMESE)
    look.speak()


def _opened(place: Path, look: Look, spelling: Spelling, language: str) -> Iterator[Studio]:
    desk, clock = build(Home(place / "desk"), spelling, language)
    made = Studio(desk, clock, look, spelling)
    yield made
    look.step_zoom(0)
    made.close()
    made.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def walk(studio: Studio) -> Iterator[tuple[str, QWidget]]:
    """Every screen by name, laid out and at rest."""
    for screen in SCREENS:
        shown = screen.show(studio)
        settle(shown)
        yield screen.name, shown
        studio.clear()


def enlarge(look: Look, zoom: float) -> None:
    """Every size on the screen, so many times the normal one."""
    look.step_zoom(0)
    while look.zoom < zoom:
        look.step_zoom(1)


def test_every_screen_is_whole_heard_told_apart_and_vietnamese(vietnamese: Studio) -> None:
    """Pages, sheets, covers and forms are all among the screens; each is looked at and listened to."""
    window, seen, wrong, met = vietnamese.window, set[str](), list[str](), 0
    covers = {cover.objectName() for cover in window.covering.covers()}
    assert (window.width(), window.height()) == (WIDE, HIGH)
    for name, shown in walk(vietnamese):
        assert not picture(shown).isNull(), name
        met += sum(1 for _ in takes_keys())
        wrong += [f"{name}: {what}" for what in (*clipped(shown), *unheard(), *confused())]
        wrong += [f"{name}: {where} {text!r}" for where, text in everything_said() if english_in(text)]
        seen |= _recognised(vietnamese, shown, covers)
    wanted = {*PAGES, *covers, "sheet.choice", "sheet.palette", "bar.trouble", "file", "report", "signin", "parting"}
    assert wanted - seen == set()
    assert met > 5 * len(SCREENS)
    assert not wrong, "\n".join(dict.fromkeys(wrong))


def english_in(text: str) -> bool:
    """Whether a text of a Vietnamese screen has an English word; a language is named in itself."""
    return ENGLISH_WORDS.search(text) is not None and text != "English"


def _recognised(studio: Studio, shown: QWidget, covers: set[str]) -> set[str]:
    """Names of what is in front now."""
    window, seen = studio.window, {shown.objectName()}
    if shown is window:
        over = {name for name in covers if _visible(window, name)}
        seen |= over or {window.page_name}
        seen |= {one for one in ("sheet.choice", "sheet.palette", "bar.trouble") if _visible(window, one)}
        seen |= {sheet.model.form for sheet in window.file_page.sheets}
    return seen


def _visible(window: QWidget, name: str) -> bool:
    found = window.findChild(QWidget, name)
    return isinstance(found, QWidget) and found.isVisible()


@pytest.mark.soak("screens")
@pytest.mark.parametrize("zoom", LARGER)
def test_no_word_of_any_screen_is_cut_in_a_larger_size(vietnamese: Studio, look: Look, zoom: float) -> None:
    enlarge(look, zoom)
    cut = [f"{name}: {words}" for name, shown in walk(vietnamese) for words in clipped(shown)]
    print(f"{len(SCREENS)} screens at {zoom:.0%}: {len(cut)} words cut")
    assert not cut, "\n".join(cut)


def test_a_strip_at_the_foot_is_whole_in_large_letters_whatever_page_was_open_before(
    vietnamese: Studio, look: Look
) -> None:
    """A case that was shown leaves its page higher than the window has room for beside the strip."""
    enlarge(look, LARGER[-1])
    by_name = {screen.name: screen for screen in SCREENS}
    for name in ("case", "calls-promise"):
        shown = by_name[name].show(vietnamese)
        settle(shown)
        cut = clipped(shown)
        vietnamese.clear()
        assert not cut, f"{name}: {cut}"


@pytest.mark.soak("screens")
def test_every_screen_of_the_english_interface_is_whole_heard_told_apart_and_english(
    english: Studio, look: Look, reference: Reference, rounds: Rounds
) -> None:
    """In the normal size; a soak walks all three."""
    provinces = (*reference.places.provinces(), *reference.places.provinces(OLD))
    places = {one.name_vi for one in provinces} | {one.name_full_vi for one in provinces}
    wrong, said = list[str](), 0
    for zoom in (1.0, *LARGER)[: rounds(3)]:
        enlarge(look, zoom)
        for name, shown in walk(english):
            wrong += [f"{name} at {zoom:.0%}: {what}" for what in (*clipped(shown), *unheard(), *confused())]
            for where, text in everything_said():
                said += 1
                if is_vietnamese(without_names(text, places)):
                    wrong.append(f"{name}: {where} {text!r}")
    print(f"{len(SCREENS)} screens, {said} words heard or seen: {len(wrong)} wrong")
    assert said > 50 * len(SCREENS)
    assert not wrong, "\n".join(dict.fromkeys(wrong))


def without_names(text: str, places: set[str]) -> str:
    """A text of the program without names of provinces, words of one-time codes (read aloud in Vietnamese, to a
    desk that may speak either), and what keeps its name in English."""
    if set(text.split(" · ")) <= set(WORDS):
        return ""
    for known in sorted({*KEEPS_ITS_NAME, *places}, key=len, reverse=True):
        text = text.replace(known, "")
    return text


def test_a_nameless_and_a_doubled_part_would_be_found(vietnamese: Studio) -> None:
    box = QWidget(vietnamese.window)
    box.show()
    assert (unheard(), confused()) == ([], [])
    box.setFocusPolicy(box.focusPolicy().StrongFocus)
    assert unheard() == ["QWidget : '' Client"]
    table = next(iter(takes_keys()))
    box.setAccessibleName(heard(table)[0])
    assert confused() == [f"2 × {heard(table)[0]!r}"]
    box.setParent(None)
    box.deleteLater()
