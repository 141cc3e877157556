"""The device's secret lies in a keyring of the four kinds, or in a file that was chosen in words; nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keyring
import keyring.backends.fail
import keyring.backends.null
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.SecretService import Keyring as SecretService

from desktop.store import device_secret
from desktop.store.device_secret import CHOICE, FILE, FILE_NAME, OS, InFile, KeyringRefused, KeyringShut, chosen
from desktop.store.keys import KeySlots
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF


class PlainFile(KeyringBackend):
    """What keyrings.alt would offer: a back end that writes secrets into a file."""

    priority = 9

    def __init__(self) -> None:
        self._scheme = None

    def get_password(self, service: str, username: str) -> str | None:
        return "00" * 32

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("a back end that is not allowed was written to")


class Vault(PlainFile):
    """Stands where the Windows vault would: only its name counts for the choice, and what it is told."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.persist = "enterprise"

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[username] = password


Vault.__module__, Vault.__name__ = "keyring.backends.Windows", "WinVaultKeyring"


@pytest.mark.parametrize("backend", [keyring.backends.fail.Keyring, keyring.backends.null.Keyring, PlainFile])
def test_any_other_back_end_is_refused_in_one_sentence(
    backend: Callable[[], KeyringBackend], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CHOICE)
    monkeypatch.setattr(keyring, "get_keyring", backend)
    with pytest.raises(KeyringRefused) as refused:
        KeySlots(tmp_path / "keyslots.json", CHEAP, calibrate=False).create(STAFF, PASSPHRASE)
    assert refused.value.advice.startswith("Máy này chưa có kho khóa an toàn")
    assert list(tmp_path.iterdir()) == []


def test_of_a_chain_only_an_allowed_link_is_asked_and_its_secret_stays_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault()
    monkeypatch.delenv(CHOICE)
    monkeypatch.setattr(ChainerBackend, "backends", [PlainFile(), vault])
    monkeypatch.setattr(keyring, "get_keyring", ChainerBackend)
    slots = KeySlots(tmp_path / "keyslots.json", CHEAP, calibrate=False)
    key = slots.create(STAFF, PASSPHRASE)
    assert vault.persist == "local machine"
    assert [len(value) for value in vault.held.values()] == [64]
    assert KeySlots(tmp_path / "keyslots.json", CHEAP).open(STAFF, PASSPHRASE) == key
    assert not (tmp_path / FILE_NAME).exists()


def test_a_desk_of_the_keyring_never_looks_into_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault()
    monkeypatch.setattr(keyring, "get_keyring", lambda: vault)
    slots = KeySlots(tmp_path / "keyslots.json", CHEAP, calibrate=False, keeper=OS)
    slots.create(STAFF, PASSPHRASE)
    ((reference, secret),) = vault.held.items()
    InFile(tmp_path).put(reference, bytes.fromhex(secret))
    monkeypatch.setattr(keyring, "get_keyring", keyring.backends.fail.Keyring)
    with pytest.raises(KeyringRefused):
        KeySlots(tmp_path / "keyslots.json", CHEAP).open(STAFF, PASSPHRASE)


def test_the_file_back_end_is_taken_only_when_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CHOICE)
    assert chosen(tmp_path).kind == OS
    assert chosen(tmp_path, FILE).kind == FILE
    monkeypatch.setenv(CHOICE, "file")
    assert chosen(tmp_path).kind == FILE
    monkeypatch.setenv(CHOICE, "tệp")
    with pytest.raises(KeyringRefused):
        chosen(tmp_path)
    InFile(tmp_path).put("ab", bytes(32))
    assert "test machine" in (tmp_path / FILE_NAME).read_text("ascii")
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_a_keyring_that_does_not_answer_is_told_apart_from_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shut(Vault):
        def get_password(self, service: str, username: str) -> str | None:
            raise OSError("no bus")

    Shut.__module__, Shut.__name__ = "keyring.backends.Windows", "WinVaultKeyring"
    monkeypatch.setattr(keyring, "get_keyring", Shut)
    with pytest.raises(KeyringShut) as shut:
        device_secret.InKeyring().get("ab")
    assert "dữ liệu vẫn nguyên vẹn" in shut.value.advice


def install_a_secret_service() -> None:
    """By package name, where it is missing and can be installed: the check below never passes without one."""
    if subprocess.run(["which", "gnome-keyring-daemon", "dbus-run-session"], capture_output=True).returncode == 0:
        return
    assert os.geteuid() == 0, "install gnome-keyring and dbus: this check needs a real Secret Service"
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", "gnome-keyring", "dbus"]):
        subprocess.run(["apt-get", "-qq", *command], check=True, env=quiet, stdout=sys.stderr)


WITH_A_SECRET_SERVICE = """
import subprocess, sys
from pathlib import Path
subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets", "--daemonize"], input=b"x", check=True,
               stdout=subprocess.DEVNULL)
import keyring
from desktop.store.keys import KeySlots
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF
path = Path(sys.argv[1])
slots = KeySlots(path, CHEAP, calibrate=False)
key = slots.create(STAFF, PASSPHRASE)
assert slots.keeper == "os"
assert KeySlots(path, CHEAP).open(STAFF, PASSPHRASE) == key
found = subprocess.run(["gdbus", "call", "--session", "--dest", "org.freedesktop.secrets", "--object-path",
    "/org/freedesktop/secrets", "--method", "org.freedesktop.Secret.Service.SearchItems", "{'service': 'tram111'}"],
    check=True, capture_output=True, text=True).stdout
assert found.count("/org/freedesktop/secrets/collection/") == 1, found
from desktop.store.key_file import read_file
keyring.delete_password("tram111", read_file(path).reference)
try:
    KeySlots(path, CHEAP).open(STAFF, PASSPHRASE)
except Exception as lost:
    print(type(keyring.get_keyring()).__module__, type(lost).__name__)
"""


def test_a_real_secret_service_holds_the_secret(tmp_path: Path) -> None:
    install_a_secret_service()
    env = {name: value for name, value in os.environ.items() if name not in (CHOICE, "PYTHON_KEYRING_BACKEND")}
    for name in ("XDG_DATA_HOME", "XDG_RUNTIME_DIR", "HOME"):
        folder = tmp_path / name.lower()
        folder.mkdir(mode=0o700)
        env[name] = str(folder)
    ran = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", WITH_A_SECRET_SERVICE, str(tmp_path / "keyslots.json")],
        env=env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [SecretService.__module__, "DeviceSecretLost"]
    secret = list((tmp_path / "xdg_data_home").rglob("*.keyring"))
    assert secret, "the Secret Service keeps its own file"
