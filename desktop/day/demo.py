"""What a first visitor gets: a workstation with a made-up morning, or the whole day where there is no screen."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtWidgets import QApplication

from desktop import app
from desktop.day import command
from desktop.day.paper import Entry, Paper, read_paper, to_ms
from desktop.day.processes import child_environ, server_command
from desktop.home import Home
from desktop.operations.calls import HOTLINE_PBX, LINE, PbxCallEvent, answer, set_outcome
from desktop.operations.case import add_note, add_referral, log_attempt
from desktop.operations.intake import save_file, save_report
from desktop.reference import RESOURCES
from desktop.running import EndOfProcess, Session
from desktop.store.device_secret import FILE
from desktop.ui.sweeping import Sweeping
from domain.ids import call_id as id_of_call
from sync.transport import BlobRoad, HttpTransport

_CENTRE: Final = "hanoi"
_SEAT: Final = "HN01"
_STAFF: Final = "khach"
_UNTIL: Final = "10:30:00"


def has_screen() -> bool:
    """Whether a window can be shown here."""
    return not sys.platform.startswith("linux") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


def paths(name: str = "day") -> tuple[Path, Path]:
    """The two files of a made-up day."""
    folder = RESOURCES / "demo" / name
    return folder / "cdr.csv", folder / "day.jsonl"


def without_screen() -> int:
    """Live the whole day offscreen, save pictures, print what happened."""
    root = Path.cwd() if getattr(sys, "frozen", False) else RESOURCES.parent
    shots = root / "build" / "day-shots"
    print(f"Máy này không có màn hình: sống một ngày giả định với các cửa sổ thật ẩn đi; ảnh vào {shots}", flush=True)
    cdr, day = paths()
    asked = argparse.Namespace(
        cdr=cdr, day=day, json=False, shots=shots, keep=None, database=None, hubs=False, expect=None,
        check=None,
    )
    return command.run(asked)


class MorningClock:
    """The made-up day's clock: set while the morning is written, then it runs on with the machine's."""

    def __init__(self, now: int) -> None:
        self._base, self._since = now, self.monotonic_ms()

    def set(self, now: int) -> None:
        """Show this time now, and go on from it."""
        self._base, self._since = now, self.monotonic_ms()

    def now_ms(self) -> int:
        """UTC milliseconds of the made-up day."""
        return self._base + self.monotonic_ms() - self._since

    def monotonic_ms(self) -> int:
        """Milliseconds that only grow."""
        return time.monotonic_ns() // 1_000_000


def with_screen() -> int:
    """A centre as a process of its own, a desk with the made-up morning in it, and its window."""
    paper = read_paper(*paths())
    passphrase = secrets.token_urlsafe(9)
    with tempfile.TemporaryDirectory(prefix="t111-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        centre, url, code = _centre(root / "centre")
        try:
            home = Home(root / "desk")
            app.enrol(home, url, code, _STAFF, passphrase, keeper=FILE)
            return _window(home, passphrase, paper)
        finally:
            centre.terminate()
            centre.wait(15)


def _centre(folder: Path) -> tuple[subprocess.Popen[str], str, str]:
    environ = child_environ()
    store = ["--data", str(folder)]
    asked = server_command("code", *store, "--centre", _CENTRE, "--seat", _SEAT, "--all-cases", "--no-approval")
    made = subprocess.run(asked, check=True, capture_output=True, text=True, env=environ)
    serving = server_command("serve", *store, "--port", "0", "--announce")
    centre = subprocess.Popen(serving, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ)
    assert centre.stdout is not None
    return centre, str(json.loads(centre.stdout.readline())["url"]), made.stdout.strip().splitlines()[-1]


def _window(home: Home, passphrase: str, paper: Paper) -> int:
    application = QApplication.instance() or QApplication(["tram111"])
    assert isinstance(application, QApplication)
    Sweeping(application)
    session, ending = Session(application, home), EndOfProcess(application)
    clock = MorningClock(to_ms(f"{paper.date} 00:00:00"))
    desk = app.build(
        home, _STAFF, passphrase, clock=clock, transport_factory=HttpTransport, blob_transport_factory=BlobRoad
    )
    writing = threading.Thread(target=partial(write_morning, desk, clock, paper), name="morning")
    writing.start()
    writing.join()  # nothing is shown yet that could freeze
    session.show(desk)
    print("Trạm làm việc đang mở với một buổi sáng giả định.")
    print(f"Tên đăng nhập: {_STAFF}, mật khẩu: {passphrase}")
    print("Mọi dữ liệu là bịa ra và mất khi đóng cửa sổ. F1 xem bảng phím.", flush=True)
    try:
        return application.exec()
    finally:
        session.close()
        ending.close()


def write_morning(desk: app.Desk, clock: MorningClock, paper: Paper) -> int:
    """Write this centre's entries up to half past ten through the desk's operations; answers how many."""
    until = to_ms(f"{paper.date} {_UNTIL}")
    mine = [e for e in paper.entries if e.centre == _CENTRE and e.at < until]
    for entry in mine:
        clock.set(entry.at)
        desk.lane.sit_at(entry.seat)
        _write(desk, entry, paper)
    desk.lane.sit_at(_SEAT)
    clock.set(until)
    return len(mine)


def _write(desk: app.Desk, entry: Entry, paper: Paper) -> None:
    lane, call_id = desk.lane, None
    if entry.kind not in ("call", "contact"):
        return
    if entry.kind == "call":
        ring = paper.rings.get(entry.uniqueid)
        number = ring.number if ring else str(entry.data.get("number", ""))
        call_id = id_of_call(HOTLINE_PBX, entry.uniqueid)
        rang = ring.ring_at if ring else entry.at
        lane.call(answer(PbxCallEvent(HOTLINE_PBX, entry.uniqueid, number, LINE, rang, entry.at)))
        if entry.file is None:
            lane.call(set_outcome(call_id, str(entry.data["outcome"])))
            return
    values: dict[str, Any] = dict(entry.file or {})
    values["topics"] = [values.pop("topic")] if values.get("topic") else []
    values["in_depth"] = entry.data.get("outcome") == "in_depth_counselling" or None
    case = entry.case
    if case is None:
        lane.call(save_file(values, call_id))
        return
    report = lane.call(save_report(values | {"urgency": case["urgency"], "abuse_types": [case["type"]]}, call_id))
    for text in case.get("notes", []):
        lane.call(add_note(text, case_id=report.case_id))
    if "referral" in case:
        referral = lane.call(add_referral(report.case_id, case["referral"]["to"]))
        for result in case["referral"].get("attempts", []):
            lane.call(log_attempt(referral, result))
