"""The road's ends as processes: a centre on a free port and desks that take orders, each with its CPU seconds."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

DESK_ENV = {"QT_QPA_PLATFORM": "offscreen"}


class Centre:
    """`python -m server serve` on a store in the folder; `port` 0 takes a free one."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._data = ["--data", str(folder)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve", *self._data, "--port", str(port), "--announce"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url: str = json.loads(self.process.stdout.readline())["url"]
        self.port = int(self.url.rpartition(":")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def code(self, seat: str) -> str:
        """A one-time code for a seat of An Giang."""
        made = subprocess.run(
            [sys.executable, "-m", "server", "code", *self._data, "--centre", "an_giang", "--seat", seat,
             "--no-approval"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True, timeout=60,
        )  # fmt: skip
        return made.stdout.split()[-1]

    def cpu(self) -> float:
        """CPU seconds used so far."""
        return cpu_of(self.process.pid)


class DeskProcess:
    """`tests.bench.road_desk` on a home in the folder."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.road_desk", str(root)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **DESK_ENV},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def begin(self, what: str, **given: Any) -> None:
        """Order something."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what, **given}) + "\n")
        self.process.stdin.flush()

    def end(self) -> dict[str, Any]:
        """Its answer. Raises EOFError when the process ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise EOFError("the desk process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def do(self, what: str, **given: Any) -> dict[str, Any]:
        """Order something and wait for the answer."""
        self.begin(what, **given)
        return self.end()


def founded(one: Path, two: Path, count: int, past: int = 0) -> None:
    """The dossiers of so many notes after the `past` ones are founded at desk one, and known at the centre and at
    desk two. The centre is being served."""
    with DeskProcess(one) as desk:
        desk.do("found", count=count, past=past)
        desk.do("send")
    with DeskProcess(two) as desk:
        desk.do("open")


def cpu_of(pid: int) -> float:
    """User and system CPU seconds of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    """An empty folder on the disk that holds the stores, taken away again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
