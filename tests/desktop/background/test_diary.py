"""The diary tells what happened in counts and ids, and never a word of what people said."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.diary import FILE, close_diary, open_diary

ID = "01989f3a-1b2c-7d3e-8f40-123456789012"


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Path]:
    level = logging.getLogger().level
    hook = threading.excepthook
    handler = open_diary(tmp_path / "logs")
    yield tmp_path / "logs"
    close_diary(handler)
    logging.getLogger().setLevel(level)
    threading.excepthook = hook


def told(logs: Path) -> str:
    for handler in logging.getLogger().handlers:
        handler.flush()
    return (logs / FILE).read_text("utf-8")


@pytest.mark.parametrize("number", ["0900081502", "+84 900 081 502", "0900.081.502", "0900-081-502", "1234567"])
def test_a_number_that_slips_into_a_message_is_masked(logs: Path, number: str) -> None:
    logging.getLogger("x").info("a call of %s came", number)
    assert number not in told(logs)
    assert "a call of" in told(logs)


def test_ids_and_counts_stay_readable(logs: Path) -> None:
    logging.getLogger("x").info("folded %d operations, record %s", 200, ID)
    assert f"folded 200 operations, record {ID}" in told(logs)


def test_an_exception_shows_its_kind_and_place_but_not_its_words(logs: Path) -> None:
    def read_form(summary: str) -> None:
        raise ValueError(f"cannot read {summary}")

    try:
        read_form("Nguyễn Thị Canary")
    except ValueError as fault:
        fault.__cause__ = RuntimeError("Canary again")
        logging.getLogger("x").exception("it failed")
    text = told(logs)
    assert "Canary" not in text
    assert "RuntimeError" in text
    assert "ValueError at test_diary.py:" in text


def test_what_nobody_caught_is_written_without_its_words(logs: Path) -> None:
    def fail() -> None:
        raise LookupError("Canary 0900081502")

    try:
        fail()
    except LookupError as fault:
        sys.excepthook(LookupError, fault, fault.__traceback__)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    text = told(logs)
    assert text.count("LookupError at test_diary.py:") == 2
    assert "Canary" not in text


def test_the_diary_starts_a_new_file_before_it_grows_without_end(logs: Path) -> None:
    for _ in range(400):
        logging.getLogger("x").info("%s", "x" * 8_000)
    assert (logs / f"{FILE}.1").exists()
    assert (logs / FILE).stat().st_size < 3 << 20


@pytest.mark.parametrize(
    "said",
    ["tên\n2026-11-26 10:00:00 ERROR giả: mở khóa", "tên\r\nhàng hai", "a\u2028b\u2029c\x85d", "\x1b[2J\x1b[31mđỏ",
     "\u202egnah\u202c", "x" * 1_000_000 + "\n", "\x00\x07\x0b\x0c"],
)  # fmt: skip
def test_what_came_from_outside_writes_no_line_of_its_own(logs: Path, said: str) -> None:
    logging.getLogger("x").info("server said %s", said)
    whole = told(logs)
    assert whole.count("\n") == 1
    assert len(whole.splitlines()) == 1
    assert not {letter for letter in whole if letter in "\x00\x07\x0b\x0c\x1b\u202e\u202c"}
