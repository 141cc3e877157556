"""The centre's commands: serve, code, devices, revoke, admit, erase, held, health, verify, backup and more."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from domain import command_words
from domain.numbering import CENTRES
from server.backups import commands_of_backups, verify_one
from server.courier_command import add_courier
from server.devices_command import commands_of_devices
from server.emergency_command import commands_of_emergency
from server.incoming_command import commands_of_incoming
from server.operations.centre import HUB, ROLE, Centre
from server.operations.enrolment import WrongSeat, make_code
from server.operations.erasure import NotHere, erase
from server.operations.recounting import whole
from server.retention_command import commands_of_retention
from server.staff_command import commands_of_staff
from server.store import audit_log
from server.store.audit import audit
from server.store.held import count
from server.store.proven import all_devices
from server.tls import serving_context
from server.unusual_command import commands_of_unusual
from server.wall_clock import WallClock
from sync.replica import node, read, recount
from sync.troubles import Trouble
from sync.trust import is_here

_log = logging.getLogger("tram111.centre")

WORLD = 2
"""Exit code when the world is at fault: the one line on stderr says what to do."""
DIFFERENT = 1
"""Exit code of `verify` when something differs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the answer is the process's exit code."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    command: Callable[[argparse.Namespace], int] = asked.command
    try:
        return command(asked)
    except (NotHere, Trouble, WrongSeat) as trouble:
        print(trouble, file=sys.stderr)
    except OSError as fault:
        print(
            f"Không mở được cổng hoặc thư mục dữ liệu ({fault.strerror}): "
            "hãy kiểm tra --host, --port, --metrics-port và --data.",
            file=sys.stderr,
        )
    return WORLD


def _parser() -> argparse.ArgumentParser:
    command_words.teach()
    parser = argparse.ArgumentParser(prog="python -m server", description="Trung tâm của Trạm 111.")
    commands = parser.add_subparsers(required=True, metavar="LỆNH")

    def add(name: str, what: str, command: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=what, description=what)
        one.add_argument("--data", type=Path, required=True, help="thư mục dữ liệu (kho mã hóa và khóa)")
        one.add_argument("--database", help="postgresql+psycopg://… thay cho kho trong thư mục dữ liệu")
        one.set_defaults(command=command)
        return one

    serving = add("serve", "Mở trung tâm cho các máy trạm.", _serve)
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=8111, help="0: cổng trống bất kỳ")
    serving.add_argument("--tls-cert", type=Path, help="chứng thư TLS (PEM, kèm các chứng thư trung gian)")
    serving.add_argument("--tls-key", type=Path, help="khóa riêng của chứng thư TLS (PEM)")
    serving.add_argument("--announce", action="store_true", help="in một dòng JSON khi đã sẵn sàng")
    serving.add_argument("--metrics-port", type=int, help="số liệu giám sát, chỉ trong máy này (docs/metrics.md)")
    code = add("code", "Tạo mã đăng ký dùng một lần cho một máy trạm.", _code)
    code.add_argument("--centre", required=True, choices=sorted(CENTRES.values()))
    code.add_argument("--seat", required=True, help="ví dụ AG01; trạm vùng: AG00")
    code.add_argument("--all-cases", action="store_true", help="máy này giữ mọi ca của cả nước")
    code.add_argument("--no-approval", action="store_true", help="máy thử: không cần trưởng ca duyệt")
    code.add_argument("--minutes", type=int, default=10, help="mã hết hạn sau bao nhiêu phút")
    erasing = add("erase", "Xóa vĩnh viễn một bản ghi ở mọi nơi theo một yêu cầu đã duyệt.", _erase)
    erasing.add_argument("kind", help="loại bản ghi, ví dụ person")
    erasing.add_argument("record", help="mã định danh của bản ghi")
    erasing.add_argument("--order", required=True, help="số của yêu cầu xóa; không ghi tên người")
    code.add_argument("--hub", action="store_true", help="mã cho trạm vùng của trung tâm này, không phải máy trạm")
    serving.add_argument("--role", choices=[ROLE, HUB], default=ROLE, help="hub: trạm vùng của một trung tâm")
    serving.add_argument("--upstream", help="địa chỉ trung tâm (chỉ cho --role hub)")
    what = "Đăng ký (hoặc đăng ký lại) máy chủ này làm trạm vùng, bằng mã của lệnh code --hub."
    joining = add("enrol-hub", what, _enrol_hub)
    joining.add_argument("--upstream", required=True, help="địa chỉ trung tâm")
    joining.add_argument("--code", required=True)
    joining.add_argument("--seat", default="", help="ghế của mã, khi đăng ký lại mà ghế không phải ghế cũ")
    add("equal", "Cho biết từng máy trạm được chứng minh khớp lần cuối lúc nào.", _equal)
    add("held", "Liệt kê các thao tác đang được giữ lại.", _held)
    add("health", "Cho biết kho đang ở đâu trên dòng dữ liệu, lần đếm lại gần nhất.", _health)
    add("recount", "Đếm lại mọi tổng từ chính các dòng, sửa chỗ lệch; máy chủ tự làm mỗi tuần.", _recount)
    verify = add("verify", "Đếm lại mọi tổng kiểm từ chính dữ liệu, của kho hoặc của một bản sao lưu.", _verify)
    commands_of_backups(add, verify)
    commands_of_devices(add)
    auditing = add("audit", "Kiểm nhật ký kiểm toán của mọi máy trạm: chuỗi, lời kèm, chữ ký đối chứng.", _audit)
    auditing.add_argument("what", choices=["verify"])
    commands_of_emergency(add)
    commands_of_incoming(add)
    commands_of_unusual(add)
    commands_of_retention(add)
    commands_of_staff(add)
    add_courier(add)
    return parser


def _open(asked: argparse.Namespace) -> Centre:
    return Centre.opened(asked.data, asked.database, WallClock(), getattr(asked, "role", None))


def _enrol_hub(asked: argparse.Namespace) -> int:
    from server.operations.hub import enrol_hub  # noqa: PLC0415  # only a hub needs the road's own end

    hub = Centre.opened(asked.data, asked.database, WallClock(), HUB)
    try:
        _say(enrol_hub(hub, asked.data, asked.upstream, asked.code, asked.seat)._asdict())
    finally:
        hub.close()
    return 0


def _say(answer: object) -> None:
    print(json.dumps(answer, ensure_ascii=False), flush=True)


def _serve(asked: argparse.Namespace) -> int:
    from server.app import listen, serve  # noqa: PLC0415  # only serving needs the web framework (half a second)
    from server.metrics import told_here  # noqa: PLC0415  # and its own small door

    if (asked.role == HUB) != bool(asked.upstream):
        print("--role hub cần --upstream, và chỉ trạm vùng mới có --upstream.", file=sys.stderr)
        return WORLD
    if bool(asked.tls_cert) != bool(asked.tls_key):
        print("--tls-cert và --tls-key phải đi cùng nhau.", file=sys.stderr)
        return WORLD
    tls = serving_context(asked.tls_cert, asked.tls_key) if asked.tls_cert else None
    centre = _open(asked)
    try:
        with listen(asked.host, asked.port) as door, told_here(centre, asked.metrics_port) as figures:
            if tls is None and not is_here(asked.host):
                # Something else may speak TLS before this door; where nothing does, desks send nothing here.
                _log.warning("serving without TLS: give --tls-cert and --tls-key, desks send nothing over plain http")
            if asked.role == HUB:
                from server.operations.hub import link  # noqa: PLC0415  # only a hub needs the road's own end

                uplink = link(centre, asked.data, asked.upstream)
                uplink.start()
                if hasattr(signal, "SIGHUP"):
                    # "The network is back": whoever looks after the machine, or its own network, says so.
                    signal.signal(signal.SIGHUP, lambda *_: uplink.nudge())
                try:
                    # Read again by `desktop.day.checker`: a hub that was killed has begun once more than it ended.
                    _log.info("serving begun")
                    serve(centre, door, sys.stdout if asked.announce else None, tls, figures)
                    _log.info("serving ended")
                finally:
                    uplink.close()
            else:
                serve(centre, door, sys.stdout if asked.announce else None, tls, figures)
    finally:
        centre.close()
    return 0


def _code(asked: argparse.Namespace) -> int:
    centre = _open(asked)
    try:
        print(
            make_code(
                centre,
                asked.centre,
                asked.seat,
                all_cases=asked.all_cases,
                lasts_ms=asked.minutes * 60_000,
                hub=asked.hub,
                # A hub is put up by the centre itself; it shows nothing to anybody and takes no calls.
                approval=not (asked.hub or asked.no_approval),
            )
        )
    finally:
        centre.close()
    return 0


def _erase(asked: argparse.Namespace) -> int:
    centre = _open(asked)
    try:
        erase(centre, asked.kind, asked.record, asked.order)
    finally:
        centre.close()
    _say({"erased": asked.kind})
    return 0


def _equal(asked: argparse.Namespace) -> int:
    centre = _open(asked)
    try:
        for one in centre.read(all_devices):
            _say({"device": one.device, "centre": one.centre, "seat": one.seat, "equal_at": one.at, "seq": one.seq})
    finally:
        centre.close()
    return 0


def _held(asked: argparse.Namespace) -> int:
    centre = _open(asked)
    try:
        for one in centre.read(read.held):
            _say({"device": one.device, "incarnation": one.incarnation, "n": one.n, "why": one.why, "kind": one.kind})
    finally:
        centre.close()
    return 0


def _health(asked: argparse.Namespace) -> int:
    centre = _open(asked)
    try:
        counted = centre.read(recount.state)
        told = {"lineage": centre.lineage, "feed": centre.read(node.feed), "held": centre.read(count)}
        _say({**told, "recounted_at": counted.at_ms, "slipped": counted.last + counted.found})
    finally:
        centre.close()
    return 0


def _recount(asked: argparse.Namespace) -> int:
    centre = _open(asked)
    try:
        found = whole(centre)
    finally:
        centre.close()
    slipped = [f"{scope} {kind}" for scope, kind in found.slipped]
    _say({"records": found.records, "slipped": slipped, "sums": found.sums})
    return DIFFERENT if slipped or found.sums else 0


def _audit(asked: argparse.Namespace) -> int:
    centre = _open(asked)
    try:
        found = centre.read(audit_log.verify)
    finally:
        centre.close()
    for device, one in sorted(found.items()):
        _say(
            {
                "device": device,
                "entries": one.entries,
                "cut": one.cut,
                "head": one.head.n,
                "erased": one.erased,
                "whole": one.whole,
                "broken": one.broken,
            }
        )
    return 0 if all(one.whole for one in found.values()) else DIFFERENT


def _verify(asked: argparse.Namespace) -> int:
    if asked.backup is not None:
        return verify_one(asked)
    centre = _open(asked)
    try:
        found = centre.read(audit)
    finally:
        centre.close()
    _say(
        {
            "records": found.records,
            "operations": found.operations,
            "chains": found.chains,
            "held": found.held,
            "differences": found.differences,
        }
    )
    return DIFFERENT if found.differences else 0
