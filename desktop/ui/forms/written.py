"""A form with its one button below, laid out narrow: what a sheet shows where something new is written down."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.ui.desk import DeskWires
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.forms.form import FormView
from desktop.ui.theme.look import Look
from desktop.ui.widgets.said import Said, button
from domain.clock import vn_date


class WrittenForm(QWidget):
    """`saving`: the button was pressed. `how` says above the form how it is saved, `state` may stand between the two;
    `save` are name and words of the button."""

    saving = Signal()

    def __init__(
        self, desk: DeskWires, look: Look, definition: FormDefinition, *, how: str, save: tuple[str, str],
        state: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._desk = desk
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(Said(how, "muted", wraps=True))
        if state is not None:
            column.addWidget(state)
        self.form = FormView(definition, desk.catalogue, desk.places, self._today, look, narrow=True)
        column.addWidget(self.form)
        row = QHBoxLayout()
        name, words = save
        self.save = button(name, words, "main")
        self.save.clicked.connect(self.saving)
        row.addStretch(1)
        row.addWidget(self.save)
        column.addLayout(row)

    def _today(self) -> date:
        return vn_date(self._desk.lane.clock.now_ms())
