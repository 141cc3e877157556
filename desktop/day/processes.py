"""The processes of a day: started together, spoken to in lines of JSON, and none of them left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

PATIENCE_S: Final = 60.0
"""How long (s) a fact may be waited for before the day is given up with a fault."""

_LAST_WORDS: Final = signal.SIGABRT
"""Makes a process that says nothing any more write every thread's stack into its log, and end."""

_TO_WRITE_S: Final = 15.0

_LONGEST_LINE: Final = 64 << 20


class DayFailedError(Exception):
    """The day cannot go on; the text is one Vietnamese sentence."""


def own_command(*arguments: str) -> list[str]:
    """The command that starts this program again, from a checkout and from the frozen desk alike."""
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "desktop"]
    return [*start, *arguments]


def server_command(*arguments: str) -> list[str]:
    """The centre's own program; in the frozen desk it is this program under a name of its own."""
    if getattr(sys, "frozen", False):
        return own_command("centre", *arguments)
    return [sys.executable, "-m", "server", *arguments]


def child_environ(**more: str) -> dict[str, str]:
    """The environment of every process of a day: UTF-8, no proxy of the machine between it and the centre."""
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)
    return {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONUTF8": "1",
        "PYTHONFAULTHANDLER": "1",
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
        **more,
    }


class Program:
    """One process. Its standard output speaks JSON lines (a reply carries the `id` of its question, an event
    the name `event`); its standard error goes into a log file of its node's folder."""

    def __init__(self, name: str, on_event: Callable[[Mapping[str, Any]], None] | None = None) -> None:
        self.name = name
        self._on_event = on_event
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._questions: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._heard_at = 0.0
        self._plain: list[str] = []
        self._first: asyncio.Future[dict[str, Any]]

    async def start(self, command: list[str], log: Path, **environ: str) -> Self:
        """Start it. Raises DayFailedError where the system refuses."""
        log.parent.mkdir(parents=True, exist_ok=True)
        self._first = asyncio.get_running_loop().create_future()
        with log.open("ab") as sink:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=sink,
                    env=child_environ(**environ),
                    limit=_LONGEST_LINE,
                )
            except OSError as fault:
                raise DayFailedError(f"Không khởi động được {self.name}: xem lại bộ nhớ và chỗ trống.") from fault
        self._reading = asyncio.create_task(self._read())
        return self

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def code(self) -> int | None:
        """Its exit code once it has ended; negative for a signal."""
        return None if self._process is None else self._process.returncode

    async def ask(self, what: str, *, patience_s: float = PATIENCE_S, **values: Any) -> dict[str, Any]:
        """One question and its answer. Raises DayFailedError when it ends, answers a fault, or has said nothing at
        all for `patience_s`: then its log shows where each of its threads stood."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._count += 1
        number = self._count
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._questions[number] = answer
        line = json.dumps({"id": number, "do": what, **values}, ensure_ascii=False)
        try:
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()
            reply = await self._unless_silent(answer, patience_s)
        except TimeoutError as late:
            await self._say_where_it_stands()
            reason = f"{self.name} không trả lời «{what}» trong {patience_s:.0f} giây: xem nhật ký của nút này."
            raise DayFailedError(reason) from late
        except (ConnectionError, EOFError) as gone:
            raise DayFailedError(f"{self.name} đã dừng giữa chừng: xem nhật ký của nút này.") from gone
        finally:
            self._questions.pop(number, None)
        if "fault" in reply:
            raise DayFailedError(f"{self.name}: {reply['fault']}")
        return reply

    async def _unless_silent(self, answer: asyncio.Future[dict[str, Any]], patience_s: float) -> dict[str, Any]:
        asked_at = time.monotonic()
        while not answer.done():
            left = max(asked_at, self._heard_at) + patience_s - time.monotonic()
            if left <= 0:
                raise TimeoutError
            await asyncio.wait({answer}, timeout=left)
        return answer.result()

    async def _say_where_it_stands(self) -> None:
        if sys.platform == "win32":  # there nobody can be asked from outside
            return
        self.tell(_LAST_WORDS)
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=_TO_WRITE_S)

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._heard_at = time.monotonic()
            try:
                said = json.loads(line)
            except ValueError:
                self._plain.append(line.decode("utf-8", "replace").rstrip())
                continue
            if isinstance(said, dict):
                self._heard(said)
        await self._process.wait()
        if not self._first.done():
            self._first.set_exception(EOFError())
            self._first.exception()  # nobody may be waiting for it
        for question in self._questions.values():
            if not question.done():
                question.set_exception(EOFError())

    def _heard(self, said: dict[str, Any]) -> None:
        if not self._first.done():
            self._first.set_result(said)
        question = self._questions.get(said.get("id", 0))
        if question is not None and not question.done():
            question.set_result(said)
        elif "event" in said and self._on_event is not None:
            self._on_event(said)

    async def announced(self, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """The first object it says of its own accord. Raises DayFailedError."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._first), patience_s)
        except (TimeoutError, EOFError) as fault:
            raise DayFailedError(f"{self.name} không khởi động được: xem nhật ký của nút này.") from fault

    async def output(self, command: list[str], log: Path, patience_s: float = PATIENCE_S) -> str:
        """Run a short command to its end and answer what it wrote. Raises DayFailedError."""
        await self.start(command, log)
        if await self.ended(patience_s) != 0:
            raise DayFailedError(f"{self.name}: lệnh không thành công, xem nhật ký của nút này.")
        return "\n".join(self._plain)

    async def ended(self, patience_s: float = PATIENCE_S) -> int:
        """Wait for its end; answers the exit code. Raises DayFailedError."""
        assert self._process is not None
        assert self._reading is not None
        try:
            await asyncio.wait_for(asyncio.shield(self._reading), patience_s)
        except TimeoutError as late:
            raise DayFailedError(f"{self.name} không kết thúc: xem nhật ký của nút này.") from late
        return await self._process.wait()

    async def stop(self, gentle: signal.Signals | None = None) -> int | None:
        """End it: by closing its input (or by `gentle`), then by force. Never raises for a dead process."""
        if self._process is None or self._reading is None:
            return None
        if self.running:
            with contextlib.suppress(ProcessLookupError, ConnectionError):
                if gentle is not None:
                    self._process.send_signal(gentle)
                elif self._process.stdin is not None:
                    self._process.stdin.close()
            try:
                await asyncio.wait_for(asyncio.shield(self._reading), 15)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
        await self._reading
        return await self._process.wait()

    def tell(self, what: signal.Signals) -> None:
        """Send it a signal that does not end it."""
        if self.running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(what)

    def kill_now(self) -> None:
        """The last resort on the way out: no waiting, no asking."""
        if self.running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
