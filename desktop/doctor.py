"""`doctor`: whether this machine can run a desk; one line a finding, and never a word about persons."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from desktop.home import Home
from desktop.reference import Reference
from desktop.telling import said
from desktop.wall_clock import WallClock
from domain.clock import MINUTE, vn_text
from domain.codes.catalogue import CatalogueError
from sync.transport import health
from sync.troubles import Trouble
from sync.trust import SYSTEM, Trust

LEAST_FREE: Final = 1 << 30
"""Bytes that should be free on the disk of a desk."""

MOST_OFF: Final = 5 * MINUTE
"""How far (ms) the machine's clock may be from the server's before a person has to set it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: whether it is well, and a Vietnamese sentence."""

    well: bool
    words: str

    def line(self) -> str:
        """As it is printed: the word first, never colour alone."""
        return f"{said('Được') + ' ' if self.well else said('XEM LẠI')}  {said(self.words)}"


def look(home: Home, server: str | None) -> Iterator[Finding]:
    """Examine versions, lists, disk, store, clock and the way to the server."""
    yield Finding(True, f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    yield _screens()
    yield _cipher()
    yield _lists()
    yield _disk(home.root)
    yield from _store(home)
    now = WallClock().now_ms()
    yield Finding(True, f"Đồng hồ máy: {vn_text(now, seconds=True)} (giờ Việt Nam)")
    trust = home.trust
    yield _provisioned(trust)
    if server or trust.servers:
        yield from _server(server or trust.servers[0], trust)


def _screens() -> Finding:
    try:
        from PySide6.QtCore import qVersion  # noqa: PLC0415 - a machine without Qt's libraries must get its line
        from PySide6.QtGui import QGuiApplication  # noqa: F401, PLC0415 - as above: loading it is the test
    except ImportError:
        return Finding(False, "Chưa nạp được Qt: chạy «./tram111 setup» để cài các thư viện còn thiếu.")
    return Finding(True, f"Màn hình: Qt {qVersion()}")


def _cipher() -> Finding:
    try:
        from desktop.store import engine  # noqa: F401, PLC0415 - loading the driver is the test
    except ImportError:
        return Finding(False, "Chưa nạp được kho mã hóa SQLCipher: cài lại phần mềm.")
    return Finding(True, "Kho mã hóa: SQLCipher nạp được")


def _lists() -> Finding:
    try:
        reference = Reference.load()
    except (CatalogueError, OSError) as fault:
        return Finding(False, f"Danh mục hỏng ({fault}): cài lại phần mềm.")
    return Finding(True, f"Danh mục: {len(list(reference.catalogue))} bảng mã, hai bản đồ địa danh")


def _disk(root: Path) -> Finding:
    there = next(folder for folder in (root, *root.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    room = f"{free / (1 << 30):.1f}"
    if free >= LEAST_FREE:
        return Finding(True, f"Chỗ trống trên đĩa: {room} GB")
    return Finding(False, f"Chỗ trống trên đĩa: {room} GB: dọn bớt tệp trên máy này.")


def _store(home: Home) -> Iterator[Finding]:
    if not home.db.exists():
        yield Finding(True, "Máy này chưa đăng ký làm máy trạm (chưa có kho).")
        return
    try:
        from desktop.store.keys import KeySlots  # noqa: PLC0415 - a machine without its libraries gets a line

        people = len(KeySlots(home.slots).names())
    except (Trouble, OSError, ImportError, msgspec.MsgspecError):
        yield Finding(False, "Không đọc được tệp khóa của kho: gọi bộ phận kỹ thuật, đừng xóa gì.")
        return
    size = home.db.stat().st_size / (1 << 20)
    yield Finding(people > 0, f"Kho: {size:.1f} MB, {people} người mở được")
    if home.root.stat().st_mode & 0o077 and platform.system() != "Windows":
        yield Finding(False, "Thư mục của kho cho người khác đọc: gọi bộ phận kỹ thuật.")


def _provisioned(trust: Trust) -> Finding:
    if trust.fault:
        return Finding(False, trust.fault)
    if trust == SYSTEM:
        return Finding(True, "Kết nối: chưa có provisioning.toml, tin các cơ quan chứng thư của hệ điều hành")
    whom = "chỉ CA riêng" if trust.authorities else "các cơ quan chứng thư của hệ điều hành"
    way, pins = "qua proxy" if trust.proxy else "không qua proxy", len(trust.pins)
    if not trust.plain:
        return Finding(True, f"Kết nối theo provisioning.toml: tin {whom}, {pins} mã ghim, {way}")
    doubt = "MÁY THỬ: cho phép đường không mã hóa, không dùng cho dữ liệu thật"
    return Finding(False, f"Kết nối theo provisioning.toml: tin {whom}, {pins} mã ghim, {way}; {doubt}")


def _server(url: str, trust: Trust) -> Iterator[Finding]:
    try:
        said = health(url, trust=trust)
    except Trouble as trouble:
        yield Finding(False, f"Máy chủ: {trouble.advice}")
        return
    off = WallClock().now_ms() - said.time
    yield Finding(True, "Máy chủ: trả lời")
    seconds = f"{abs(off) / 1000:.0f}"
    if abs(off) <= MOST_OFF:
        yield Finding(True, f"Đồng hồ máy lệch máy chủ {seconds} giây")
    else:
        yield Finding(False, f"Đồng hồ máy lệch máy chủ {seconds} giây: chỉnh lại giờ máy này.")
