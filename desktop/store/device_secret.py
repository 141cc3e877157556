"""The device's secret in the operating system's keyring: few back ends are believed, nothing is fallen back to."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, Final, Protocol

from sync.disk import flush_folder
from sync.troubles import Trouble

SECRET_BYTES: Final = 32
SERVICE: Final = "tram111"
"""The keyring's name for what is ours; the entry is called by the random reference of the key file."""

OS: Final = "os"
FILE: Final = "file"
CHOICE: Final = "TRAM111_KEYRING"
"""Environment of a test machine: `file` chooses the file back end for a desk that is made now."""
FILE_NAME: Final = "device-secret.TEST-MACHINE"
_FILE_MARK: Final = "Tram111 test machine: this file stands for the keyring and protects nothing."

ALLOWED: Final = (
    ("keyring.backends.Windows", "WinVaultKeyring"),
    ("keyring.backends.SecretService", "Keyring"),
    ("keyring.backends.kwallet", "DBusKeyring"),
    ("keyring.backends.kwallet", "DBusKeyringKWallet4"),
    ("keyring.backends.macOS", "Keyring"),
)
"""The back ends that keep a secret behind the user's own sign-in; python-keyring knows others that write files."""
_CHAIN: Final = ("keyring.backends.chainer", "ChainerBackend")


class KeyringRefused(Trouble):
    """This machine has no keyring of the four kinds, or another kind is set up."""

    advice = (
        "Máy này chưa có kho khóa an toàn của hệ điều hành nên Trạm 111 chưa mở; chưa có gì bị mất. "
        "Chị/anh gọi bộ phận kỹ thuật bật Windows Credential Manager, Secret Service, KWallet hoặc Keychain."
    )


class KeyringShut(Trouble):
    """The keyring is there but does not answer: it is locked, or its service is down."""

    advice = (
        "Kho khóa của hệ điều hành đang khóa hoặc chưa trả lời; dữ liệu vẫn nguyên vẹn. "
        "Chị/anh đăng xuất khỏi máy tính, đăng nhập lại rồi mở Trạm 111."
    )


class DeviceSecretLost(Trouble):
    """The keyring works and does not hold this desk's secret (any more)."""

    advice = (
        "Khóa của máy này không còn trong kho khóa của hệ điều hành; dữ liệu vẫn nguyên vẹn, chị/anh đừng xóa gì. "
        "Gọi bộ phận kỹ thuật mở lại bằng hai chìa khóa khôi phục (lệnh tram111 recover)."
    )


class DeviceSecrets(Protocol):
    """Where a device's secret is kept, by the reference that the key file names."""

    @property
    def kind(self) -> str:
        """OS or FILE, written into the key file: a desk never looks anywhere else later."""

    def get(self, reference: str) -> bytes:
        """The secret (32 bytes). Raises KeyringRefused, KeyringShut, DeviceSecretLost."""

    def put(self, reference: str, secret: bytes) -> None:
        """Keep a secret. Raises KeyringRefused, KeyringShut."""


class InKeyring:
    """The operating system's keyring, of the allowed kinds only."""

    kind = OS

    def get(self, reference: str) -> bytes:
        """The secret. Raises KeyringRefused, KeyringShut, DeviceSecretLost."""
        backend = _backend()
        try:
            found = backend.get_password(SERVICE, reference)
        except Exception:  # noqa: BLE001 - each back end has errors of its own; all mean: it does not answer
            raise KeyringShut from None
        if found is None:
            raise DeviceSecretLost
        return _read(found)

    def put(self, reference: str, secret: bytes) -> None:
        """Keep it as hexadecimal digits: WinVault stores UTF-16 and at most 2,560 bytes."""
        backend = _backend()
        try:
            backend.set_password(SERVICE, reference, secret.hex())
        except Exception:  # noqa: BLE001 - the same as for reading
            raise KeyringShut from None
        if self.get(reference) != secret:
            raise KeyringShut


class InFile:
    """A marked file beside the store, for test machines and made-up days: chosen in words, never by itself."""

    kind = FILE

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def get(self, reference: str) -> bytes:
        """The secret. Raises DeviceSecretLost."""
        try:
            lines = self._path.read_text("ascii").splitlines()
        except (OSError, UnicodeDecodeError):
            raise DeviceSecretLost from None
        for line in lines:
            name, _, value = line.partition(" ")
            if name == reference:
                return _read(value)
        raise DeviceSecretLost

    def put(self, reference: str, secret: bytes) -> None:
        """Write it beside the store, the mark first."""
        handle = os.open(self._path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{_FILE_MARK}\n{reference} {secret.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        flush_folder(self._path.parent)


def secrets_of(kind: str, folder: Path) -> DeviceSecrets:
    """Where a desk that exists keeps its secret, as its key file says. Raises KeyringRefused for an unknown kind."""
    if kind == OS:
        return InKeyring()
    if kind == FILE:
        return InFile(folder)
    raise KeyringRefused


def chosen(folder: Path, said: str = "") -> DeviceSecrets:
    """Where a desk that is made now will keep its secret: `said` by the caller or the provisioning file, else by the
    environment of a test machine, else the keyring. Raises KeyringRefused for any other word."""
    return secrets_of(said or os.environ.get(CHOICE) or OS, folder)


def new_secret() -> bytes:
    """A random secret of a device."""
    return secrets.token_bytes(SECRET_BYTES)


def _read(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raise DeviceSecretLost from None
    if len(raw) != SECRET_BYTES:
        raise DeviceSecretLost
    return raw


def _backend() -> Any:
    # Loaded only here: looking for back ends costs tens of milliseconds and a desk on a test machine needs none.
    import keyring  # noqa: PLC0415 - see above

    try:
        found: Any = keyring.get_keyring()
    except Exception:  # noqa: BLE001 - a back end that cannot even be loaded is none of the four
        raise KeyringRefused from None
    # Where several are there, python-keyring puts a chain over them; of it only an allowed one is asked.
    links: list[Any] = list(getattr(found, "backends", ())) if _name(found) == _CHAIN else [found]
    for one in links:
        if _name(one) in ALLOWED:
            if _name(one)[1] == "WinVaultKeyring":
                one.persist = "local machine"  # else the secret would roam with the user's profile
            return one
    raise KeyringRefused


def _name(backend: object) -> tuple[str, str]:
    return type(backend).__module__, type(backend).__name__
