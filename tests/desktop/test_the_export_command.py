"""`tram111 export`: the same roles and the same entry as on the screen; refused in a sentence, nothing left over."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from desktop import app, export_command
from desktop.home import Home
from desktop.operations.calls import PbxCallEvent, answer
from desktop.store.reads_audit import audit_view
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.clock import vn_to_ms
from domain.records.audit import EXPORT
from domain.records.staff import Staff, record_of
from sync.operation import CREATE
from sync.replica import scopes
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock
from tests.desktop.ui.conftest import given

NUMBER = "0900081502"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "desk")
    app.enrol(made, "http://centre.invalid", "code", STAFF, PASSPHRASE, enroller=given, key_cost=CHEAP)
    act(made, answer(PbxCallEvent("111", "9.1", NUMBER, "", vn_to_ms("2026-11-20 09:00:00"), None)))
    return made


def act(home: Home, operation: Operation[object]) -> None:
    ready = app.unlock(home, STAFF, PASSPHRASE, key_cost=CHEAP)
    with UnitOfWork(
        ready.store, clock=SetClock(), staff=STAFF, seat=ready.enrolment.seat, reference=ready.reference
    ) as uow:
        operation(uow)
        uow.commit()
    ready.store.close()


def hire(home: Home, role: str) -> None:
    def operation(uow: UnitOfWork) -> None:
        made = uow.act()
        one = Staff(id=record_of(STAFF), staff=STAFF, roles=(role,), centre=uow.seat.centre)
        made.create(scopes.REFERENCE, one, action=CREATE)
        uow.write(made)

    act(home, operation)


def exported(home: Home) -> list[str]:
    """What the audit chain says was exported."""
    ready = app.unlock(home, STAFF, PASSPHRASE, key_cost=CHEAP)
    with ready.store.read() as connection:
        found = [one.object_kind or "" for one in audit_view(connection).newest if one.action == EXPORT]
    ready.store.close()
    return found


def export(home: Home, *words: str, passphrase: str = PASSPHRASE) -> int:
    parser = argparse.ArgumentParser()
    export_command.add_arguments(parser)
    return export_command.run(parser.parse_args(words), home, lambda _prompt: passphrase, CHEAP, SetClock())


def test_a_shift_lead_writes_the_list_of_calls_masked_and_audited(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hire(home, "shift_lead")
    target = tmp_path / "goi.csv"
    assert export(home, "calls", "--month", "2026-11", "--to", str(target)) == 0
    assert "đã ghi 1 dòng" in capsys.readouterr().out
    assert "09•• ••• •02" in target.read_text("utf-8-sig")
    if os.name == "posix":
        assert target.stat().st_mode & 0o777 == 0o600
    assert exported(home) == ["list_calls"]
    assert export(home, "figures", "--month", "2026-10", "--to", str(target)) == export_command.WORLD
    assert "không xuất số liệu" in capsys.readouterr().err
    assert exported(home) == ["list_calls"]


def test_figures_are_an_analysts_and_every_refusal_is_one_sentence_without_a_file(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hire(home, "analyst")
    for words, says in (
        (("calls", "--month", "2026-11", "--to", "x.csv"), "không xuất danh sách"),
        (("figures", "--month", "2026-11", "--to", "x.csv"), "tháng đã hết"),
        (("figures", "--month", "11/2026", "--to", "x.csv"), "2026-10"),
        (("figures", "--month", "2026-10", "--to", "x.pdf"), ".xlsx hoặc .csv"),
    ):
        assert export(home, *words[:-1], str(tmp_path / words[-1])) == export_command.WORLD
        assert says in capsys.readouterr().err
    assert export(home, "figures", "--month", "2026-10", "--to", "x.csv", passphrase="sai") == export_command.WORLD
    assert [one.name for one in tmp_path.iterdir() if one.name != "desk"] == []
    assert exported(home) == []
    assert export(home, "figures", "--month", "2026-10", "--to", str(tmp_path / "so.xlsx")) == 0
    assert exported(home) == ["figures"]
