"""`day`: live a day from its two files, or check again what an earlier one kept."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from desktop.day.checker import Verdict, check
from desktop.day.kept import UnreadableStoreError
from desktop.day.live import Lived, live
from desktop.day.paper import Paper, UnreadableDayError, read_paper
from desktop.day.processes import DayFailedError
from desktop.day.summary import differences, faults, summary

HOLDS: Final = 0
FAILS: Final = 1
UNUSABLE: Final = 2
STOPPED: Final = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `day` takes."""
    parser.add_argument("--cdr", type=Path, required=True, help="tệp cuộc gọi của tổng đài (cdr.csv)")
    parser.add_argument("--day", type=Path, required=True, help="tệp việc làm trong ngày (day.jsonl)")
    parser.add_argument("--json", action="store_true", help="in kết quả đếm thành một đối tượng JSON ở dòng cuối")
    parser.add_argument("--shots", type=Path, help="thư mục lưu ảnh các màn hình")
    parser.add_argument("--keep", type=Path, help="giữ lại kho và nhật ký, mỗi nút một thư mục con")
    parser.add_argument("--database", help="postgresql+psycopg://… làm kho của trung tâm")
    parser.add_argument("--hubs", action="store_true", help="Đà Nẵng và An Giang mỗi nơi có một trạm vùng")
    parser.add_argument("--expect", type=Path, help="so kết quả với tệp này (expect.json)")
    parser.add_argument("--check", type=Path, help="không sống ngày: chỉ kiểm lại thư mục đã giữ")


def run(asked: argparse.Namespace) -> int:
    """Do it; answers the exit code: 0 only when everything holds."""
    began = time.monotonic()
    try:
        expected = _expected(asked.expect)
        paper = read_paper(asked.cdr, asked.day)
        if asked.check is not None:
            return _tell(asked, paper, check(asked.check, paper), Lived(), expected)
        with _kept(asked.keep) as folder:
            lived = live(paper, folder, shots=asked.shots, database=asked.database, hubs=asked.hubs)
            verdict = check(folder, paper)
            verdict.counts["wall_s"] = round(time.monotonic() - began, 1)
            return _tell(asked, paper, verdict, lived, expected)
    except (UnreadableDayError, UnreadableStoreError) as unusable:
        print(unusable, file=sys.stderr)
        return UNUSABLE
    except DayFailedError as failed:
        print(f"Ngày không sống được đến cuối: {failed}", file=sys.stderr)
        return FAILS
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Đã dừng; không tiến trình nào còn chạy.", file=sys.stderr)
        return STOPPED


def _expected(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as fault:
        reason = f"Không đọc được tệp «{path.name}» sau --expect: xem lại tên tệp rồi chạy lại."
        raise UnreadableDayError(reason) from fault


@contextlib.contextmanager
def _kept(asked: Path | None) -> Iterator[Path]:
    if asked is None:
        folder = Path(tempfile.mkdtemp(prefix="t111-"))
        try:
            yield folder
        except DayFailedError:
            print(f"Nhật ký của các nút còn ở {folder}", file=sys.stderr)
            raise
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
        return
    if asked.exists() and any(asked.iterdir()):
        raise UnreadableDayError("Thư mục sau --keep đã có gì đó: hãy chọn thư mục mới để không ghi đè.")
    asked.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield asked.resolve()


def _tell(
    asked: argparse.Namespace, paper: Paper, verdict: Verdict, lived: Lived, expected: dict[str, Any]
) -> int:
    verdict.faults += differences(verdict.counts, expected)
    if asked.json:
        for line in faults(verdict.faults):
            print(line, file=sys.stderr)
        print(json.dumps(verdict.counts, ensure_ascii=False), flush=True)
    else:
        print(summary(paper, verdict, lived.pictures), flush=True)
    return HOLDS if verdict.holds else FAILS
