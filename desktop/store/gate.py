"""Many may be inside a store at once; whoever exchanges its file is alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Counts who is inside. A thread that is inside may go in again."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False
        self._mine = threading.local()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be inside; waits while somebody is alone."""
        depth: int = getattr(self._mine, "depth", 0)
        if not depth:
            with self._changed:
                self._changed.wait_for(self._is_open)
                self._inside += 1
        self._mine.depth = depth + 1
        try:
            yield
        finally:
            self._mine.depth = depth
            if not depth:
                with self._changed:
                    self._inside -= 1
                    self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one; waits until all have left. Raises AssertionError for one who is inside: he would wait
        for himself."""
        if getattr(self._mine, "depth", 0):
            raise AssertionError("whoever is inside cannot be alone")
        with self._changed:
            self._changed.wait_for(self._is_open)
            self._closed = True
            self._changed.wait_for(self._is_empty)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()

    def _is_open(self) -> bool:
        return not self._closed

    def _is_empty(self) -> bool:
        return self._inside == 0
