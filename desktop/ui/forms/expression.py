"""A yes or no that a form asks of its own values, in the Common Expression Language: does a field matter now."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cel.cel import Program

FUNCTIONS: Final = frozenset({"size", "startsWith", "endsWith", "contains", "matches"})
"""Named functions an expression may call; operators (`_&&_`, `@in`) are always known."""

_COMPARED: Final = re.compile(r"\b(\w+)\s*(?:==|!=)\s*(['\"])(.*?)\2")
_AMONG: Final = re.compile(r"(['\"])([^'\"]*)\1\s+in\s+(\w+)")
_ONE_OF: Final = re.compile(r"\b(\w+)\s+in\s+\[([^\]]*)\]")
_WORD: Final = re.compile(r"['\"]([^'\"]*)['\"]")


class ExpressionError(ValueError):
    """An expression that must not be used; the message says why, in one English sentence without file or line."""


def _native() -> ModuleType:
    """The compiled half of package `cel` alone: its __init__ also loads a command line with a terminal painter,
    which takes half a second of a desk's start."""
    package = importlib.util.find_spec("cel")
    found = PathFinder.find_spec("cel.cel", package.submodule_search_locations) if package else None
    if found is None or found.loader is None:
        raise ImportError("package common-expression-language is not installed")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


_CEL: Final = _native()


class Expression:
    """One compiled expression over a form's fields: an absent value is null, several codes are a list.

    `samples` gives each field that may be named a value of its kind; `codes` the codes of those that are coded.
    Raises ExpressionError for what does not parse, names an unknown field, function or code, or is no yes or no
    while fields are empty or filled.
    """

    def __init__(self, source: str, samples: Mapping[str, Any], codes: Mapping[str, Iterable[str]]) -> None:
        self.source = source
        try:
            self._program: Program = _CEL.compile(source)
        except (ValueError, RuntimeError) as error:
            raise ExpressionError(f"expression '{source}' cannot be read as CEL") from error
        self.names: tuple[str, ...] = tuple(self._program.variables())
        for name in self.names:
            if name not in samples:
                raise ExpressionError(f"expression '{source}' names '{name}', and no field is called so")
        for name in self._program.functions():
            if name.isidentifier() and not name.startswith("_") and name not in FUNCTIONS:
                raise ExpressionError(f"expression '{source}' calls '{name}', and no function is called so")
        for field, code in _codes_named(source):
            if field in codes and code not in codes[field]:
                raise ExpressionError(f"expression '{source}' names '{code}', which is no code of field '{field}'")
        self._lists = frozenset(name for name in self.names if isinstance(samples[name], list))
        for values in ({}, samples, *({name: samples[name]} for name in self.names)):
            if not isinstance(self._answer(values), bool):
                raise ExpressionError(f"expression '{source}' is no yes or no for every value: guard with != null")

    def holds(self, values: Mapping[str, Any], otherwise: bool) -> bool:
        """The answer for these values; `otherwise` where what was typed is not of its field's kind yet."""
        answer = self._answer(values)
        return answer if isinstance(answer, bool) else otherwise

    def _answer(self, values: Mapping[str, Any]) -> Any:
        given: dict[str, Any] = {}
        for name in self.names:
            value = values.get(name)
            given[name] = list(value or ()) if name in self._lists else value
        try:
            return self._program.execute(given)
        except (TypeError, ValueError, RuntimeError):
            return None


def _codes_named(source: str) -> list[tuple[str, str]]:
    """Pairs of field and quoted word that the expression compares."""
    found = [(match[1], match[3]) for match in _COMPARED.finditer(source)]
    found += [(match[3], match[2]) for match in _AMONG.finditer(source)]
    found += [(match[1], word) for match in _ONE_OF.finditer(source) for word in _WORD.findall(match[2])]
    return found
