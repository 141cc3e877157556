"""Asks for a file or a folder, and remembers none: a folder's name can be a child's."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QFileDialog, QWidget


class FileChoice(QFileDialog):
    """Qt's own dialog: those of operating systems keep a list of what was opened last, and Qt writes the folder last
    seen into a file of settings in plain text. Here neither is left behind."""

    def __init__(self, parent: QWidget, words: str, folder: str = "") -> None:
        if sys.platform not in ("win32", "darwin"):  # settings are files there: let there be no place for them
            QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, os.devnull)
        super().__init__(parent, words, folder)
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
        self.destroyed.connect(forget)


def forget() -> None:
    """Take out what Qt wrote as the dialog went."""
    QSettings(QSettings.Scope.UserScope, "QtProject").remove("FileDialog")
