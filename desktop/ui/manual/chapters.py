"""Reads the manual's chapters from resources/manual and refuses, with file and line, whatever leads nowhere."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from desktop.reference import RESOURCES
from domain.text import fold

MANUAL: Final = RESOURCES / "manual"
PICTURES: Final = "pictures"
KEYS: Final = "keys"
"""The chapter that is not written but drawn from the registry: every key, by group."""

_INLINE: Final = re.compile(r"\*\*([^*]+)\*\*|\{action:([^{}]*)\}|\[([^\]]+)\]\(([^()\s]+)\)")
_STRAY: Final = re.compile(r"\*\*|[{}\[\]]|\]\(")
_BY_HAND: Final = re.compile(r"\b(F\d{1,2}|Esc|(?:Ctrl|Alt|Shift)\+\S+)(?!\w)")
_PICTURE: Final = re.compile(r"!\[([^\]]+)\]\(([a-z0-9-]+)\)")
_STEP: Final = re.compile(r"\d+\. ")


class ManualError(ValueError):
    """A chapter names what there is not, or is written in a way that the window cannot show: file, line, what."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line. `kind`: text, strong, action (target: its id), chapter (target: its id), address."""

    kind: str
    text: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph. `kind`: title, section, text, bullet, step, picture (target: the screen's name)."""

    kind: str
    spans: tuple[Span, ...]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One topic. `actions` in the order in which they are named, each once; `folded` is what the filter reads."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    actions: tuple[str, ...]
    folded: str

    def sections(self) -> int:
        """How many headings it has below its title."""
        return sum(block.kind == "section" for block in self.blocks)

    def pictures(self) -> tuple[str, ...]:
        """The pictures it shows, in order."""
        return tuple(block.target for block in self.blocks if block.kind == "picture")


@dataclass(frozen=True, slots=True)
class Manual:
    """All chapters in their order, and which of them tells about which screen."""

    chapters: tuple[Chapter, ...]
    screens: dict[str, str]

    def named(self, chapter_id: str) -> Chapter | None:
        """The chapter of this id."""
        return next((one for one in self.chapters if one.id == chapter_id), None)

    def for_screen(self, *screens: str) -> str:
        """The chapter of the first of these screens that has one, else the first chapter."""
        found = (self.screens[one] for one in screens if one in self.screens)
        return next(found, self.chapters[0].id)


def load(language: str, actions: Collection[str], folder: Path = MANUAL) -> Manual:
    """Read every chapter of a language (`vi`, `en`). `actions` are the ids of the registry.

    Raises `ManualError` for the first fault, OSError for a file that is not there.
    """
    contents = folder / "contents.csv"
    ids: list[str] = []
    screens: dict[str, str] = {}
    for number, row in enumerate(csv.DictReader(contents.read_text("utf-8").splitlines()), 2):
        ids.append(row["chapter"])
        for screen in row["screens"].split():
            if screen in screens:
                raise ManualError(f"contents.csv:{number}: the screen {screen} has two chapters")
            screens[screen] = row["chapter"]
    if not ids or len(set(ids)) < len(ids):
        raise ManualError("contents.csv:1: no chapter, or one stands twice")
    pictures = {path.stem for path in (folder / PICTURES).glob("*.png")}
    known = _Known(frozenset(actions), frozenset((*ids, KEYS)), frozenset(pictures))
    return Manual(tuple(_chapter(folder / language / f"{one}.md", one, known) for one in ids), screens)


@dataclass(frozen=True, slots=True)
class _Known:
    actions: frozenset[str]
    chapters: frozenset[str]
    pictures: frozenset[str]


def _chapter(path: Path, chapter_id: str, known: _Known) -> Chapter:
    blocks = tuple(_blocks(path, known))
    if not blocks or blocks[0].kind != "title" or sum(one.kind == "title" for one in blocks) != 1:
        raise ManualError(f"{path.name}:1: a chapter begins with its one title")
    spans = [span for block in blocks for span in block.spans]
    named = dict.fromkeys(span.target for span in spans if span.kind == "action")
    words = " ".join("".join(span.text for span in block.spans) for block in blocks)
    return Chapter(chapter_id, blocks[0].spans[0].text, blocks, tuple(named), fold(words))


def _blocks(path: Path, known: _Known) -> Iterator[Block]:
    """Each line is a paragraph of its own; empty lines only part them for whoever writes."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        words, where = line.strip(), f"{path.parent.name}/{path.name}:{number}"
        if not words:
            continue
        if picture := _PICTURE.fullmatch(words):
            if picture[2] not in known.pictures:
                raise ManualError(f"{where}: there is no picture {picture[2]}")
            yield Block("picture", (Span("text", picture[1]),), picture[2])
        elif words.startswith("# "):
            yield Block("title", _spans(words[2:], where, known))
        elif words.startswith("## "):
            yield Block("section", _spans(words[3:], where, known))
        elif words.startswith("- "):
            yield Block("bullet", _spans(words[2:], where, known))
        elif step := _STEP.match(words):
            yield Block("step", _spans(words[step.end() :], where, known))
        else:
            yield Block("text", _spans(words, where, known))


def _spans(words: str, where: str, known: _Known) -> tuple[Span, ...]:
    found: list[Span] = []
    end = 0
    for hit in _INLINE.finditer(words):
        found += _plain(words[end : hit.start()], where)
        end = hit.end()
        strong, action, link, target = hit.groups()
        if strong is not None:
            found += (Span("strong", one.text) for one in _plain(strong, where))
        elif action is not None:
            if action not in known.actions:
                raise ManualError(f"{where}: no action of the registry is called {action!r}")
            found.append(Span("action", "", action))
        elif target.startswith("https://"):
            found.append(Span("address", link, target))
        elif target not in known.chapters:
            raise ManualError(f"{where}: there is no chapter {target!r}")
        else:
            found.append(Span("chapter", link, target))
    found += _plain(words[end:], where)
    return tuple(found)


def _plain(words: str, where: str) -> list[Span]:
    if stray := _STRAY.search(words):
        raise ManualError(f"{where}: {stray[0]!r} is left over: a mark that is not closed or not known")
    if key := _BY_HAND.search(words):
        raise ManualError(f"{where}: the key {key[0]} is typed by hand: name its action as {{action:…}}")
    return [Span("text", words)] if words else []
