"""Why the centre does not do what was asked: each becomes one Problem on the wire, never a fault of ours."""

from __future__ import annotations


class Refusal(Exception):
    """An answer that is no: `code` of sync.wire.Problem, HTTP `status`, and the figures that help the asker."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        n: int = 0,
        acked: int = 0,
        retry_after_ms: int = 0,
        lineage: str = "",
        since: int = 0,
        order: str = "",
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.n = n
        self.acked = acked
        self.retry_after_ms = retry_after_ms
        self.lineage, self.since, self.order = lineage, since, order


def bad_message() -> Refusal:
    """What was sent cannot be read."""
    return Refusal(400, "bad_message")


def unknown_device() -> Refusal:
    """No session, an ended one, or no such device."""
    return Refusal(401, "unknown_device")


def busy(retry_after_ms: int = 1_000) -> Refusal:
    """Not now: ask again after this many ms."""
    return Refusal(503, "busy", retry_after_ms=retry_after_ms)
