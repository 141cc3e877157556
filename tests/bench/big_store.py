"""A desk's store of a chosen size, built through the production fold with every projection on, and kept."""

from __future__ import annotations

import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from desktop.app import enrol
from desktop.home import Home
from desktop.reference import Reference
from desktop.store import identity
from desktop.store.engine import Store, open_store
from desktop.store.keys import KeySlots
from desktop.store.unit_of_work import Seat, UnitOfWork
from domain.clock import DAY, vn_to_ms
from domain.ids import call_id
from domain.records.call import Call
from domain.records.contact import Contact
from domain.records.party import Party
from domain.records.person import Person
from sync.replica import scopes
from tests.bench.road_ends import Centre, DeskProcess

STAFF, PASSPHRASE = "tvv-bench", "trời xanh mây trắng gió nhẹ"
NOON = vn_to_ms("2026-11-20 12:00:00")
FAMILY = "Nguyễn Trần Lê Phạm Hoàng Vũ Đặng Bùi Đỗ Hồ Ngô Lý Lò Vàng Quách".split()  # noqa: SIM905 - a list of words reads better as words
MIDDLE = "Thị Văn Minh Thu Ngọc Gia Bảo Khánh Đức Anh Phương".split()  # noqa: SIM905 - a list of words reads better as words
GIVEN = "An Bình Chi Dung Giang Hà Khôi Lan Mai Nam Oanh Sơn Thảo Đạt".split()  # noqa: SIM905 - a list of words reads better as words
WORDS = """
em kể rằng tối qua bố uống rượu về mắng chửi sợ không dám ngủ mẹ đi làm xa chỉ có bà ở nhà sang hàng xóm
lớp bạn trêu chọc buồn khóc nhiều lần thầy cô chưa hay gia đình khó khăn cháu phụ bán vé số
""".split()  # noqa: SIM905 - a list of words reads better as words
OUTCOMES = ("silent", "hang_up", "wrong_number", "prank", "information", "test_call")
BATCH = 500
FREQUENT, FREQUENT_EVERY = "+84911111111", 200
"""One number that every two hundredth call comes from: 5,000 calls of ninety days, 55 of the last, at a million."""
FORM = 2
"""What the store holds has changed so often: one that was kept in an older form is not this one."""


class BuildClock:
    """Time of the made-up past, set act by act."""

    def __init__(self) -> None:
        self.ms = NOON

    def now_ms(self) -> int:
        """UTC milliseconds."""
        return self.ms

    def monotonic_ms(self) -> int:
        """The same hand."""
        return self.ms


@dataclass(frozen=True)
class Built:
    """A desk's home with so many calls and files, and the store of the centre that holds all of them."""

    home: Home
    centre: Path
    port: int
    build_s: float
    """Seconds that the building took; 0 where it was kept from an earlier run."""


def built(folder: Path, calls: int, files: int) -> Built:
    """A desk with this many calls and files, enrolled at a real centre that has received and verified them all.

    Kept in the folder; what was left half-built is built anew."""
    root = folder / f"bench-desk-{FORM}-{calls}-{files}"
    home, centre, whole = Home(root / "desk"), root / "centre", root / "built"
    if whole.exists():
        return Built(home, centre, int(whole.read_text(encoding="ascii")), 0.0)
    shutil.rmtree(root, ignore_errors=True)
    centre.mkdir(parents=True)
    start = time.perf_counter()
    with Centre(centre) as server:
        enrol(home, server.url, server.code("AG03"), STAFF, PASSPHRASE)
        store = open_store(home.db, KeySlots(home.slots).open(STAFF, PASSPHRASE))
        try:
            _fill(store, calls, files)
        finally:
            store.close()
        with DeskProcess(home.root) as desk:
            desk.do("open")
            desk.do("close")
        whole.write_text(str(server.port), encoding="ascii")
    return Built(home, centre, server.port, time.perf_counter() - start)


def copied(whole: Built, folder: Path) -> Built:
    """The same desk and centre once more, to be changed by a measurement."""
    shutil.copytree(whole.home.root, folder / "desk")
    shutil.copytree(whole.centre, folder / "centre")
    return Built(Home(folder / "desk"), folder / "centre", whole.port, 0.0)


def _fill(store: Store, calls: int, files: int) -> None:
    dice = random.Random(111)
    clock = BuildClock()
    with store.read() as connection:
        enrolment = identity.enrolment(connection)
    assert enrolment is not None
    reference = Reference.load()
    every = max(1, calls // max(1, files))
    span = 90 * DAY
    for start in range(0, calls, BATCH):
        with UnitOfWork(
            store, clock=clock, staff=STAFF, seat=enrolment.seat, reference=reference
        ) as uow:
            for number in range(start, min(calls, start + BATCH)):
                clock.ms = uow.now_ms = NOON - span + number * span // calls
                _one(uow, enrolment.seat, number, dice, with_file=number % every == 0)
            uow.commit()


def _one(uow: UnitOfWork, seat: Seat, number: int, dice: random.Random, *, with_file: bool) -> None:
    at = uow.now_ms
    act = uow.act()
    contact_id = uow.new_id() if with_file else None
    caller = f"+8490{dice.randrange(30_000):07d}"
    if number % FREQUENT_EVERY == FREQUENT_EVERY // 2 + 1:  # never one with a file, which are every tenth
        caller = FREQUENT
    act.create(
        scopes.centre(seat.centre),
        Call(
            id=call_id("111", f"bench.{number}"), line="child_protection_111", direction="inbound", pbx="111",
            uniqueid=f"bench.{number}", number=caller, centre=seat.centre,
            seat=seat.seat_code, ring_at=at - 9_000, answer_at=at - 3_000, end_at=at + 40_000,
            disposition="ANSWERED", receiver=uow.staff, outcome="counselling" if with_file else dice.choice(OUTCOMES),
            outcome_by="key", outcome_at=at, contact_id=contact_id,
        ),
    )  # fmt: skip
    if contact_id is not None:
        scope = scopes.dossier(contact_id)
        person_id = uow.new_id()
        act.create(
            scope,
            Contact(
                id=contact_id, code=uow.contact_code(at), call_id=call_id("111", f"bench.{number}"),
                line="child_protection_111", primary_channel="phone_111", received_at=at, receiver=uow.staff,
                centre=seat.centre, seat=seat.seat_code, caller_kind="child", topics=("psychology",), in_depth=False,
                province_set="34", province="91", language="vietnamese", form="file",
                summary=" ".join(dice.choices(WORDS, k=45)),
            ),
        )  # fmt: skip
        name = f"{dice.choice(FAMILY)} {dice.choice(MIDDLE)} {dice.choice(GIVEN)}"
        act.create(scope, Person(id=person_id, full_name=name, age_years=dice.randint(4, 17), sex="female"))
        act.create(scope, Party(id=uow.new_id(), person_id=person_id, contact_id=contact_id, role="child"))
    uow.write(act)
