"""House rules about code: each a function from one source to its findings, each tested by a planted fault."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from tests.house.reading import Source

LONGEST = 450
"""Lines a file may have before a second reader has to scroll too much."""

# Each word with one letter in brackets, so that this file does not contain what it looks for.
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K]|NotImplemente[d]Error)\b")
SKIPS = re.compile(r"pytest\.ski[p]\(|mark\.(ski[p]\b|xfai[l])|importorski[p]|assert Tru[e]\b|unittest\.ski[p]")
MAY_SKIP = {"tests/postgres.py"}
"""Skips, printed, only where no PostgreSQL exists at all; fails instead when CI is set."""

ROOM_WITHOUT_NAME = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "controller"}
CLASS_WITHOUT_NAME = re.compile(r"(Manager|Controller|Util|Utils|Helper|Helpers)$")

SQL_CALLS = {"execute", "executemany", "executescript", "exec_driver_sql", "text"}
SQL_WORDS = {
    "table", "tables", "column", "columns", "names", "mark", "marks", "keys", "sets", "where", "order", "index",
    "members",
}  # fmt: skip
"""What a statement is put together from: lists of our own names, and marks for values."""
SQL_NAMES_ONLY = re.compile(r"#\s*(sql-names-only:|noqa: S608)\s*\S.{8,}")
"""The comment that allows a statement put together: it says why only names of ours (tables…) go in."""


def called(node: ast.Call) -> str:
    """The last part of what is called: `execute` for `connection.execute(…)`."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of attributes, else the empty string."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def calls(source: Source) -> Iterator[ast.Call]:
    """Every call of a file."""
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def imported(source: Source) -> Iterator[tuple[int, str]]:
    """Every imported name with its line: `a.b` for `from a import b` and for `import a.b`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module or ''}.{alias.name}") for alias in node.names)


def no_lambda_is_connected(source: Source) -> list[str]:
    """Law 3: a lambda or partial has no thread of its own and would run on the worker's."""
    found = []
    for call in calls(source):
        if called(call) != "connect" or not isinstance(call.func, ast.Attribute):
            continue
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            is_partial = isinstance(argument, ast.Call) and called(argument) in {"partial", "partialmethod"}
            if isinstance(argument, ast.Lambda) or is_partial:
                found.append(source.at(call.lineno, "connect a bound method (law 3)"))
    return found


def no_orm(source: Source) -> list[str]:
    """Law 2: rows are read and written by Core; the ORM's merge is 11 times slower, its rows cross lanes."""
    return [
        source.at(line, f"{name}: use SQLAlchemy Core (law 2)")
        for line, name in imported(source)
        if name.startswith(("sqlalchemy.orm", "sqlalchemy.ext.orm", "sqlalchemy.ext.declarative"))
    ]


def nothing_unfinished(source: Source) -> list[str]:
    """No marks of unfinished work and no test that does not run."""
    found = []
    for number, line in enumerate(source.lines, 1):
        if mark := UNFINISHED.search(line):
            found.append(source.at(number, f"{mark[0]}: finish it or leave it out"))
        if (skip := SKIPS.search(line)) and source.path not in MAY_SKIP:
            found.append(source.at(number, f"{skip[0]}: a test runs or does not exist"))
    return found


def nobody_sleeps(source: Source) -> list[str]:
    """Wait for facts: a sleep is either too short or too long."""
    found = []
    sleeps_by_name = any(name == "time.sleep" for _, name in imported(source))
    for call in calls(source):
        name = dotted(call.func)
        waits_blindly = name == "time.sleep" or name.endswith(("qtbot.wait", "QTest.qWait"))
        if waits_blindly or (name == "sleep" and sleeps_by_name):
            found.append(source.at(call.lineno, f"{name}: wait for a fact, with a limit"))
    return found


def silence_has_a_reason(source: Source) -> list[str]:
    """A silenced checker names its code and says why."""
    found = []
    for number, line in enumerate(source.lines, 1):
        for mark in re.finditer(
            r"#\s*(type:\s*ignore|noqa)\b(\[[\w, -]+\]|:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?(.*)", line
        ):
            if not mark[2]:
                found.append(source.at(number, f"{mark[1]} without a code"))
            elif len(re.findall(r"\w", mark[4])) < 8:
                found.append(source.at(number, f"{mark[1]} without a reason behind it"))
    return found


def short_enough(source: Source) -> list[str]:
    """At most 450 lines."""
    count = len(source.lines)
    return [source.at(count, f"{count} lines: split by meaning")] if count > LONGEST else []


def says_what_it_is_for(source: Source) -> list[str]:
    """A module begins with one sentence of docstring on one or two lines; an empty `__init__` needs none."""
    if not source.text.strip():
        return []
    words = ast.get_docstring(source.tree)
    if not words:
        return [source.at(1, "the first line says in one sentence what the place is for")]
    first, lead = words.split("\n\n")[0], 2 if source.text.startswith("#!") else 1
    if source.tree.body[0].lineno != lead:
        return [source.at(source.tree.body[0].lineno, "the docstring is the first line")]
    whole = first.rstrip().endswith((".", "?", "!", ":")) and len(first.splitlines()) <= 2
    return [] if whole else [source.at(1, "first one whole sentence, on one or two lines, then an empty line")]


def rooms_have_names(source: Source) -> list[str]:
    """No file, folder or class whose name says nothing about its work."""
    parts = PurePosixPath(source.path).with_suffix("").parts
    found = [source.at(1, f"{part}: a name of its own") for part in parts if part.lower() in ROOM_WITHOUT_NAME]
    classes = (node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef))
    bad = (node for node in classes if CLASS_WITHOUT_NAME.search(node.name))
    return found + [source.at(node.lineno, f"{node.name}: a name that says what it does") for node in bad]


def statements_carry_no_values(source: Source) -> list[str]:
    """Values travel as parameters: one put together could carry a child's name into logs and errors."""
    found = []
    for call in calls(source):
        if called(call) not in SQL_CALLS or not call.args:
            continue
        first = call.args[0]
        put_together = (
            (isinstance(first, ast.JoinedStr) and not all(is_a_name(part) for part in first.values))
            or (isinstance(first, ast.BinOp) and isinstance(first.op, ast.Mod | ast.Add) and has_text(first))
            or (isinstance(first, ast.Call) and called(first) == "format" and has_text(first))
        )
        if put_together and not is_pragma(first) and not explained(source, call):
            found.append(source.at(call.lineno, "values go as parameters, not into the statement"))
    return found


def is_a_name(part: ast.expr) -> bool:
    """Whether a part of an f-string is plain text or one of our own names: `{table.name}`, `{names}`."""
    if not isinstance(part, ast.FormattedValue):
        return True
    value = part.value.func if isinstance(part.value, ast.Call) else part.value
    if isinstance(value, ast.Attribute) and value.attr == "name":
        value = value.value
    last = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""
    return last in SQL_WORDS


def has_text(node: ast.AST) -> bool:
    """Whether an expression holds a literal string (so `1 + 2` and two variables are no statement)."""
    return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(node))


def is_pragma(node: ast.expr) -> bool:
    """PRAGMA takes no parameters; it carries keys and settings, never data of persons."""
    first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
    while isinstance(first, ast.BinOp):
        first = first.left
    return isinstance(first, ast.Constant) and str(first.value).lstrip().upper().startswith("PRAGMA")


def explained(source: Source, call: ast.Call) -> bool:
    """Whether the call, or the line above it, says that only names of ours go in."""
    last = call.end_lineno or call.lineno
    return any(SQL_NAMES_ONLY.search(line) for line in source.lines[max(0, call.lineno - 2) : last])


IMPURE = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "uuid.uuid1", "uuid.uuid4",
    "uuid1", "uuid4", "os.environ", "os.getenv", "getenv", "time.time", "perf_counter", "monotonic",
    "urandom", "input", "print",
}  # fmt: skip
IMPURE_IMPORTS = {
    "time",
    "random",
    "secrets",
    "os",
    "socket",
    "threading",
    "asyncio",
    "subprocess",
    "sqlite3",
}


def is_pure(source: Source) -> list[str]:
    """Law 7 and the domain's own: answers depend on what is given, never on clock, chance or environment."""
    found = [
        source.at(line, f"{name}: given by the caller, never taken")
        for line, name in imported(source)
        if name.split(".")[0] in IMPURE_IMPORTS
    ]
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call | ast.Attribute):
            continue
        name = dotted(node.func if isinstance(node, ast.Call) else node)
        if any(name == impure or name.endswith(f".{impure}") for impure in IMPURE):
            found.append(source.at(node.lineno, f"{name}: given by the caller, never taken"))
    return sorted(set(found))


def shapes_are_made_known(source: Source) -> list[str]:
    """What is read into a class of ours goes through `sync.decoding.known`: two threads that read into one for the
    first time together end the process. Plain lists and dictionaries need none."""
    found = []
    for call in calls(source):
        if not re.fullmatch(r"msgspec\.((json|msgpack|toml|yaml)\.decode|convert)", dotted(call.func)):
            continue
        for shape in [one.value for one in call.keywords if one.arg == "type"] + call.args[1:]:
            names = {one.id for one in ast.walk(shape) if isinstance(one, ast.Name)}
            if not names <= PLAIN and not ast.unparse(shape).startswith("known("):
                found.append(source.at(call.lineno, f"{ast.unparse(shape)}: type=known(…), see sync/decoding.py"))
    return found


PLAIN: Final = frozenset({"dict", "list", "tuple", "set", "str", "int", "float", "bool", "bytes", "Any"})


EVERYWHERE = (
    nothing_unfinished, nobody_sleeps, silence_has_a_reason, short_enough, says_what_it_is_for,
    rooms_have_names,    statements_carry_no_values, no_lambda_is_connected,
)  # fmt: skip
"""The rules that hold for every Python file, tests included."""
