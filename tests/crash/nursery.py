"""A warm process that forks a child for each life: the real work begins within milliseconds and ends in SIGKILL."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import msgspec

from server.app import listen, url_of
from tests.crash.jobs import Job

ROOT: Final = Path(__file__).parents[2]
PATIENCE_S: Final = 300.0
"""How long a child may say nothing before the test fails (seconds): a machine may be busy with something else."""


@dataclass(slots=True)
class Life:
    """What a child said from its birth to its end, and how it ended: `killed` by SIGKILL, or by itself."""

    said: list[str] = field(default_factory=list)
    killed: bool = False
    code: int = 0

    def last(self, word: str, before: int = 0) -> int:
        """The last number said with this word."""
        numbers = [int(line.split()[1]) for line in self.said if line.split()[0] == word]
        return numbers[-1] if numbers else before


@dataclass(frozen=True, slots=True)
class ByClock:
    """The parent kills: this long (seconds) after the child has said the word so many times."""

    times: int
    then_s: float
    word: str = "saved"


class Nursery:
    """Bears one child at a time. `door` is a listening socket that outlives every child: a centre serves on it."""

    def __init__(self) -> None:
        self.door = listen("127.0.0.1", 0)
        self.url = url_of(self.door)
        self._process: subprocess.Popen[bytes] | None = None
        self._child = 0
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._end()
        self.door.close()

    def _begin(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._rest = b""
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.nursery", str(self.door.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                pass_fds=[self.door.fileno()],
                bufsize=0,
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            process.wait(PATIENCE_S)
            process.stdout.close()

    def live(
        self, job: Job, by_clock: ByClock | None = None, on_line: Callable[[str], None] | None = None
    ) -> Life:
        """One life from birth to end. Raises AssertionError for a child that fails or falls silent."""
        process = self._begin()
        try:
            assert process.stdin is not None
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            self._child = int(self._line(PATIENCE_S).split()[1])
            life = Life()
            self._follow(life, by_clock, on_line)
        except BaseException:
            # What this child would still say must not be taken for the words of the next one.
            if self._child:
                os.kill(self._child, signal.SIGKILL)
            self._child = 0
            self._end()
            raise
        self._child = 0
        assert life.killed or life.code == 0, f"the child failed after {life.said[-3:]}"
        return life

    def _follow(self, life: Life, by_clock: ByClock | None, on_line: Callable[[str], None] | None) -> None:
        deadline: float | None = None
        said = 0
        while True:
            patience = PATIENCE_S if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                line = self._line(patience)
            except TimeoutError:
                assert deadline is not None, f"silent after {life.said[-3:]}"
                # A child that ended stays a zombie until the next job, so this is nobody else's number.
                os.kill(self._child, signal.SIGKILL)
                deadline = None
                continue
            word, _, number = line.partition(" ")
            if word == "ended":
                life.code, life.killed = int(number), int(number) == -signal.SIGKILL
                return
            life.said.append(line)
            said += by_clock is not None and word == by_clock.word
            if by_clock is not None and word == by_clock.word and said == by_clock.times:
                deadline = time.monotonic() + by_clock.then_s
            if on_line is not None:
                on_line(line)

    def _line(self, patience_s: float) -> str:
        """The next line. Raises TimeoutError."""
        assert self._process is not None
        assert self._process.stdout is not None
        until = time.monotonic() + patience_s
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError
            more = os.read(self._process.stdout.fileno(), 1 << 16)
            assert more, "the nursery is gone"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()


def say(*words: object) -> None:
    """One line to the parent, in one write, past every buffer: what was said before SIGKILL has arrived."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def _child(job: Job, door: int) -> None:
    from tests.crash.lives import LIVES

    try:
        LIVES[job.life](job, door)
    except BaseException:  # noqa: BLE001  # a child has nobody to raise to: it says so and ends
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main() -> None:
    """Read jobs, a line each; fork, tell the child's number, wait, tell its end."""
    import tests.crash.lives  # noqa: F401  # read before the first fork: this is what makes the process warm
    from tests.desktop.store.kit import reference

    reference()
    door = int(sys.argv[1])
    born = 0
    while line := sys.stdin.buffer.readline():
        if born:
            os.waitpid(born, 0)
        job = msgspec.json.decode(line, type=Job)
        born = os.fork()
        if born == 0:
            _child(job, door)
        say("child", born)
        # Looked at and not taken: the number is nobody else's until the parent has done with it.
        ended = os.waitid(os.P_PID, born, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        say("ended", ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)
    if born:
        os.waitpid(born, 0)


if __name__ == "__main__":
    main()
