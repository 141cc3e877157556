"""Colours are told apart by every eye, computed from the tokens."""

from __future__ import annotations

from itertools import combinations

import pytest

from desktop.ui.theme.tokens import CONTRAST, DARK, LIGHT, Status, Tokens
from tests.desktop.ui.colour_sight import EYES, apart


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
