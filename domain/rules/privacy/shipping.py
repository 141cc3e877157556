"""What sync ships to a desk: what at least one of its people may open there, and what they may find masked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from domain.rules.privacy.engine import Person, Thing, may
from domain.rules.privacy.policy import Decision, Policy

_OPENS: Final = frozenset({Decision.ALLOWED, Decision.LOGGED, Decision.REASON})
"""A reason is given at the desk, also without a line: what it opens must lie there. Two persons are the centre's."""


def ships(policy: Policy, people: Iterable[Person], thing: Thing) -> bool:
    """Whether a desk of these people is given the file: the union of their rights (settled 22).

    What may only be found, and masked, is shipped too (search and the marks of a ringing number work without a line;
    the desk's read boundary masks it), but neither what is restricted nor what lies behind a book's wall: there a
    person who may not open learns nothing from the words, so they do not travel.

    A person on no list has everything *here* assigned: what lies at the desk, by its centre or by a grant. What is
    another centre's is not here before it was shipped, so on the way there such a person counts as anybody else does.
    """
    walled = policy.books[thing.book].rows is not None
    for one in people:
        person = one if thing.centre == one.centre else replace(one, listed=True)
        if may(policy, person, "open", thing) in _OPENS:
            return True
        if not (walled or thing.restricted) and may(policy, person, "search", thing) is not Decision.NONE:
            return True
    return False
