"""What a method that Qt calls raises is made whole before it reaches the binding.

On Python 3.11 an error raised by C code (an index out of range, a widget that is gone) travels as a type and a loose
value until somebody catches it. Shiboken 6.11.3 takes that value for the error itself, and the process dies of a
segmentation fault, in a window with a child's words in it. Caught once and raised again it is an ordinary one, which
Qt's loop prints and the program outlives (decision 0006).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, Final

from PySide6.QtCore import QObject

_QT: Final = "PySide6."


def whole(method: Callable[..., Any]) -> Callable[..., Any]:
    """The same method; an error that leaves it was caught once."""

    @wraps(method)
    def called(*given: Any, **named: Any) -> Any:
        try:
            return method(*given, **named)
        except BaseException:  # noqa: TRY203  # catching it is what makes it whole
            raise

    return called


def overridden(cls: type) -> dict[str, FunctionType]:
    """The methods in this class itself under whose name Qt may call it."""
    theirs = [one for one in cls.__mro__ if one.__module__.startswith(_QT)]
    named = ((name, found) for name, found in vars(cls).items() if not name.startswith("__"))
    own = {name: found for name, found in named if isinstance(found, FunctionType)}
    return {name: found for name, found in own.items() if any(name in vars(one) for one in theirs)}


def _init_subclass(cls: type[QObject], /, **named: Any) -> None:
    super(QObject, cls).__init_subclass__(**named)
    for name, method in overridden(cls).items():
        setattr(cls, name, whole(method))


def guard() -> None:
    """From now on every class that is derived from one of Qt's is guarded. May be called again."""
    QObject.__init_subclass__ = classmethod(_init_subclass)  # type: ignore[assignment, method-assign]  # stubs know no such door


guard()
