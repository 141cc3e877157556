"""Figures of a month that name nobody: who may export them, what is in them, and the entry of who did."""

from __future__ import annotations

from collections import Counter
from typing import Final

import msgspec

from desktop.operations import audit
from desktop.operations.sheets import Sheet, Value
from desktop.store.reads_figures import FIGURES, Counted, counted, published
from desktop.store.sight import SHOWN, Sight, Viewer
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.clock import vn_date, vn_to_ms
from domain.codes.catalogue import Catalogue
from domain.codes.places import NOW, Places
from domain.records.audit import EXPORT
from domain.reports.deidentified import TOTAL, Cell, gathered, protect
from domain.rules.intake import age_group_of
from domain.rules.privacy import Thing
from sync.audit import Said
from sync.decoding import known
from sync.troubles import Trouble

ACTION: Final = "export_deidentified"
ELSEWHERE: Final = "other"
_NO_AGE: Final = "unknown"


class MayNotExport(Trouble):
    """This person's roles do not export figures."""

    advice = "Vai trò của chị/anh không xuất số liệu. Chị/anh nhờ phụ trách vùng hoặc người làm thống kê."


class MonthNotOver(Trouble):
    """Figures of a month that still runs could be taken from each other, day by day, until one person is left."""

    advice = "Chỉ xuất được số liệu của tháng đã hết. Chị/anh chọn một tháng trước."


def of_month(year: int, month: int) -> Operation[Sheet]:
    """Files of one whole month by place and age group, with small figures withheld; the entry of who exported it is
    written in the same transaction, before there is any file. A month is counted once: whoever exports it again gets
    the table that was published first, since a later one could be taken from it until one person is left.

    Raises MayNotExport, MonthNotOver.
    """
    name = f"{year:04d}-{month:02d}"

    def operation(uow: UnitOfWork) -> Sheet:
        viewer = Viewer(uow.staff, uow.seat.centre, uow.reference.policy)
        if Sight(uow.connection, viewer).may(ACTION, Thing(uow.seat.centre)) not in SHOWN:
            raise MayNotExport
        today = vn_date(uow.now_ms)
        if (year, month) >= (today.year, today.month):
            raise MonthNotOver
        kept = published(uow.connection, name)
        if kept is None:
            since, until = _begins(year, month), _begins(year + month // 12, month % 12 + 1)
            files = counted(uow.connection, uow.seat.centre, since, until)
            lines = figures(counts_of(files, uow.reference.places), uow.reference.catalogue, uow.reference.places)
        else:
            lines = msgspec.json.decode(kept, type=known(tuple[tuple[Value, ...], ...]))
        act = uow.act()
        words = msgspec.json.encode(lines).decode()
        audit.note(uow, act, Said(uow.staff, EXPORT, FIGURES, name, "P0", words))
        uow.write(act)
        title = f"Hồ sơ tháng {month:02d}/{year} theo nơi ở và tuổi của trẻ (…: từ 1 đến 4, hoặc giữ kín cùng)"
        return Sheet(title, tuple(str(one) for one in lines[0]), lines[1:])

    return operation


def _begins(year: int, month: int) -> int:
    return vn_to_ms(f"{year:04d}-{month:02d}-01 00:00:00")


def counts_of(files: list[Counted], places: Places) -> Counter[Cell]:
    """Files by (province of today, age group); an old province counts as the one it went into."""
    counts: Counter[Cell] = Counter()
    for one in files:
        code = one.province
        if code and one.province_set != NOW:
            found = places.new_province(code)
            code = found.code if found is not None else ""
        age = one.age_group or (age_group_of(one.age_years) if one.age_years is not None else None)
        counts[code or ELSEWHERE, age or _NO_AGE] += 1
    return counts


def figures(counts: Counter[Cell], catalogue: Catalogue, places: Places) -> tuple[tuple[Value, ...], ...]:
    """The lines that leave: heads, a line a place, and the totals; small places gathered, small figures withheld."""
    names = {code.code: code.label_vi for code in catalogue["age_group"].codes}
    kept = gathered(counts, ELSEWHERE)
    there = {row for row, _ in kept}
    rows = [one.code for one in places.provinces() if one.code in there] + [ELSEWHERE] * (ELSEWHERE in there)
    made = protect(rows, tuple(names), kept)
    words = {one.code: one.name_vi for one in places.provinces()} | {ELSEWHERE: "Nơi khác, không rõ", TOTAL: "Cộng"}
    heads = ("Nơi ở", *names.values(), words[TOTAL])
    return (heads, *(
        (words[row], *(made.cells[row, column] for column in (*made.columns, TOTAL))) for row in (*made.rows, TOTAL)
    ))  # fmt: skip
