"""The manual's page: what to look for, the contents at the left, the chapter beside them; it stops no key."""

from __future__ import annotations

import logging
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from desktop.ui.actions import Registry
from desktop.ui.forms.boxes import LineBox
from desktop.ui.manual.chapters import KEYS, Chapter, Manual, load
from desktop.ui.manual.paper import Paper, keys_text, keys_title
from desktop.ui.manual.reading import Reading
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Mark, Said
from desktop.ui.widgets.wrapped_cell import WrappedCell
from desktop.ui.words import language, tr
from domain.text import fold

_log = logging.getLogger(__name__)
_CONTENTS: Final = 280
_CONTENTS_WHEN_NARROW: Final = 176
"""Pixels at zoom 1 that the contents are wide."""


class ManualBox(LineBox):
    """The box keeps the keys: arrows turn to another chapter, page keys scroll the text, letters filter."""

    moved = Signal(int)
    scrolled = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of the contents and of the text; everything else is typed."""
        turns = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        pages = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}
        key = Qt.Key(event.key())
        if key in turns:
            self.moved.emit(turns[key])
        elif key in pages:
            self.scrolled.emit(pages[key])
        else:
            super().keyPressEvent(event)


class ManualPage(QWidget):
    """`left` comes when a person has read enough. Chapters are read from their files at the first `show_chapter`."""

    left = Signal()

    def __init__(self, registry: Registry, look: Look) -> None:
        super().__init__()
        self.setObjectName("page.manual")
        self._registry, self._look = registry, look
        self.manual: Manual | None = None
        self._damaged = False
        self.chapter_id = ""
        self._ids: list[str] = []
        self._titles: list[str] = []
        self.box = ManualBox()
        self.box.setObjectName("field.manual")
        self.box.setProperty("role", "big")
        self.box.setAccessibleName(tr("Tìm trong hướng dẫn"))
        self.box.setPlaceholderText(tr("Tìm trong hướng dẫn (không cần dấu)"))
        self.contents = QListWidget()
        self.contents.setObjectName("list.manual")
        self.contents.setAccessibleName(tr("Mục lục hướng dẫn"))
        self.contents.setItemDelegate(WrappedCell(self.contents))
        self.contents.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.contents.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._narrow = False
        self.state = Mark(Status.QUIET, "", wraps=True)
        self.text = Reading(look)
        self.text.setAccessibleName(tr("Chương hướng dẫn"))
        beside = QHBoxLayout()
        beside.setSpacing(12)
        beside.addWidget(self.contents)
        beside.addWidget(self.text, 1)
        page = QVBoxLayout(self)
        page.setContentsMargins(24, 16, 24, 12)
        page.setSpacing(8)
        self._title = Said(tr("Hướng dẫn"), "title")
        page.addWidget(self._title)
        page.addWidget(self.box)
        page.addWidget(self.state)
        page.addLayout(beside, 1)
        self.box.typed.connect(self._filter)
        self.box.moved.connect(self._turn)
        self.box.scrolled.connect(self._scroll)
        self.contents.currentRowChanged.connect(self._chosen)
        self.text.wanted.connect(self.show_chapter)
        self.text.resized.connect(self._draw, Qt.ConnectionType.QueuedConnection)  # never in the midst of drawing
        look.worn.connect(self._fit)
        self._fit()

    def focus(self) -> None:
        """The box takes the keys."""
        self.box.setFocus()

    def back(self) -> bool:
        """Esc: whoever opened it puts back what was there."""
        self.left.emit()
        return True

    def reflow(self, narrow: bool) -> None:
        """Where there is little room the words around the text make place for it."""
        self._narrow = narrow
        self._title.setVisible(not narrow)
        self._say(self._words())
        self._fit()

    @Slot()
    def _fit(self) -> None:
        wide = _CONTENTS_WHEN_NARROW if self._narrow else _CONTENTS
        self.contents.setFixedWidth(round(wide * self._look.zoom))
        self._draw()

    def chapter_of(self, *screens: str) -> str:
        """The chapter that tells about the first of these screens that has one."""
        self._read()
        return self.manual.for_screen(*screens) if self.manual is not None else KEYS

    @Slot(str)
    def show_chapter(self, chapter_id: str) -> None:
        """Turn to this chapter; whatever was looked for before is forgotten."""
        self._read()
        self.box.clear()
        self.chapter_id = chapter_id
        self._list()

    def _read(self) -> None:
        """Once; a manual that is damaged still shows its keys and says so."""
        if self.manual is None and not self._damaged:
            try:
                self.manual = load(language(), [action.id for action in self._registry])
            except (OSError, ValueError) as fault:
                self._damaged = True
                _log.error("the manual cannot be read: %s", fault)

    def _texts(self) -> list[tuple[str, str, str]]:
        """Id, title and folded text of everything there is to read."""
        chapters = self.manual.chapters if self.manual is not None else ()
        found = [(one.id, one.title, f"{one.folded} {self._labels(one)}") for one in chapters]
        return [*found, (KEYS, keys_title(), fold(keys_text(self._registry)))]

    def _labels(self, chapter: Chapter) -> str:
        named = (self._registry[one] for one in chapter.actions)
        return fold(" ".join(f"{one.key_text} {one.label}" for one in named))

    @Slot()
    def _filter(self) -> None:
        self._list()

    def _list(self) -> None:
        wanted = self._words()
        rows = [(one, title) for one, title, text in self._texts() if all(word in text for word in wanted)]
        self._ids = [one for one, _ in rows]
        self.contents.blockSignals(True)
        titles = [title for _, title in rows]
        if titles != self._titles:  # entries that stand already are left: taken away they crashed a walk once
            self._titles = titles
            self.contents.clear()
            self.contents.addItems(titles)
        if self._ids and self.chapter_id not in self._ids:
            self.chapter_id = self._ids[0]
        if self._ids:
            self.contents.setCurrentRow(self._ids.index(self.chapter_id))
        self.contents.blockSignals(False)
        self._say(wanted)
        self._draw()

    def _say(self, wanted: list[str]) -> None:
        if self._damaged:
            words = tr("Hướng dẫn trên máy này bị hỏng, chỉ còn bảng phím. Chị/anh báo kỹ thuật khi rảnh.")
            self.state.say(Status.URGENT, words)
        elif not self._ids:
            self.state.say(Status.QUIET, tr("Không có chương nào nói về điều này. Thử ít chữ hơn, hoặc từ khác."))
        elif wanted:
            self.state.say(Status.GOOD, tr("{count} chương có những chữ này").format(count=len(self._ids)))
        else:
            words = tr("Mũi tên lên xuống: sang chương khác. Page Up, Page Down: cuộn chữ. {key}: trở lại chỗ cũ.")
            self.state.say(Status.QUIET, words.format(key=self._registry["back"].key_text))
        self.state.setVisible(not self._narrow or self._damaged or bool(wanted))

    def _words(self) -> list[str]:
        return fold(self.box.whole_text()).split()

    @Slot(int)
    def _turn(self, step: int) -> None:
        if self._ids:
            self.contents.setCurrentRow(max(0, min(len(self._ids) - 1, self.contents.currentRow() + step)))

    @Slot(int)
    def _scroll(self, step: int) -> None:
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.value() + step * round(bar.pageStep() * 0.9))

    @Slot(int)
    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self._ids):
            self.chapter_id = self._ids[row]
            self._draw()

    @Slot()
    def _draw(self) -> None:
        """The chapter in front, in the present size and colours."""
        if not self.chapter_id:
            return
        paper = Paper(self._registry, self._look.tokens, self._look.zoom, self.text.picture_width)
        chapter = self.manual.named(self.chapter_id) if self.manual is not None else None
        self.text.document().setDefaultStyleSheet(paper.style())
        self.text.setHtml(paper.keys() if chapter is None else paper.chapter(chapter))
        self.text.mark(self._words())
