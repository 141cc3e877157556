"""Colours, sizes and spaces of the three themes: the only place where a colour is written down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """What a shape says (disc, quarter, diamond, triangle, two squares, ring): words beside it, colour last."""

    GOOD = "good"
    MOVING = "moving"
    WAITING = "waiting"
    URGENT = "urgent"
    CONFLICT = "conflict"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme. Contrast of text, borders and glyphs against `surface` is tested (WCAG 2.2, 4.5:1 and 3:1)."""

    name: str
    ground: str
    surface: str
    band: str
    text: str
    muted: str
    hairline: str
    border: str
    accent: str
    on_accent: str
    chosen: str
    focus: str
    good: str
    moving: str
    waiting: str
    urgent: str
    conflict: str
    quiet: str

    def of(self, status: Status) -> str:
        """The colour of a status glyph."""
        return str(getattr(self, status.value))


LIGHT: Final = Tokens(
    name="light", ground="#F6F7F5", surface="#FFFFFF", band="#ECEFEC", text="#1B2A2E", muted="#4F6166",
    hairline="#D9DFDC", border="#7C8C90", accent="#0F6674", on_accent="#FFFFFF", chosen="#DDEDEE",
    focus="#0B4FA8", good="#0E5A47", moving="#2B84E0", waiting="#7A4F00", urgent="#D8463A",
    conflict="#86179B", quiet="#6B7883",
)  # fmt: skip
DARK: Final = Tokens(
    name="dark", ground="#12191B", surface="#1B2427", band="#222D31", text="#E4EBEA", muted="#A3B2B5",
    hairline="#324045", border="#6F8085", accent="#5CC0CE", on_accent="#0B1517", chosen="#24424A",
    focus="#8FC1FF", good="#3FD9A0", moving="#A9C8FF", waiting="#F2B632", urgent="#FF6B5E",
    conflict="#C46BDD", quiet="#76868F",
)  # fmt: skip
CONTRAST: Final = Tokens(
    name="contrast", ground="#000000", surface="#000000", band="#1A1A1A", text="#FFFFFF", muted="#E6E6E6",
    hairline="#8A959C", border="#FFFFFF", accent="#FFE14D", on_accent="#000000", chosen="#3A3400",
    focus="#00E5FF", good="#5BFFB4", moving="#A9C8FF", waiting="#FFD23F", urgent="#FF5A4D",
    conflict="#D36BF0", quiet="#8A959C",
)  # fmt: skip

THEMES: Final[dict[str, Tokens]] = {theme.name: theme for theme in (LIGHT, DARK, CONTRAST)}

CAPTION, BODY, READING, SECTION, TITLE = 12, 14, 16, 18, 22
"""Type scale in pixels at zoom 1; weights are 400 and 600 only."""

GRID: Final = (4, 8, 12, 16, 24, 32)
"""The only spaces between things, in pixels."""

CONTROL_HEIGHT: Final = 34
ROW_HEIGHT: Final = 30
RADIUS: Final = 6
TONE_ROOM: Final = 3
"""Pixels above a label's text: the tones of Ẵ Ẫ Ỗ reach above the font's ascent and Qt would cut them."""

ZOOMS: Final = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)


def _channel(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG) of a colour like #1B2A2E, 0 to 1."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return 0.2126 * _channel(red) + 0.7152 * _channel(green) + 0.0722 * _channel(blue)


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG) of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
