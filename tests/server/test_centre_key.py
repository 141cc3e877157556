"""The centre's signing key: made once, the same after a restart, its public half told at enrolment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sync import wire
from tests.server.ground import Desk, Running, running


def test_the_key_outlives_a_restart_and_enrolment_tells_its_public_half(
    tmp_path: Path, database: str | None, desks: Callable[..., Desk]
) -> None:
    def told(centre: Running) -> str:
        return desks(centre).enrolled.centre_key

    with running(tmp_path / "data", database) as first:
        public = first.centre.key.public_key()
        said = told(first)
    assert wire.raw64(said) == public.public_bytes_raw()
    with running(tmp_path / "data", database) as again:
        assert told(again) == said
        public.verify(again.centre.key.sign(b"word"), b"word")
