"""Search finds names without tones, numbers by their end and codes however spelled, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from desktop.operations import calls, intake
from desktop.operations.calls import HOTLINE_PBX, PbxCallEvent
from desktop.store.search import CODES, NUMBERS, TEXTS, SearchIndex, _Words, code_keys, prepare, prepare_rows
from desktop.store.search_query import SearchHit, find
from desktop.store.unit_of_work import UnitOfWork
from domain.records.person import Alias
from domain.records.road import NumberBlockRecord
from domain.records.sealed import sealed_text
from domain.text import fold
from sync.replica import scopes
from sync.replica.changes import RowChange
from tests.desktop.store.kit import NOON, Bench, own, take


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


def file(bench: Bench, child: str, caller: str = "", summary: str = "") -> str:
    values = {"child_name": child, "caller_name": caller, "summary": summary}
    return bench.run(intake.save_file(values, None)).contact_id


def found(bench: Bench, query: str) -> list[SearchHit]:
    return bench.read(lambda c: find(c, query))


def titles(bench: Bench, query: str) -> list[str]:
    return [hit.title for hit in found(bench, query)]


def test_dang_finds_dang_with_its_tones(bench: Bench) -> None:
    contact = file(bench, "Đặng Văn Hòa", "Trần Thị Bưởi")
    (hit,) = found(bench, "dang van hoa")
    assert (hit.title, hit.reason, hit.contact_id) == ("Đặng Văn Hòa", "tên trẻ", contact)
    (hit,) = found(bench, "TRAN BUOI")
    assert (hit.title, hit.reason) == ("Trần Thị Bưởi", "tên người gọi")


def test_the_last_word_is_a_beginning_and_every_word_must_fit(bench: Bench) -> None:
    file(bench, "Nguyễn Thị Hương")
    assert titles(bench, "nguyen hu") == ["Nguyễn Thị Hương"]
    assert titles(bench, "huong nguyen") == ["Nguyễn Thị Hương"]
    assert titles(bench, "nguye huong") == []
    assert titles(bench, "nguyen van hu") == []


def test_the_name_as_typed_comes_before_names_that_only_sound_so(bench: Bench) -> None:
    for name in ("Đăng Minh", "Đặng Minh", "Dang Minh", "Đang Minh"):
        file(bench, name)
    assert titles(bench, "Đặng")[0] == "Đặng Minh"
    assert titles(bench, "đăng minh")[0] == "Đăng Minh"
    assert len(titles(bench, "dang")) == 4


def test_a_number_is_found_by_its_last_digits_however_it_is_written(bench: Bench) -> None:
    record = bench.run(calls.answer(PbxCallEvent(HOTLINE_PBX, "1", "0900081502", "", NOON, NOON)))
    for query in ("1502", "081 502", "0900.081.502", "+84 900 081 502", "(0900) 081-502"):
        (hit,) = found(bench, query)
        assert (hit.kind, hit.id, hit.title) == ("call", record, "0900 081 502")
        assert hit.reason.startswith("số điện thoại kết thúc")
        assert hit.reason.endswith("1502")
    assert found(bench, "502") == []
    assert found(bench, "0815") == []


def test_a_number_with_a_file_leads_to_the_file_once(bench: Bench) -> None:
    for n in range(3):
        record = bench.run(calls.answer(PbxCallEvent(HOTLINE_PBX, f"1.{n}", "0900081502", "", NOON + n, NOON + n)))
    contact = bench.run(intake.save_file({"child_name": "Lò Thị Mỷ"}, record)).contact_id
    hits = found(bench, "1502")
    assert (hits[0].kind, hits[0].id, hits[0].title) == ("contact", contact, "Lò Thị Mỷ")
    assert [hit.kind for hit in hits] == ["contact", "call", "call"]


def test_filters_look_for_names_numbers_or_words_only_and_together(bench: Bench) -> None:
    call = bench.run(calls.answer(PbxCallEvent(HOTLINE_PBX, "1", "0900081502", "", NOON, NOON)))
    values = {"child_name": "Lò Thị Mai", "summary": "bị bạn tên Hoa đánh"}
    mai = bench.run(intake.save_file(values, call)).contact_id
    hoa = file(bench, "Vàng Thị Hoa", summary="hỏi về trường học ở Mai Sơn")

    def dossiers(query: str) -> set[str | None]:
        return {hit.contact_id for hit in found(bench, query)}

    assert dossiers("hoa") == {mai, hoa}
    assert dossiers("tên: hoa") == dossiers("TEN:hoa") == {hoa}
    assert dossiers("từ: hoa") == dossiers("tu: hoa") == {mai}
    assert dossiers("sđt: 502") == dossiers("sdt:081 502") == {mai}
    assert dossiers("sđt: 02") == dossiers("sđt: mai") == set()
    assert dossiers("tên: mai sđt: 1502") == dossiers("sđt: 1502 tên: mai từ: đánh") == {mai}
    assert dossiers("tên: hoa sđt: 1502") == dossiers("tên: mai từ: trường") == set()
    assert dossiers("hoa tên: mai") == {mai}
    assert [hit.contact_id for hit in found(bench, "sđt: 1502 tên: mai")] == [mai]
    assert dossiers("tên:") == set()
    assert dossiers("từ") == set()


@pytest.mark.parametrize("spell", [str, str.lower, lambda c: c.replace("-", ""), lambda c: c.replace("-", " ")])
def test_codes_are_found_whole_without_dashes_and_in_part(bench: Bench, spell: object) -> None:
    assert callable(spell)
    lease_one(bench)
    saved = bench.run(intake.save_report({"child_name": "Vi Thị Xuân"}, None))
    assert saved.case_code is not None
    hits = found(bench, spell(saved.code))
    assert [(hit.kind, hit.contact_id, hit.reason) for hit in hits] == [("contact", saved.contact_id, "mã hồ sơ")]
    (hit,) = found(bench, spell(saved.case_code))
    assert (hit.kind, hit.case_id, hit.reason) == ("case", saved.case_id, "mã ca")
    assert saved.case_code in hit.subtitle
    for part in (saved.code[5:], saved.code[:8], saved.case_code[7:12], saved.case_code[2:]):
        assert saved.contact_id in {hit.contact_id for hit in found(bench, spell(part))}, part


def lease_one(bench: Bench) -> None:
    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        record = NumberBlockRecord(
            id=uow.new_id(), device=bench.seat.device, incarnation=1, series="CT", year=2026, centre_digit=3,
            first=123, last=123,
        )  # fmt: skip
        act.create(scopes.device_scope(bench.seat.device), record)
        uow.write(act)

    bench.run(operation)


def test_code_keys_leave_a_lone_check_digit_out() -> None:
    assert "4" not in code_keys("CT26-3-00123-4")
    assert {"CT263001234", "001234", "1234"} <= code_keys("CT26-3-00123-4")


@given(st.text(max_size=60))
def test_prose_folded_word_by_word_is_the_folded_prose(text: str) -> None:
    words = _Words()
    assert words.fold(text) == fold(text)
    assert words.fold(text + " " + text) == fold(text + " " + text), "remembered words are the same words"


_SEALED = sealed_text("0" * 8 + "-0000-4000-8000-" + "0" * 12, "AAAA")
_VALUES = st.none() | st.sampled_from(["", "Đặng Thị Hòa", "AG03-000120-0042", "+84901234567", "111", _SEALED])


@given(
    st.sampled_from(sorted(SearchIndex.kinds)),
    st.lists(st.tuples(st.sampled_from([None, 0, 1]), _VALUES, _VALUES), max_size=6),
    st.booleans(),
)
def test_rows_of_a_new_store_give_the_words_that_their_changes_would(
    kind: str, values: list[tuple[int | None, str | None, str | None]], narrow: bool
) -> None:
    read = [field for field in (*TEXTS.get(kind, ()), *CODES.get(kind, ()), NUMBERS.get(kind, "")) if field][:2]
    columns = ["scope", "retracted", *read, "id"]
    rows = [
        (scopes.dossier(f"c{at}"), retracted, *(one, other)[: len(read)], f"r{at}")
        for at, (retracted, one, other) in enumerate(values)
    ]
    if narrow and all(row[2] is None for row in rows):  # a column that is empty in every row is not even read
        columns, rows = [*columns[:2], *columns[3:]], [(*row[:2], *row[3:]) for row in rows]
    wanted = prepare(
        [RowChange(kind, str(row[-1]), str(row[0]), None, dict(zip(columns, row, strict=True))) for row in rows]
    )
    made = prepare_rows(kind, columns, rows)
    assert made.texts == wanted.texts
    assert set(made.codes) == set(wanted.codes)
    assert made.tails == wanted.tails
    assert (made.gone, made.gone_codes, made.gone_tails) == ([], [], [])


@given(st.text("ACG0123456789-", max_size=20))
def test_code_keys_are_every_beginning_of_a_part(code: str) -> None:
    parts = [part for part in code.split("-") if part]
    tails = {"".join(parts[start:]) for start in range(len(parts))}
    wanted = tails | {tail.lstrip("0") for tail in tails} | {tail.lstrip("ACG") for tail in tails}
    if len(parts) > 3:
        wanted.discard(parts[-1])
    assert code_keys(code) == {key for key in wanted if len(key) > 1}


def test_a_changed_name_is_found_under_the_new_one_only(bench: Bench) -> None:
    contact = file(bench, "Nguyễn Văn Tèo")
    bench.run(intake.change_file(contact, {"child_name": "Nguyễn Văn Tí"}))
    assert titles(bench, "teo") == []
    assert titles(bench, "ti") == ["Nguyễn Văn Tí"]


def test_a_changed_name_leaves_no_word_in_the_index(bench: Bench) -> None:
    contact = file(bench, "Xyzzy")
    bench.run(intake.change_file(contact, {"child_name": None}))
    with bench.store.write() as connection:
        connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search_text', 'row')")
        assert "xyzzy" not in {row[0] for row in connection.exec_driver_sql("SELECT term FROM temp.words")}
        connection.exec_driver_sql("DROP TABLE temp.words")
        connection.commit()


def test_other_names_and_the_content_are_searched(bench: Bench) -> None:
    contact = file(bench, "Giàng A Páo", summary="Cháu bị bắt nạt ở trường nội trú.")

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        person = uow.connection.exec_driver_sql("SELECT id FROM r_person").scalar_one()
        act.create(scopes.dossier(contact), Alias(id=uow.new_id(), person_id=person, name="Tèo Em"))
        uow.write(act)

    bench.run(operation)
    (hit,) = found(bench, "teo em")
    assert (hit.reason, hit.contact_id) == ("tên gọi khác", contact)
    (hit,) = found(bench, "noi tru")
    assert (hit.kind, hit.reason, hit.title) == ("contact", "nội dung hồ sơ", "Giàng A Páo")


@pytest.mark.parametrize(
    "query", ["", "   ", '"', "*", "a OR b", "NEAR(", "exact : x", "'; DROP TABLE r_call", "-", "\u200b", "%", "1'2"]
)
def test_no_input_breaks_the_search(bench: Bench, query: str) -> None:
    file(bench, "Nguyễn Văn A")
    assert isinstance(found(bench, query), list)


def test_what_others_wrote_is_found_after_it_was_folded(bench: Bench, tmp_path: Path) -> None:
    file(bench, "H'Yuên Niê", summary="x")
    other = Bench(tmp_path / "other")
    take(other, own(bench))
    assert titles(other, "hyuen") == ["H'Yuên Niê"]
    other.close()


def test_a_rebuilt_index_answers_the_same(bench: Bench) -> None:
    for n in range(30):
        record = bench.run(calls.answer(PbxCallEvent(HOTLINE_PBX, f"1.{n}", f"09000815{n:02d}", "", NOON + n, NOON)))
        bench.run(intake.save_file({"child_name": f"Đặng Thị {'AĂÂBC'[n % 5]}", "summary": f"việc {n}"}, record))
    queries = ("dang", "Đặng Thị Ă", "0815", "1507", "AG03", "viec 1", "261123")

    def answers(connection: Connection) -> list[set[tuple[str, str]]]:
        return [{(hit.kind, hit.id) for hit in find(connection, query, 500)} for query in queries]

    before = bench.read(answers)
    with bench.store.write() as connection:
        SearchIndex().rebuild(connection)
        connection.commit()
    assert bench.read(answers) == before
    assert all(before[index] for index in (0, 1, 3, 4, 5, 6))
