"""Between the button and the form for editing: what is masked on the page is shown first, by the logged step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.store.reads import CaseView, ContactView


class EditGate(QObject):
    """`wanted` asks for the masked values to be shown; the form opens when they are."""

    wanted = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waits = ""

    def opens(self, view: CaseView | ContactView, values: Mapping[str, Any]) -> bool:
        """Whether a form with these values may stand on the screen now; asks for what is missing where it may not."""
        self._waits = ""
        veil = view.veil
        if veil is None or all(veil.text(one) == one for one in values.values() if isinstance(one, str)):
            return True
        self._waits = view.contact.id
        self.wanted.emit()
        return False

    def was_waited_for(self, view: CaseView | ContactView) -> bool:
        """Whether the form waits for this file and it is shown now; says so once."""
        if view.veil is not None or self._waits != view.contact.id:
            return False
        self._waits = ""
        return True
