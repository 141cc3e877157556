"""S-06: every route and everything sync ships gives each role what the hand-written table says, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import requests

from domain.records.note import Note
from server.http.policies import POLICIES
from server.operations import need_to_know
from sync import door, manifest
from sync.operation import decode_body
from sync.replica import read
from sync.troubles import HereAlready, MayNot, NoNewcomer, NotGiven
from tests.conftest import Rounds
from tests.domain.test_roles import other_cells
from tests.privacy_table import PLAIN, ROLES, expected
from tests.server.every_road import KINDS_OF_PERSON, SAID, Ground, effect, flipped, lay, staff_of, written
from tests.server.ground import PATIENCE_S, Desk, InThread, Running, signed
from tests.server.test_a_new_device_waits import newcomer

MakeDesk = Callable[..., Desk]

COMPARED = {
    ("GET", door.PULL): "pull, also as a held one that is woken",
    ("GET", door.SCOPE): "scope",
    ("POST", door.PROOF): "figures, record",
    ("GET", door.RECEIPT): "receipt",
    ("GET", manifest.BOOTSTRAP): "segments",
    ("GET", manifest.SEGMENT + "/{name}"): "segments",
    ("GET", door.BLOB + "/{record}"): "blobs",
    ("HEAD", door.BLOB + "/{record}"): "blobs",
    ("POST", door.BLOB): "blobs",
    ("PATCH", door.BLOB + "/{record}"): "blobs",
    ("POST", door.PUSH): "what is held",
    ("GET", door.HELD): "what is held",
    ("POST", door.EMERGENCY): "emergency",
    ("POST", door.APPROVE): "approval",
    ("GET", door.DEVICES): "only a hub's",
}
"""Every route that asks who speaks → by which comparison below it is compared with the table."""
TELLS_OF_NOBODY = {
    ("GET", "/openapi.json"), ("HEAD", "/openapi.json"), ("GET", door.HEALTH), ("GET", door.NONCE),
    ("POST", door.ENROL), ("POST", door.SESSION),
}  # fmt: skip
EMERGENCY, APPROVAL = "break_glass", "approve_device"
OF_THE_CENTRE = ("plain", "centre")
LETTING_IN = {"centre": ("AG97", "an_giang"), "elsewhere": ("HN98", "hanoi")}


def test_every_route_is_compared_with_the_table_or_tells_of_nobody() -> None:
    assert set(COMPARED) | TELLS_OF_NOBODY == set(POLICIES)
    assert not set(COMPARED) & TELLS_OF_NOBODY


def receipts(ground: Ground) -> list[str]:
    """Desks that hold something else than the centre counts for them, or are believed with another's figure."""
    wrong = []
    for (role, person), desk in ground.desks.items():
        if desk.road.receipt(desk.own_digest(), PATIENCE_S) is None:
            wrong.append(f"{role} ({person}): no receipt")
        if desk.road.receipt("7:" + "0" * 64, PATIENCE_S) is not None:
            wrong.append(f"{role} ({person}): a receipt for anything")
        path = door.DEVICES
        answer = requests.get(desk.url + path, headers=signed(desk.road, "GET", path), timeout=PATIENCE_S)
        if answer.status_code != 403:
            wrong.append(f"{role} ({person}): the list of devices")
    return wrong


def live(ground: Ground) -> list[str]:
    """Held pulls of every role while something is written into every file: whose words come with the waking."""
    desks = {role: ground.desks[role, "plain"] for role in ROLES}
    for author in ground.writers.values():
        author.pull()
    waiting = {
        role: InThread(lambda d=desk: d.road.pull(d.lineage, d.cursor, 1_000, 20.0, PATIENCE_S))  # type: ignore[misc]  # binds the loop's value
        for role, desk in desks.items()
    }
    ground.centre.held_pulls(len(waiting))
    for author in ground.writers.values():
        for name in ground.names:
            if author.node.has("contact", name) and ground.names[name][3] == "plain":
                act = author.node.act()
                stored = author.node.stored("contact", name)
                act.change("contact", name, stored.scope, stored.state, {"summary": "Cháu gọi lại"})
                author.node.write(act)
        author.push()
    wrong = []
    for role, desk in desks.items():
        answer = waiting[role].outcome()
        woken: set[str] = set()
        if isinstance(answer, tuple):
            woken = {decode_body(one.body).scope for one in answer[1]}
            desk.take(answer)
        desk.pull()
        for name, scope, given in ground.files_of(role, "plain"):
            stored_here = desk.node.has("contact", name)
            came = stored_here and desk.node.stored("contact", name).record.summary == "Cháu gọi lại"
            if came is not given or (scope in woken and not given):
                wrong.append(f"{role} {name}: live")
    return wrong


def pushes(ground: Ground) -> list[str]:
    """Each desk writes into all files that were laid for it: what it is not given is held, and told to its own.
    What it was given once and lost is taken, and told as late (sync.md 3.7); so is what a desk whose people may see
    nothing writes into an open file of its own centre: it may be work from before."""
    wrong = []
    for (role, person), desk in ground.desks.items():
        files = list(ground.files_of(role, person))
        kept: dict[int, str] = {}
        told_of = desk.node.run(lambda c, d=desk: read.where(c, "grant", "device", d.enrolled.device))  # type: ignore[misc]  # binds the loop's value
        lost = {one.record.granted_scope for one in told_of if one.record.withdrawn_at}
        for name, scope, given in files:
            act = desk.node.act()
            act.create(scope, Note(id=f"n-{name}", contact_id=name, text="Ghi thêm", written_at=desk.node.wall))
            desk.node.write(act)
            if not given and scope not in lost and (person == "conflict" or ground.names[name][::2] != OF_THE_CENTRE):
                kept[desk.node.outbox(0)[-1].n] = name
        answer = desk.push()
        held = {one.n for one in answer.held}
        wrong += [f"{role} ({person}) {name}: written" for n, name in kept.items() if n not in held]
        wrong += [f"{role} ({person}): {n} held" for n in held - kept.keys()]
        told = {(one.device, one.n) for one in desk.road.held()}
        if not {(desk.enrolled.device, n) for n in kept} <= told:
            wrong.append(f"{role} ({person}): not told of what is held")
    far = ground.writers["hanoi"].road.held()
    if any(one.device in {desk.enrolled.device for desk in ground.desks.values()} for one in far):
        wrong.append("what is held is told to another centre")
    return wrong


def emergencies(ground: Ground, role: str, person: str, most: int) -> list[str]:
    """Emergency reading of files laid for this desk: given, here already, or not known."""
    desk, wrong = ground.desks[role, person], []
    files = list(ground.files_of(role, person))
    for name, scope, given in files[:: max(1, len(files) // most)]:
        table, _, state, _ = ground.names[name]
        asked = written(table, role, state, person, EMERGENCY) in "ALR"
        wanted = "here" if asked and given else "given" if asked else "not known"
        try:
            words = "Mẹ cháu đang gọi, cháu nguy"
            answer = desk.road.emergency(name, staff_of(role, person), "on_the_line", words, PATIENCE_S)
            said = "given" if answer.scope == scope else "another"
        except HereAlready:
            said = "here"
        except NotGiven:
            said = "not known"
        if said != wanted:
            wrong.append(f"{role} ({person}) {name}: emergency {said}, expected {wanted}")
        if said == "given":
            desk.pull()
            wrong += [] if desk.node.has("contact", name) else [f"{role} ({person}) {name}: given, and not there"]
    return wrong


def approvals(ground: Ground, role: str, person: str) -> list[str]:
    """Who may let in a device of which centre: asked with words that are not its own, so that it goes on waiting."""
    desk, wrong = ground.desks[role, person], []
    for state, (seat, _) in LETTING_IN.items():
        lets = person != "gone" and expected(PLAIN, APPROVAL, role, state) in "AL"
        try:
            desk.road.approve(staff_of(role, person), seat, "không phải tám từ của máy này đâu", PATIENCE_S)
            said = "let in"
        except NoNewcomer:
            said = "may"
        except MayNot:
            said = "may not"
        if said != ("may" if lets else "may not"):
            wrong.append(f"{role} ({person}) {state}: approval {said}")
    return wrong


def flips() -> Iterator[tuple[str, str, str]]:
    """Of every cell that decides what is shipped or what a route gives, one other reading that must be found."""
    for row, table in (("open", "plain"), ("search", "plain"), ("open_restricted", "restricted"),
                       ("therapy_note", "therapy")):  # fmt: skip
        for role in ROLES:
            before = SAID["rows"][row][ROLES.index(role)]
            for cell in other_cells(before):
                rows = {**SAID["rows"], row: [cell if one == role else SAID["rows"][row][at] for at, one in
                                              enumerate(ROLES)]}  # fmt: skip
                if effect({"rows": rows}, role, table) != effect(SAID, role, table):
                    yield row, role, cell
                    break
    for row, other in ((EMERGENCY, "all reason"), (APPROVAL, "all")):
        for role in ROLES:
            yield row, role, other if SAID["rows"][row][ROLES.index(role)] == "none" else "none"


def test_each_role_is_given_what_the_table_says_by_every_road_and_a_changed_cell_is_found(
    embedded: Running, desks: MakeDesk, rounds: Rounds, tmp_path: Path
) -> None:
    ground = lay(embedded, desks, tmp_path)
    centre = embedded.centre
    every = list(ground.desks)
    for role, person in every:
        assert ground.differences(role, person) == []
    by_every_road = every[:: -(-len(every) // rounds(len(every)))]
    for role, person in by_every_road:
        assert ground.differences_besides(role, person) == []
    assert ground.figures_agree()
    assert all(desk.own_digest() == desk.digest for desk in ground.desks.values())
    assert receipts(ground) == []
    assert live(ground) == []
    for seat, _ in LETTING_IN.values():
        newcomer(embedded, seat).close()
    for role in ROLES:
        for person in KINDS_OF_PERSON:
            assert approvals(ground, role, person) == []
    found = list(flips())
    chosen = found[:: -(-len(found) // rounds(len(found)))]
    for row, role, cell in chosen:
        centre.policy = flipped(row, role, cell)
        if row == APPROVAL:
            assert approvals(ground, role, "plain"), f"{row} of {role} as {cell!r}"
        elif row == EMERGENCY:
            assert emergencies(ground, role, "plain", 4), f"{row} of {role} as {cell!r}"
        else:
            centre.lane.do(lambda c: need_to_know.settle_all(centre, c))
            found_by = (ground.differences(role, "plain"), ground.differences_besides(role, "plain"))
            assert all(found_by), f"{row} of {role} as {cell!r} ships what the table says"
            assert ground.figures_agree()
    print(f"S-06 roads: {len(by_every_road)} of {len(every)} desks by every road")
    print(f"S-06 roads: {len(ground.names)} files, {len(chosen)} of {len(found)} cells changed, each one found")


def test_what_is_written_or_asked_for_in_an_emergency_is_the_tables_too(
    embedded: Running, desks: MakeDesk, rounds: Rounds, tmp_path: Path
) -> None:
    ground = lay(embedded, desks, tmp_path, KINDS_OF_PERSON[:: 4 // min(4, rounds(20))])
    for desk in ground.desks.values():
        desk.pull()
    assert pushes(ground) == []
    for role, person in ground.desks:
        assert emergencies(ground, role, person, rounds(40)) == []

