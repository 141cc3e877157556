"""`--self-check`: starts every screen offscreen on a home that is thrown away, saves one call by its key."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QApplication

from desktop import app
from desktop.home import Home
from desktop.operations.calls import HOTLINE_PBX, LINE, PbxCallEvent
from desktop.store.device_secret import FILE
from desktop.telling import tell
from desktop.ui.calls.viewmodel import CallsModel
from desktop.ui.frame import PAGES
from desktop.ui.shots import every_screen
from desktop.ui.signin.window import SignInWindow
from desktop.ui.theme.look import Look
from desktop.wall_clock import WallClock
from domain.ids import RANDOM_BYTES, uuid7
from domain.numbering import CENTRE_DIGITS
from sync.door import Enrolled

_STAFF = "tu-kiem"


def main() -> int:
    """Open everything once; prints what it opened; 0 when all of it did."""
    application = QApplication.instance() or QApplication(["tram111"])
    assert isinstance(application, QApplication)
    look = Look(application)
    with tempfile.TemporaryDirectory(prefix="t111-", ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder) / "desk")
        passphrase = os.urandom(12).hex()
        app.enrol(home, "", "", _STAFF, passphrase, enroller=as_if_enrolled, keeper=FILE)
        signin = SignInWindow(home, partial(app.unlock, home), partial(app.enrol, home), look)
        signin.show()
        desk = app.build(home, _STAFF, passphrase)
        try:
            window = every_screen(desk, look)
            saved = _one_call(application, window.calls)
            signin.close()
            window.close()
        finally:
            desk.close()
    pages = ", ".join(PAGES)
    tell(f"Đã mở: đăng nhập, {pages}, hồ sơ F8, báo tin F9, bảng phím F1, che màn hình F12, mọi trang phủ")
    kept = "đã lưu" if saved else "KHÔNG lưu được"
    tell(f"Một cuộc gọi ghi bằng một phím: {kept}")
    return 0 if saved else 1


def as_if_enrolled(_url: str, _code: str, _key: bytes, _name: str) -> Enrolled:
    """What a centre would answer: this home is thrown away and never meets one."""
    now = WallClock().now_ms()
    return Enrolled(
        device=uuid7(now, os.urandom(RANDOM_BYTES)),
        centre="hanoi",
        seat="HN01",
        centre_digit=CENTRE_DIGITS["HN"],
        lineage="",
        time=now,
    )


def _one_call(application: QApplication, calls: CallsModel) -> bool:
    """Answer a call that the exchange announces, press its outcome, wait until it is shown as saved."""
    from desktop.day.waiting import StuckError, until  # noqa: PLC0415 - waits for facts as the day does

    heard: list[object] = []
    calls.labelled.connect(heard.append)
    now = WallClock().now_ms()
    calls.answered(PbxCallEvent(HOTLINE_PBX, f"self-check.{now}", "", LINE, now, now))
    calls.press("silent")
    try:
        until("the outcome is saved", partial(bool, heard), calls.labelled)
    except StuckError:
        return False
    application.processEvents()
    return bool(heard)
