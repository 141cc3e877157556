"""The dated reference data a desk works by: code lists, places, working calendar, clock rules, roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from domain.codes.catalogue import Catalogue
from domain.codes.directory import Directory
from domain.codes.letters import Letters
from domain.codes.places import Places
from domain.rules.calendar import WorkingCalendar
from domain.rules.clocks import ClockRules
from domain.rules.privacy import Policy

RESOURCES = Path(__file__).parent.parent / "resources"
"""Beside the program's rooms, in a checkout and in the frozen desk alike."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What the lists of one moment say; frozen, so every lane may read it."""

    catalogue: Catalogue
    places: Places
    calendar: WorkingCalendar
    clock_rules: ClockRules
    policy: Policy
    directory: Directory
    letters: Letters

    def in_language(self, tell: Callable[[str], str], *, english: bool) -> Reference:
        """The same lists as the screens show them; `tell` gives the directory's sentences in the desk's language."""
        if not english:
            return self
        return replace(self, catalogue=self.catalogue.in_english(), directory=self.directory.told(tell))

    @classmethod
    def load(cls, resources: Path = RESOURCES) -> Reference:
        """Read and check every code list; places are read when first asked for.

        Raises `CatalogueError` (file, line) on the first fault, `BadPolicy` for a table of roles that leads nowhere.
        """
        catalogue = Catalogue.load(resources / "codes")
        centres = [code.code for code in catalogue["centres"].codes]
        return cls(
            catalogue,
            Places(resources / "places"),
            WorkingCalendar.load(resources / "calendar"),
            ClockRules.load(resources / "calendar" / "clock_rules.csv"),
            Policy.load(resources / "policy", centres),
            Directory.load(resources / "directory", [code.code for code in catalogue["languages"]]),
            Letters.load(resources / "letters", centres),
        )
