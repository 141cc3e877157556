"""docs/protocol.md is enough for words closed to the centre: no desk reads them, their hashes stay."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from sync.replica import read
from tests.conformance.other_desk import OtherDesk, sha
from tests.conformance.other_seal import sealed
from tests.conformance.test_another_team_can_write_a_desk import contact, desk
from tests.server.ground import Running, running

WORDS = "lời riêng của trẻ"


@pytest.fixture
def centre(tmp_path: Path) -> Any:
    with running(tmp_path / "data") as one:
        yield one


def close(one: OtherDesk, n: int, info: bytes = b"tram111/closed/1\x00") -> None:
    """Section 2, closed: the salt is H(salt ‖ body), the body what only the centre opens."""
    was = one.log[n - 1]
    to = base64.b64decode(one.ask("health").json()["courier_key"])
    plain = bytes([len(was.salt)]) + was.salt + was.body
    body = b"closed:" + base64.b64encode(sealed(to, info, plain))
    one.log[n - 1] = type(was)(was.device, was.incarnation, was.n, was.group, sha(was.salt + was.body), body)


def test_closed_words_keep_their_place_in_the_chain_and_are_opened_by_the_centre(centre: Running) -> None:
    other = desk(centre)
    other.act(contact("k1", summary=WORDS), contact("k2"))
    other.act(contact("k3"))
    close(other, 1)
    assert WORDS.encode() not in other.log[0].line()
    said = other.push().json()
    assert (said["acked"], said["held"]) == (3, [])
    stored = centre.centre.read(lambda c: read.one(c, "contact", "k1"))
    assert stored is not None
    assert stored.record.summary == WORDS
    reader = desk(centre, "AG02")
    reader.pull()
    assert ("contact", "k1") in reader.records
    assert reader.total() == reader.digest


def test_closed_words_that_do_not_open_are_held_and_stop_nothing(centre: Running) -> None:
    other = desk(centre)
    other.act(contact("k1", summary=WORDS))
    other.act(contact("k2"))
    close(other, 1, info=b"tram111/other/1\x00")
    said = other.push().json()
    assert said["acked"] == 2
    assert [(one["n"], one["why"]) for one in said["held"]] == [(1, "closed")]
    assert centre.centre.read(lambda c: read.one(c, "contact", "k1")) is None
    assert centre.centre.read(lambda c: read.one(c, "contact", "k2")) is not None


def test_the_same_words_sent_open_and_closed_are_the_same_operation(centre: Running) -> None:
    other = desk(centre)
    other.act(contact("k1", summary=WORDS))
    assert other.push().json()["acked"] == 1
    close(other, 1)
    again = other.push(first=1)
    assert (again.status_code, again.json()["acked"]) == (200, 1)
