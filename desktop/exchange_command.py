"""`tram111 exchange`: where the telephone exchange listens and which telephone is this seat's, kept in the store."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from typing import Final

import msgspec

from desktop.background.exchange.line import Place
from desktop.home import Home
from desktop.settings import EXCHANGE, Settings
from desktop.signin_command import add_person, signed_in
from desktop.store import preferences
from desktop.store.keys import Cost
from desktop.telling import said, tell
from sync.decoding import known
from sync.troubles import Trouble

WORLD: Final = 2
"""Exit code where the world is at fault: the one line on standard error says what to do."""

PORT: Final = 5038
"""Where the Manager Interface listens unless told otherwise."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `exchange` takes."""
    parser.add_argument("what", nargs="?", default="show", choices=["show", "set", "off"])
    parser.add_argument("--host", default="", help=said("địa chỉ tổng đài (Asterisk Manager Interface)"))
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--user", default="", help=said("tên đăng nhập của giao diện quản lý; mật khẩu được hỏi sau"))
    parser.add_argument("--interface", default="", help=said("máy điện thoại của ghế này, ví dụ PJSIP/AG03"))
    parser.add_argument("--pbx", default="111", help=said("tên tổng đài: như nhau ở mọi máy, cả máy đối chiếu"))
    parser.add_argument("--tls", action="store_true", help=said("nối bằng TLS"))
    add_person(parser)


def run(
    asked: argparse.Namespace,
    home: Home,
    ask: Callable[[str], str] = getpass.getpass,
    key_cost: Cost | None = None,
) -> int:
    """Do it; passphrase and secret are asked for and stand in no argument. Answers the exit code."""
    if asked.what == "set" and not (asked.host and asked.user and asked.interface):
        tell("Cần đủ --host, --user và --interface.", sys.stderr)
        return WORLD
    try:
        with signed_in(asked, home, ask, key_cost, prompt="Mật khẩu của máy trạm: ") as ready:
            found = place_of(ready.settings)
            if asked.what != "show":
                found = None
                if asked.what == "set":
                    secret = ask(said("Mật khẩu của giao diện quản lý: "))
                    found = Place(
                        asked.host, asked.port, asked.user, secret, asked.interface, asked.pbx, tls=asked.tls
                    )
                kept = msgspec.json.encode(found).decode() if found else ""
                with ready.store.write() as connection:
                    preferences.put(connection, "", EXCHANGE.name, msgspec.json.encode(kept).decode())
                    connection.commit()
    except Trouble as trouble:
        tell(trouble.advice, sys.stderr)
        return WORLD
    tell(_said(found))
    return 0


def place_of(settings: Settings) -> Place | None:
    """Where the exchange is, or None for a desk that hears of calls by the local door or by hand."""
    kept = settings[EXCHANGE]
    try:
        return msgspec.json.decode(kept, type=known(Place)) if kept else None
    except (msgspec.DecodeError, RecursionError):
        return None


def _said(place: Place | None) -> str:
    if place is None:
        return "Chưa nối tổng đài."
    tls = "TLS" if place.tls else "không TLS"
    return f"Tổng đài {place.pbx}: {place.host}:{place.port} ({tls}), máy {place.interface}, tên {place.user}."
