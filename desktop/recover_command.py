"""`tram111 recover`: two custodians open a desk that nobody can open, or only the restricted cases of a person."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.home import Home
from desktop.operations.regaining import regain
from desktop.reference import Reference
from desktop.store import drafts, identity, way_back
from desktop.store.copies import copies
from desktop.store.engine import Store, open_store
from desktop.store.entering import enter
from desktop.store.keys import Cost, KeySlots, Opened
from desktop.store.people import People
from desktop.store.rotation import store_key
from desktop.store.troubles import Damaged
from desktop.store.unit_of_work import UnitOfWork
from desktop.telling import said, tell
from desktop.wall_clock import WallClock
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
    only = said("không đổi mật khẩu: chỉ mở lại các ca hạn chế mà người này được đọc nhưng không còn khóa")
    parser.add_argument("--only-cases", action="store_true", help=only)
    parser.add_argument("--make-key", type=Path, help=said("tạo tệp chìa mới cho một người giữ khóa rồi thoát"))


def run(
    asked: argparse.Namespace,
    home: Home,
    ask: Callable[[str], str] = getpass.getpass,
    key_cost: Cost | None = None,
    reference: Reference | None = None,
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
        if asked.only_cases:
            words = ask(said(f"Mật khẩu đang dùng của {asked.staff}: "))
            cases = regain_cases(home, first, second, asked.staff, words, key_cost, reference)
            tell(f"{cases} ca hạn chế mở được trở lại cho {asked.staff}.")
            return 0
        words = _new_words(ask, f"Mật khẩu mới của {asked.staff}: ")
        if not words:
            return WORLD
        given, cases = recover(home, first, second, asked.staff, words, key_cost, reference)
    except FileExistsError:
        tell("Tệp chìa đã có: chọn tên khác để không ghi đè chìa đang dùng.", sys.stderr)
        return WORLD
    except Trouble as trouble:
        tell(str(trouble), sys.stderr)
        return WORLD
    tell(f"Đã mở lại máy cho {asked.staff}: {given} bản nháp mở được trở lại, không mất cuộc gọi nào.")
    if cases:
        tell(f"{cases} ca hạn chế mở được trở lại cho {asked.staff}.")
    tell("Người khác ở máy này mà mật khẩu cũ không dùng được: cấp mã dùng một lần ở màn hình Người ở máy này.")
    return 0


def recover(
    home: Home,
    first: X25519PrivateKey,
    second: X25519PrivateKey,
    staff: str,
    passphrase: str,
    key_cost: Cost | None = None,
    reference: Reference | None = None,
) -> tuple[int, int]:
    """Open the desk with the keys of two custodians and let a person in; answers how many drafts they got back, and
    how many restricted cases open to them anew. The desk must be closed. Raises NotCustodians, Damaged, the keyring's
    and the store's troubles."""
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
    store = _opened(home, slots, slots.enter(staff, passphrase))
    try:
        with store.write() as connection:
            given = drafts.give_back(connection, staff, public, regained.recovery)
            connection.commit()
        return given, _cases(store, staff, first, second, reference)
    finally:
        store.close()


def regain_cases(
    home: Home,
    first: X25519PrivateKey,
    second: X25519PrivateKey,
    staff: str,
    passphrase: str,
    key_cost: Cost | None = None,
    reference: Reference | None = None,
) -> int:
    """Restricted cases that this person may read and had no key of open to them again; answers how many. The desk
    must be closed. Raises what signing in raises."""
    home.prepare()
    slots = KeySlots(home.slots, key_cost, folder=home.root)
    store = _opened(home, slots, enter(home, slots, staff, passphrase, WallClock().now_ms()))
    try:
        return _cases(store, staff, first, second, reference)
    finally:
        store.close()


def _opened(home: Home, slots: KeySlots, opened: Opened) -> Store:
    key = store_key(slots, home.db, opened)
    store = open_store(home.db, key)
    store.signed_in(People(slots, Opened(opened.staff, key, opened.person)).draft_keys())
    return store


def _cases(
    store: Store, staff: str, first: X25519PrivateKey, second: X25519PrivateKey, reference: Reference | None
) -> int:
    with store.read() as connection:
        enrolment = identity.enrolment(connection)
    if enrolment is None:  # it was never enrolled: nothing was written here
        return 0
    lists = reference or Reference.load()
    with UnitOfWork(store, clock=WallClock(), staff=staff, seat=enrolment.seat, reference=lists) as uow:
        done = regain(first, second)(uow)
        uow.commit()
    return done


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
