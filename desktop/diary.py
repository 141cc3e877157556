"""The diary: what this desk did, in counts and ids; never a word of what people said."""

from __future__ import annotations

import faulthandler
import logging
import re
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Final

from domain.text import nfc

FILE: Final = "desk.log"
CRASHES: Final = "crash.log"
_BYTES: Final = 2 << 20
_KEPT: Final = 5
_DIGITS: Final = re.compile(r"\d(?:[\s.\-]?\d){6,}")
_ID: Final = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_log = logging.getLogger(__name__)


class Scrubbed(logging.Formatter):
    """The last line of defence: seven digits or more are masked, and an exception shows as its kind and places.

    Its message, its locals and its source lines stay out: a message may hold what somebody typed. Ids of
    records stay readable.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, scrubbed. What another handler has cached of the exception on the record is not used."""
        kept: list[str] = []
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}: {self.formatException(record.exc_info)}"

        def keep(match: re.Match[str]) -> str:
            kept.append(match[0])
            return f"\x00{len(kept) - 1}\x01"

        scrubbed = _DIGITS.sub("#######", _ID.sub(keep, text))
        line = re.sub("\x00(\\d+)\x01", lambda match: kept[int(match[1])], scrubbed)
        stamp = self.formatTime(record)
        # One entry is one line, read in one direction: what came from outside cannot write an entry of its own.
        return f"{stamp} {record.levelname} {record.name}: " + " ".join(nfc(line).split("\n"))

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """Kind and places of an exception and of what caused it."""
        fault = ei[1]
        told: list[str] = []
        while fault is not None:
            frames = traceback.extract_tb(fault.__traceback__)
            places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
            told.append(f"{type(fault).__name__} at {places or 'nowhere'}")
            fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
        return " caused by ".join(told)


def open_diary(logs: Path, level: int = logging.INFO) -> RotatingFileHandler:
    """Write the diary to a rotating file and catch what nobody caught; answers the handler, for `close_diary`."""
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = RotatingFileHandler(logs / FILE, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True)
    handler.setFormatter(Scrubbed())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    if not faulthandler.is_enabled():
        # Frames only: faulthandler never writes values.
        faulthandler.enable((logs / CRASHES).open("a", encoding="utf-8"))
    return handler


def close_diary(handler: RotatingFileHandler) -> None:
    """Stop writing, give the hooks back."""
    logging.getLogger().removeHandler(handler)
    handler.close()
    sys.excepthook = sys.__excepthook__
    threading.excepthook = threading.__excepthook__


def _uncaught(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    _log.critical("uncaught", exc_info=(kind, fault, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _log.critical("uncaught in a thread", exc_info=args.exc_value)
