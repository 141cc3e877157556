"""`tram111 servers`: which servers this desk may speak to, in which order; shown and changed with the passphrase."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from typing import Final

from desktop.app import Unlocked
from desktop.home import Home
from desktop.signin_command import add_person, signed_in
from desktop.store import identity
from desktop.store.keys import Cost
from desktop.telling import said, tell
from domain.spoken import said_of
from sync.door import Again, again_claim
from sync.transport import enrol, health
from sync.troubles import SignedOut, Trouble, Untrusted
from sync.trust import Trust, tidy_address

WORLD: Final = 2
"""Exit code where the world is at fault: the one line on standard error says what to do."""

ASK_S: Final = 5.0
"""How long (seconds) each server is asked who it is."""

_NO_CODE: Final = "Mã không đúng, đã hết hạn, hoặc không phải của ghế này: xin mã mới cho đúng ghế rồi chạy lại."

_ROLES: Final = {"hub": "trạm vùng", "centre": "trung tâm"}


class NoServers(Trouble):
    """The list cannot be changed so; the text says why."""

    advice = "Không đổi được danh sách máy chủ."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `servers` takes."""
    words = ["list", "add", "remove", "order", "enrol"]
    known = said("enrol: đăng ký lại đúng máy này khi trung tâm khôi phục đã quên nó")
    parser.add_argument("what", nargs="?", default="list", choices=words, help=known)
    parser.add_argument("urls", nargs="*", metavar=said("ĐỊA_CHỈ"), help=said("ví dụ http://10.3.0.5:8111"))
    before = said("add: đặt lên đầu (trạm vùng đứng trước trung tâm)")
    parser.add_argument("--first", action="store_true", help=before)
    add_person(parser)


def run(
    asked: argparse.Namespace,
    home: Home,
    ask: Callable[[str], str] = getpass.getpass,
    key_cost: Cost | None = None,
) -> int:
    """Do it; the passphrase is asked for and stands in no argument. Answers the exit code."""
    try:
        given = [address(url) for url in asked.urls]
        with signed_in(asked, home, ask, key_cost) as ready:
            servers = ready.enrolment.servers
            if asked.what == "enrol":
                _enrol_again(ready, given[0] if given else servers[0], ask(said("Mã đăng ký: ")), home.trust)
            elif asked.what != "list":
                servers = changed(asked.what, servers, given, first=asked.first)
                with ready.store.write() as connection:
                    identity.set_servers(connection, servers)
                    connection.commit()
    except Trouble as trouble:
        tell(trouble.advice, sys.stderr)
        return WORLD
    trust = home.trust
    for place, url in enumerate(servers, start=1):
        print(f"{place}. {url}  {said(_who(url, trust))}")
    if asked.what == "enrol":
        tell("Đã đăng ký lại với đúng khóa và tên máy cũ. Mọi điều đã ghi trên máy này sẽ tự gửi lên.")
    elif asked.what != "list":
        tell("Đã ghi. Trạm đang mở dùng danh sách mới từ lần mở sau.")
    return 0


def _enrol_again(ready: Unlocked, url: str, code: str, trust: Trust) -> None:
    """Become at this server the device that this desk is: the centre was restored from a backup made before it was
    enrolled. Key, device, log and what others hold of it stay; the log goes up by itself as to any server met for
    the first time. Raises NoServers where the code does not fit, and the road's troubles."""
    seat = ready.enrolment.seat
    with ready.store.write() as connection:
        key = identity.make_signing_key(connection)
        connection.commit()
    raw = key.public_key().public_bytes_raw()
    again = Again(seat.device, seat.seat_code, key.sign(again_claim(seat.device, seat.seat_code, code, raw)))
    try:
        made = enrol(url, code, raw, seat.seat_code, trust, again)
    except SignedOut as refused:
        raise NoServers(_NO_CODE) from refused
    if made.device != seat.device:
        raise NoServers("Máy chủ này còn dùng bản cũ, chưa đăng ký lại được: báo bộ phận kỹ thuật.")
    if made.waits:
        tell("Máy còn chờ trưởng ca duyệt: gọi trưởng ca và đọc tám từ của máy.")
        print(said_of(raw))


def address(text: str) -> str:
    """An address as it is kept: scheme, host and port. Raises NoServers."""
    try:
        return tidy_address(text)
    except ValueError as bad:
        raise NoServers(f"Địa chỉ «{text}» không đúng: hãy viết như http://10.3.0.5:8111.") from bad


def changed(what: str, servers: Sequence[str], given: Sequence[str], *, first: bool) -> tuple[str, ...]:
    """The list after one change: `add` behind (or before) the others, `remove` but never the last, `order` names
    every server once. Raises NoServers."""
    if not given or len(set(given)) != len(given):
        raise NoServers("Hãy ghi địa chỉ máy chủ sau lệnh, mỗi địa chỉ một lần.")
    if what == "add":
        rest = [url for url in servers if url not in given]
        return (*given, *rest) if first else (*rest, *given)
    unknown = [url for url in given if url not in servers]
    if unknown:
        raise NoServers(f"«{unknown[0]}» không có trong danh sách: xem lại bằng «tram111 servers».")
    if what == "order":
        if len(given) != len(servers):
            raise NoServers("Lệnh order cần đủ mọi máy chủ trong danh sách: xem lại bằng «tram111 servers».")
        return tuple(given)
    left = tuple(url for url in servers if url not in given)
    if not left:
        raise NoServers("Không bỏ máy chủ cuối cùng: máy này sẽ không gửi được gì. Hãy thêm máy chủ mới trước.")
    return left


def _who(url: str, trust: Trust) -> str:
    try:
        return _ROLES.get(health(url, ASK_S, trust).role, "máy chủ khác")
    except Untrusted as doubt:
        return doubt.advice
    except Trouble:
        return "chưa trả lời"
