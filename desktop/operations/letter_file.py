"""A letter as a Word document: words go into an approved template as words, and the result is looked at before it
leaves."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from desktop.store.outgoing import put
from sync.troubles import Trouble

if TYPE_CHECKING:
    from desktop.operations.letters import Letter

_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LINE_BREAK: Final = f"{_WORD}br"
_TEXT: Final = f"{_WORD}t"
_MOST_BYTES: Final = 64 << 20
"""Largest member (bytes) that is looked at; a letter's own have a few hundred thousand."""


class NotThatLetter(Trouble):
    """The finished document holds something that its template and its words do not account for."""

    advice = (
        "Văn bản làm ra không giống mẫu đã duyệt nên phần mềm không ghi ra tệp. Chị/anh báo bộ phận kỹ thuật; hồ sơ"
        " vẫn nguyên vẹn."
    )


class WrongEnding(Trouble):
    """The file's name does not end as a letter's does."""

    advice = "Tên tệp cần kết thúc bằng .docx. Chị/anh đặt lại tên rồi xuất lại."


def write(letter: Letter, target: Path) -> Path:
    """Write the letter to where a person said, for its owner only. The file is there whole or not at all.

    Raises WrongEnding, NotThatLetter, CannotExport.
    """
    if target.suffix.lower() != ".docx":
        raise WrongEnding
    made = document(letter)

    def all_of_it(stream: IO[bytes]) -> None:
        stream.write(made)

    return put(target, all_of_it)


def document(letter: Letter) -> bytes:
    """The letter's document. Raises NotThatLetter where its structure is not that of the same letter with a harmless
    word in each place: no paragraph, field, link, part or relationship comes from what somebody said."""
    words = letter.words()
    made = _filled(letter.template, words)
    if _bones(made) != _bones(_filled(letter.template, _harmless(words))):
        raise NotThatLetter
    return made


def _filled(template: bytes, words: Mapping[str, Any]) -> bytes:
    from docxtpl import DocxTemplate  # noqa: PLC0415 - a tenth of a second, and most desks write no letter today
    from jinja2 import StrictUndefined  # noqa: PLC0415 - loaded only for a letter
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415 - loaded only for a letter

    drawing = DocxTemplate(io.BytesIO(template))
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined, finalize=_as_words)
    drawing.render(dict(words), environment, autoescape=True)
    out = io.BytesIO()
    drawing.save(out)
    return out.getvalue()


def _as_words(value: object) -> object:
    """A value as text of XML. Curly braces too: after rendering the library reads some of them as its own marks."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - loaded only for a letter

    if not isinstance(value, str):
        return value
    safe = str(escape(value)).replace("{", "&#123;").replace("}", "&#125;")
    return Markup(safe)  # noqa: S704 - escaped on the line above


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return "x" if value else ""
    if isinstance(value, Mapping):
        return {name: _harmless(one) for name, one in value.items()}
    return [_harmless(one) for one in value] if isinstance(value, list | tuple) else value


def _bones(made: bytes) -> dict[str, object]:
    """What a document is made of, its words left out: members and, of each, every element with what it says in its
    attributes, in order. A line's end inside somebody's words is no bone; neither are a field's words words."""
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        return {name: _bones_of(name, package) for name in sorted(package.namelist())}


def _bones_of(name: str, package: zipfile.ZipFile) -> object:
    from lxml import etree  # noqa: PLC0415 - loaded only for a letter

    if package.getinfo(name).file_size > _MOST_BYTES:
        raise NotThatLetter
    raw = package.read(name)
    if not name.endswith((".xml", ".rels")):
        return raw
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        tree = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as fault:
        raise NotThatLetter from fault
    if tree.getroottree().docinfo.doctype:
        raise NotThatLetter
    is_words = name.startswith("word/")
    found: list[object] = []
    for element in tree.iter():
        if is_words and element.tag == _LINE_BREAK and not element.attrib:
            continue
        if is_words and element.tag == _TEXT:
            if found[-1] != "words":
                found.append("words")
            continue
        found.append((element.tag, sorted(element.attrib.items()), element.text or ""))
    return found
