"""`tram111 servers`: the list is shown and changed with the passphrase only, never emptied; the desk follows it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from desktop import app, servers_command
from desktop.background.change_bus import RoadState, RoadStatus
from desktop.home import Home
from desktop.servers_command import NoServers, address, changed
from desktop.settings import LANGUAGE
from desktop.store import preferences
from desktop.ui.words import ENGLISH, VIETNAMESE, speak
from sync.engine import Pace
from sync.transport import HttpTransport
from tests.desktop.background.hearing import Ear
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock, reference
from tests.server.ground import Running, running
from tests.server.hub_ground import RunningHub, running_hub

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


@pytest.fixture
def hub(tmp_path: Path, centre: Running) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub", centre) as one:
        yield one


@pytest.fixture
def home(tmp_path: Path, centre: Running) -> Home:
    """A desk that enrolled at the centre itself: it knows no hub."""
    made = Home(tmp_path / "desk")
    app.enrol(made, centre.url, centre.code("AG01"), STAFF, PASSPHRASE, key_cost=CHEAP)
    return made


@pytest.fixture
def spoken_again() -> Iterator[None]:
    """Afterwards Vietnamese is spoken again."""
    yield
    speak(VIETNAMESE)


def servers(home: Home, *words: str, passphrase: str = PASSPHRASE) -> int:
    parser = argparse.ArgumentParser()
    servers_command.add_arguments(parser)
    return servers_command.run(parser.parse_args(words), home, lambda _prompt: passphrase, CHEAP)


def test_a_hub_put_first_is_spoken_to_and_taken_away_it_is_not(
    home: Home, centre: Running, hub: RunningHub, capsys: pytest.CaptureFixture[str], qtbot: QtBot
) -> None:
    assert servers(home) == 0
    assert capsys.readouterr().out == f"1. {centre.url}  trung tâm\n"
    assert servers(home, "add", hub.url, "--first") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [f"1. {hub.url}  trạm vùng", f"2. {centre.url}  trung tâm"]
    assert "lần mở sau" in said[2]
    assert speaks_to(home, centre, qtbot) == (hub.url, (hub.url, centre.url))
    assert servers(home, "order", centre.url, hub.url) == 0
    assert servers(home, "remove", hub.url + "/") == 0
    assert speaks_to(home, centre, qtbot) == (centre.url, (centre.url,))


def speaks_to(home: Home, centre: Running, qtbot: QtBot) -> tuple[str, tuple[str, ...]]:
    """Open the desk until it has settled; answers with whom, and whom it might speak to."""
    desk = app.build(
        home, STAFF, PASSPHRASE, clock=SetClock(centre.clock.now_ms()), transport_factory=HttpTransport,
        reference=reference(), key_cost=CHEAP, pace=Pace(base=20, cap=50),
    )  # fmt: skip
    ear = Ear()
    desk.bus.road.connect(ear.done)
    try:
        qtbot.waitUntil(lambda: bool(ear.heard) and ear.heard[-1].state is RoadState.SETTLED, timeout=20_000)
        told = ear.heard[-1]
        assert isinstance(told, RoadStatus)
        return told.server, told.servers
    finally:
        desk.close()


def test_it_speaks_as_the_person_chose_who_signs_in(
    home: Home, centre: Running, capsys: pytest.CaptureFixture[str], spoken_again: None
) -> None:
    ready = app.unlock(home, STAFF, PASSPHRASE, key_cost=CHEAP)
    with ready.store.write() as connection:
        preferences.put(connection, STAFF, LANGUAGE.name, msgspec.json.encode(ENGLISH).decode())
        connection.commit()
    ready.store.close()
    assert servers(home) == 0
    assert capsys.readouterr().out == f"1. {centre.url}  centre\n"
    assert servers(home, "remove", centre.url) == servers_command.WORLD
    assert "The last server is not taken away" in capsys.readouterr().err


def test_without_the_passphrase_nothing_is_shown_or_changed(
    home: Home, centre: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert servers(home, "add", NOBODY, passphrase="sai mật khẩu") == servers_command.WORLD
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert servers(home) == 0
    assert capsys.readouterr().out == f"1. {centre.url}  trung tâm\n"


def test_a_server_that_does_not_answer_is_said_and_the_last_one_stays(
    home: Home, centre: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert servers(home, "add", NOBODY) == 0
    assert f"2. {NOBODY}  chưa trả lời" in capsys.readouterr().out
    assert servers(home, "remove", NOBODY) == 0
    assert servers(home, "remove", centre.url) == servers_command.WORLD
    assert "Không bỏ máy chủ cuối cùng" in capsys.readouterr().err
    assert servers(home, "add", "ftp://may") == servers_command.WORLD
    assert "hãy viết như" in capsys.readouterr().err


def test_a_desk_that_is_not_enrolled_hears_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert servers(Home(tmp_path / "new")) == servers_command.WORLD
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("http://10.3.0.5:8111/", "http://10.3.0.5:8111"),
        (" https://Tram-Vung ", "https://tram-vung"),
        ("http://[fd00::5]:8111", "http://[fd00::5]:8111"),
        ("tram-vung.ag:8111", "https://tram-vung.ag:8111"),
    ],
)
def test_an_address_is_kept_in_one_form(text: str, kept: str) -> None:
    assert address(text) == kept


@pytest.mark.parametrize(
    "text", ["", "ftp://may", "http://", "http://a/b", "http://u:p@a", "http://a:99999", "http://a b", "http://a?x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(NoServers):
        address(text)


def test_order_needs_every_server_once_and_remove_and_add_need_one() -> None:
    two = ("http://a", "http://b")
    assert changed("order", two, ["http://b", "http://a"], first=False) == ("http://b", "http://a")
    assert changed("add", two, ["http://b"], first=True) == ("http://b", "http://a"), "once, at its new place"
    wrong = [("order", ["http://a"]), ("order", ["http://a", "http://a"]), ("remove", ["http://c"]), ("add", [])]
    for what, given in wrong:
        with pytest.raises(NoServers):
            changed(what, two, given, first=False)
