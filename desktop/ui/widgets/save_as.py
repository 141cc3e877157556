"""Asks where a file that leaves the program goes; the name it proposes tells the kind of file, nothing else."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.ui.widgets.file_choice import FileChoice


class SaveAs(FileChoice):
    """Answers with `fileSelected`; the window goes on living meanwhile. `ending` is without its dot."""

    def __init__(self, parent: QWidget, words: str, name: str, ending: str, kind: str) -> None:
        super().__init__(parent, words)
        self.setObjectName("dialog.save_as")
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setNameFilter(f"{kind} (*.{ending})")
        self.setDefaultSuffix(ending)
        self.selectFile(f"{name}.{ending}")
