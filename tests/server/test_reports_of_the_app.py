"""Reports of App 111 come in by the centre's command: once each, whole, to the region they are of and nobody else."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.app_reports import LONGEST_LINE
from domain.clock import HOUR, utc_iso
from domain.records.queue import AppReport, Claim, QueueItem
from server.cli import main
from server.incoming_command import _lines
from server.operations import incoming
from server.operations.erasure import erase
from server.operations.incoming import OTHER_WORDS, Far, Progress, take
from server.operations.staff import write
from server.store.audit import audit
from server.store.engine import Connection
from sync.replica import read, scopes
from tests.server.ground import PATIENCE_S, Desk, Running

MakeDesk = Callable[..., Desk]
BODY = "Cháu khóc cả đêm"


def line(centre: Running, name: str = "A-1", **changes: Any) -> bytes:
    at = utc_iso(centre.clock.now_ms() - HOUR)
    said = {"id": name, "received_at": at, "province": "91", "body": BODY, "token": f"mã-{name}", **changes}
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def items(desk: Desk) -> list[QueueItem]:
    return [one.record for one in desk.node.run(lambda c: read.every(c, "queue_item"))]


def reports(desk: Desk) -> list[AppReport]:
    return [one.record for one in desk.node.run(lambda c: read.every(c, "app_report"))]


def test_a_report_reaches_the_desks_of_its_region_and_no_other_and_all_stay_equal(
    centre: Running, desks: MakeDesk
) -> None:
    own, other = desks(centre, "AG01"), desks(centre, "DN01")
    for desk in (own, other):
        desk.pull()
    done = take(centre.centre, [line(centre, urgency="high", number="0900081502")])
    assert (done.taken, done.known, done.bad) == (1, 0, [])
    for desk in (own, other):
        desk.pull()
        assert desk.road.receipt(desk.own_digest(), PATIENCE_S) is not None, "it holds exactly what it may"
    (item,), (report,) = items(own), reports(own)
    assert (item.id, item.channel, item.centre, item.urgency) == (report.id, "app_111", "an_giang", "high")
    assert (item.arrived_at, item.province) == (centre.clock.now_ms() - HOUR, "91")
    assert (report.body, report.number) == (BODY, "+84900081502")
    assert (items(other), reports(other)) == ([], [])
    assert centre.centre.read(audit).differences == []


def test_a_desk_at_which_nobody_sees_files_gets_the_header_without_a_word(embedded: Running, desks: MakeDesk) -> None:
    blind, seeing = desks(embedded, "AG01"), desks(embedded, "AG02")
    write(embedded.centre, "kt", roles=("it_admin",), centre="an_giang", desks=("AG01",))
    write(embedded.centre, "tv", roles=("shift_lead",), centre="an_giang", desks=("AG02",))
    for desk in (blind, seeing):
        desk.pull()
    take(embedded.centre, [line(embedded)])
    for desk in (blind, seeing):
        desk.pull()
    assert [one.channel for one in items(blind)] == ["app_111"]
    assert reports(blind) == []
    assert [one.body for one in reports(seeing)] == [BODY]


def test_the_same_file_handed_over_again_or_cut_short_doubles_nothing_and_loses_nothing(
    centre: Running, desks: MakeDesk
) -> None:
    lines = [line(centre, f"A-{number}") for number in range(130)]

    class Cut(Exception):
        pass

    def cut() -> Iterator[bytes]:
        yield from lines[:120]
        raise Cut

    with pytest.raises(Cut):
        take(centre.centre, cut())
    held = len(centre.centre.read(lambda c: read.every(c, "queue_item")))
    assert 0 < held < 130
    assert len(centre.centre.read(lambda c: read.every(c, "app_report"))) == held, "no header without its words"
    done = take(centre.centre, lines)
    assert (done.taken, done.known) == (130 - held, held)
    desk = desks(centre, "AG01")
    desk.pull()
    assert {one.token for one in reports(desk)} == {f"mã-A-{number}" for number in range(130)}
    feed = operations(centre)
    again = take(centre.centre, [*lines, *lines])
    assert (again.taken, again.known, again.bad) == (0, 260, [])
    assert operations(centre) == feed, "what is known writes nothing"


def operations(centre: Running) -> int:
    def count(connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT count(*) FROM log").scalar_one())

    return centre.centre.read(count)


@pytest.mark.parametrize("change", [{"body": "Chuyện khác"}, {"urgency": "emergency"}, {"province": "96"}])
def test_one_id_with_other_words_is_told_and_changes_nothing(embedded: Running, change: dict[str, Any]) -> None:
    take(embedded.centre, [line(embedded)])
    done = take(embedded.centre, [b"\n", line(embedded, **change), line(embedded, "A-2")])
    assert (done.taken, done.known) == (1, 0)
    assert [(one.number, one.reason) for one in done.bad] == [(2, OTHER_WORDS)]
    words = embedded.centre.read(lambda c: read.every(c, "app_report"))
    assert [one.record.body for one in words] == [BODY, BODY]


def test_a_report_that_was_erased_does_not_come_back(embedded: Running) -> None:
    take(embedded.centre, [line(embedded)])
    (one,) = embedded.centre.read(lambda c: read.every(c, "app_report"))
    for kind in ("app_report", "queue_item"):
        erase(embedded.centre, kind, one.id, "12")
    done = take(embedded.centre, [line(embedded)])
    assert (done.taken, done.known) == (0, 1)
    assert embedded.centre.read(lambda c: read.every(c, "queue_item")) == []


def test_its_sender_may_know_how_far_it_is_and_nothing_else(embedded: Running, desks: MakeDesk) -> None:
    take(embedded.centre, [line(embedded, f"A-{number}") for number in range(1, 4)])
    take(embedded.centre, [line(embedded, "A-4", token=None)])
    desk = desks(embedded, "AG01")
    desk.pull()
    now = embedded.clock.now_ms()
    ids = {one.token: one.id for one in reports(desk)}
    act = desk.node.act()
    home = scopes.centre("an_giang")
    act.create(home, Claim(id="c", item_id=ids["mã-A-2"], staff="tv", seat="AG01", at=now, until=now + 1))
    known = desk.node.stored("queue_item", ids["mã-A-3"])
    act.change("queue_item", known.id, known.scope, known.state, {"done_at": now, "done_by": "tv", "contact_id": "k"})
    desk.node.write(act)
    desk.push()
    assert embedded.centre.read(incoming.progress) == [
        Progress("mã-A-1", Far.RECEIVED, now - HOUR),
        Progress("mã-A-2", Far.IN_PROGRESS, now),
        Progress("mã-A-3", Far.DONE, now),
    ]


SIZES = st.sampled_from([0, 1, LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, 2 * LONGEST_LINE + 2, 250_000])


@given(st.lists(st.tuples(st.binary(max_size=30), SIZES), max_size=5))
def test_a_file_of_any_bytes_comes_line_by_line_and_never_whole(parts: list[tuple[bytes, int]]) -> None:
    data = b"\n".join(part + b"x" * (more - len(part)) for part, more in parts)
    *whole, last = data.split(b"\n")
    wanted = [one[: LONGEST_LINE + 1] for one in [*whole, *([last] if last else [])]]
    found = list(_lines(io.BytesIO(data)))
    assert [one.removesuffix(b"\n") for one in found] == wanted
    assert all(len(one) <= LONGEST_LINE + 1 for one in found)


def test_the_command_takes_what_is_good_and_says_what_is_not_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = datetime.now(UTC).isoformat()
    good = json.dumps({"id": "A-1", "received_at": at, "body": BODY, "token": "t"})
    file, data = tmp_path / "tin.jsonl", str(tmp_path / "data")
    file.write_text(f"{good}\n{{\n{'x' * 300_000}\n{good.replace('A-1', 'A-2')}", encoding="utf-8")
    assert main(["incoming", "--data", data, str(file)]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {"file": "tin.jsonl", "taken": 2, "known": 0, "bad": 2}
    assert "tin.jsonl, dòng 2: không phải JSON trọn một dòng." in said.err
    assert "tin.jsonl, dòng 3: dòng quá dài." in said.err
    file.write_text(f"{good}\n", encoding="utf-8")
    assert main(["incoming", "--data", data, str(tmp_path / "none"), str(file)]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["known"] == 1
    assert "Không đọc được tệp none" in said.err
    assert main(["incoming-progress", "--data", data]) == 0
    told = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert [(one["token"], one["state"]) for one in told] == [("t", "received"), ("t", "received")]
