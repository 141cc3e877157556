"""Letters as Word documents: what a caller said stands in them as words, and does nothing."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from desktop.operations import letter_file
from desktop.operations.case import add_referral
from desktop.operations.intake import save_file, save_report
from desktop.operations.letter_file import NotThatLetter, WrongEnding, document, write
from desktop.operations.letter_words import WITHHELD, Said, Section
from desktop.operations.letters import Letter, drawn, take_out
from desktop.operations.taking_out import MayNotTakeOut, attachment
from desktop.store.outgoing import CannotExport
from desktop.store.reads_audit import audit_view
from desktop.store.sight import Viewer, looking
from desktop.store.troubles import NotFound, UnknownCode
from desktop.store.unit_of_work import UnitOfWork
from domain.codes.catalogue import CatalogueError
from domain.codes.letters import Letters
from domain.records.attachment import Attachment
from domain.records.audit import EXPORT
from domain.records.staff import Staff, record_of
from domain.text import for_paper
from installer import letters as drawing
from sync.operation import CREATE
from sync.replica import scopes
from tests.conftest import Rounds
from tests.desktop.store.kit import NOON, Bench, reference

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
HOSTILE = [
    "</w:t></w:r></w:p><w:p><w:r><w:t>CHÈN</w:t></w:r></w:p>", "{{ 7*7 }}", "{% for x in y %}", "{%p if 1 %}",
    "{{r x }}", "{_{ a }_}", "{_% raw %_}", "&lt;w:p/&gt;", "&#60;w:p/&#62;", "]]><w:p/>", "<!--", "<?xml?>",
    "a\x00b\x07c\x0c\x1bd", "\u202egpj.exe", "\u2066\u1ea9n\u2069", "\ufeff\u200b\xad\u061c",
    "d\xf2ng m\u1ed9t\nd\xf2ng hai\r\n\r\n\r\n\td\xf2ng ba", "\x85\u2028\u2029x",
    '{ HYPERLINK "http://127.0.0.1/x" }', "{ DDEAUTO c:\\\\windows\\\\cmd.exe }", "http://127.0.0.1/\u2764",
    "\ufffe\uffff\ufdd0", "a" + "\u0301" * 500, "Ngày" * 9_000, "{{ section.__class__.__mro__ }}", "{#", "#}",
    "%}", "}}", "\U000e0041\U000e007f", "<w:instrText>PAGE</w:instrText>", "<w:altChunk r:id='rId9'/>", "&xxe;",
    "ĐÐƉ Nguyễn 'Thị' \"Bé\" & <Na>",
]  # fmt: skip
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "desk")
    yield one
    one.close()


def report(bench: Bench, **said: Any) -> str:
    """A case from a report; answers its id."""
    given_words = {"child_name": "Trẻ", "summary": "Kể", "outcome": "report_of_abuse", "urgency": "emergency"}
    return str(bench.run(save_report({**given_words, **said}, None)).case_id)


def paragraphs(made: bytes) -> list[str]:
    """The words of each paragraph as a word processor shows them, in order; a line's end as a line's end."""
    found = []
    for paragraph in parts(made)["word/document.xml"].iter(f"{W}p"):
        said = ((one.tag, one.text or "") for one in paragraph.iter())
        found.append("".join({f"{W}t": words, f"{W}br": "\n", f"{W}tab": "\t"}.get(tag, "") for tag, words in said))
    return found


def parts(made: bytes) -> dict[str, Any]:
    """Every XML member, parsed."""
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert package.testzip() is None
        return {name: etree.fromstring(package.read(name)) for name in package.namelist()}


def letter_of(words: list[str], template: str = "mau_01") -> Letter:
    """A letter in which every place holds something that a caller could have said."""

    def word(place: int) -> str:
        return for_paper(words[place % len(words)], 300)

    told = for_paper(words[-1], 12_000, lines=200)
    lines = (Said(word(1), word(2)), Said("Nội dung", told, is_long=True), Said(word(3), word(4)))
    return Letter(
        kind=template, title="", template=reference().letters.kinds[template].template, superior=(word(0),),
        agency=(word(1), word(2)), number=word(3), place_day=word(4), to=word(5), code=word(6), staff=word(7),
        sections=(Section(word(8), lines), Section(word(9), ())), cut=bool(told),
    )  # fmt: skip


def check_quiet(made: bytes, template: bytes) -> None:
    """Nothing in the document but the template's own members, relationships, fields, elements."""
    ours, theirs = parts(made), parts(template)
    assert set(ours) == set(theirs)
    for name, tree in ours.items():
        if name.endswith(".rels"):
            assert {one.get("TargetMode") for one in tree} == {None}
            assert sorted(map(str, (sorted(one.items()) for one in tree))) == sorted(
                map(str, (sorted(one.items()) for one in theirs[name]))
            )
    assert [str(one.attrib) for one in ours["[Content_Types].xml"]] == [
        str(one.attrib) for one in theirs["[Content_Types].xml"]
    ]
    fields = [one.text for tree in ours.values() for one in tree.iter(f"{W}instrText")]
    assert fields == ["PAGE"], "the page's number, and no other field"
    allowed = {one.tag for tree in theirs.values() for one in tree.iter()} | {f"{W}br"}
    assert {one.tag for tree in ours.values() for one in tree.iter()} <= allowed
    assert not [name for name in ours if "vba" in name.lower() or "embed" in name.lower() or "customXml" in name]


@given(st.lists(texts, min_size=1, max_size=12))
@example(HOSTILE)
@example(HOSTILE[::-1])
@settings(max_examples=8, deadline=None)
def test_what_a_caller_said_stands_as_words_and_adds_nothing_else(words: list[str]) -> None:
    for kind in ("mau_01", "chuyen_tin"):
        letter = letter_of(words, kind)
        made = document(letter)
        check_quiet(made, letter.template)
        said = paragraphs(made)
        for section in letter.sections:
            assert section.heading in said
            for line in section.lines:
                assert (line.words if line.is_long else f"{line.label}: {line.words}") in said
        assert f"Kính gửi: {letter.to}" in said


@pytest.mark.soak("exports")
def test_five_hundred_hostile_words_leave_the_number_of_paragraphs_as_it_was(rounds: Rounds) -> None:
    count = len(paragraphs(document(letter_of(["x"]))))
    letters = rounds(50)
    for letter in range(letters):
        told = [
            f"{HOSTILE[number % len(HOSTILE)]} {number} {HOSTILE[(number * 7 + number // 34) % len(HOSTILE)]}"
            for number in range(letter * 10, letter * 10 + 10)
        ]
        assert len(paragraphs(document(letter_of(told)))) == count, told
    print(f"S-18: {letters * 10} hostile strings in the places of {letters} letters, {count} paragraphs each time")


def test_a_document_that_has_grown_a_bone_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    letter = letter_of(["</w:t></w:r></w:p><w:p><w:r><w:t>CHÈN"])
    document(letter)

    def unescaped(value: object) -> object:
        from markupsafe import Markup

        return Markup(value) if isinstance(value, str) else value

    monkeypatch.setattr(letter_file, "_as_words", unescaped)
    with pytest.raises(NotThatLetter):
        document(letter)


def test_the_templates_are_what_the_drawing_says_and_another_one_stops_the_start(tmp_path: Path) -> None:
    for code, kind in reference().letters.kinds.items():
        drawn_now, kept = zipfile.ZipFile(io.BytesIO(drawing.draw(code))), zipfile.ZipFile(io.BytesIO(kind.template))
        assert {n: drawn_now.read(n) for n in drawn_now.namelist()} == {n: kept.read(n) for n in kept.namelist()}
        check_quiet(kind.template, kind.template)
    for file in drawing.FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    Letters.load(tmp_path, ["hanoi", "an_giang", "da_nang"])
    touched = (tmp_path / "mau_01.docx").read_bytes()[:-1] + b"\x01"
    (tmp_path / "mau_01.docx").write_bytes(touched)
    with pytest.raises(CatalogueError, match="approved"):
        Letters.load(tmp_path, ["hanoi", "an_giang", "da_nang"])
    with pytest.raises(CatalogueError, match="hue"):
        Letters.load(drawing.FOLDER, ["hanoi", "an_giang", "da_nang", "hue"])


def test_the_page_is_that_of_decree_30(bench: Bench) -> None:
    case = report(bench)
    page: Any = parts(document(bench.run(take_out("mau_01", case, None, "pass_on"))))["word/document.xml"]
    size, margin = page.find(f".//{W}pgSz"), page.find(f".//{W}pgMar")
    assert (size.get(f"{W}w"), size.get(f"{W}h")) == ("11906", "16838"), "A4 in twentieths of a point"
    mm = {side: round(int(margin.get(f"{W}{side}")) / 56.7) for side in ("top", "bottom", "left", "right")}
    assert {mm["top"], mm["bottom"]} <= set(range(20, 26))
    assert mm["left"] in range(30, 36)
    assert mm["right"] in range(15, 21)
    assert page.find(f".//{W}titlePg") is not None, "no number on the first page"


def test_mau_01_says_what_the_file_says_and_keeps_the_reporter_back(bench: Bench) -> None:
    case = report(
        bench, child_name="Nguyễn Thị Bé Na", child_age=9, caller_name="Trần Văn Kín", number="0900081502",
        summary="Trẻ kể bị đánh.\nĐêm qua ngủ ngoài hiên.", province="91", province_set="34", caller_kind="public",
    )  # fmt: skip
    letter = bench.run(take_out("mau_01", case, None, "pass_on"))
    said = "\n".join(paragraphs(document(letter)))
    assert "Họ và tên: Nguyễn Thị Bé Na" in said
    assert "Trẻ kể bị đánh.\nĐêm qua ngủ ngoài hiên." in said
    assert "An Giang, ngày 23 tháng 11 năm 2026" in said
    assert "Số: ……/BC-TĐ111" in said, "the register number is given by the centre only"
    assert "dự thảo" in said
    assert WITHHELD in said
    assert "Trần Văn Kín" not in said
    assert "081 502" not in said
    assert "chưa rõ" in said
    assert "9 tuổi" in said


def test_a_dispatch_goes_to_whom_the_case_was_passed_on_to(bench: Bench) -> None:
    case = report(bench)
    bench.run(add_referral(case, "commune_peoples_committee", "UBND xã Bình <b>Hòa</b>"))
    said = paragraphs(document(bench.run(take_out("chuyen_tin", case, None, "pass_on"))))
    assert "Kính gửi: UBND xã Bình <b>Hòa</b>" in said
    assert [one for one in said if one.startswith("Chuyển tin ")]


def test_the_entry_stands_before_there_is_a_letter_and_names_nobody(bench: Bench) -> None:
    case = report(bench, child_name="Nguyễn Thị Bé Na")
    bench.run(take_out("mau_01", case, None, "law"))
    (entry,) = [one for one in bench.read(audit_view).newest if one.action == EXPORT]
    assert (entry.actor, entry.object_kind, entry.object_id, entry.level) == (bench.staff, "case", case, "P3")
    with pytest.raises(UnknownCode):
        bench.run(take_out("mau_01", case, None, "vì tôi muốn"))
    with pytest.raises(NotFound):
        bench.run(take_out("mau_01", "không có", None, "law"))
    assert len([one for one in bench.read(audit_view).newest if one.action == EXPORT]) == 1


@pytest.mark.parametrize("role", ["analyst", "it_admin", "inspector", "therapist"])
def test_whose_role_prints_no_case_gets_a_sentence_and_neither_letter_nor_attachment(bench: Bench, role: str) -> None:
    contact = bench.run(save_file({"child_name": "Trẻ", "summary": "Kể"}, None)).contact_id

    def hire(uow: UnitOfWork) -> None:
        act = uow.act()
        one = Staff(id=record_of("khac"), staff="khac", roles=(role,), centre=uow.seat.centre)
        act.create(scopes.REFERENCE, one, action=CREATE)
        contact_scope = uow.read("contact", contact)
        assert contact_scope is not None
        act.create(contact_scope.scope, Attachment(id="tep", contact_id=contact, title="đơn.pdf", made_at=1))
        uow.write(act)

    bench.run(hire)
    bench.run(attachment("tep"))
    (entry,) = [one for one in bench.read(audit_view).newest if one.action == EXPORT]
    assert (entry.actor, entry.object_kind, entry.object_id) == (bench.staff, "attachment", "tep")
    bench.staff = "khac"
    with pytest.raises(MayNotTakeOut) as refused:
        bench.run(take_out("mau_01", None, contact, "pass_on"))
    assert "trưởng ca" in refused.value.advice
    with pytest.raises(MayNotTakeOut):
        bench.run(attachment("tep"))
    assert [one for one in bench.read(audit_view).newest if one.action == EXPORT and one.actor == "khac"] == []
    viewer = Viewer("khac", bench.seat.centre, reference().policy)
    preview = drawn("mau_01", None, contact, NOON, reference())
    assert bench.read(lambda connection: preview(looking(connection, viewer))) is None, "may not even open it"


def test_a_letter_is_for_its_owner_only_whole_or_not_there(tmp_path: Path) -> None:
    letter = letter_of(["Nguyễn Thị Bé Na"])
    target = tmp_path / "thu.docx"
    target.write_bytes(b"before")
    target.chmod(0o644)
    assert write(letter, target) == target
    assert target.stat().st_mode & 0o777 == 0o600
    check_quiet(target.read_bytes(), letter.template)
    elsewhere = tmp_path / "khac.docx"
    elsewhere.write_bytes(b"untouched")
    (tmp_path / "noi.docx").symlink_to(elsewhere)
    write(letter, tmp_path / "noi.docx")
    assert elsewhere.read_bytes() == b"untouched", "a link is replaced, not followed"
    with pytest.raises(WrongEnding):
        write(letter, tmp_path / "thu.exe")
    with pytest.raises(CannotExport):
        write(letter, tmp_path / "không có" / "thu.docx")
    with pytest.raises(NotThatLetter):
        write(replace(letter, template=_broken(letter.template)), tmp_path / "khong.docx")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["khac.docx", "noi.docx", "thu.docx"]
    assert not any(re.search("Nguy|Na", name) for name in os.listdir(tmp_path))


def _broken(template: bytes) -> bytes:
    """The template with a document type declaration in a part that nobody fills."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(template)) as given_one, zipfile.ZipFile(out, "w") as made:
        for name in given_one.namelist():
            raw = given_one.read(name)
            if name == "docProps/app.xml":
                start = raw.index(b"<Properties")
                raw = raw[:start] + b'<!DOCTYPE x [<!ENTITY e "e">]>' + raw[start:]
            made.writestr(name, raw)
    return out.getvalue()
