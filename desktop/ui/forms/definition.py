"""Loads a form definition and checks it against the known fields and the code lists, with file and line."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from desktop.operations.values import BINDS, EXTRA
from desktop.ui.forms.expression import Expression, ExpressionError
from domain.codes.catalogue import Catalogue
from domain.records.kinds import KINDS

KNOWN: Final[dict[str, frozenset[str]]] = {
    "caller_kind": frozenset({"code"}),
    "caller_name": frozenset({"text"}),
    "child_name": frozenset({"text"}),
    "child_age": frozenset({"age"}),
    "child_birth_year": frozenset({"number"}),
    "child_birth_date": frozenset({"date"}),
    "child_sex": frozenset({"choice", "code"}),
    "ethnic_group": frozenset({"code"}),
    "province": frozenset({"place"}),
    "topics": frozenset({"codes"}),
    "summary": frozenset({"long_text"}),
    "language": frozenset({"code"}),
    "needs_interpreter": frozenset({"tick"}),
    "primary_channel": frozenset({"code"}),
    "in_depth": frozenset({"tick"}),
    "may_call_back": frozenset({"tick"}),
    "safe_time": frozenset({"text"}),
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
    "channel": frozenset({"choice", "code"}),
    "due": frozenset({"due"}),
    "item_urgency": frozenset({"choice", "code"}),
    "sender": frozenset({"text"}),
    "reference": frozenset({"text"}),
    "dated": frozenset({"date"}),
    "body": frozenset({"long_text"}),
    "wish": frozenset({"choice", "code"}),
    "code": frozenset({"text"}),
    "words": frozenset({"long_text"}),
    "shared": frozenset({"tick"}),
    "asker": frozenset({"text"}),
    "relation": frozenset({"text"}),
    "reach": frozenset({"text"}),
}
"""Field and the kinds it may be drawn as. Keys are those of the operations' form values; a `place` field gives
`province`, `province_set`, `commune` and `commune_set`."""

CODED: Final = frozenset({"code", "codes"})
_EXTRA_KINDS: Final = frozenset({"text", "long_text", "number", "date", "tick", "choice", "code"})
"""How a region's own question may be drawn: one value each, so that two answers meet in one field."""
_SAMPLES: Final[dict[str, Any]] = {
    "codes": ["code"], "tick": True, "number": 9, "age": 9, "text": "chữ", "long_text": "chữ", "code": "code",
    "choice": "code", "place": "code", "phone": "0900081502", "date": "2014-01-05",
    "due": "2030-01-05",
}  # fmt: skip
_KEYS: Final = frozenset(
    {"name", "bind", "kind", "label", "hint", "list", "options", "wide", "relevant", "required"}
)
_ROLES: Final = {"child": "person", "caller": "person"}
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
    """One field: how it is drawn, what its label and hint say, which list or options it chooses from.

    `bind` is the field of a record it is written to. `relevant`: drawn only where it holds (or something stands in
    it); `required`: worth asking while it holds, never a condition of saving.
    """

    name: str
    kind: str
    label: str
    hint: str = ""
    list_name: str = ""
    options: tuple[tuple[str, str], ...] = ()
    wide: bool = True
    bind: str = ""
    relevant: Expression | None = None
    required: Expression | None = None


@dataclass(frozen=True, slots=True)
class SectionDefinition:
    """A group of fields under one heading."""

    title: str
    fields: tuple[FieldDefinition, ...]


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """A whole form. `version` grows with each change of what it asks. Of a region's own questions `centre` says
    whose they are and `extends` to which forms they belong; `asked_by` is their id and version."""

    id: str
    title: str
    sections: tuple[SectionDefinition, ...]
    version: int = 1
    centre: str = ""
    extends: tuple[str, ...] = ()
    asked_by: str = ""

    @property
    def fields(self) -> tuple[FieldDefinition, ...]:
        """All fields in the order they are asked."""
        return tuple(field for section in self.sections for field in section.fields)


def load_form(path: Path, catalogue: Catalogue, *, extra: bool = False) -> FormDefinition:
    """Read and check a definition; `extra` for a region's own questions. Raises `FormError` naming file and line for
    anything wrong or dangling."""
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
    except RecursionError as error:
        raise FormError(path.name, 0, "is nested too deeply") from error
    return _Reader(path.name, text, catalogue, extra).form(data)


def load_all(folder: Path, names: Sequence[str], catalogue: Catalogue, centre: str) -> dict[str, FormDefinition]:
    """The forms of these names, with the questions that `centre` asks besides. The questions of every other centre
    are read and checked as well. Raises `FormError` on the first fault."""
    forms = {name: load_form(folder / f"{name}.toml", catalogue) for name in names}
    seen: dict[str, str] = {}
    for path in sorted((folder / "extra").glob("*.toml")):
        own = load_form(path, catalogue, extra=True)
        for name in own.extends:
            if name not in forms:
                raise FormError(path.name, 1, f"extends '{name}', and no form is called so")
        for field in own.fields:
            if field.name in seen:
                raise FormError(path.name, 1, f"field '{field.name}' stands in {seen[field.name]} too")
            seen[field.name] = path.name
        if own.centre == centre:
            asked_by = f"{own.id}.{own.version}"
            for name in own.extends:
                sections = forms[name].sections + own.sections
                forms[name] = replace(forms[name], sections=sections, asked_by=asked_by)
    return forms


def questions(folder: Path, catalogue: Catalogue) -> dict[str, FieldDefinition]:
    """Every region's own questions by name: an answer from elsewhere is read with its own label."""
    found = [load_form(path, catalogue, extra=True) for path in sorted((folder / "extra").glob("*.toml"))]
    return {field.name: field for form in found for field in form.fields}


class _Reader:
    """Reads one parsed file; knows on which line each field stands."""

    def __init__(self, file: str, text: str, catalogue: Catalogue, extra: bool) -> None:
        self._file = file
        self._extra = extra
        self._samples: dict[str, Any] = {}
        self._codes: dict[str, frozenset[str]] = {}
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
        form_id, title, version = data.get("id"), data.get("title"), data.get("version")
        if not isinstance(form_id, str) or not isinstance(title, str) or not isinstance(sections, list):
            raise FormError(self._file, 1, "needs id, title and at least one [[section]]")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise FormError(self._file, 1, "needs version, a whole number from 1")
        unknown = set(data) - {"id", "title", "version", "section", *(("centre", "extends") if self._extra else ())}
        if unknown:
            raise FormError(self._file, 1, f"'{min(unknown)}' means nothing here")
        centre, extends = data.get("centre", ""), data.get("extends", [])
        if self._extra and (centre not in self._catalogue["centres"] or not isinstance(extends, list) or not extends):
            raise FormError(self._file, 1, "needs centre, a code of list 'centres', and extends, a list of forms")
        for section in sections:
            self._learn(section.get("field") if isinstance(section, dict) else None)
        made = tuple(self._section(one) for one in sections)
        return FormDefinition(form_id, title, made, version, centre, tuple(str(one) for one in extends))

    def _learn(self, fields: object) -> None:
        """What expressions may name: the fields of this form, with a value of their kind and their codes."""
        for field in fields if isinstance(fields, list) else ():
            name, kind = str(field.get("name", "")), str(field.get("kind", ""))
            self._samples[name] = _SAMPLES.get(kind, "")
            options = [one[0] for one in field.get("options", ()) if isinstance(one, list) and one]
            listed = self._catalogue[field["list"]] if field.get("list") in self._catalogue else ()
            if kind in CODED or kind == "choice":
                self._codes[name] = frozenset(options or (code.code for code in listed))

    def _section(self, data: Mapping[str, Any]) -> SectionDefinition:
        fields = data.get("field")
        if not isinstance(data.get("title"), str) or not isinstance(fields, list) or not fields:
            raise FormError(self._file, self._at("title"), "a section needs a title and fields")
        return SectionDefinition(data["title"], tuple(self._field(one) for one in fields))

    def _field(self, data: Mapping[str, Any]) -> FieldDefinition:
        self._place += 1
        name, kind, bind = str(data.get("name", "")), str(data.get("kind", "")), str(data.get("bind", ""))
        if self._extra:
            if not name.startswith(EXTRA):
                raise self._fault("name", f"a region's own question begins with '{EXTRA}', and '{name}' does not")
            kinds, bound = _EXTRA_KINDS, "answer.value"
        elif name not in KNOWN:
            raise self._fault("name", f"no field is called '{name}'")
        else:
            kinds, bound = KNOWN[name], BINDS[name]
        if name in self._seen:
            raise self._fault("name", f"field '{name}' stands twice")
        self._seen.add(name)
        if kind not in kinds:
            raise self._fault("kind", f"field '{name}' cannot be drawn as '{kind}'")
        if bind != bound or not _is_field(bind):
            raise self._fault("bind", f"field '{name}' is written to '{bound}', not to '{bind}'")
        if not isinstance(data.get("label"), str) or not data["label"]:
            raise self._fault("label", f"field '{name}' has no label")
        if unknown := set(data) - _KEYS:
            raise self._fault(min(unknown), f"'{min(unknown)}' means nothing here")
        list_name = str(data.get("list", ""))
        options = self._options(data)
        if (list_name and list_name not in self._catalogue) or (kind in CODED and not list_name):
            raise self._fault("list", f"there is no code list '{list_name}'")
        if kind == "choice" and not options and not list_name:
            raise self._fault("kind", f"field '{name}' has nothing to choose from")
        return FieldDefinition(
            name,
            kind,
            data["label"],
            str(data.get("hint", "")),
            list_name,
            options,
            bool(data.get("wide", True)),
            bind,
            self._expression(data, "relevant"),
            self._expression(data, "required"),
        )

    def _expression(self, data: Mapping[str, Any], key: str) -> Expression | None:
        if key not in data:
            return None
        try:
            return Expression(str(data[key]), self._samples, self._codes)
        except ExpressionError as error:
            raise self._fault(key, str(error)) from error

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


def _is_field(bind: str) -> bool:
    """Whether `record.field` is a field of a kind of record."""
    role, _, name = bind.partition(".")
    kind = _ROLES.get(role, role)
    return kind in KINDS and name in KINDS[kind].fields
