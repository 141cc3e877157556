"""Trạm 111 from the command line: the desk, a made-up day, a ringing number, a look at this machine."""

from __future__ import annotations

import argparse
import sys

from desktop.day import command as day


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do it; answers the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["seat"]:
        from desktop.day.seat import main as seat  # noqa: PLC0415 - Qt is loaded only where a window opens

        return seat()
    parser = argparse.ArgumentParser(prog="tram111")
    commands = parser.add_subparsers(required=True)
    living = commands.add_parser("day")
    day.add_arguments(living)
    asked = parser.parse_args(given)
    return day.run(asked)


if __name__ == "__main__":
    sys.exit(main())
