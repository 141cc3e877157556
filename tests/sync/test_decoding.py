"""A class that two threads read into for the first time together: with `known` both read, without it they died."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sync.decoding import known
from tests.house.reading import ROOT

TOGETHER = """
from __future__ import annotations
import sys, threading, msgspec
from dataclasses import dataclass
from sync.decoding import known

inside, read = threading.Event(), threading.Event()

def number():  # msgspec asks what the annotation means while it learns Inner, with Outer laid down half known
    inside.set()
    read.wait(1)
    return int

@dataclass
class Inner:
    n: number()

@dataclass
class Outer:
    inner: Inner
    word: str

shape = (lambda one: one) if sys.argv[1] == "bare" else known
found = []

def decode():
    found.append(msgspec.json.decode(b'{"inner":{"n":7},"word":"a"}', type=shape(Outer)))

def second():
    inside.wait(10)
    decode()
    read.set()

threads = [threading.Thread(target=one) for one in (decode, second)]
for one in threads: one.start()
for one in threads: one.join()
assert found == [Outer(Inner(7), "a")] * 2, found
"""


def together(how: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", TOGETHER, how]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_two_threads_that_first_read_into_a_class_both_read_it() -> None:
    done = together("known")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there a process that reads through nothing opens a window")
def test_msgspec_itself_still_dies_of_it_and_known_is_needed() -> None:
    """The day this fails, `sync/decoding.py` may go."""
    assert together("bare").returncode < 0


def test_a_shape_is_itself() -> None:
    assert known(list[int]) == list[int]
    assert known(known(list[int])) == list[int]
