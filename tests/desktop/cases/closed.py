"""Desks with several people for the tests of restricted cases: who signs in is chosen, each with an own key."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.operations import case, intake, restricting
from desktop.store.case_lock import lacking
from desktop.store.draft_seal import DraftKeys
from desktop.store.reads import CaseView, case_view
from desktop.store.sight import Viewer, looking
from desktop.store.unit_of_work import Seat, UnitOfWork
from domain.records.staff import Staff, record_of
from domain.rules.privacy import Policy
from tests.desktop.store.kit import AN_GIANG, RECOVERY_KEY, Bench, SetClock, own, reference, take

CANARY = "Người nhà là cán bộ công an thị trấn Sóc Lu"
NAME = "Thạch Thị Kim Loan"
PHONE = "0907123123"


def key_of(staff: str, seat: str = "") -> X25519PrivateKey:
    """The key of a person at a seat: the same in every process."""
    return X25519PrivateKey.from_private_bytes(hashlib.sha256(f"{staff}@{seat}".encode()).digest())


def public_of(staff: str, seat: str = "") -> bytes:
    """Its public half."""
    return key_of(staff, seat).public_key().public_bytes_raw()


class ClosedDesk:
    """One desk on which people sign in one after another with nothing but the same store key."""

    def __init__(
        self, root: Path, *people: str, seat: Seat = AN_GIANG, custodians: tuple[bytes, ...] = ()
    ) -> None:
        self.bench = Bench(root, seat, SetClock())
        self.people: dict[str, bytes] = {one: public_of(one, seat.seat_code) for one in people}
        self.custodians = custodians
        self.sit(people[0])

    def sit(self, staff: str, private: X25519PrivateKey | None = None) -> ClosedDesk:
        """This person signs in; the one before is gone with all they had opened."""
        self.bench.staff = staff
        key = private or key_of(staff, self.bench.seat.seat_code)
        recovery = RECOVERY_KEY.public_key().public_bytes_raw()
        self.bench.store.signed_in(DraftKeys(staff, key, recovery, self.people.get, self.custodians))
        return self

    def view(self, case_id: str, policy: Policy | None = None) -> CaseView | None:
        """The case as the screens would show it to whoever sits here."""
        bench = self.bench
        viewer = Viewer(bench.staff, bench.seat.centre, policy or reference().policy)
        with bench.store.read() as connection:
            return case_view(looking(connection, viewer), case_id)

    def words(self, case_id: str) -> str:
        """All free words of a case that are shown to whoever sits here, whatever the table of roles says."""
        with self.bench.store.read() as connection:
            view = case_view(connection, case_id)
        assert view is not None
        names = [row.person.full_name or "" for row in view.persons]
        numbers = [phone.number or "" for row in view.persons for phone in row.phones]
        return "\n".join([*names, *numbers, view.contact.summary or "", *(entry.text for entry in view.timeline)])

    def report(self) -> str:
        """A case with a name, a number and a story in it."""
        values = {"summary": CANARY, "child_name": NAME, "number": PHONE, "urgency": "high"}
        self.bench.clock.now += 1_000
        return self.bench.run(intake.save_report(values, None)).case_id

    def restricted(self) -> str:
        """A case that was restricted at once, with one note written since."""
        case_id = self.report()
        self.bench.run(restricting.restrict(case_id, "Người nhà của nạn nhân làm việc tại cơ quan"))
        self.note(case_id, f"Sau khi khóa: {CANARY}")
        return case_id

    def note(self, case_id: str, words: str) -> None:
        """One more note."""
        self.bench.clock.now += 1_000
        self.bench.run(case.add_note(words, case_id))

    def hire(self, staff: str, keys: Mapping[str, str] | None = None, **values: object) -> None:
        """The centre's record of a person, as it stands at every desk; `keys`: seat → whose key (of that seat)."""
        public = tuple(f"{seat}={public_of(who, seat).hex()}" for seat, who in (keys or {}).items())

        def write(uow: UnitOfWork) -> None:
            stored = uow.read("staff", record_of(staff))
            given = dict(values) | ({"public_keys": public} if keys is not None else {})
            act = uow.act()
            if stored is None:
                act.create("ref", Staff(id=record_of(staff), staff=staff, **given))  # type: ignore[arg-type]  # a test's words
            else:
                act.change("staff", stored.id, "ref", stored.state, given)
            uow.write(act)

        self.bench.run(write)

    def lacking(self) -> list[str]:
        """Files that lack a holder, as whoever sits here sees it."""
        with self.bench.store.read() as connection:
            return lacking(connection, reference().policy, self.bench.seat.centre)

    def send_to(self, other: ClosedDesk) -> None:
        """Everything written here arrives there."""
        take(other.bench, own(self.bench))

    def close(self) -> None:
        """The desk closes."""
        self.bench.close()
