"""`shots`: takes a picture of every screen in every look, and lays them on contact sheets."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from desktop.day.waiting import StuckError
from desktop.gallery.contact_sheet import sheets
from desktop.gallery.manual_pictures import shown, write_picture
from desktop.gallery.own_screen import NoScreenError, own_screen
from desktop.gallery.scene import build
from desktop.gallery.screens import SCREENS, Screen
from desktop.gallery.settle import RestlessError, picture, save
from desktop.gallery.studio import Studio
from desktop.home import Home
from desktop.reference import RESOURCES
from desktop.ui.sweeping import Sweeping
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import THEMES

SIZES: Final = (100, 200)
MANUAL: Final = RESOURCES.parent / "docs" / "manual"
"""Where the light pictures of the manual lie."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes; all of it may be left out."""
    parser.add_argument("--to", type=Path, help="thư mục lưu ảnh (không có: build/shots)")
    parser.add_argument("--theme", choices=list(THEMES), action="append", help="chỉ chụp màu này")
    parser.add_argument("--size", type=int, choices=SIZES, action="append", help="chỉ chụp cỡ chữ này (%%)")
    names = [one.name for one in SCREENS]
    parser.add_argument("--only", action="append", choices=names, help="chỉ chụp màn hình này")
    parser.add_argument("--here", action="store_true", help="chụp trên màn hình đang có, không mở màn hình ảo")
    into = "chép ảnh màu sáng, cỡ thường vào docs/manual và vào hướng dẫn F1"
    parser.add_argument("--manual", action="store_true", help=into)


def run(asked: argparse.Namespace) -> int:
    """Take the pictures; 0 when every screen came to rest and was saved. On Linux a process of its own does it, on
    a screen that nobody looks at."""
    if sys.platform.startswith("linux") and not asked.here:
        try:
            with own_screen() as screen:
                again = [sys.executable, *started_as(), *sys.argv[1:], "--here"]
                return subprocess.call(again, env={**os.environ, **screen})
        except NoScreenError as fault:
            print(fault, file=sys.stderr)
            return 1
    application = QApplication.instance() or QApplication(["tram111"])
    assert isinstance(application, QApplication)
    application.setQuitOnLastWindowClosed(False)
    application.setCursorFlashTime(0)  # a caret that blinks would make two pictures of one screen
    Sweeping(application)
    print(f"Cửa sổ thật, màn hình «{QGuiApplication.platformName()}».", flush=True)
    folder = asked.to or RESOURCES.parent / "build" / "shots"
    wanted = [one for one in SCREENS if not asked.only or one.name in asked.only]
    look = Look(application)
    with tempfile.TemporaryDirectory(prefix="t111-", ignore_cleanup_errors=True) as place:
        desk, clock = build(Home(Path(place) / "desk"))
        studio = Studio(desk, clock, look)
        try:
            for theme in asked.theme or THEMES:
                for size in asked.size or SIZES:
                    _one_look(studio, wanted, folder, theme, size)
        except (StuckError, RestlessError, OSError) as fault:
            print(f"Chưa chụp hết: {fault}", file=sys.stderr)
            return 1
        finally:
            look.wear("light")
            look.step_zoom(0)
            studio.close()
    if asked.manual:
        for one in wanted:
            source = folder / "light-100" / f"{one.name}.png"
            if source.exists():
                MANUAL.mkdir(parents=True, exist_ok=True)
                (MANUAL / source.name).write_bytes(source.read_bytes())
                if one.name in shown():
                    write_picture(source, one.name)
    return 0


def started_as() -> list[str]:
    """How this program is started by its interpreter; the frozen desk is the program itself."""
    return [] if getattr(sys, "frozen", False) else ["-m", "desktop"]


def _one_look(studio: Studio, wanted: Sequence[Screen], folder: Path, theme: str, size: int) -> None:
    studio.look.zoom = size / 100
    studio.look.wear(theme)
    name, taken = f"{theme}-{size}", []
    for one in wanted:
        window = one.show(studio)
        taken.append((one.name, save(picture(window), folder / name / f"{one.name}.png")))
        studio.clear()
    made = sheets(taken, folder / "sheets", name)
    print(f"{name}: {len(taken)} ảnh, {len(made)} bảng ảnh", flush=True)
