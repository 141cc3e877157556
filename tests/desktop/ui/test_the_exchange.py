"""The exchange announces calls: packets in any pieces, the line dropped anywhere, no row lost or doubled."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from functools import partial
from random import Random

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop import exchange_command
from desktop.app import Desk, unlock
from desktop.background.exchange.ear import Ear, Heard, Turn
from desktop.background.exchange.line import ExchangeLine, Place
from desktop.background.exchange.packets import LONGEST, NoExchange, Packets, action
from desktop.home import Home
from desktop.store import reads
from desktop.ui.calls.exchange import ExchangeDesk
from desktop.ui.main_window import MainWindow
from domain.clock import vn_to_ms
from domain.ids import call_id
from tests.conftest import Rounds
from tests.desktop.ui import exchange
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, HandClock, press, stored

DAY = vn_to_ms("2026-11-20 00:00:00")
SEED = 111


def calls_of_a_morning() -> list[list[exchange.Event]]:
    return [
        exchange.incoming(101, "0900081502", "AG03"),
        exchange.incoming(102, "0900047028", "AG04"),
        exchange.incoming(103, "0900012345", None),
        exchange.incoming(104, "<unknown>", "AG03", ends="seat"),
        exchange.outgoing(105, "AG03", "0900090718"),
    ]


EXPECTED = {
    "101.1": ("inbound", "unclassified", "+84900081502"),
    "103.1": ("inbound", "missed", "+84900012345"),
    "104.1": ("inbound", "unclassified", None),
    "105.1": ("outbound", "unclassified", "+84900090718"),
}
"""Rows that this desk makes of that morning; what another seat took, its own desk writes."""

TURNS = Counter(
    {("101.1", Turn.ANSWERED): 1, ("101.1", Turn.ENDED): 1, ("103.1", Turn.MISSED): 1, ("104.1", Turn.ANSWERED): 1,
     ("104.1", Turn.ENDED): 1, ("105.1", Turn.DIALLED): 1, ("105.1", Turn.ENDED): 1}
)  # fmt: skip


def heard_by_ear(script: list[exchange.Event], cuts: set[int], random: Random) -> list[Heard]:
    """What the ear makes of a script without sockets, each cut followed by a list of channels."""
    ear, packets, channels = Ear("PJSIP/AG03"), Packets(), exchange.Channels()
    found: list[Heard] = []
    for place, said in enumerate(script):
        channels.follow(said)
        data = exchange.written([said])
        if place in cuts:
            list(packets.feed(data[: random.randrange(len(data))]))
            packets = Packets()
            ear.begin_again()
            data = exchange.GREETING + exchange.written(channels.listed())
        while data:
            size = random.randrange(1, 60)
            for packet in packets.feed(data[:size]):
                found += ear.hear(packet, place)
            data = data[size:]
    return found


@pytest.mark.soak("exchange")
def test_any_single_event_may_be_cut_in_the_middle(rounds: Rounds) -> None:
    for seed in range(rounds(200)):
        random = Random(SEED + seed)
        script = exchange.woven(calls_of_a_morning(), random)
        for cut in range(len(script)):
            heard = Counter((one.uniqueid, one.turn) for one in heard_by_ear(script, {cut}, random))
            assert heard == TURNS, f"seed {SEED + seed}, cut at {cut}: {script[cut]}"


@pytest.mark.soak("exchange")
def test_many_cuts_lose_and_double_nothing_that_was_ever_seen(rounds: Rounds) -> None:
    for seed in range(rounds(2_000)):
        random = Random(SEED + seed)
        script = exchange.woven(calls_of_a_morning(), random)
        cuts = {place for place in range(len(script)) if random.random() < 0.4}
        turns = Counter((one.uniqueid, one.turn) for one in heard_by_ear(script, cuts, random))
        twice = {turn: count for turn, count in turns.items() if count > 1}
        assert not twice, f"seed {SEED + seed}"
        answered = {linked for linked, turn in turns if turn in (Turn.ANSWERED, Turn.DIALLED)}
        assert answered == {"101.1", "104.1", "105.1"}, f"seed {SEED + seed}: cuts {sorted(cuts)}"
        assert {linked for linked, turn in turns if turn is Turn.ENDED} == answered, f"seed {SEED + seed}"


def test_a_line_without_an_end_is_no_exchange() -> None:
    with pytest.raises(NoExchange):
        list(Packets().feed(b"x" * (LONGEST + 1)))


def test_a_value_cannot_smuggle_a_second_action() -> None:
    with pytest.raises(ValueError, match="line break"):
        action("QueuePause", Reason="a\r\n\r\nAction: Command")


@pytest.fixture
def joined(window: MainWindow, desk: Desk, clock: HandClock) -> Iterator[Joined]:
    found = Joined(window, desk, clock)
    yield found
    found.close()


class Joined:
    """A window joined to an exchange on loopback."""

    def __init__(self, window: MainWindow, desk: Desk, clock: HandClock) -> None:
        self.window, self.desk, self.clock = window, desk, clock
        self.server: exchange.LoopbackExchange | None = None
        self.line: ExchangeLine | None = None

    def begin(self, script: list[exchange.Event], cuts: set[int], random: Random) -> exchange.LoopbackExchange:
        self.server = exchange.LoopbackExchange(script, cuts, random)
        self.server.start()
        place = Place("127.0.0.1", self.server.port, "tram111", exchange.SECRET, "PJSIP/AG03", "111")
        self.line = ExchangeLine(place, self.clock, waits_s=(0.01,))
        self.desk_of_line = ExchangeDesk(self.line, self.window)
        self.line.start()
        return self.server

    def close(self) -> None:
        if self.line is not None:
            self.line.close()
        if self.server is not None:
            self.server.close()

    def rows(self) -> list[reads.CallRow]:
        found: list[reads.CallRow] = stored(
            self.desk, partial(reads.calls_today, centre="an_giang", day_start_ms=DAY)
        )
        return found


def test_rows_of_a_line_that_drops_again_and_again(joined: Joined, qtbot: QtBot) -> None:
    random = Random(SEED)
    script = exchange.woven(calls_of_a_morning(), random)
    cuts = set(range(3, len(script), 4))
    server = joined.begin(script, cuts, random)
    qtbot.waitUntil(server.said_all.is_set, timeout=60_000)
    ids = {call_id("111", uniqueid): uniqueid for uniqueid in EXPECTED}

    def all_there() -> bool:
        rows = joined.rows()
        return len(rows) >= len(EXPECTED) and all(row.end_at is not None for row in rows)

    qtbot.waitUntil(all_there, timeout=60_000)
    found = [(ids.get(row.id, row.id), (row.direction, row.outcome, row.number)) for row in joined.rows()]
    assert sorted(found) == sorted(EXPECTED.items())
    logins = [asked for asked in server.actions if asked["Action"] == "Login"]
    assert len(logins) == len(cuts) + 1
    assert not any(exchange.SECRET in value for asked in server.actions for value in asked.values())


def test_a_pause_is_told_to_the_exchange_and_again_after_the_line_dropped(joined: Joined, qtbot: QtBot) -> None:
    server = joined.begin([], set(), Random(SEED))
    qtbot.waitUntil(lambda: joined.desk_of_line.stands, timeout=60_000)
    press(joined.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert "bấm nghỉ cả trên điện thoại" not in joined.window.status.news.text()
    qtbot.waitUntil(server.heard_pause.is_set, timeout=60_000)

    def told() -> list[tuple[str, str]]:
        return [(one["Interface"], one["Paused"]) for one in server.actions if one["Action"] == "QueuePause"]

    assert told() == [("PJSIP/AG03", "true")]
    server.drop()
    qtbot.waitUntil(lambda: told() == [("PJSIP/AG03", "true")] * 2, timeout=60_000)
    press(joined.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: told()[2:] == [("PJSIP/AG03", "false")], timeout=60_000)


def test_a_pause_that_the_exchange_does_not_take_or_cannot_hear_is_said(joined: Joined, qtbot: QtBot) -> None:
    server = joined.begin([], set(), Random(SEED))
    server.refuses = {"QueuePause"}
    news, ctrl = joined.window.status.news, Qt.KeyboardModifier.ControlModifier
    qtbot.waitUntil(lambda: joined.desk_of_line.stands, timeout=60_000)
    press(joined.window, Qt.Key.Key_P, ctrl)
    qtbot.waitUntil(lambda: "không nhận lệnh nghỉ" in news.text(), timeout=60_000)
    press(joined.window, Qt.Key.Key_P, ctrl)
    qtbot.waitUntil(lambda: "không nhận lệnh trở lại" in news.text(), timeout=60_000)
    server.close()
    server.drop()
    qtbot.waitUntil(lambda: not joined.desk_of_line.stands, timeout=60_000)
    press(joined.window, Qt.Key.Key_P, ctrl)
    assert "đang mất liên lạc: bấm nghỉ cả trên điện thoại" in news.text()


def test_a_call_back_chosen_at_the_desk_and_dialled_on_the_telephone_is_one_row(
    joined: Joined, qtbot: QtBot
) -> None:
    joined.window.calls.dial("0900090718")
    server = joined.begin(exchange.outgoing(105, "AG03", "0900090718"), set(), Random(SEED))
    qtbot.waitUntil(server.said_all.is_set, timeout=60_000)
    qtbot.waitUntil(lambda: any(row.end_at is not None for row in joined.rows()), timeout=60_000)
    assert [(row.direction, row.number) for row in joined.rows()] == [("outbound", "+84900090718")]


def test_where_the_exchange_is_stands_in_the_store_and_its_secret_in_no_output(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    def exchange_of(*words: str) -> int:
        parser = argparse.ArgumentParser()
        exchange_command.add_arguments(parser)
        answers = {"Mật khẩu của máy trạm: ": PASSPHRASE, "Mật khẩu của giao diện quản lý: ": exchange.SECRET}
        return exchange_command.run(parser.parse_args(words), home, answers.__getitem__, CHEAP)

    assert exchange_of("set", "--host", "10.3.0.9") == exchange_command.WORLD
    assert exchange_of("set", "--host", "10.3.0.9", "--user", "tram", "--interface", "PJSIP/AG03") == 0
    assert exchange_of("show") == 0
    said = capsys.readouterr()
    assert said.out.count("Tổng đài 111: 10.3.0.9:5038 (không TLS), máy PJSIP/AG03, tên tram.") == 2
    assert exchange.SECRET not in said.out + said.err
    ready = unlock(home, STAFF, PASSPHRASE, key_cost=CHEAP)
    ready.store.close()
    found = exchange_command.place_of(ready.settings)
    assert found == Place("10.3.0.9", 5038, "tram", exchange.SECRET, "PJSIP/AG03", "111")
    assert exchange_of("off") == 0
    assert capsys.readouterr().out == "Chưa nối tổng đài.\n"


def test_a_wrong_secret_leaves_the_desk_as_it_was(joined: Joined, qtbot: QtBot) -> None:
    server = exchange.LoopbackExchange([], set(), Random(SEED))
    server.start()
    joined.server = server
    place = Place("127.0.0.1", server.port, "tram111", "sai", "PJSIP/AG03", "111")
    joined.line = ExchangeLine(place, joined.clock, waits_s=(0.01,))
    told = ExchangeDesk(joined.line, joined.window)
    joined.line.start()
    qtbot.waitUntil(lambda: sum(one["Action"] == "Login" for one in server.actions) >= 2, timeout=60_000)
    assert not told.stands
