"""What the desk's commands say on a terminal: Vietnamese, or English where that was chosen."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

from domain.command_words import in_vietnamese

LANGUAGE: Final = "TRAM111_LANGUAGE"
"""`en` or `vi`, for every command of this terminal. Without it a command that opens a desk speaks as its person
chose, every other one Vietnamese."""
_ENGLISH: Final = "en"


def said(text: str) -> str:
    """A sentence in the language of this command. Nothing is loaded for Vietnamese: a number that rings has to reach
    the open desk within a second."""
    if os.environ.get(LANGUAGE) == _ENGLISH:
        from desktop.ui.words import ENGLISH, speak  # noqa: PLC0415 - loaded only where it is needed

        speak(ENGLISH)
    words = sys.modules.get("desktop.ui.words")
    return text if words is None else str(words.spoken(text))


def tell(text: str, to: TextIO | None = None) -> None:
    """Print a sentence, or several lines of them; what goes wrong is told on standard error."""
    print("\n".join(map(said, text.split("\n"))), file=to or sys.stdout)


def as_chosen(language: str) -> None:
    """Speak as the person chose who signed in, where the terminal does not say otherwise."""
    if LANGUAGE not in os.environ:
        from desktop.ui.words import speak  # noqa: PLC0415 - loaded only where it is needed

        speak(language)


def in_command_words(words: str) -> str:
    """What Python's own reader of command lines says, in the language of this command."""
    return words if os.environ.get(LANGUAGE) == _ENGLISH else in_vietnamese(words)
