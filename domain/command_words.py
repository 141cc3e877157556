"""Vietnamese for what Python's own reader of command lines says: it ships none."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "usage: ": "cách gọi: ",
        "positional arguments": "lệnh và giá trị",
        "options": "tùy chọn",
        "subcommands": "lệnh con",
        "show this help message and exit": "hiện các dòng này rồi thoát",
        "show program's version number and exit": "hiện số phiên bản rồi thoát",
        "%(prog)s: error: %(message)s\n": "%(prog)s: %(message)s\n",
        "argument %(argument_name)s: %(message)s": "%(argument_name)s: %(message)s",
        "the following arguments are required: %s": "còn thiếu: %s",
        "one of the arguments %s is required": "phải có một trong: %s",
        "not allowed with argument %s": "không dùng cùng %s",
        "unrecognized arguments: %s": "không có tùy chọn này: %s",
        "unknown parser %(parser_name)r (choices: %(choices)s)": "không có lệnh %(parser_name)r; có: %(choices)s",
        "invalid choice: %(value)r (choose from %(choices)s)": "không có %(value)r; hãy chọn: %(choices)s",
        "invalid %(type)s value: %(value)r": "không đọc được %(value)r",
        "ambiguous option: %(option)s could match %(matches)s": "%(option)s chưa rõ: %(matches)s",
        "ignored explicit argument %r": "tùy chọn này không nhận giá trị %r",
        "expected one argument": "phải có một giá trị",
        "expected at most one argument": "nhiều nhất một giá trị",
        "expected at least one argument": "ít nhất một giá trị",
        "expected %s argument": "phải có %s giá trị",
        "expected %s arguments": "phải có %s giá trị",
        "can't open '%(filename)s': %(error)s": "không mở được %(filename)s: %(error)s",
    }
)
"""What argparse of Python 3.11 to 3.13 says → the same in Vietnamese, with the same places for values."""


def in_vietnamese(words: str) -> str:
    """The same in Vietnamese; what a later Python says that is not known here stays as it is."""
    return WORDS.get(words, words)


def teach(speak: Callable[[str], str] = in_vietnamese) -> None:
    """From now on argparse speaks through this. It asks `gettext` by two names of its own module."""
    spoken: Any = argparse
    spoken._ = speak
    spoken.ngettext = lambda one, many, count: speak(one if count == 1 else many)
