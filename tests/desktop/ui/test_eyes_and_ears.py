"""Colours are told apart by every eye, computed from the tokens; names are told apart by ear on every screen."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.ui.main_window import MainWindow
from desktop.ui.theme.tokens import CONTRAST, DARK, LIGHT, Status, Tokens
from tests.desktop.ui.colour_sight import EYES, apart
from tests.desktop.ui.test_every_screen_is_legible import screens, visible


@pytest.mark.parametrize(("tokens", "least"), [(LIGHT, 16), (DARK, 20), (CONTRAST, 21)])
def test_every_eye_tells_the_status_colours_apart(tokens: Tokens, least: float) -> None:
    for one, other in combinations(Status, 2):
        for eye in EYES:
            assert apart(tokens.of(one), tokens.of(other), eye) >= least, f"{one} {other}: {eye}"


def test_the_measure_knows_a_pair_that_an_eye_without_green_cones_confuses() -> None:
    red, green = "#B5473C", "#7C7420"
    assert apart(red, green, "all cones") > 40
    assert apart(red, green, "no green") < 16
    assert apart("#FFFFFF", "#000000", "no red") == pytest.approx(100, abs=0.01)


def test_no_two_things_that_take_keys_have_one_name_and_role(window: MainWindow) -> None:
    doubled = []
    for screen in screens(window):
        heard: Counter[tuple[str, str]] = Counter()
        for widget in visible(window, QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
                heard[type(widget).__name__, widget.accessibleName()] += 1
        doubled += [f"{screen}: {kind} {name}" for (kind, name), count in heard.items() if count > 1]
    assert not doubled, "\n".join(doubled)
