"""Trạm 111 from the command line: the desk, a made-up day, a ringing number, a look at this machine."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

from desktop.telling import in_command_words, said, tell
from domain import command_words
from sync.interpreter import share


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do it; answers the exit code.

    Each command loads only what it needs: a number must reach the open desk within a second.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if arguments is None:
        share()
    if given[:1] == ["seat"]:
        return _seat()
    if given[:1] == ["centre"]:
        return _centre(given[1:])
    if given[:1] == ["courier"] and any(word.startswith("--data") for word in given):
        return _centre(given)  # the centre's half of the same command
    asked = _parser(given[:1]).parse_args(given)
    command: Callable[[argparse.Namespace], int] = asked.command
    return command(asked)


def _parser(first: list[str]) -> argparse.ArgumentParser:
    command_words.teach(in_command_words)
    parser = argparse.ArgumentParser(
        prog="tram111",
        description=said("Trạm 111: máy trạm của Tổng đài điện thoại quốc gia bảo vệ trẻ em."),
        epilog=said("Không có lệnh: mở trạm với một ngày giả định (không có màn hình thì sống trọn ngày đó)."),
    )
    parser.add_argument("--home", type=Path, help=said("mở máy trạm thật trong thư mục này"))
    parser.add_argument("--desk", action="store_true", help=said("mở máy trạm thật trong thư mục của người dùng"))
    parser.add_argument("--self-check", action="store_true", help=said("mở mọi màn hình một lần rồi thoát"))
    parser.set_defaults(command=_open)
    commands = parser.add_subparsers(metavar=said("LỆNH"))
    day = commands.add_parser("day", help=said("sống một ngày theo tệp tổng đài và tệp việc làm"))
    day.set_defaults(command=_day)
    if first == ["day"]:
        _add_day(day)
    call = commands.add_parser("call", help=said("báo một số đang gọi đến cho trạm đang mở"))
    call.add_argument("number", metavar=said("SỐ"), help=said("số máy, ví dụ 0900081502"))
    call.set_defaults(command=_call)
    doctor = commands.add_parser("doctor", help=said("xem máy này có đủ điều kiện chạy không"))
    doctor.add_argument("--home", type=Path, dest="desk_home", help=said("thư mục của máy trạm"))
    doctor.add_argument("--server", help=said("địa chỉ máy chủ để thử"))
    doctor.add_argument("--bundle", type=Path, help=said("ghi thêm một tệp .zip để gửi cho bộ phận kỹ thuật"))
    doctor.set_defaults(command=_doctor)
    courier = commands.add_parser("courier", help=said("gửi và nhận bằng USB khi mọi đường truyền đều đứt"))
    courier.set_defaults(command=_courier)
    if first == ["courier"]:
        _add_courier(courier)
    restoring = commands.add_parser("restore", help=said("mở lại máy trạm từ bản sao lưu khi kho dữ liệu bị hỏng"))
    restoring.add_argument("--home", type=Path, dest="desk_home", help=said("thư mục của máy trạm"))
    kept = said("tệp sao lưu (không có: bản mới nhất còn tốt)")
    restoring.add_argument("--from", type=Path, dest="copy", help=kept)
    restoring.add_argument("--staff", help=said("tên đăng nhập; mật khẩu được hỏi sau"))
    restoring.add_argument("--list", action="store_true", help=said("chỉ liệt kê các bản sao lưu đang có"))
    restoring.set_defaults(command=_restore)
    recovering = commands.add_parser("recover", help=said("mở lại máy bằng chìa khóa của hai người giữ khóa"))
    recovering.set_defaults(command=_recover)
    if first == ["recover"]:
        _add_recover(recovering)
    servers = commands.add_parser("servers", help=said("các máy chủ mà máy trạm này được gửi tới, theo thứ tự"))
    servers.set_defaults(command=_servers)
    if first == ["servers"]:
        _add_servers(servers)
    exchange = commands.add_parser("exchange", help=said("nối máy trạm với tổng đài điện thoại"))
    exchange.set_defaults(command=_exchange)
    if first == ["exchange"]:
        _add_exchange(exchange)
    export = commands.add_parser("export", help=said("xuất số liệu không nêu ai, hoặc danh sách đã che, ra tệp"))
    export.set_defaults(command=_export)
    if first == ["export"]:
        _add_export(export)
    shots = commands.add_parser("shots", help=said("chụp mọi màn hình, mọi màu, hai cỡ chữ"))
    shots.set_defaults(command=_shots)
    if first == ["shots"]:
        _add_shots(shots)
    return parser


def _add_day(parser: argparse.ArgumentParser) -> None:
    from desktop.day.command import add_arguments  # noqa: PLC0415 - loaded for its own command only

    add_arguments(parser)


def _add_courier(parser: argparse.ArgumentParser) -> None:
    from desktop.courier_command import add_arguments  # noqa: PLC0415 - loaded for its own command only

    add_arguments(parser)


def _courier(asked: argparse.Namespace) -> int:
    from desktop.courier_command import run  # noqa: PLC0415 - loaded for its own command only
    from desktop.home import Home  # noqa: PLC0415 - loaded for its own command only
    from desktop.running import own_home  # noqa: PLC0415 - loaded for its own command only

    return run(asked, Home(asked.desk_home or own_home()))


def _add_servers(parser: argparse.ArgumentParser) -> None:
    from desktop.servers_command import add_arguments  # noqa: PLC0415 - loaded for its own command only

    add_arguments(parser)


def _add_recover(parser: argparse.ArgumentParser) -> None:
    from desktop.recover_command import add_arguments  # noqa: PLC0415 - loaded for its own command only

    add_arguments(parser)


def _recover(asked: argparse.Namespace) -> int:
    from desktop.home import Home  # noqa: PLC0415 - loaded for its own command only
    from desktop.recover_command import run  # noqa: PLC0415 - loaded for its own command only
    from desktop.running import own_home  # noqa: PLC0415 - loaded for its own command only

    return run(asked, Home(asked.desk_home or own_home()))


def _servers(asked: argparse.Namespace) -> int:
    from desktop.home import Home  # noqa: PLC0415 - loaded for its own command only
    from desktop.running import own_home  # noqa: PLC0415 - loaded for its own command only
    from desktop.servers_command import run  # noqa: PLC0415 - loaded for its own command only

    return run(asked, Home(asked.desk_home or own_home()))


def _add_exchange(parser: argparse.ArgumentParser) -> None:
    from desktop.exchange_command import add_arguments  # noqa: PLC0415 - loaded for its own command only

    add_arguments(parser)


def _exchange(asked: argparse.Namespace) -> int:
    from desktop.exchange_command import run  # noqa: PLC0415 - loaded for its own command only
    from desktop.home import Home  # noqa: PLC0415 - loaded for its own command only
    from desktop.running import own_home  # noqa: PLC0415 - loaded for its own command only

    return run(asked, Home(asked.desk_home or own_home()))


def _add_export(parser: argparse.ArgumentParser) -> None:
    from desktop.export_command import add_arguments  # noqa: PLC0415 - loaded for its own command only

    add_arguments(parser)


def _export(asked: argparse.Namespace) -> int:
    from desktop.export_command import run  # noqa: PLC0415 - loaded for its own command only
    from desktop.home import Home  # noqa: PLC0415 - loaded for its own command only
    from desktop.running import own_home  # noqa: PLC0415 - loaded for its own command only

    return run(asked, Home(asked.desk_home or own_home()))


def _open(asked: argparse.Namespace) -> int:
    import desktop.loaded_first  # noqa: F401, PLC0415 - before Qt, and only where there is a window

    if asked.self_check:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        from desktop.self_check import main as check  # noqa: PLC0415 - loaded for its own command only

        return check()
    if asked.home is not None or asked.desk:
        from desktop.running import own_home, run  # noqa: PLC0415 - loaded for its own command only

        return run(asked.home or own_home())
    from desktop.day import demo  # noqa: PLC0415 - loaded for its own command only

    return demo.with_screen() if demo.has_screen() else demo.without_screen()


def _day(asked: argparse.Namespace) -> int:
    from desktop.day.command import run  # noqa: PLC0415 - loaded for its own command only

    return run(asked)


def _add_shots(parser: argparse.ArgumentParser) -> None:
    from desktop.gallery.command import add_arguments  # noqa: PLC0415 - loaded for its own command only

    add_arguments(parser)


def _shots(asked: argparse.Namespace) -> int:
    from desktop.gallery.command import run  # noqa: PLC0415 - loaded for its own command only

    return run(asked)


def _call(asked: argparse.Namespace) -> int:
    from desktop.call_door import NUMBER, door_name, hand_over  # noqa: PLC0415 - loaded for its own command only

    if NUMBER.fullmatch(asked.number) is None:
        tell("Số máy chỉ gồm chữ số, có thể bắt đầu bằng dấu +.", sys.stderr)
        return 2
    if not hand_over(asked.number, door_name()):
        tell("Chưa có trạm nào đang mở trên máy này: mở trạm và vào ca trước.", sys.stderr)
        return 1
    return 0


def _doctor(asked: argparse.Namespace) -> int:
    from desktop.doctor import look  # noqa: PLC0415 - loaded for its own command only
    from desktop.home import Home  # noqa: PLC0415 - loaded for its own command only
    from desktop.running import own_home  # noqa: PLC0415 - loaded for its own command only

    findings = list(look(Home(asked.desk_home or own_home()), asked.server))
    for finding in findings:
        print(finding.line())
    if asked.bundle is not None:
        from desktop.bundle import write  # noqa: PLC0415 - loaded for its own command only

        try:
            write(asked.bundle, Home(asked.desk_home or own_home()), findings)
        except OSError as fault:
            tell(f"XEM LẠI  Không ghi được tệp ({fault.strerror}): chọn chỗ khác rồi chạy lại.")
            return 1
        tell("Đã ghi tệp cho bộ phận kỹ thuật: chỉ có số đếm và mã, không có dữ liệu về người.")
    return 0 if all(finding.well for finding in findings) else 1


def _restore(asked: argparse.Namespace) -> int:
    from desktop.home import Home  # noqa: PLC0415 - loaded for its own command only
    from desktop.restoring import run  # noqa: PLC0415 - loaded for its own command only
    from desktop.running import own_home  # noqa: PLC0415 - loaded for its own command only

    return run(Home(asked.desk_home or own_home()), asked.staff, asked.copy, only_list=asked.list)


def _seat() -> int:
    from desktop.day.seat import main as seat  # noqa: PLC0415 - loaded for its own command only

    return seat()


def _centre(arguments: list[str]) -> int:
    """The centre inside the frozen desk, where there is no `python -m`; the rooms do not import each other."""
    sys.argv = ["server", *arguments]
    runpy.run_module("server", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
