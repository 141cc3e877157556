"""The people of one desk as whoever is signed in may change them: a colleague let in, a passphrase, somebody gone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.home import Home
from desktop.store import inbox, way_back
from desktop.store.draft_seal import DraftKeys
from desktop.store.entering import enter
from desktop.store.keys import KeySlots, Opened, Tile
from desktop.store.troubles import WrongPassphrase
from domain.clock import HOUR

CODE_MS: Final = 24 * HOUR
"""How long a one-time code is good for: until the same hour of the next day, so that the next shift can use it."""

_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_GROUPS, _LETTERS_EACH = 3, 4


@dataclass(frozen=True, slots=True)
class Invited:
    """A person who may come in with a one-time code: the code (shown once, kept nowhere), their public key, and the
    recovery key where it still lies here, which gives them their earlier drafts back."""

    staff: str
    code: str
    public: bytes
    recovery: X25519PrivateKey | None

    def __repr__(self) -> str:  # a code must not stand in a message
        return f"Invited(staff={self.staff!r})"


class People:
    """Who may open this desk. Each call derives a key (0.3-0.5 s by design): never on the GUI thread."""

    def __init__(self, slots: KeySlots, opened: Opened) -> None:
        self._slots, self._opened = slots, opened

    @property
    def staff(self) -> str:
        """Who is signed in."""
        return self._opened.staff

    @property
    def private(self) -> X25519PrivateKey:
        """The own key of whoever is signed in: restricted cases are sealed to its public half."""
        return self._opened.person

    def tiles(self) -> tuple[Tile, ...]:
        """Everybody of this desk."""
        return self._slots.people()

    def draft_keys(self) -> DraftKeys:
        """What the drafts of whoever is signed in are closed with. Raises Damaged."""
        recovery = self._slots.known(self._opened.key).recovery
        assert recovery is not None, "a key file of the second format has a recovery key"
        return DraftKeys(
            self.staff, self._opened.person, recovery.public, self._slots_public, tuple(recovery.custodians)
        )

    def _slots_public(self, staff: str) -> bytes | None:
        person = self._slots.known(self._opened.key).person(staff)
        return person.public if person else None

    def confirm(self, home: Home, passphrase: str, now_ms: int) -> None:
        """Whoever is signed in proves it again, counted as at sign-in. Raises what `enter` raises."""
        found = enter(home, self._slots, self.staff, passphrase, now_ms)
        if found.person.private_bytes_raw() != self._opened.person.private_bytes_raw():
            raise WrongPassphrase  # their key was made anew since: another person may have chosen that passphrase

    def rings(self, home: Home) -> tuple[inbox.Ring, ...]:
        """What rang while nobody was signed in. Raises Damaged."""
        return inbox.read(home.rings, self._slots.inbox_key(self._opened.key))

    def invite(self, staff: str, initials: str, now_ms: int) -> Invited:
        """Let a colleague in with a one-time code, also one who forgot their passphrase. Works without any server.
        Raises Damaged, the keyring's troubles."""
        code = one_time_code()
        self._slots.invite(self._opened.key, staff, code, now_ms + CODE_MS, initials)
        public = self._slots_public(staff)
        assert public is not None, "who was invited is in the file"
        return Invited(staff, code, public, way_back.held(self._slots, self._opened.key))

    def change(self, passphrase: str) -> None:
        """Another passphrase for whoever is signed in."""
        self._slots.change(self._opened, passphrase)

    def remove(self, staff: str) -> None:
        """Somebody works at this desk no more. Raises LastPerson."""
        self._slots.remove(self._opened.key, staff)

    def is_last(self, staff: str) -> bool:
        """Whether nobody else could come in without this person. Raises Damaged."""
        return self._slots.is_last(self._opened.key, staff)

    def entrust(self, custodians: tuple[bytes, ...]) -> bool:
        """Give the recovery key to the centre's custodians where it still lies here; whether it is so now."""
        return way_back.entrust(self._slots, self._opened.key, custodians)


def one_time_code() -> str:
    """Twelve letters that are not mistaken for each other when read aloud (59 bits), in groups of four."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_LETTERS_EACH)) for _ in range(_GROUPS))
    return "-".join(groups)
