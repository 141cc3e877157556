"""docs/protocol.md is enough for who is let in: the eight words, emergency reads, enrolling again."""

from __future__ import annotations

import base64
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.operations.enrolment import make_code
from tests.conformance.other_desk import OtherDesk, plain, sha
from tests.conformance.test_another_team_can_write_a_desk import contact, desk, routes
from tests.server.ground import Running, running
from tests.server.test_emergency_reads import hired

LIST = Path(__file__).parents[2] / "domain" / "spoken.py"
FILE = "AG03-261123-0422"
HOUR_MS = 3_600_000


@pytest.fixture
def centre(tmp_path: Path) -> Any:
    with running(tmp_path / "data") as one:
        yield one


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def spoken(key: bytes) -> str:
    """Section 5: the first eight bytes of the hash, each a place in the list that the page names."""
    listed = re.search(r'_WORDS: Final = """(.*?)"""', LIST.read_text("utf-8"), re.DOTALL)
    assert listed is not None
    words = [" ".join(word.split()) for word in listed.group(1).split("·")]
    return " ".join(words[byte] for byte in sha(b"tram111/words/1\x00" + key)[:8])


def without_tones(words: str) -> str:
    bare = unicodedata.normalize("NFD", words.replace("đ", "d"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter)).upper()


def told(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def claimed(one: OtherDesk, key: Ed25519PrivateKey, code: str, seat: str) -> requests.Response:
    """Section 5, enrolling again: the code as it is compared, the key, and a signature over both."""
    compared = code.upper().replace("-", "").translate(str.maketrans("ILO", "110"))
    claim = b"tram111/again/1\x00" + plain([one.device, seat, compared, public(key).hex()])
    said = {
        "code": code,
        "key": base64.b64encode(public(key)).decode(),
        "name": "máy khác",
        "device": one.device,
        "seat": seat,
        "signature": base64.b64encode(key.sign(claim)).decode(),
    }
    return one.ask("enrol", json=said)


def test_a_desk_of_another_team_waits_for_its_eight_words_and_lets_others_in(centre: Running) -> None:
    hired(centre, "truong-ca", "shift_lead", "an_giang")
    hired(centre, "tvv", "counsellor", "an_giang")
    lead = desk(centre, "AG01")
    new = OtherDesk(centre.url, routes(), make_code(centre.centre, "an_giang", "AG05", approval=True))
    with pytest.raises(KeyError):
        new.open()
    words = without_tones(spoken(public(new.key)))

    def approve(staff: str, seat: str, said: str) -> requests.Response:
        return lead.ask("approve", json={"staff": staff, "seat": seat, "words": said}, proven=True)

    assert told(approve("tvv", "AG05", words)) == (403, "may_not")
    assert told(approve("truong-ca", "AG05", spoken(public(lead.key)))) == (404, "no_newcomer")
    assert told(approve("truong-ca", "AG06", words)) == (404, "no_newcomer")
    with pytest.raises(KeyError):
        new.open()
    let_in = approve("truong-ca", "AG05", words)
    assert (let_in.status_code, let_in.json()["device"], let_in.json()["seat"]) == (200, new.device, "AG05")
    new.open()
    new.act(contact("k1"))
    assert new.push().json()["acked"] == 1
    new.pull()
    assert new.total() == new.digest


def test_an_emergency_read_gives_one_file_for_an_hour_and_its_owners_read_why(centre: Running) -> None:
    from server.operations.emergency import end_over

    ag, hn = desk(centre, "AG01"), desk(centre, "HN01")
    values = {"contact_id": "k1", "centre": "an_giang", "urgency": "high"}
    case = {"k": "case", "i": "ca-1", "c": "dossier:k1", "a": "create", "v": values}
    ag.act(contact("k1", code=FILE, summary="lời của trẻ"), case)
    ag.push()
    hn.pull()
    assert ("contact", "k1") not in hn.records
    words = "Mẹ cháu đang ở đầu dây, nói cháu bị nhốt"

    def ask(by: OtherDesk = hn, **other: str) -> requests.Response:
        said = {"code": FILE, "staff": "hn-1", "why": "on_the_line", "words": words, **other}
        return by.ask("emergency", json=said, proven=True)

    assert told(ask(words="vì cần   " + " " * 30)) == (400, "bad_message")
    assert told(ask(why="curious")) == (400, "bad_message")
    assert told(ask(code="AG03-261123-0430")) == (404, "unknown_file")
    given = ask().json()
    assert (given["scope"], given["contact"], given["until"] - given["time"]) == ("dossier:k1", "k1", HOUR_MS)
    hn.pull()
    assert ("contact", "k1") in hn.records
    assert hn.total() == hn.digest
    assert told(ask(ag, staff="ag-1")) == (409, "already_here")
    ag.pull()
    ((scope, read),) = [one for (kind, _), one in ag.records.items() if kind == "emergency_read"]
    shown = {name: value for name, heads in read.heads.items() for _, value in heads.values()}
    assert scope == "dossier:k1"
    assert (shown["staff"], shown["device"], shown["words"]) == ("hn-1", hn.device, words)
    assert ag.total() == ag.digest
    centre.clock.pass_ms(HOUR_MS)
    assert end_over(centre.centre)
    hn.open()
    refused = hn.ask("scope", "?scope=dossier:k1&upto=10000&past=0", proven=True)
    assert refused.status_code != 200 or hn.read(refused)[1] == []


def test_a_second_emergency_ask_while_the_hour_runs_is_another_read_with_an_hour_of_its_own(centre: Running) -> None:
    from server.operations.emergency import end_over

    ag, hn = desk(centre, "AG01"), desk(centre, "HN01")
    ag.act(contact("k1", code=FILE, summary="lời của trẻ"))
    ag.push()
    said = {"code": FILE, "staff": "hn-1", "why": "on_the_line", "words": "Mẹ cháu đang ở đầu dây, cháu bị nhốt"}
    first = hn.ask("emergency", json=said, proven=True).json()
    centre.clock.pass_ms(HOUR_MS // 2)
    ag.open()
    hn.open()
    again = hn.ask("emergency", json={**said, "staff": "hn-2"}, proven=True)
    assert again.status_code == 200, "no already_here: what is seen for an hour only may be asked for again"
    assert again.json()["until"] == first["until"] + HOUR_MS // 2
    ag.pull()
    hn.pull()
    reads = [one for (kind, _), (_, one) in ag.records.items() if kind == "emergency_read"]
    asked_by = sorted(value for one in reads for _, value in one.heads["staff"].values())
    assert asked_by == ["hn-1", "hn-2"]
    centre.clock.pass_ms(HOUR_MS // 2)
    assert end_over(centre.centre)
    hn.open()
    hn.pull()
    assert ("contact", "k1") in hn.records, "the first end takes nothing while the second read runs"
    assert hn.total() == hn.digest
    centre.clock.pass_ms(HOUR_MS // 2)
    assert end_over(centre.centre)
    hn.open()
    hn.pull()
    refused = hn.ask("scope", "?scope=dossier:k1&upto=10000&past=0", proven=True)
    assert refused.status_code != 200 or hn.read(refused)[1] == []


def test_a_desk_that_a_restored_centre_forgot_is_the_same_again_and_sends_its_whole_log(
    centre: Running, tmp_path: Path
) -> None:
    gone = desk(centre, "AG04")
    gone.act(contact("k1", summary="lời của trẻ"))
    gone.act(contact("k2"))
    assert gone.push().json()["acked"] == 2
    with running(tmp_path / "restored") as restored:
        gone.url = restored.url
        with pytest.raises(KeyError):
            gone.open()
        code = restored.code("AG04")
        assert told(claimed(gone, gone.key, restored.code("AG05"), "AG04")) == (403, "unknown_code")
        back = claimed(gone, gone.key, code.lower(), "AG04")
        assert (back.status_code, back.json()["device"], back.json()["seat"]) == (200, gone.device, "AG04")
        thief = Ed25519PrivateKey.generate()
        assert told(claimed(gone, thief, restored.code("AG04"), "AG04")) == (403, "unknown_code")
        gone.lineage, gone.cursor, gone.acked = back.json()["lineage"], 0, 0
        gone.open()
        assert gone.push().json()["acked"] == 2
        gone.pull()
        assert gone.total() == gone.digest
