"""What two custodians do for somebody who lost their key: every restricted case that person may open opens again."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.store.case_keys import case_keys_of
from desktop.store.case_regain import locked_files, regained
from desktop.store.unit_of_work import Operation, UnitOfWork


def regain(first: X25519PrivateKey, second: X25519PrivateKey) -> Operation[int]:
    """Open what these two custodians open and whoever is signed in may read by the table of roles (they work on it,
    were let in by name, or read by office), and seal it to their key of now and whoever else lacks it; answers how
    many cases open anew. Somebody who was put out gets nothing."""

    def operation(uow: UnitOfWork) -> int:
        done = 0
        mine = case_keys_of(uow.connection)
        assert mine is not None, "whoever gets keys back is signed in"
        for contact in locked_files(uow.connection):
            lock = uow.lock(contact)
            lacking = [number for number in lock.numbers if lock.key(number) is None]
            if not lacking or not lock.may_open(uow.staff):
                continue
            opened = regained(uow.connection, contact, first, second)
            found = {number: opened[number] for number in lacking if number in opened}
            for number, key in found.items():
                mine.keep(number, key)
            known = uow.read("contact", contact)
            if found and known is not None:
                act = uow.act()
                uow.give(act, known.scope, lock.missing())
                uow.write(act)
                done += 1
        return done

    return operation
