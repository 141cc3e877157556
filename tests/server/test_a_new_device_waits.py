"""A new device gets and gives nothing until a shift leader typed the eight words of its key; IT cannot let it in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.records.staff import Staff, record_of
from domain.spoken import said_of, words_of
from server.cli import main
from server.operations.carriage import list_devices
from server.operations.centre import ROLE, Centre
from server.operations.enrolment import Asked, enrol, make_code
from server.operations.revocation import revoke
from server.operations.sessions import Session
from server.store import accounts
from server.wall_clock import WallClock
from sync import transport
from sync.operation import CREATE
from sync.replica import read, scopes
from sync.troubles import MayNot, NoNewcomer, Unapproved
from tests.server.ground import PATIENCE_S, Desk, Running
from tests.server.test_emergency_reads import hired

MakeDesk = Callable[..., Desk]


def newcomer(centre: Running, seat: str = "AG05", *, all_cases: bool = False) -> Desk:
    """A desk that enrolled and waits."""
    home = {"AG": "an_giang", "HN": "hanoi"}[seat[:2]]
    key = Ed25519PrivateKey.generate()
    code = make_code(centre.centre, home, seat, approval=True, all_cases=all_cases)
    made = transport.enrol(centre.url, code, key.public_key().public_bytes_raw(), "máy mới")
    assert made.waits
    again = transport.enrol(centre.url, code, key.public_key().public_bytes_raw(), "máy mới")
    assert (again.device, again.waits) == (made.device, True)
    return Desk(made, key, centre.url)


def words(desk: Desk) -> str:
    return " ".join(words_of(desk.key.public_key().public_bytes_raw()))


def blocks(centre: Running, desk: Desk) -> int:
    return len(centre.centre.read(lambda c: read.where(c, "number_block", "device", desk.enrolled.device)))


def test_nothing_goes_either_way_until_the_words_were_heard_and_everything_after(
    centre: Running, desks: MakeDesk
) -> None:
    hired(centre, "truong-ca", "shift_lead", "an_giang")
    lead = desks(centre, "AG01")
    lead.write_contact("cu", case=True)
    lead.push()
    new = newcomer(centre)
    new.write_contact("moi")
    for ask in (new.push, new.pull):
        with pytest.raises(Unapproved) as told:
            ask()
        assert "tám từ" in told.value.advice
    assert not new.node.has("contact", "cu")
    assert blocks(centre, new) == 0
    with pytest.raises(NoNewcomer):
        lead.road.approve("truong-ca", "AG05", words(lead), PATIENCE_S)
    with pytest.raises(NoNewcomer):
        lead.road.approve("truong-ca", "AG06", words(new), PATIENCE_S)
    with pytest.raises(Unapproved):
        new.pull()
    let_in = lead.road.approve("truong-ca", "AG05", said_of(new.key.public_key().public_bytes_raw()), PATIENCE_S)
    assert (let_in.device, let_in.seat) == (new.enrolled.device, "AG05")
    new.pull()
    new.push()
    assert new.node.has("contact", "cu")
    assert blocks(centre, new) == 1
    lead.pull()
    assert lead.node.has("contact", "moi")
    with pytest.raises(NoNewcomer):
        lead.road.approve("truong-ca", "AG05", words(new), PATIENCE_S)
    new.close()


@pytest.mark.parametrize(
    ("role", "at", "may"),
    [
        ("shift_lead", "an_giang", True),
        ("shift_lead", "hanoi", False),
        ("regional_lead", "an_giang", True),
        ("counsellor", "an_giang", False),
        ("it_admin", "an_giang", False),
        ("inspector", "an_giang", False),
    ],
)
def test_the_table_of_roles_says_who_lets_in(
    embedded: Running, desks: MakeDesk, role: str, at: str, may: bool
) -> None:
    hired(embedded, "ai-do", role, at)
    new, other = newcomer(embedded), desks(embedded, "AG01")
    if may:
        other.road.approve("ai-do", "AG05", words(new), PATIENCE_S)
        new.pull()
    else:
        with pytest.raises(MayNot):
            other.road.approve("ai-do", "AG05", words(new), PATIENCE_S)
        with pytest.raises(Unapproved):
            new.pull()
    new.close()


def test_who_is_on_no_list_lets_nobody_in_and_a_newcomer_not_itself(embedded: Running, desks: MakeDesk) -> None:
    hired(embedded, "truong-ca", "shift_lead", "an_giang")
    new, other = newcomer(embedded), desks(embedded, "AG01")
    with pytest.raises(MayNot):
        other.road.approve("nguoi-la", "AG05", words(new), PATIENCE_S)
    with pytest.raises(Unapproved):
        new.road.approve("truong-ca", "AG05", words(new), PATIENCE_S)
    new.close()


def test_a_hub_is_not_told_of_a_device_that_waits_and_a_revoked_one_is_let_in_no_more(
    embedded: Running, desks: MakeDesk
) -> None:
    hired(embedded, "truong-ca", "shift_lead", "an_giang")
    new, lead = newcomer(embedded), desks(embedded, "AG01")
    device = embedded.centre.read(lambda c: accounts.find_device(c, lead.enrolled.device))
    assert device is not None
    hub = Session(device, 1, 0, hub=True)
    told = list_devices(embedded.centre, hub).devices
    assert {one.device for one in told} == {lead.enrolled.device}
    revoke(embedded.centre, new.enrolled.device, "mất máy")
    with pytest.raises(NoNewcomer):
        lead.road.approve("truong-ca", "AG05", words(new), PATIENCE_S)
    new.close()


def test_a_desk_of_all_cases_gets_its_grants_when_it_is_let_in(embedded: Running, desks: MakeDesk) -> None:
    hired(embedded, "truong-vung", "regional_lead", "hanoi")
    ag, hn = desks(embedded, "AG01"), desks(embedded, "HN01")
    ag.write_contact("xa", case=True)
    ag.push()
    new = newcomer(embedded, "HN05", all_cases=True)
    hn.road.approve("truong-vung", "HN05", words(new), PATIENCE_S)
    new.pull()
    assert new.node.has("contact", "xa")
    new.close()


def test_the_command_lets_in_at_a_centre_without_a_list_and_later_only_who_may(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path / "data")]

    def run(*said: str) -> tuple[int, str]:
        code = main([said[0], *data, *said[1:]])
        heard = capsys.readouterr()
        return code, heard.out + heard.err

    def enrolled() -> bytes:
        code = run("code", "--centre", "an_giang", "--seat", "AG05")[1].strip()
        made = Centre.opened(tmp_path / "data", None, WallClock(), ROLE)
        key = os.urandom(32)
        assert enrol(made, Asked(code, key, "máy")).waits
        made.close()
        return key

    first = enrolled()
    (told,) = [json.loads(line) for line in run("devices")[1].splitlines()]
    assert (told["waits"], told["approved_by"]) == (True, None)
    code, sentence = run("approve", "--seat", "AG05", "--words", said_of(bytes(32)), "--by", "an")
    assert (code, "đừng duyệt" in sentence) == (2, True)
    assert run("approve", "--seat", "AG05", "--words", said_of(first), "--by", "an")[0] == 0
    (told,) = [json.loads(line) for line in run("devices")[1].splitlines()]
    assert (told["waits"], told["approved_by"]) == (False, "an")
    made = Centre.opened(tmp_path / "data", None, WallClock(), ROLE)
    one = Staff(id=record_of("binh"), staff="binh", roles=("shift_lead",), centre="an_giang")
    made.lane.do(lambda c: made.author(c, scopes.REFERENCE, [one], CREATE))
    made.close()
    second = enrolled()
    code, sentence = run("approve", "--seat", "AG05", "--words", said_of(second), "--by", "an")
    assert (code, "Vai trò" in sentence) == (2, True)
    assert run("approve", "--seat", "AG05", "--words", said_of(second), "--by", "binh")[0] == 0
