"""The desk's own folder on this machine: store, key slots, diary, copies set aside; readable by its owner only."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from platformdirs import site_config_path

from sync.trust import NAME, Trust, read


def beside_the_program() -> Path:
    """The folder of the installed program, or of the checkout that it runs from."""
    frozen = getattr(sys, "frozen", False)
    return Path(sys.executable).parent if frozen else Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Home:
    """Where one desk keeps what it keeps. No name in it holds personal data."""

    root: Path

    @property
    def db(self) -> Path:
        """The encrypted store."""
        return self.root / "store.db"

    @property
    def slots(self) -> Path:
        """The key file: each person's own key wrapped, the store's key sealed to it."""
        return self.root / "keyslots.json"

    @property
    def tries(self) -> Path:
        """How often each person mistyped their passphrase."""
        return self.root / "tries.json"

    @property
    def language(self) -> Path:
        """The language in which sign-in speaks: `vi` or `en`."""
        return self.root / "language"

    @property
    def begun(self) -> Path:
        """How far the first run came (`desktop.store.first_run`); gone once the desk is enrolled."""
        return self.root / "first-run.json"

    @property
    def rings(self) -> Path:
        """Numbers that rang while nobody was signed in, sealed."""
        return self.root / "rings.sealed"

    @property
    def logs(self) -> Path:
        """The diary: counts and ids, never personal data."""
        return self.root / "logs"

    @property
    def backups(self) -> Path:
        """Copies of the store made before an upgrade, under the same key."""
        return self.root / "backups"

    @property
    def blobs(self) -> Path:
        """Sealed chunks of attachments, named by their hashes."""
        return self.root / "blobs"

    @property
    def trust(self) -> Trust:
        """Whom this desk's road believes, read now: the machine's provisioning file wins over the one beside the
        program, and that over the one in this folder: whoever uses the desk cannot change it."""
        machine = site_config_path("tram111", appauthor=False)
        return read(machine / NAME, beside_the_program() / NAME, self.root / NAME)

    def prepare(self) -> None:
        """Make the folders (0700) and let nothing made from now on be read by others (umask 077).

        Raises OSError when the disk does not allow it.
        """
        os.umask(0o077)
        for folder in (self.root, self.logs, self.backups):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
