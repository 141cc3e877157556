"""`tram111 recover`: two custodians bring their keys, and a desk that nobody can open opens with all it holds."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.home import Home
from desktop.store import drafts, way_back
from desktop.store.copies import copies
from desktop.store.engine import open_store
from desktop.store.keys import Cost, KeySlots, Opened
from desktop.store.people import People
from desktop.store.rotation import store_key
from desktop.store.troubles import Damaged
from desktop.telling import said, tell
from sync.troubles import Trouble

WORLD: Final = 2
"""Exit code where the world is at fault: the one line on standard error says what to do."""
SHORTEST: Final = 8
"""Characters a new passphrase has at least."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes. Passphrases are asked for, never given on the command line."""
    parser.add_argument("--home", type=Path, dest="desk_home", help=said("thư mục của máy trạm"))
    twice = said("tệp chìa của người giữ khóa (hai lần)")
    parser.add_argument("--key", type=Path, action="append", default=[], help=twice)
    parser.add_argument("--staff", help=said("tên đăng nhập của người sẽ mở máy; mật khẩu mới được hỏi sau"))
    parser.add_argument("--make-key", type=Path, help=said("tạo tệp chìa mới cho một người giữ khóa rồi thoát"))


def run(
    asked: argparse.Namespace,
    home: Home,
    ask: Callable[[str], str] = getpass.getpass,
    key_cost: Cost | None = None,
) -> int:
    """Do it and say what came of it in plain sentences; answers the exit code."""
    try:
        if asked.make_key is not None:
            return _make_key(asked.make_key, ask)
        if len(asked.key) != 2 or not asked.staff:
            tell("Cần đúng hai tệp chìa (--key hai lần) và --staff: tên người sẽ mở máy.", sys.stderr)
            return WORLD
        first, second = (
            way_back.read_custodian_key(path, ask(said(f"Mật khẩu của tệp {path.name}: "))) for path in asked.key
        )
        words = _new_words(ask, f"Mật khẩu mới của {asked.staff}: ")
        if not words:
            return WORLD
        given = recover(home, first, second, asked.staff, words, key_cost)
    except FileExistsError:
        tell("Tệp chìa đã có: chọn tên khác để không ghi đè chìa đang dùng.", sys.stderr)
        return WORLD
    except Trouble as trouble:
        tell(str(trouble), sys.stderr)
        return WORLD
    tell(f"Đã mở lại máy cho {asked.staff}: {given} bản nháp mở được trở lại, không mất cuộc gọi nào.")
    tell("Người khác ở máy này mà mật khẩu cũ không dùng được: cấp mã dùng một lần ở màn hình Người ở máy này.")
    return 0


def recover(
    home: Home,
    first: X25519PrivateKey,
    second: X25519PrivateKey,
    staff: str,
    passphrase: str,
    key_cost: Cost | None = None,
) -> int:
    """Open the desk with the keys of two custodians and let a person in; answers how many drafts they got back.
    The desk must be closed. Raises NotCustodians, Damaged, the keyring's and the store's troubles."""
    home.prepare()
    path = home.slots
    if not path.exists():
        kept = [one.slots for one in copies(home.backups) if one.slots.exists()]
        if not kept:
            raise Damaged
        path = kept[0]
    regained = way_back.regain(path, first, second)
    slots = KeySlots(path, key_cost, folder=home.root)
    public = way_back.let_in(slots, regained, home.root, staff, passphrase)
    opened = slots.enter(staff, passphrase)
    key = store_key(slots, home.db, opened)
    store = open_store(home.db, key)
    try:
        store.signed_in(People(slots, Opened(staff, key, opened.person)).draft_keys())
        with store.write() as connection:
            given = drafts.give_back(connection, staff, public, regained.recovery)
            connection.commit()
    finally:
        store.close()
    return given


def _make_key(path: Path, ask: Callable[[str], str]) -> int:
    words = _new_words(ask, "Mật khẩu cho tệp chìa: ")
    if not words:
        return WORLD
    line = way_back.make_custodian_key(path, words)
    tell(f"Đã tạo {path.name}. Cất tệp này ngoài mọi máy trạm; ghi dòng dưới vào provisioning.toml, mục custodians:")
    print(line)
    return 0


def _new_words(ask: Callable[[str], str], question: str) -> str:
    words = ask(said(question))
    if len(words) < SHORTEST:
        tell(f"Mật khẩu cần từ {SHORTEST} ký tự: một câu ngắn dễ nhớ là tốt nhất.", sys.stderr)
        return ""
    if words != ask(said("Nhập lại: ")):
        tell("Hai lần nhập chưa giống nhau. Kiểm tra bộ gõ rồi chạy lại.", sys.stderr)
        return ""
    return words
