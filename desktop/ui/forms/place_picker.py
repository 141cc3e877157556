"""A place in two boxes: province of today, commune of today found by its new or its old name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.ui.forms.pickers import PickBox
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.suggestions import Choice
from desktop.ui.words import spoken, tr
from domain.codes.places import NOW, Places
from domain.text import fold


class PlacePicker(QWidget):
    """Gives province, province_set, commune, commune_set. Choosing a commune fills an empty province."""

    typed = Signal()

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._places = places
        self._old: dict[str, str] = {}
        row = Flowing(self)
        self.province = PickBox(self._find_province, self._province_name)
        self.province.setPlaceholderText(tr("Tỉnh, thành phố"))
        self.commune = PickBox(self._find_commune, self._commune_name)
        self.commune.setPlaceholderText(tr("Xã, phường (tên mới hoặc cũ)"))
        self.province.typed.connect(self.typed)
        self.commune.typed.connect(self.typed)
        self.commune.chosen.connect(self._fill_province)
        self.province.chosen.connect(self._check_commune)
        row.add(self.province, 1)
        row.add(self.commune, 1)

    def _find_province(self, text: str) -> Sequence[Choice]:
        if not text:
            return tuple(Choice(one.code, one.name_vi) for one in self._places.provinces(NOW))
        found = self._places.find_province(text, NOW)
        asked = fold(text)
        return tuple(
            Choice(one.code, one.name_vi, "" if asked in fold(one.name_vi) else self._swallowed(one.code, asked))
            for one in found
        )

    def _swallowed(self, code: str, asked: str) -> str:
        olds = [old.name_vi for old in self._places.old_provinces(code) if asked in fold(old.name_vi)]
        return tr("gồm {name} cũ").format(name=", ".join(olds)) if olds else ""

    def _province_name(self, code: str) -> str | None:
        found = self._places.province(NOW, code)
        return found.name_vi if found else None

    def _find_commune(self, text: str) -> Sequence[Choice]:
        province = self.province.key
        if not text:
            return tuple(Choice(one.code, one.name_full_vi) for one in self._places.communes(province or ""))
        within = (NOW, province) if province else None
        found: list[Choice] = []
        for hit in self._places.find_commune(text, province=within):
            commune = self._places.commune(NOW, hit.code)
            if commune is None:
                continue
            words = commune.name_full_vi
            if province is None:
                words = f"{words}, {self._province_name(commune.province[1]) or ''}"
            found.append(Choice(hit.code, words, spoken(hit.reason)))
        return tuple(found)

    def _commune_name(self, code: str) -> str | None:
        found = self._places.commune(NOW, code)
        return found.name_full_vi if found else None

    def _fill_province(self) -> None:
        commune = self._places.commune(NOW, self.commune.key or "")
        if commune is not None and self.province.key != commune.province[1]:
            self.province.put(commune.province[1])

    def _check_commune(self) -> None:
        commune = self._places.commune(NOW, self.commune.key or "")
        if commune is not None and commune.province[1] != self.province.key:
            self.commune.put(None)

    def put(self, values: Mapping[str, Any]) -> None:
        """Show the place of form values. A place of the old map is kept as it is and shown by its old name."""
        self._old = {}
        if values.get("province_set", NOW) == NOW:
            self.province.put(values.get("province"))
        else:
            self._keep_old("province", values)
        if values.get("commune_set", NOW) == NOW:
            self.commune.put(values.get("commune"))
        else:
            self._keep_old("commune", values)

    def _keep_old(self, part: str, values: Mapping[str, Any]) -> None:
        box = self.province if part == "province" else self.commune
        code, place_set = str(values.get(part) or ""), str(values.get(f"{part}_set"))
        found = (
            self._places.province(place_set, code) if part == "province" else self._places.commune(place_set, code)
        )
        box.put(None)
        box.setText(found.name_full_vi if found else code)
        self._old[part] = box.whole_text()
        self._old[f"{part}.code"], self._old[f"{part}.set"] = code, place_set

    def value(self) -> dict[str, str]:
        """The parts that are given; a word typed and not chosen is kept as it stands."""
        found: dict[str, str] = {}
        for part, box in (("province", self.province), ("commune", self.commune)):
            value = box.value()
            if value is None:
                continue
            if box.key is None and self._old.get(part) == value:
                found[part], found[f"{part}_set"] = self._old[f"{part}.code"], self._old[f"{part}.set"]
            else:
                found[part], found[f"{part}_set"] = value, NOW
        return found
