"""Draws a form definition and gives its values; it never blocks, corrects or replaces what a person types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from desktop.operations.values import ASKED_BY, EXTRA
from desktop.ui.forms.boxes import LineBox, TextBox
from desktop.ui.forms.choice import ChoiceRow
from desktop.ui.forms.definition import FieldDefinition, FormDefinition
from desktop.ui.forms.pickers import CodesBox, PickBox, code_finder, code_namer
from desktop.ui.forms.place_picker import PlacePicker
from desktop.ui.forms.said_box import ESTIMATED, KINDS, SaidBox
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Mark, Said, restyle
from desktop.ui.words import tr
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places
from domain.text import odd_line, oddities

LABEL_WIDTH = 144
SECOND_LABEL_WIDTH = 124
"""Pixels of the label columns at zoom 1; a longer label wraps."""

FormValues = dict[str, Any]
PLACE_PARTS = ("province", "province_set", "commune", "commune_set")


class FormView(QWidget):
    """One form instance. Values it does not draw are kept and handed back (F8 to F9 loses nothing)."""

    changed = Signal()
    field_left = Signal(str)

    def __init__(
        self,
        definition: FormDefinition,
        catalogue: Catalogue,
        places: Places,
        today: Callable[[], date],
        look: Look,
        *,
        narrow: bool = False,
    ) -> None:
        super().__init__()
        self.definition = definition
        self._narrow, self._look = narrow, look
        self._grids: list[tuple[QGridLayout, tuple[FieldDefinition, ...]]] = []
        self._catalogue, self._places, self._today = catalogue, places, today
        self._fields: dict[str, Field] = {}
        self._labels: dict[str, Mark] = {}
        self._rest: FormValues = {}
        self._filling = False
        self._away: frozenset[str] = frozenset()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for place, section in enumerate(definition.sections):
            heading = Said(section.title, "strong")
            if place:
                heading.setContentsMargins(0, 9, 0, 0)
            column.addWidget(heading)
            column.addLayout(self._grid(section.fields))
        column.addStretch(1)
        look.worn.connect(self._measure)
        self._look_at_relevance()

    def _grid(self, fields: tuple[FieldDefinition, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        for definition in fields:
            label = Mark(role="muted", wraps=True)
            label.plain("" if definition.kind == "tick" else definition.label)
            field = Field(definition, self._catalogue, self._places, self._today)
            entry = field.entry()
            entry.setAccessibleName(entry.accessibleName() or definition.label)
            label.words.setBuddy(entry)
            field.changed.connect(self._was_changed)
            self._fields[definition.name], self._labels[definition.name] = field, label
        self._grids.append((grid, fields))
        self._place(grid, fields)
        return grid

    def reflow(self, narrow: bool) -> None:
        """Labels above their boxes where there is little room; boxes and what is written in them stay."""
        self._narrow = narrow
        for grid, fields in self._grids:
            for definition in fields:  # an item that was only taken out keeps its widget's word of a new height
                grid.removeWidget(self._labels[definition.name])
                grid.removeWidget(self._fields[definition.name].widget)
            self._place(grid, fields)

    @Slot()
    def _measure(self) -> None:
        for grid, _ in self._grids:
            wide = not self._narrow
            grid.setColumnMinimumWidth(0, round(LABEL_WIDTH * self._look.zoom) if wide else 0)
            grid.setColumnMinimumWidth(2, round(SECOND_LABEL_WIDTH * self._look.zoom) if wide else 0)

    def _place(self, grid: QGridLayout, fields: tuple[FieldDefinition, ...]) -> None:
        narrow = self._narrow
        grid.setVerticalSpacing(2 if narrow else 6)
        for column, stretch in enumerate((1, 0, 0, 0) if narrow else (0, 1, 0, 1)):
            grid.setColumnStretch(column, stretch)
        self._measure()
        row, right = 0, False
        for definition in fields:
            field, label = self._fields[definition.name], self._labels[definition.name]
            if definition.name in self._away:
                continue
            if definition.wide and right:
                row, right = row + 1, False
            label.setContentsMargins(0, 0, 0, 0)
            if narrow:  # labels above their fields, one column
                grid.addWidget(label, 2 * row, 0)
                grid.addWidget(field.widget, 2 * row + 1, 0)
                row += 1
                continue
            column = 2 if right else 0
            if field.tall:  # beside the first line of a tall field, not its middle
                label.setContentsMargins(0, 6, 0, 0)
            top = Qt.AlignmentFlag.AlignTop if field.tall else Qt.AlignmentFlag.AlignVCenter
            grid.addWidget(label, row, column, top)
            grid.addWidget(field.widget, row, column + 1, 1, 3 if definition.wide else 1)
            row, right = (row, True) if not definition.wide and not right else (row + 1, False)

    def _was_changed(self) -> None:
        if not self._filling:
            self._look_at_relevance()
            self.changed.emit()

    def _look_at_relevance(self) -> None:
        """Fields that do not matter now go out of sight; never one in which something stands or is being typed."""
        if all(field.relevant is None for field in self.definition.fields):
            return
        values = self.values()
        away: set[str] = set()
        for name, field in self._fields.items():
            relevant = field.definition.relevant
            if relevant is None or relevant.holds(values, otherwise=True):
                continue
            if not field.read() and not field.entry().hasFocus():
                away.add(name)
        if away == self._away:
            return
        for name in away ^ self._away:
            for part in (self._labels[name], self._fields[name].widget):
                part.setVisible(name not in away)
        self._away = frozenset(away)
        self.reflow(self._narrow)

    def owed(self) -> dict[str, str]:
        """Empty fields that are worth asking now, each with a sentence. None keeps a form from being saved."""
        values = self.values()
        found: dict[str, str] = {}
        for name, field in self._fields.items():
            required = field.definition.required
            if required is None or name in self._away or field.read() or not required.holds(values, otherwise=False):
                continue
            found[name] = tr("Nên hỏi: {label}.").format(label=field.definition.label)
        return found | self.odd()

    def odd(self) -> dict[str, str]:
        """Lines (names, addresses) and long texts with letters that only look right or cannot be seen, each with a
        sentence; what stands there is not changed. Also boxes that did not take what was pasted."""
        found: dict[str, str] = {}
        for name, field in self._fields.items():
            box = field.widget
            if field.definition.kind == "text" and isinstance(box, LineBox) and oddities(box.text()):
                words = tr("{label}: có ký tự lạ hoặc không nhìn thấy, trông giống chữ Việt. Nên gõ lại.")
                found[name] = words.format(label=field.definition.label)
            if isinstance(box, TextBox) and (line := odd_line(box.toPlainText())):
                words = tr("{label}: dòng {line} có ký tự lạ hoặc không nhìn thấy, trông giống chữ Việt. Nên gõ lại.")
                found[name] = words.format(label=field.definition.label, line=line)
            if isinstance(box, TextBox) and box.left_out:
                words = tr("{label}: đoạn vừa dán quá dài nên chưa được đưa vào. Chị/anh đính kèm nó thành tệp.")
                found[name] = words.format(label=field.definition.label)
        return found

    def drawn(self) -> frozenset[str]:
        """Names of the values that this form draws."""
        return frozenset(name for field in self._fields.values() for name in field.names)

    def values(self) -> FormValues:
        """Everything given, also text still being composed; empty fields are absent."""
        found = {key: value for key, value in self._rest.items() if value not in (None, "", [])}
        for field in self._fields.values():
            found.update(field.read())
        if self.definition.asked_by and any(name.startswith(EXTRA) and name != ASKED_BY for name in found):
            found.setdefault(ASKED_BY, self.definition.asked_by)
        return found

    def put(self, values: Mapping[str, Any]) -> None:
        """Show these values. Only for a form nobody is typing in: it is the form's beginning."""
        self._filling = True
        drawn = self.drawn()
        self._rest = {key: value for key, value in values.items() if key not in drawn}
        for field in self._fields.values():
            field.show(values)
        self._filling = False
        self._look_at_relevance()

    def set_value(self, name: str, value: Any) -> None:
        """Set one field on a person's demand (F11 sets the interpreter tick) and tell of the change."""
        if name in self._fields:
            self._fields[name].show({name: value})
        else:
            self._rest[name] = value
        self._look_at_relevance()
        self.changed.emit()

    def focus_first(self) -> None:
        """Put the caret where the asking begins."""
        next(iter(self._fields.values())).entry().setFocus()

    def focus_on(self, name: str) -> bool:
        """Put the caret into the named field; False when this form does not draw it."""
        field = next((one for one in self._fields.values() if name in one.names), None)
        if field is None or field.definition.name in self._away:
            return False
        field.entry().setFocus()
        return True

    def label_of(self, name: str) -> str:
        """The label of a field, as the form says it."""
        definition = next((one for one in self.definition.fields if one.name == name), None)
        return definition.label if definition else ""

    def point_at(self, sentences: Mapping[str, str]) -> None:
        """Mark the fields that are worth a look: a shape at the label, the sentence for ear and hover."""
        for name, label in self._labels.items():
            sentence = sentences.get(name, "")
            words = label.text()
            if sentence and words:
                label.say(Status.WAITING, words)
            elif words:
                label.plain(words)
            entry = self._fields[name].entry()
            if entry.accessibleDescription() != sentence:
                entry.setAccessibleDescription(sentence)
                entry.setProperty("trouble", bool(sentence))
                restyle(entry)

    def unresolved(self) -> tuple[str, ...]:
        """Names of the fields that hold a word which is no choice of their list."""
        return tuple(name for name, field in self._fields.items() if field.unresolved)


class Field(QObject):
    """One drawn field. It is the adapter between the kinds of widgets and plain values; not shown itself."""

    changed = Signal()

    def __init__(
        self,
        definition: FieldDefinition,
        catalogue: Catalogue,
        places: Places,
        today: Callable[[], date],
    ) -> None:
        super().__init__()
        self.definition = definition
        self.tall = definition.kind in ("long_text", "codes")
        self.names: tuple[str, ...] = {"place": PLACE_PARTS, "age": (definition.name, ESTIMATED)}.get(
            definition.kind, (definition.name,)
        )
        self._codes = catalogue[definition.list_name] if definition.list_name else None
        self.widget: QWidget = self._draw(places, today)
        if isinstance(self.widget, (LineBox, TextBox, CodesBox, ChoiceRow, PlacePicker, SaidBox)):
            self.widget.typed.connect(self.changed)

    def _draw(self, places: Places, today: Callable[[], date]) -> QWidget:
        kind, name = self.definition.kind, self.definition.name
        codes = self._codes
        if kind == "place":
            place = PlacePicker(places)
            place.province.setObjectName("field.province")
            place.province.setAccessibleName(place.province.placeholderText())
            place.commune.setObjectName("field.commune")
            place.commune.setAccessibleName(place.commune.placeholderText())
            return place
        if kind == "code" and codes is not None:
            box = PickBox(code_finder(codes, today), code_namer(codes))
            return self._named(box, name)
        if kind == "codes" and codes is not None:
            several = CodesBox(code_finder(codes, today), code_namer(codes))
            self._named(several.box, name)
            return several
        if kind == "choice":
            listed = tuple((c.code, codes.label(c.code)) for c in codes) if codes is not None else ()
            options = self.definition.options or listed
            row = ChoiceRow(name, options, self.definition.label)
            row.setObjectName(f"field.{name}")
            return row
        if kind == "tick":
            tick = QCheckBox(self.definition.label)
            tick.setObjectName(f"field.{name}")
            tick.toggled.connect(self._ticked)
            return tick
        if kind == "long_text":
            text = TextBox()
            text.setObjectName(f"field.{name}")
            text.setPlaceholderText(self.definition.hint)
            return text
        if kind in KINDS:
            said = SaidBox(kind, name, today)
            self._named(said.box, name)
            return said
        line = self._named(LineBox(), name)
        if kind == "number":
            line.setMaximumWidth(20 * line.fontMetrics().averageCharWidth() + 24)
        return line

    def _named(self, box: LineBox, name: str) -> LineBox:
        box.setObjectName(f"field.{name}")
        box.setPlaceholderText(self.definition.hint)
        return box

    def _ticked(self, _on: bool) -> None:
        self.changed.emit()

    def entry(self) -> QWidget:
        """The widget that takes the focus."""
        if isinstance(self.widget, PlacePicker):
            return self.widget.province
        if isinstance(self.widget, (CodesBox, SaidBox)):
            return self.widget.box
        if isinstance(self.widget, ChoiceRow):
            return self.widget.focusProxy() or self.widget
        return self.widget

    @property
    def unresolved(self) -> bool:
        """Whether a word stands here that is no choice of the list."""
        widget = self.widget
        if isinstance(widget, PlacePicker):
            return widget.province.unresolved or widget.commune.unresolved
        if isinstance(widget, CodesBox):
            return bool(widget.box.whole_text())
        return isinstance(widget, PickBox) and widget.unresolved

    def read(self) -> FormValues:
        """The values given here, without empty ones. A number that is none stays the text it is."""
        widget, name = self.widget, self.definition.name
        value: Any = None
        if isinstance(widget, PlacePicker):
            return dict(widget.value())
        if isinstance(widget, SaidBox):
            return widget.value()
        if isinstance(widget, (CodesBox, ChoiceRow, PickBox)):
            value = widget.value()
        elif isinstance(widget, QCheckBox):
            value = True if widget.isChecked() else None
        elif isinstance(widget, (LineBox, TextBox)):
            value = widget.whole_text()
            if self.definition.kind == "number" and value.isascii() and value.isdecimal():
                value = int(value)
        return {} if value in (None, "", []) else {name: value}

    def show(self, values: Mapping[str, Any]) -> None:
        """Show the values of this field; an absent one empties it."""
        widget = self.widget
        value = values.get(self.definition.name)
        if isinstance(widget, PlacePicker):
            widget.put(values)
        elif isinstance(widget, CodesBox):
            widget.put([str(one) for one in value or ()])
        elif isinstance(widget, (ChoiceRow, PickBox)):
            widget.put(None if value is None else str(value))
        elif isinstance(widget, SaidBox):
            widget.put(value, estimated=bool(values.get(ESTIMATED)))
        elif isinstance(widget, QCheckBox):
            widget.setChecked(value not in (None, "", False, "no"))
        elif isinstance(widget, TextBox):
            widget.replace(str(value or ""))
        elif isinstance(widget, LineBox):
            widget.setText("" if value is None else str(value))
