"""Held pulls: woken by what concerns them, let go when their asker leaves or the server ends."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sync import door, transport
from sync.operation import Placed
from sync.troubles import Offline
from sync.wire import PullHead
from tests.server.ground import PATIENCE_S, Desk, InThread, Running, enrol_desk, running, signed

MakeDesk = Callable[..., Desk]
Answer = tuple[PullHead, list[Placed]] | None


def hold(desk: Desk, wait_s: float = 30.0) -> InThread:
    return InThread(lambda: desk.road.pull(desk.lineage, desk.cursor, 1_000, wait_s, 40.0))


def answer_of(waiting: InThread) -> tuple[PullHead, list[Placed]]:
    answer = waiting.outcome()
    assert isinstance(answer, tuple)
    return answer


def test_a_held_pull_is_woken_by_another_desks_push(centre: Running, desks: MakeDesk) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    other.pull()
    waiting = hold(other)
    centre.held_pulls(1)
    one.write_contact("a")
    one.push()
    other.take(answer_of(waiting))
    assert other.node.stored("contact", "a").scope == "dossier:a"
    assert other.digest == other.own_digest()
    centre.held_pulls(0)


def test_a_held_pull_is_woken_by_its_own_push_and_brings_the_new_digest(
    centre: Running, desks: MakeDesk
) -> None:
    one = desks(centre)
    one.pull()
    before = one.digest
    waiting = hold(one)
    centre.held_pulls(1)
    one.write_contact("a")
    one.push()
    answer = answer_of(waiting)
    assert answer[1] == []
    one.take(answer)
    assert before != one.digest == one.own_digest()


def test_a_grant_wakes_the_desk_that_gets_it_and_no_third_one(centre: Running, desks: MakeDesk) -> None:
    angiang, hanoi, danang = desks(centre, "AG01"), desks(centre, "HN01", all_cases=True), desks(centre, "DN01")
    for desk in (hanoi, danang):
        desk.pull()
    told, untold = hold(hanoi), hold(danang)
    centre.held_pulls(2)
    angiang.write_contact("a", case=True)
    angiang.push()
    hanoi.take(answer_of(told))
    assert hanoi.scopes_wanted == ["dossier:a"]
    centre.held_pulls(1)
    danang.road.close()
    with pytest.raises(Offline):
        untold.outcome()


def test_a_wait_that_ends_without_news_says_so(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    one.pull()
    assert one.road.pull(one.lineage, one.cursor, 100, 0.05, PATIENCE_S) is None
    embedded.held_pulls(0)


def test_a_wait_in_which_only_others_got_news_moves_the_cursor(embedded: Running, desks: MakeDesk) -> None:
    danang, angiang = desks(embedded, "DN01"), desks(embedded, "AG01")
    danang.pull()
    waiting = hold(danang, 1.0)
    embedded.held_pulls(1)
    angiang.write_calls(range(3))
    angiang.push()
    head, placed = answer_of(waiting)
    assert placed == []
    assert head.next > danang.cursor


def test_an_asker_that_goes_away_frees_its_place(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    one.pull()
    path = f"{door.PULL}?c={one.lineage}.{one.cursor}&wait=30"
    said = signed(one.road, "GET", path)["Authorization"]
    host, port = embedded.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {said}\r\n\r\n".encode())
        embedded.held_pulls(1)
    embedded.held_pulls(0)


def test_closing_the_transport_cuts_a_held_pull_at_once(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    one.pull()
    waiting = hold(one)
    embedded.held_pulls(1)
    began = time.monotonic()
    one.road.close()
    with pytest.raises(Offline):
        waiting.outcome()
    assert time.monotonic() - began < 2.0
    embedded.held_pulls(0)
    with pytest.raises(Offline):
        one.road.held()


def test_a_server_that_ends_lets_held_pulls_go_within_two_seconds(tmp_path: Path) -> None:
    with running(tmp_path) as centre:
        one = enrol_desk(centre)
        one.pull()
        waiting = hold(one)
        centre.held_pulls(1)
        began = time.monotonic()
    assert time.monotonic() - began < 2.0
    assert waiting.outcome() is None
    one.close()


def test_pulls_do_not_wait_for_a_push_under_way(centre: Running, desks: MakeDesk) -> None:
    one = desks(centre)
    one.write_contact("a")
    one.push()
    with centre.centre.store.writing() as connection:
        connection.exec_driver_sql("UPDATE node SET value = value WHERE key = 'feed'")
        one.pull()
        assert one.digest == one.own_digest()
        assert transport.health(centre.url).feed == one.cursor
