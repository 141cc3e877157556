"""What the function keys mean and what an outcome leaves behind: nothing but a row, a file, or a report with
clocks.

The map is hotline.md §2 and is data: a desk may lay the keys elsewhere. Codes are those of list
`contact_outcome`; `unclassified` is a state of a call and never on a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.codes.catalogue import Catalogue


class Deed(StrEnum):
    """What pressing a key does."""

    HELP = "help"
    OUTCOME = "outcome"
    FILE = "file"
    REPORT = "report"
    ADD_TO_CASE = "add_to_case"
    INTERPRETER = "interpreter"
    PRIVACY = "privacy"


class Leaves(StrEnum):
    """What an outcome leaves behind."""

    NO_FILE = "no_file"
    FILE = "file"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Key:
    """One function key: what it does, and the outcome codes it stands for (the first is the one it starts
    with).
    """

    key: str
    deed: Deed
    outcomes: tuple[str, ...] = ()


KEYS: Final = (
    Key("F1", Deed.HELP),
    Key("F2", Deed.OUTCOME, ("silent",)),
    Key("F3", Deed.OUTCOME, ("hang_up",)),
    Key("F4", Deed.OUTCOME, ("wrong_number",)),
    Key("F5", Deed.OUTCOME, ("prank",)),
    Key("F6", Deed.OUTCOME, ("abusive_caller",)),
    Key("F7", Deed.OUTCOME, ("information",)),
    Key("F8", Deed.FILE, ("counselling", "in_depth_counselling")),
    Key("F9", Deed.REPORT, ("report_of_abuse", "report_of_risk")),
    Key("F10", Deed.ADD_TO_CASE, ("follow_up",)),
    Key("F11", Deed.INTERPRETER),
    Key("F12", Deed.PRIVACY),
)
"""The default map. Function keys, because Telex and VNI typing uses letters and digits for tone marks."""

BY_KEY: Final[Mapping[str, Key]] = {key.key: key for key in KEYS}

MORE_KEYS: Final = (
    "emergency_handover",
    "test_call",
    "feedback",
    "callback_scheduled",
    "transferred_centre",
    "transferred_line",
    "technical_failure",
    "out_of_scope",
)
"""No-file outcomes that need one more key, in the order they are offered; then the rest of the list."""

OUTBOUND_KEYS: Final = (
    "spoke",
    "no_answer",
    "busy",
    "call_again",
    "wrong_number",
    "refused",
    "verified",
    "handed_over",
)
"""Outcomes of a call the hotline made itself: codes of `attempt_result`, in the order they are offered."""

OUTBOUND: Final = "outbound"
"""`direction` of a call that the hotline made; its outcome is a code of `attempt_result`."""

SHORT_CALL_MS: Final = 15_000
"""A call that ended this soon after it was answered is offered to the sweep as short."""

SILENT: Final = "silent"
MISSED: Final = "missed"
"""Set by rule for a call nobody answered; never offered to a person for an answered call."""

SILENT_HINT_AT: Final = 3
"""From the third silent call of one number in 24 h the screen hints at the yes/no-by-keypad script; never a
block.
"""

# A follow-up (F10) writes into the case it belongs to and founds no file of its own.
_FILE: Final = frozenset({"counselling", "in_depth_counselling"})
_REPORT: Final = frozenset({"report_of_abuse", "report_of_risk", "intervention_opened"})


def leaves(outcome: str) -> Leaves:
    """What the outcome leaves behind. A code this version does not know leaves no file: the row stays,
    nothing opens.
    """
    if outcome in _REPORT:
        return Leaves.REPORT
    return Leaves.FILE if outcome in _FILE else Leaves.NO_FILE


def is_in_depth(outcome: str) -> bool:
    """Whether the outcome sets the in-depth flag of the contact."""
    return outcome == "in_depth_counselling"


def selectable(catalogue: Catalogue) -> tuple[str, ...]:
    """Every outcome a person may give an answered call: the leaves of the list without `missed`.

    Those on keys first, then `MORE_KEYS`, then the rest in the list's order. Group headings are not outcomes.
    """
    outcomes = catalogue["contact_outcome"]
    parents = {code.parent for code in outcomes}
    leaf_codes = [code.code for code in outcomes if code.code not in parents and code.code != MISSED]
    wanted = [one for key in KEYS for one in key.outcomes] + list(MORE_KEYS)
    first = [code for code in wanted if code in leaf_codes]
    return tuple(first + [code for code in leaf_codes if code not in first])


def without_a_key(catalogue: Catalogue) -> tuple[str, ...]:
    """The outcomes that no function key alone gives: what one more key offers, `MORE_KEYS` first.

    The first outcome of each function key is left out, and what a tick in the open form says (in-depth).
    """
    on_keys = {key.outcomes[0] for key in KEYS if key.outcomes}
    rest = [code for code in selectable(catalogue) if code not in on_keys and not is_in_depth(code)]
    return tuple(sorted(rest, key=lambda code: MORE_KEYS.index(code) if code in MORE_KEYS else len(MORE_KEYS)))


def outbound(catalogue: Catalogue) -> tuple[str, ...]:
    """What a call that the hotline made may end with: `OUTBOUND_KEYS`, then what a newer list has besides."""
    known = catalogue["attempt_result"]
    rest = [code.code for code in known if code.code not in OUTBOUND_KEYS]
    return tuple([code for code in OUTBOUND_KEYS if code in known] + rest)


def hints_at_silent_script(silent_calls_in_24_h: int) -> bool:
    """Whether the present call (counted in) should show the hint; a hint only, silent callers are never
    blocked.
    """
    return silent_calls_in_24_h >= SILENT_HINT_AT
