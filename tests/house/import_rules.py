"""Where bytes from outside are taken apart: each such place names the property test that bends them, or why none."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.house.reading import Source

PARSERS: Final = frozenset({
    "json.loads", "json.load", "tomllib.loads", "tomllib.load", "csv.reader", "csv.DictReader", "pickle.loads",
    "msgspec.json.decode", "msgspec.json.Decoder", "msgspec.toml.decode", "msgspec.msgpack.decode",
    "msgspec.convert", "msgspec.yaml.decode", "zipfile.ZipFile", "tarfile.open", "gzip.decompress",
    "zlib.decompress", "zlib.decompressobj", "zstandard.ZstdDecompressor", "struct.unpack",
    "x509.load_der_x509_certificate", "x509.load_pem_x509_certificates", "x509.load_pem_x509_certificate",
    "serialization.load_pem_private_key", "serialization.load_pem_public_key", "QImageReader",
    "QImage.fromData", "QTextDocument.setHtml", "cel.compile", "QUrl.fromUserInput", "DocxTemplate",
    "self._socket.read", "load_workbook", "ElementTree.fromstring", "ElementTree.parse", "ET.fromstring",
    "ET.parse", "QXmlStreamReader",
})  # fmt: skip
"""Calls that make something of bytes."""

METHODS: Final = frozenset({
    "unpack_from", "recv", "recv_into", "readAll", "readDatagram", "mimeData", "load_verify_locations",
    "get_verified_chain", "loadFromData", "stream", "readline", "read_bytes", "read_text", "insertFromMimeData",
})  # fmt: skip
"""Methods that fetch bytes, whatever they are called on."""

OURS: Final = ("desktop/day/", "desktop/gallery/")
"""Made-up days and pictures: they read what they themselves wrote."""


def places(sources: Iterable[Source]) -> Iterator[str]:
    """`path function` of every place that takes bytes apart or fetches them from outside."""
    for source in sources:
        if source.path.startswith(OURS):
            continue
        yield from sorted({f"{source.path} {name}" for name in _in(source.tree, ())})


def _in(node: ast.AST, inside: tuple[str, ...]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        within = inside
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            within = (*inside, child.name)
            if child.name in METHODS:
                yield ".".join(within)
        if isinstance(child, ast.Call) and _takes_apart(child):
            yield ".".join(inside) or "(module)"
        yield from _in(child, within)


def _takes_apart(call: ast.Call) -> bool:
    called = call.func
    if isinstance(called, ast.Attribute) and called.attr in METHODS:
        return True
    how = {one.value for one in call.args if isinstance(one, ast.Constant)}
    opens = "rb" in how and (called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)) == "open"
    return opens or ast.unparse(called) in PARSERS


def faults(found: Iterable[str], table: Mapping[str, str], root: Path) -> list[str]:
    """Places without a line, lines without a place, and lines whose test is none or bends nothing."""
    here = set(found)
    wrong = [f"{place}: no property test is named for it" for place in sorted(here - table.keys())]
    wrong += [f"{place}: nothing is taken apart there" for place in sorted(table.keys() - here)]
    for place, said in sorted(table.items()):
        if said.startswith("tests/") and not _bends(said, root):
            wrong.append(f"{place}: {said} is no property test")
        elif not said.startswith("tests/") and len(said.split()) < _FEW_WORDS:
            wrong.append(f"{place}: says neither which test nor why none")
    return wrong


_FEW_WORDS: Final = 4


def _bends(named: str, root: Path) -> bool:
    """Whether `path::test` is there and draws what it tries (hypothesis, schemathesis) or bends it itself."""
    path, _, test = named.partition("::")
    file = root / path
    if not file.is_file():
        return False
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == test:
            drawn = {ast.unparse(one).partition("(")[0] for one in node.decorator_list}
            calls = {ast.unparse(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
            return "given" in drawn or bool({"bent", "random.Random", "given"} & calls)
    return False
