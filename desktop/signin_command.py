"""Who sits at the desk that a command works on: the same arguments, the same passphrase, the same words of advice."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop import app
from desktop.home import Home
from desktop.settings import LANGUAGE
from desktop.store.keys import Cost, KeySlots
from desktop.telling import as_chosen, said
from sync.troubles import Trouble


class NobodyNamed(Trouble):
    """The desk has several people, or none, and the command names nobody."""

    advice = "Máy này có nhiều người hoặc chưa đăng ký: thêm --staff TÊN."


def add_person(parser: argparse.ArgumentParser) -> None:
    """Which desk, and who of its people."""
    parser.add_argument("--home", type=Path, dest="desk_home", help=said("thư mục của máy trạm"))
    parser.add_argument("--staff", help=said("tên đăng nhập (không cần khi máy chỉ có một người)"))


@contextmanager
def signed_in(
    asked: argparse.Namespace,
    home: Home,
    ask: Callable[[str], str],
    key_cost: Cost | None,
    *,
    prompt: str = "Mật khẩu: ",
) -> Iterator[app.Unlocked]:
    """The desk's store, open until the block ends. Raises NobodyNamed before the passphrase is asked for, and
    whatever `app.unlock` raises."""
    names = KeySlots(home.slots).names()
    staff = asked.staff or (names[0] if len(names) == 1 else "")
    if not staff:
        raise NobodyNamed
    ready = app.unlock(home, staff, ask(said(prompt)), key_cost=key_cost)
    as_chosen(ready.settings[LANGUAGE])
    try:
        yield ready
    finally:
        ready.store.close()
