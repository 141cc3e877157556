"""The directory: emergency services, duty numbers, interpreters and scripts, from dated data with their sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from domain.codes.catalogue import CatalogueError, read_date, read_named_rows
from domain.text import fold, match_query

KINDS: Final = ("emergency", "hotline", "duty", "interpreter")

_ENTRY: Final = (
    "code", "kind", "name_vi", "number", "hours", "languages", "note_vi", "source", "source_date", "verified",
    "valid_from", "valid_to",
)  # fmt: skip
_STEP: Final = ("code", "title_vi", "step", "words_vi", "source", "verified")


@dataclass(frozen=True, slots=True)
class Entry:
    """One number. `languages` are codes; both days of validity are inclusive, None leaves that side open.

    `verified` says that somebody held it against its source; the screen tells when nobody did.
    """

    code: str
    kind: str
    name: str
    number: str
    hours: str
    languages: tuple[str, ...]
    note: str
    source: str
    source_date: date | None
    verified: bool
    valid_from: date | None
    valid_to: date | None

    def valid_on(self, day: date) -> bool:
        """Whether it holds on this day."""
        return not ((self.valid_from and day < self.valid_from) or (self.valid_to and day > self.valid_to))


@dataclass(frozen=True, slots=True)
class Script:
    """What to say, in steps. `verified` says that the hotline approved it."""

    code: str
    title: str
    steps: tuple[str, ...]
    source: str
    verified: bool


class Directory:
    """Entries and scripts, in the order of their files."""

    def __init__(self, entries: Iterable[Entry], scripts: Iterable[Script]) -> None:
        self._entries, self.scripts = tuple(entries), tuple(scripts)

    @classmethod
    def load(cls, folder: Path, languages: Iterable[str]) -> Directory:
        """Read and check both files. Raises `CatalogueError` (file, line) on the first fault."""
        return cls(_entries(folder / "entries.csv", frozenset(languages)), _scripts(folder / "scripts.csv"))

    def told(self, tell: Callable[[str], str]) -> Directory:
        """The same directory in another language: `tell` gives each of its words and sentences."""
        entries = [
            replace(one, name=tell(one.name), note=tell(one.note), source=tell(one.source)) for one in self._entries
        ]
        scripts = [
            replace(one, title=tell(one.title), steps=tuple(map(tell, one.steps)), source=tell(one.source))
            for one in self.scripts
        ]
        return Directory(entries, scripts)

    def entries(self, day: date) -> tuple[Entry, ...]:
        """What holds on this day."""
        return tuple(one for one in self._entries if one.valid_on(day))

    def interpreters(self, language: str, day: date) -> tuple[Entry, ...]:
        """Who interprets this language."""
        return tuple(one for one in self.entries(day) if one.kind == "interpreter" and language in one.languages)

    def script(self, code: str) -> Script | None:
        """A script by its code."""
        return next((one for one in self.scripts if one.code == code), None)


def matching(words: str, typed: str) -> bool:
    """Whether every word typed (tones or none) begins a word of the text or of a number."""
    inside = f" {fold(words)}"
    return all(f" {part}" in inside for part in match_query(typed))


def _entries(file: Path, languages: frozenset[str]) -> Iterator[Entry]:
    seen: set[str] = set()
    for line, row in read_named_rows(file, _ENTRY):
        spoken = tuple(one for one in row["languages"].split("|") if one)
        if row["kind"] not in KINDS:
            raise CatalogueError(file.name, line, f"unknown kind {row['kind']}")
        if unknown := set(spoken) - languages:
            raise CatalogueError(file.name, line, f"unknown language {min(unknown)}")
        if not row["number"].isdigit() or row["code"] in seen:
            raise CatalogueError(file.name, line, "a number has digits only, a code stands once")
        if not row["source"]:
            raise CatalogueError(file.name, line, "a fact names its source")
        seen.add(row["code"])
        days = [read_date(file.name, line, one, row[one]) for one in ("source_date", "valid_from", "valid_to")]
        yield Entry(
            row["code"], row["kind"], row["name_vi"], row["number"], row["hours"], spoken, row["note_vi"],
            row["source"], days[0], row["verified"] == "yes", *days[1:],
        )  # fmt: skip


def _scripts(file: Path) -> Iterator[Script]:
    found: dict[str, list[dict[str, str]]] = {}
    for line, row in read_named_rows(file, _STEP):
        steps = found.setdefault(row["code"], [])
        if row["step"] != str(len(steps) + 1):
            raise CatalogueError(file.name, line, f"step {len(steps) + 1} comes next")
        steps.append(row)
    for code, steps in found.items():
        words = tuple(row["words_vi"] for row in steps)
        verified = all(row["verified"] == "yes" for row in steps)
        yield Script(code, steps[0]["title_vi"], words, steps[0]["source"], verified)
