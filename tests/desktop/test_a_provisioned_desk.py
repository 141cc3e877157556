"""A desk with a provisioning file enrols and settles over TLS; where it may not trust, it says so in one sentence."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.background.change_bus import RoadState
from desktop.background.road_parts import health_of
from desktop.doctor import look
from desktop.home import Home
from desktop.ui.signin.first_steps import CODE
from desktop.ui.signin.window import SignInWindow
from sync.engine import Pace
from sync.transport import BlobRoad, HttpTransport
from sync.troubles import Untrusted
from sync.trust import NAME
from tests.desktop.background.hearing import Ear
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock, reference
from tests.server.test_tls import OURS, over_tls, provisioning

SPARE = "https://127.0.0.1:9"


def test_a_desk_enrols_and_settles_over_tls_and_knows_the_other_servers(tmp_path: Path, qtbot: QtBot) -> None:
    home = Home(tmp_path / "desk")
    home.prepare()
    with over_tls(tmp_path) as centre:
        with pytest.raises(Untrusted, match="chứng thư"):
            app.enrol(home, centre.url, centre.code("AG01"), STAFF, PASSPHRASE, key_cost=CHEAP)
        file = home.root / NAME
        file.write_text(f'servers = ["{centre.url}", "{SPARE}"]\n' + provisioning(pins=(OURS.pin,)), "utf-8")
        app.enrol(home, centre.url, centre.code("AG01"), STAFF, PASSPHRASE, key_cost=CHEAP)
        trust = home.trust
        desk = app.build(
            home, STAFF, PASSPHRASE, clock=SetClock(centre.clock.now_ms()), reference=reference(), key_cost=CHEAP,
            transport_factory=partial(HttpTransport, trust=trust), pace=Pace(base=20, cap=50),
            blob_transport_factory=partial(BlobRoad, trust=trust), ask_health=partial(health_of, trust=trust),
        )  # fmt: skip
        ear = Ear()
        desk.bus.road.connect(ear.done)
        try:
            qtbot.waitUntil(lambda: bool(ear.heard) and ear.heard[-1].state is RoadState.SETTLED, timeout=20_000)
            assert (ear.heard[-1].server, ear.heard[-1].servers) == (centre.url, (centre.url, SPARE))
        finally:
            desk.close()
        well = {one.words for one in look(home, None) if one.well}
        assert "Máy chủ: trả lời" in well
        assert any("chỉ CA riêng, 1 mã ghim" in words for words in well)


def test_a_new_desk_is_not_asked_for_the_provisioned_address(tmp_path: Path, qtbot: QtBot) -> None:
    home = Home(tmp_path)
    (tmp_path / NAME).write_text(f'servers = ["{SPARE}"]\n', "utf-8")
    window = SignInWindow(home, lambda *_: None, lambda *_: None)
    qtbot.addWidget(window)
    assert (window.first.step, window.first.steps.address.text()) == (CODE, SPARE)


def test_the_machines_own_file_wins_over_the_homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = tmp_path / "etc" / "tram111"
    machine.mkdir(parents=True)
    monkeypatch.setattr("desktop.home.site_config_path", lambda *_, **__: machine)
    home = Home(tmp_path / "desk")
    home.root.mkdir()
    (home.root / NAME).write_text("test_machine = true\n")
    assert home.trust.plain
    program = tmp_path / "program"
    program.mkdir()
    (program / NAME).write_text('servers = ["https://beside.example"]\n', "utf-8")
    monkeypatch.setattr("desktop.home.beside_the_program", lambda: program)
    assert home.trust.servers == ("https://beside.example",)
    (machine / NAME).write_text(provisioning(), "utf-8")
    assert home.trust.authorities
    assert not home.trust.plain


@pytest.mark.parametrize(
    ("text", "words"), [("pin = []\n", "không dùng được"), ("test_machine = true\n", "MÁY THỬ")]
)
def test_the_doctor_says_what_is_wrong_with_the_file(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    bad = [one.words for one in look(Home(tmp_path), None) if not one.well]
    assert any(words in one for one in bad), bad
