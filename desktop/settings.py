"""Settings of the desk and of a person: each declared once, typed, kept in the encrypted store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec

from desktop.store import preferences
from desktop.store.unit_of_work import Operation, UnitOfWork

T = TypeVar("T", str, int, bool)


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting: name, default (its type is the setting's), whether it is a person's own, allowed values."""

    name: str
    default: T
    personal: bool = True
    allowed: tuple[T, ...] = ()

    def accepts(self, value: object) -> bool:
        """Whether this may be the setting's value."""
        return type(value) is type(self.default) and (not self.allowed or value in self.allowed)


THEME: Final = Setting("theme", "system", allowed=("system", "light", "dark", "contrast"))
"""Colours by the name of their tokens; `system` until a person chose."""
LANGUAGE: Final = Setting("language", "vi", allowed=("vi", "en"))
TEXT_PERCENT: Final = Setting("text_percent", 100, allowed=(80, 90, 100, 110, 125, 150, 175, 200))
COMPACT_LISTS: Final = Setting("compact_lists", default=False)
LOCK_AFTER_MINUTES: Final = Setting("lock_after_minutes", 5, personal=False, allowed=(1, 2, 3, 4, 5))
FETCH_ATTACHMENTS: Final = Setting("fetch_attachments", "opened", personal=False, allowed=("opened", "all", "never"))
ATTACHMENT_SPACE_MB: Final = Setting(
    "attachment_space_mb", 4_096, personal=False, allowed=(256, 1_024, 4_096, 16_384, 65_536)
)
EXCHANGE: Final = Setting("exchange", "", personal=False)
"""Where the telephone exchange listens, as JSON (`desktop.exchange_command`); empty where it is not connected."""

ALL: Final[tuple[Setting[Any], ...]] = (
    THEME, LANGUAGE, TEXT_PERCENT, COMPACT_LISTS, LOCK_AFTER_MINUTES, FETCH_ATTACHMENTS, ATTACHMENT_SPACE_MB,
    EXCHANGE,
)  # fmt: skip
"""Every setting there is."""


class Settings:
    """What holds now for one person at this desk; a value that no longer fits is the default again."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self._values: dict[str, Any] = {}
        for setting in ALL:
            value = _read(kept.get(setting.name))
            self._values[setting.name] = value if setting.accepts(value) else setting.default

    def __getitem__(self, setting: Setting[T]) -> T:
        value: T = self._values[setting.name]
        return value


def choose(setting: Setting[T], value: T) -> Operation[None]:
    """Keep a choice. Raises ValueError for a value the setting does not take."""
    if not setting.accepts(value):
        raise ValueError(f"{setting.name} does not take this value")

    def operation(uow: UnitOfWork) -> None:
        staff = uow.staff if setting.personal else ""
        preferences.put(uow.connection, staff, setting.name, msgspec.json.encode(value).decode())

    return operation


def _read(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
