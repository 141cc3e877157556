"""House rules about what a person reads on a screen: every sentence in tr("…"), Vietnamese first."""

from __future__ import annotations

import ast
import re

from tests.house.code_rules import called, calls
from tests.house.reading import Source

SHOWN_BY = {
    "setText", "setWindowTitle", "setToolTip", "setStatusTip", "setWhatsThis", "setPlaceholderText",
    "setTitle", "setLabelText", "setInformativeText", "setDetailedText", "setAccessibleName",
    "setAccessibleDescription", "showMessage", "addAction", "addMenu", "addTab", "addRow", "addItem",
    "insertTab", "setTabText", "setItemText", "setHeaderLabels", "setHorizontalHeaderLabels",
    "setPrefix", "setSuffix", "QLabel", "QPushButton", "QToolButton", "QCheckBox", "QRadioButton",
    "QGroupBox", "QAction", "QDockWidget",
}  # fmt: skip
"""Methods and classes of Qt whose text a person reads."""

BOXES = {
    "QMessageBox": {"information", "warning", "critical", "question", "about"},
    "QInputDialog": {"getText", "getItem"},
}
"""Static methods whose text a person reads, by their class."""

KEYS = re.compile(r"\b(F\d{1,2}|Esc|Ctrl|Alt|Shift|Enter|Tab|UTF-8)\b|<[^>]+>|&\w+;")
"""Names of keys and markup: not translated."""


def is_words(text: str) -> bool:
    """Whether a text has letters to translate; names of keys, markup and single letters have none."""
    return sum(letter.isalpha() for letter in KEYS.sub("", text)) > 1


def literal_words(node: ast.expr) -> str | None:
    """The words of a literal or f-string standing there itself (not inside tr), if it has any."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if is_words(node.value) else None
    if isinstance(node, ast.JoinedStr):
        words = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        return words if is_words(words) else None  # values are put in later, by what tr() returned
    if isinstance(node, ast.BinOp):
        return literal_words(node.left) or literal_words(node.right)
    if isinstance(node, ast.IfExp):
        return literal_words(node.body) or literal_words(node.orelse)
    if isinstance(node, ast.List | ast.Tuple):
        return next((found for part in node.elts if (found := literal_words(part))), None)
    return None


def sentences_can_be_translated(source: Source) -> list[str]:
    """Law 12: what a person reads stands in tr("…") as a whole literal."""
    found = []
    for call in calls(source):
        name = called(call)
        if name in {"tr", "translate"}:
            found += [
                source.at(call.lineno, "tr() takes a whole literal: put values in with .format or %n after it")
                for argument in call.args[-1:]
                if isinstance(argument, ast.JoinedStr | ast.BinOp)
            ]
        if name not in SHOWN_BY and name not in BOXES.get(owner(call), ()):
            continue
        for argument in [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "text")]:
            if (words := literal_words(argument)) is not None:
                found.append(
                    source.at(call.lineno, f"{name}({words[:30]!r}): in tr(…), so that it can be translated")
                )
    return found


def owner(call: ast.Call) -> str:
    """The last name before the method: `logger` for `self.logger.warning(…)`."""
    value = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(value, ast.Attribute):
        return value.attr
    return value.id if isinstance(value, ast.Name) else ""
