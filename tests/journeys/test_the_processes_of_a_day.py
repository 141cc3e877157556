"""A process of a day that falls silent says where it stood; one that goes on telling what it did is waited for."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from desktop.day.processes import DayFailedError, Program

STANDS_STILL = """
import sys, threading
def where_it_stands():
    threading.Event().wait()
sys.stdin.readline()
where_it_stands()
"""
TELLS_WHAT_IT_DOES = """
import json, sys, threading
asked = json.loads(sys.stdin.readline())
for entry in range(8):
    threading.Event().wait(0.25)
    print(json.dumps({"event": "saved", "entry": entry}), flush=True)
print(json.dumps({"id": asked["id"], "done": True}), flush=True)
"""


def lived(day: Coroutine[Any, Any, Any]) -> Any:
    """The outcome of something on the driver's loop."""
    return asyncio.run(day)


async def asked(words: str, log: Path, heard: list[int], patience_s: float) -> dict[str, Any]:
    program = Program("Bàn thử", lambda said: heard.append(int(said["entry"])))
    await program.start([sys.executable, "-c", words], log)
    try:
        return await program.ask("feed", patience_s=patience_s)
    finally:
        program.kill_now()
        await program.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="there no process can be asked from outside")
def test_who_says_nothing_any_more_is_given_up_and_its_log_shows_where_it_stood(tmp_path: Path) -> None:
    with pytest.raises(DayFailedError, match="Bàn thử không trả lời «feed»"):
        lived(asked(STANDS_STILL, tmp_path / "log", [], 1.0))
    assert "in where_it_stands" in (tmp_path / "log").read_text("utf-8")


def test_who_works_longer_than_that_and_tells_of_it_is_waited_for(tmp_path: Path) -> None:
    heard: list[int] = []
    answer = lived(asked(TELLS_WHAT_IT_DOES, tmp_path / "log", heard, 1.5))
    assert answer["done"]
    assert heard == list(range(8)), "two seconds of work, of which each word came within the patience"


def test_who_ends_is_no_silence(tmp_path: Path) -> None:
    with pytest.raises(DayFailedError, match="đã dừng giữa chừng"):
        lived(asked("raise SystemExit(3)", tmp_path / "log", [], 60.0))
