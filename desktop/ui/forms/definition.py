"""Loads a form definition and checks it against the known fields and the code lists, with file and line."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from domain.codes.catalogue import Catalogue

KNOWN: Final[dict[str, frozenset[str]]] = {
    "caller_kind": frozenset({"code"}),
    "caller_name": frozenset({"text"}),
    "child_name": frozenset({"text"}),
    "child_age": frozenset({"number"}),
    "child_birth_year": frozenset({"number"}),
    "child_sex": frozenset({"choice", "code"}),
    "ethnic_group": frozenset({"code"}),
    "province": frozenset({"place"}),
    "topics": frozenset({"codes"}),
    "summary": frozenset({"long_text"}),
    "language": frozenset({"code"}),
    "needs_interpreter": frozenset({"tick"}),
    "primary_channel": frozenset({"code"}),
    "in_depth": frozenset({"tick"}),
    "number": frozenset({"phone"}),
    "outcome": frozenset({"choice"}),
    "abuse_types": frozenset({"codes"}),
    "urgency": frozenset({"choice", "code"}),
    "child_safe_now": frozenset({"choice"}),
    "child_whereabouts": frozenset({"text", "long_text"}),
    "happened_when": frozenset({"text"}),
    "child_relationship": frozenset({"code"}),
    "status": frozenset({"code"}),
    "centre": frozenset({"code"}),
    "to_kind": frozenset({"code"}),
    "to_name": frozenset({"text"}),
    "result": frozenset({"choice"}),
    "remark": frozenset({"text"}),
}
"""Field and the kinds it may be drawn as. Keys are those of the operations' form values; a `place` field gives
`province`, `province_set`, `commune` and `commune_set`."""

CODED: Final = frozenset({"code", "codes"})
_HEADER: Final = re.compile(r"\s*\[\[section\.field\]\]")


class FormError(ValueError):
    """A form definition that must not be used. Holds `file` (name only), `line` and `problem`."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(f"{file}:{line}: {problem}")
        self.file = file
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """One field: how it is drawn, what its label and hint say, which list or options it chooses from."""

    name: str
    kind: str
    label: str
    hint: str = ""
    list_name: str = ""
    options: tuple[tuple[str, str], ...] = ()
    wide: bool = True


@dataclass(frozen=True, slots=True)
class SectionDefinition:
    """A group of fields under one heading."""

    title: str
    fields: tuple[FieldDefinition, ...]


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """A whole form."""

    id: str
    title: str
    sections: tuple[SectionDefinition, ...]

    @property
    def fields(self) -> tuple[FieldDefinition, ...]:
        """All fields in the order they are asked."""
        return tuple(field for section in self.sections for field in section.fields)


def load_form(path: Path, catalogue: Catalogue) -> FormDefinition:
    """Read and check a definition. Raises `FormError` naming file and line for anything wrong or dangling."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormError(path.name, 0, f"cannot be read ({type(error).__name__})") from error
    if not unicodedata.is_normalized("NFC", text):
        line = next(n for n, one in enumerate(text.splitlines(), 1) if not unicodedata.is_normalized("NFC", one))
        raise FormError(path.name, line, "text is not in NFC")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise FormError(path.name, int(found[1]) if found else 0, "is not valid TOML") from error
    return _Reader(path.name, text, catalogue).form(data)


class _Reader:
    """Reads one parsed file; knows on which line each field stands."""

    def __init__(self, file: str, text: str, catalogue: Catalogue) -> None:
        self._file = file
        self._lines = text.splitlines()
        self._starts = [number for number, line in enumerate(self._lines, 1) if _HEADER.match(line)]
        self._catalogue = catalogue
        self._seen: set[str] = set()
        self._place = -1

    def _at(self, key: str) -> int:
        """The line of a key inside the field being read, else the field's first line."""
        if not 0 <= self._place < len(self._starts):
            return 0
        start = self._starts[self._place]
        for number in range(start, len(self._lines)):
            line = self._lines[number]
            if line.lstrip().startswith("["):
                break
            if re.match(rf"\s*{re.escape(key)}\s*=", line):
                return number + 1
        return start

    def _fault(self, key: str, problem: str) -> FormError:
        return FormError(self._file, self._at(key), problem)

    def form(self, data: Mapping[str, Any]) -> FormDefinition:
        sections = data.get("section")
        form_id, title = data.get("id"), data.get("title")
        if not isinstance(form_id, str) or not isinstance(title, str) or not isinstance(sections, list):
            raise FormError(self._file, 1, "needs id, title and at least one [[section]]")
        return FormDefinition(form_id, title, tuple(self._section(one) for one in sections))

    def _section(self, data: Mapping[str, Any]) -> SectionDefinition:
        fields = data.get("field")
        if not isinstance(data.get("title"), str) or not isinstance(fields, list) or not fields:
            raise FormError(self._file, self._at("title"), "a section needs a title and fields")
        return SectionDefinition(data["title"], tuple(self._field(one) for one in fields))

    def _field(self, data: Mapping[str, Any]) -> FieldDefinition:
        self._place += 1
        name, kind = str(data.get("name", "")), str(data.get("kind", ""))
        if name not in KNOWN:
            raise self._fault("name", f"no field is called '{name}'")
        if name in self._seen:
            raise self._fault("name", f"field '{name}' stands twice")
        self._seen.add(name)
        if kind not in KNOWN[name]:
            raise self._fault("kind", f"field '{name}' cannot be drawn as '{kind}'")
        if not isinstance(data.get("label"), str) or not data["label"]:
            raise self._fault("label", f"field '{name}' has no label")
        unknown = set(data) - {"name", "kind", "label", "hint", "list", "options", "wide"}
        if unknown:
            raise self._fault(min(unknown), f"'{min(unknown)}' means nothing here")
        list_name = str(data.get("list", ""))
        options = self._options(data)
        if (list_name and list_name not in self._catalogue) or (kind in CODED and not list_name):
            raise self._fault("list", f"there is no code list '{list_name}'")
        if kind == "choice" and not options and not list_name:
            raise self._fault("kind", f"field '{name}' has nothing to choose from")
        return FieldDefinition(
            name, kind, data["label"], str(data.get("hint", "")), list_name, options, bool(data.get("wide", True))
        )

    def _options(self, data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for option in data.get("options", ()):
            if not isinstance(option, list) or len(option) != 2 or not all(isinstance(x, str) for x in option):
                raise self._fault("options", "an option is a pair of code and words")
            found.append((option[0], option[1]))
        if "list" in data and data["list"] in self._catalogue:
            for code, _ in found:
                if code not in self._catalogue[data["list"]]:
                    raise self._fault("options", f"'{code}' is not a code of list '{data['list']}'")
        return tuple(found)
