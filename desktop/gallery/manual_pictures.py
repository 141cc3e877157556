"""The pictures that the manual behind F1 carries to every desk: few, narrower than the screen, in 256 colours."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from desktop.ui.actions import desk_actions
from desktop.ui.manual.chapters import MANUAL, PICTURES, load
from desktop.ui.words import VIETNAMESE

WIDTH: Final = 1000
"""Pixels: lines of the manual are no longer than 720 at the usual size."""

MOST_BYTES: Final = 1_500_000
"""What all of them together may weigh: they go into every package."""


def shown() -> frozenset[str]:
    """Names of the screens that some chapter shows."""
    manual = load(VIETNAMESE, [action.id for action in desk_actions()])
    return frozenset(name for chapter in manual.chapters for name in chapter.pictures())


def reduced(source: Path) -> QImage:
    """A picture of the gallery as the package carries it."""
    narrow = QImage(str(source)).scaledToWidth(WIDTH, Qt.TransformationMode.SmoothTransformation)
    return narrow.convertToFormat(QImage.Format.Format_Indexed8, Qt.ImageConversionFlag.AvoidDither)


def write_picture(source: Path, name: str, folder: Path = MANUAL / PICTURES) -> Path:
    """Write the reduced picture of this screen into the package. Raises OSError."""
    target = folder / f"{name}.png"
    folder.mkdir(parents=True, exist_ok=True)
    if not reduced(source).save(str(target), "PNG", 0):  # type: ignore[call-overload]  # stubs want bytes, Qt a name
        raise OSError(f"no picture at {target.name}")
    return target
