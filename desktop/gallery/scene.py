"""A made-up desk with something in every list, to take pictures of: nobody in it exists, and it is thrown away."""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from desktop import app
from desktop.day.demo import MorningClock, paths, write_morning
from desktop.day.paper import read_paper, to_ms
from desktop.home import Home
from desktop.operations import intake, links, more_calls, queue, shift
from desktop.operations.call_backs import CALL_BACK, Promise, agree, promise_of
from desktop.operations.calls import HOTLINE_PBX, LINE, PbxCallEvent, answer, end, set_outcome
from desktop.operations.case import add_note, add_referral, log_attempt
from desktop.operations.reconcile import Reconciled
from desktop.operations.sheets import Sheet
from desktop.self_check import as_if_enrolled
from desktop.settings import LANGUAGE, Settings
from desktop.store.device_secret import FILE
from desktop.store.reads_awaited import EMERGENCY, Awaited
from desktop.store.reads_same_child import same_child
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.leaving.exports_model import Offered
from domain.clock import HOUR, MINUTE, vn_date, vn_midnight_ms
from domain.ids import RANDOM_BYTES, uuid7
from domain.records.queue import AppReport, Incoming
from domain.rules.privacy import masks
from domain.rules.triage import caution_rank
from domain.rules.unusual import MANY_FILES
from sync.act import Act
from sync.operation import Placed, encode_body
from sync.replica import read
from sync.stamp import Stamp

STAFF: Final = "an.nguyen"
COLLEAGUES: Final = (("binh.le", "L.T.B"), ("hoa.tran", "T.T.H"))
CALLER: Final = "0900081502"
"""The number that rings in the pictures: it called before, has a file and an alert."""
ADDRESS: Final = "https://tram-vung.example:8111"
CODE: Final = "K7MP-2QRS-9TVW"
CHILD: Final[dict[str, Any]] = {
    "caller_kind": "family", "caller_name": "Đặng Văn Sơn", "child_name": "Đặng Thị Ngọc Ẵm", "child_age": 9,
    "child_sex": "female", "number": CALLER, "province": "01", "province_set": "34", "language": "vietnamese",
    "summary": "Bố uống rượu rồi đánh, cháu trốn sang nhà bà ngoại. Cháu kể tối nào cũng sợ.",
    "topics": ["abuse_family_violence"],
}  # fmt: skip
OFFERS: Final = tuple(Offered(kind, 2026, month) for kind in ("figures", "calls") for month in (10, 9, 8))
AWAITED: Final = (
    Awaited(
        "e1", EMERGENCY, "hoa.tran", to_ms("2026-11-10 21:40:00"), to_ms("2026-11-17 21:40:00"), "AG03-261109-0177",
        "on_the_line", masks.HIDDEN,
    ),
    Awaited("n1", MANY_FILES.reason, "binh.le", to_ms("2026-11-19 10:05:00")),
)  # fmt: skip
FIGURES: Final = Sheet(
    "Hồ sơ tháng 10/2026 theo nơi ở và tuổi của trẻ (…: từ 1 đến 4, hoặc giữ kín cùng)",
    ("Nơi ở", "Dưới 6", "6 đến 10", "11 đến 14", "15 đến 18", "Cộng"),
    (
        ("Thành phố Hà Nội", 12, 31, None, None, 78), ("Tỉnh Bắc Ninh", None, 8, None, 0, 19),
        ("Thành phố Hải Phòng", None, 14, 11, None, 33), ("Cộng", 24, 53, 35, 18, 130),
    ),
)  # fmt: skip
"""Figures in the pictures: nobody was counted."""
RECONCILED: Final = Reconciled(made=3, missed=3, damaged=1, repeated=0, matched=1)
DAMAGED: Final = (412,)
"""What the exchange's file brought in the pictures: the calls that stand in the lists, and a line set aside."""
ELSEWHERE: Final = "01932c00-0000-7000-8000-0000000000dd"
"""A desk of Đà Nẵng in the pictures."""


Spelling = Callable[[str], str]
"""How the people of the pictures write: `as_it_is`, or a test's own way to know their words from the program's."""


def as_it_is(text: str) -> str:
    """Vietnamese as people write it."""
    return text


def build(
    home: Home, spelling: Spelling = as_it_is, speech: str = LANGUAGE.default
) -> tuple[app.Desk, MorningClock]:
    """A desk of the Hanoi centre at noon of the made-up day, with its morning written; every word that a person
    of it writes is spelt by `spelling`, every other word on a screen is the program's own, in the language
    `speech` of settings.LANGUAGE."""
    paper, passphrase = read_paper(*paths()), secrets.token_urlsafe(9)
    paper.entries = [replace(one, data=spelt(one.data, spelling)) for one in paper.entries]
    app.enrol(home, "", "", STAFF, passphrase, enroller=as_if_enrolled, keeper=FILE)
    clock = MorningClock(to_ms(f"{paper.date} 00:00:00"))
    ready = app.unlock(home, STAFF, passphrase)
    ready = replace(ready, settings=Settings({LANGUAGE.name: json.dumps(speech)}))
    desk = app.build(home, STAFF, passphrase, clock=clock, unlocked=ready)
    for staff, initials in COLLEAGUES:
        desk.people.invite(staff, initials, clock.now_ms())
    writing = threading.Thread(target=partial(_write, desk, clock, paper, spelling), name="scene")
    writing.start()
    writing.join()  # nothing is shown yet that could freeze
    return desk, clock


def spelt(value: Any, spelling: Spelling) -> Any:
    """A value as it is given to an operation or a form, every word in it written by `spelling`."""
    if isinstance(value, str):
        return spelling(value)
    if isinstance(value, Mapping):
        return {name: spelt(one, spelling) for name, one in value.items()}
    return [spelt(one, spelling) for one in value] if isinstance(value, list) else value


def _write(desk: app.Desk, clock: MorningClock, paper: Any, spelling: Spelling) -> None:
    write_morning(desk, clock, paper)
    now = clock.now_ms() + 130 * MINUTE  # stamps only grow: what follows is later than the morning, in order
    desk.lane.call(shift.start())
    _dossiers(desk, clock, now, spelling)
    _queue(desk, clock, now, spelling)
    _calls(desk, clock, now, spelling)
    clock.set(now)


def _dossiers(desk: app.Desk, clock: MorningClock, now: int, spelling: Spelling) -> None:
    """A case in dispute with Đà Nẵng, the same child in a second file, notes, a referral with its attempts."""
    lane, child = desk.lane, spelt(CHILD, spelling)
    clock.set(now - 2 * HOUR)
    call = lane.call(answer(PbxCallEvent(HOTLINE_PBX, "gallery.1", CALLER, LINE, now - 2 * HOUR, now - 2 * HOUR)))
    report = lane.call(
        intake.save_report(child | {"urgency": "high", "abuse_types": ["violence_physical"]}, call)
    )
    heard = spelling("Đã nghe cháu kể. Bà ngoại đang ở cạnh, cháu an toàn lúc này.")
    lane.call(add_note(heard, case_id=report.case_id))
    referral = lane.call(add_referral(report.case_id, "commune_peoples_committee"))
    clock.set(now - 95 * MINUTE)
    lane.call(log_attempt(referral, "no_answer"))
    clock.set(now - 80 * MINUTE)
    lane.call(log_attempt(referral, "busy"))
    said = spelling("Cháu lại gọi, hỏi thăm em.")
    again = child | {"child_name": "Dang Thi Ngoc Am", "child_age": 10, "summary": said}
    lane.call(intake.save_file(again, None))
    other_name = spelling("Đặng Ngọc Ẵm")
    third = lane.call(intake.save_file(again | {"child_name": other_name, "number": "0900099111"}, None))
    one, other = (_child(desk, contact, now) for contact in (report.contact_id, third.contact_id))
    lane.call(links.link_children(one, other, "cùng họ tên"))
    seen = lane.read(partial(read.one, kind="case", record_id=report.case_id))
    assert seen is not None, "it was saved a moment ago"
    clock.set(now - 50 * MINUTE)
    opened = {report.case_id: seen}
    lane.call(intake.set_fields(report.case_id, {"urgency": "medium"}, opened=opened))
    lane.call(partial(_heard_from_elsewhere, desk, seen, now - 45 * MINUTE))


def _child(desk: app.Desk, contact_id: str, now: int) -> str:
    found = desk.lane.read(partial(same_child, contact_id=contact_id, today=vn_date(now)))
    assert found is not None, "it was saved a moment ago"
    assert found.person is not None, "the file names a child"
    return found.person


def _heard_from_elsewhere(desk: app.Desk, seen: Any, at: int, uow: UnitOfWork) -> None:
    """Another desk changed the same field meanwhile, and sent a note to something that is not here yet."""
    stamp = Stamp(at, 0, "0badcafe").text()
    act = Act("minh.vo", stamp)
    act.change(
        "case", seen.id, seen.scope, seen.state, {"urgency": "emergency"},
        ranks={"urgency": caution_rank("urgency", "emergency")},
    )  # fmt: skip
    lost = Act("minh.vo", stamp)
    lost.change("note", "01932c00-0000-7000-8000-000000000bad", seen.scope, {}, {"text": "…"})
    bodies = [*act.bodies, *lost.bodies]
    placed = [
        Placed(ELSEWHERE, 1, n, len(bodies), bytes(16), encode_body(body)) for n, body in enumerate(bodies, 1)
    ]
    desk.store.replica.receive(uow.connection, placed)


def _queue(desk: app.Desk, clock: MorningClock, now: int, spelling: Spelling) -> None:
    """What waits beside the telephone: the app, a letter, the press, a dispatch, a call-back."""
    lane, tomorrow = desk.lane, vn_midnight_ms(vn_date(now)) + 34 * HOUR
    clock.set(now - 44 * MINUTE)
    lane.call(
        queue.enter(
            "app_111",
            AppReport(
                id=_id(clock), sender_kind="family", sender_name=spelling("Bà Lành"), number="0900047028",
                place=spelling("Xã Ba Vì"),
                body=spelling("Cháu bé nhà bên bị nhốt ngoài sân từ tối qua, tôi nghe cháu khóc."),
            ),
            urgency="emergency",
        )
    )  # fmt: skip
    for channel, sender, body in (
        ("letter", "Thư của một em lớp 6", "Em hay bị các bạn lớn chặn đường lấy tiền…"),
        ("press", "Báo địa phương", "Bài viết về ba chị em tự chăm nhau khi bố mẹ đi làm xa."),
        ("official_dispatch", "Sở Y tế", "Đề nghị cung cấp thông tin về vụ việc đã chuyển ngày 12/11."),
    ):
        clock.set(now - 42 * MINUTE)
        came = Incoming(id=_id(clock), sender=spelling(sender), body=spelling(body))
        lane.call(queue.enter(channel, came, due_at=tomorrow))


def _id(clock: MorningClock) -> str:
    return uuid7(clock.now_ms(), os.urandom(RANDOM_BYTES))


def _calls(desk: app.Desk, clock: MorningClock, now: int, spelling: Spelling) -> None:
    """Missed ones, unclassified ones, a promise to call back, an alert on the number that rings."""
    lane = desk.lane
    for place, number in enumerate(("0900047028", "0900031908", "0900099222")):
        clock.set(now - (40 - place) * MINUTE)
        rang = clock.now_ms()
        lane.call(more_calls.missed(HOTLINE_PBX, f"gallery.m{place}", number, rang, rang + 20_000))
    for place, number in enumerate(("0900040379", "0900040379", "0900011122")):
        clock.set(now - (30 - place) * MINUTE)
        at = clock.now_ms()
        call = lane.call(answer(PbxCallEvent(HOTLINE_PBX, f"gallery.u{place}", number, LINE, at, at)))
        lane.call(end(call, at + 12_000))
    clock.set(now - 20 * MINUTE)
    at = clock.now_ms()
    for own, number in (("gallery.p", "0900055566"), ("gallery.q", "0900066677"), ("gallery.r", "0900077788")):
        promised = lane.call(answer(PbxCallEvent(HOTLINE_PBX, own, number, LINE, at, at)))
        lane.call(set_outcome(promised, CALL_BACK))
        agreed = {"gallery.q": now + 6 * MINUTE, "gallery.r": now - 5 * MINUTE}.get(own)
        if agreed is not None:
            lane.call(agree(Promise(promise_of(promised)), agreed, spelling("Xin gặp An, nói là cô giáo")))
    lane.call(more_calls.set_alert(CALLER, "do_not_disclose"))
