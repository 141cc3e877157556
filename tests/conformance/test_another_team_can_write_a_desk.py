"""docs/protocol.md is enough: a desk written from the page alone drives a real centre over real HTTP."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from domain.records.kinds import KINDS
from sync import chain, digest
from sync.merge import State, apply
from sync.operation import Placed, decode_body
from sync.replica import proof
from tests.conformance.other_desk import OtherDesk, Record, link
from tests.server.ground import Running, enrol_desk, running

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")


def routes() -> dict[str, str]:
    """Method and path by last word of the path, from the page's table and nowhere else."""
    found: dict[str, str] = {}
    for method, path in re.findall(r"`(GET|POST|HEAD|PATCH) (/v1/[a-z]+)", PAGE):
        found.setdefault(path.rsplit("/", 1)[1], f"{method} {path}")
    return found


def vectors() -> dict[str, Any]:
    """The page's own examples."""
    found = re.search(r"```json vectors\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    made: dict[str, Any] = json.loads(found.group(1))
    return made


@pytest.fixture
def centre(tmp_path: Path) -> Any:
    with running(tmp_path / "data") as one:
        yield one


def desk(centre: Running, seat: str = "AG01") -> OtherDesk:
    one = OtherDesk(centre.url, routes(), centre.code(seat))
    one.open()
    return one


def contact(name: str, **values: Any) -> dict[str, Any]:
    return {"k": "contact", "i": name, "c": f"dossier:{name}", "a": "create", "v": values}


def test_the_pages_vectors_hold_for_both_programs() -> None:
    given = vectors()
    theirs = ours = bytes(32)
    record = Record()
    state: State = {}
    for one in given["operations"]:
        body, salt = one["body"].encode(), bytes.fromhex(one["salt"])
        theirs = link(theirs, given["device"], 1, one["n"], one["group"], salt, body)
        placed = Placed(given["device"], 1, one["n"], one["group"], salt, body)
        (ours,) = chain.advance(ours, [placed])
        assert theirs.hex() == ours.hex() == one["hash"]
        record.apply(json.loads(body))
        apply(state, decode_body(body))
    number = record.number("contact", "c-1", "dossier:c-1")
    assert f"1:{number:064x}" == given["digest"]
    assert digest.of_state("contact", "c-1", "dossier:c-1", state).text() == given["digest"]


def test_every_action_and_refusal_of_the_program_stands_on_the_page() -> None:
    from sync.operation import CHANGING, ERASE, FOUNDING

    for action in [*FOUNDING, *CHANGING, ERASE]:
        assert re.search(rf"\b{action}\b", PAGE), action
    for code in ("fork", "gap", "too_large", "busy", "unknown_device", "bad_message", "bad_signature",
                 "unknown_code", "newer_protocol", "revoked"):  # fmt: skip
        assert code in PAGE
    for why in ("undecodable", "missing_target", "wrong_scope", "ungranted_scope", "unknown_action", "centre_only"):
        assert why in PAGE
    assert set(KINDS) >= {"custody", "grant", "wiped", "review"}


def test_what_it_writes_is_held_by_a_desk_of_ours_and_back(centre: Running) -> None:
    other, ours = desk(centre), enrol_desk(centre, "AG02")
    other.act(contact("k1", summary="Trẻ gọi từ Châu Đốc"), {**contact("k2"), "+": {"topics": ["psychology"]}})
    assert other.push().json()["acked"] == 2
    ours.pull()
    assert ours.node.stored("contact", "k1").record.summary == "Trẻ gọi từ Châu Đốc"
    assert ours.node.stored("contact", "k2").record.topics == ("psychology",)
    ours.node.change("contact", "k1", summary="Đã gọi lại")
    ours.write_calls(range(7))
    ours.push()
    other.pull(limit=2)
    scope, record = other.records["contact", "k1"]
    assert [value for _, value in record.heads["summary"].values()] == ["Đã gọi lại"]
    assert scope == "dossier:k1"
    assert other.total() == other.digest
    ours.close()


def test_two_who_did_not_see_each_other_leave_two_heads_on_both_sides(centre: Running) -> None:
    other, ours = desk(centre), enrol_desk(centre, "AG02")
    (born,) = other.act(contact("k1", summary="một"))
    other.push()
    ours.pull()
    ours.node.change("contact", "k1", summary="hai")
    ours.push()
    edit = {"k": "contact", "i": "k1", "c": "dossier:k1", "a": "patch", "p": {"summary": [born]}}
    other.act({**edit, "v": {"summary": "ba"}})
    other.push()
    for _ in range(2):
        other.pull()
        ours.pull()
    stored = ours.node.stored("contact", "k1")
    assert {stored.record.summary, *stored.siblings()["summary"]} == {"hai", "ba"}
    assert len(other.records["contact", "k1"][1].heads["summary"]) == 2
    assert ours.own_digest() == ours.digest
    number = other.records["contact", "k1"][1].number("contact", "k1", "dossier:k1")
    assert f"{number:064x}" == ours.node.run(lambda c: proof.figure(c, "contact", "dossier:k1", "k1"))[1]
    assert other.total() == other.digest
    ours.close()


def test_gap_fork_repetition_and_a_foreign_signature_answer_as_the_page_says(centre: Running) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    other = desk(centre)
    for n in range(3):
        other.act(contact(f"k{n}"))
    gap = other.push(first=2)
    assert (gap.status_code, gap.json()["code"], gap.json()["acked"]) == (409, "gap", 0)
    false = other.push(key=Ed25519PrivateKey.generate())
    assert (false.status_code, false.json()["code"]) == (403, "bad_signature")
    assert other.push().json()["acked"] == 3
    assert other.push(first=1).json()["acked"] == 3
    twin = other.log[1]
    other.log[1] = type(twin)(twin.device, 1, 2, 2, twin.salt, twin.body.replace(b"tvv-khac", b"tvv-hai!"))
    other.hashes = [bytes(32)]
    for one in other.log:
        other.hashes.append(link(other.hashes[-1], one.device, 1, one.n, one.group, one.salt, one.body))
    fork = other.push(first=1)
    assert (fork.status_code, fork.json()["code"], fork.json()["n"]) == (409, "fork", 2)
    other.again_as(2)
    assert other.push().json()["acked"] == 2
    other.pull()
    assert ("contact", "k2") in other.records
    assert other.total() == other.digest


def test_a_held_pull_is_answered_by_another_desks_push(centre: Running) -> None:
    from tests.server.ground import InThread

    other, ours = desk(centre), enrol_desk(centre, "AG02")
    other.pull()
    waiting = InThread(lambda: other.pull(wait=20))
    centre.held_pulls(1)
    ours.write_calls(range(1))
    ours.push()
    assert waiting.outcome() == 1
    ours.close()


def test_a_grant_is_back_filled_and_an_erasure_leaves_nothing(centre: Running) -> None:
    from server.operations.erasure import erase

    ag, dn = desk(centre, "AG01"), desk(centre, "DN01")
    values = {"contact_id": "k1", "centre": "an_giang"}
    case = {"k": "case", "i": "ca-1", "c": "dossier:k1", "a": "create", "v": values}
    (born,) = ag.act(contact("k1", summary="lời của trẻ"), case)
    ag.push()
    edit = {"k": "case", "i": "ca-1", "c": "dossier:k1", "a": "patch", "p": {"centre": [born]}}
    ag.act({**edit, "v": {"centre": "da_nang"}, "r": {"centre": 1}})
    ag.push()
    assert dn.pull() > 2
    assert ("contact", "k1") in dn.records
    assert dn.total() == dn.digest
    erase(centre.centre, "contact", "k1", "yêu cầu 7")
    dn.pull()
    assert ("contact", "k1") not in dn.records
    assert dn.total() == dn.digest


def test_a_difference_is_found_by_the_pages_questions(centre: Running) -> None:
    other = desk(centre)
    other.act(*(contact(f"k{n}", summary=str(n)) for n in range(5)))
    other.push()
    wanted = "dossier:k3"

    def ask(**said: str) -> dict[str, Any]:
        found: dict[str, Any] = other.ask("proof", json=said, proven=True).json()
        return found

    import hashlib

    bucket = hashlib.sha256(wanted.encode()).hexdigest()[:2]
    assert bucket in [line[0] for line in ask(step="buckets")["lines"]]
    assert [wanted, "contact"] in [line[:2] for line in ask(step="bucket", bucket=bucket)["lines"]]
    told = ask(step="records", scope=wanted, kind="contact")
    number = other.records["contact", "k3"][1].number("contact", "k3", wanted)
    assert told == {"lines": [["k3", "", 1, f"{number:064x}"]], "leaf": True}
    record = other.ask(
        "proof", json={"step": "record", "scope": wanted, "kind": "contact", "id": "k3"}, proven=True
    )
    _, placed = other.read(record)
    assert [one.body for one in placed] == [other.log[3].body]


def test_signatures_and_keys_travel_as_base64(centre: Running) -> None:
    other = desk(centre)
    assert len(base64.b64decode(base64.b64encode(other.key.public_key().public_bytes_raw()))) == 32
    assert len(other.token) <= 24
