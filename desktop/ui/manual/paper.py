"""Lays a chapter out as rich text: sizes by the zoom, colours by the theme, keys and labels by the registry."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from desktop.ui.actions import Action, Registry
from desktop.ui.manual.chapters import Block, Chapter, Span
from desktop.ui.theme.tokens import CAPTION, READING, SECTION, TITLE, Tokens
from desktop.ui.words import tr

PICTURE: Final = "picture:"
"""Scheme of the pictures of the package; nothing else is ever loaded."""

CHAPTER: Final = "chapter:"
"""Scheme of a way to another chapter."""

_TAGS: Final = {"title": "h1", "section": "h2", "text": "p"}


class Paper:
    """One look. `zoom` is 0.8 to 2; `picture_width` in pixels."""

    def __init__(self, registry: Registry, tokens: Tokens, zoom: float, picture_width: int) -> None:
        self._registry, self._tokens, self._zoom, self._picture_width = registry, tokens, zoom, picture_width

    def style(self) -> str:
        """The style sheet of the document; Qt knows a part of CSS only."""
        t, px = self._tokens, self._px
        return f"""
p, li, td {{ color: {t.text}; font-size: {px(READING)}; line-height: 135%; }}
p {{ margin: {px(6)} 0px {px(6)} 0px; }}
li {{ margin: {px(3)} 0px {px(3)} 0px; }}
h1 {{ color: {t.text}; font-size: {px(TITLE)}; font-weight: 600; margin: {px(4)} 0px {px(10)} 0px; }}
h2 {{ color: {t.text}; font-size: {px(SECTION)}; font-weight: 600; margin: {px(18)} 0px {px(4)} 0px; }}
b {{ font-weight: 600; }}
a {{ color: {t.accent}; text-decoration: underline; }}
.key {{ background-color: {t.chosen}; font-weight: 600; }}
.small {{ color: {t.muted}; font-size: {px(CAPTION)}; }}
"""

    def chapter(self, chapter: Chapter) -> str:
        """The chapter as HTML, at its end the keys it named with what they do."""
        parts: list[str] = []
        open_list = ""
        for block in chapter.blocks:
            wanted = {"bullet": "ul", "step": "ol"}.get(block.kind, "")
            if wanted != open_list:
                parts.append((f"</{open_list}>" if open_list else "") + (f"<{wanted}>" if wanted else ""))
                open_list = wanted
            parts.append(self._block(block))
        if open_list:
            parts.append(f"</{open_list}>")
        named = [self._registry[one] for one in chapter.actions]
        if named:
            parts.append(f"<h2>{escape(tr('Phím trong chương này'))}</h2>" + self._table(named))
        return "<body>" + "".join(parts) + "</body>"

    def keys(self) -> str:
        """Every key of the registry, by group."""
        parts = [f"<h1>{escape(keys_title())}</h1>", f"<p>{escape(keys_words())}</p>"]
        for title, actions in self._registry.groups().items():
            parts.append(f"<h2>{escape(title)}</h2>" + self._table(actions))
        return "<body>" + "".join(parts) + "</body>"

    def _block(self, block: Block) -> str:
        if block.kind == "picture":
            words = escape(block.spans[0].text)
            image = f'<img src="{PICTURE}{block.target}" width="{self._picture_width}" alt="{words}">'
            return f'<p>{image}<br><span class="small">{words}</span></p>'
        inside = "".join(map(self._span, block.spans))
        tag = _TAGS.get(block.kind, "li")
        return f"<{tag}>{inside}</{tag}>"

    def _span(self, span: Span) -> str:
        words = escape(span.text)
        if span.kind == "strong":
            return f"<b>{words}</b>"
        if span.kind == "action":
            return self._key(self._registry[span.target])
        if span.kind == "chapter":
            return f'<a href="{CHAPTER}{span.target}">{words}</a>'
        if span.kind == "address":
            return f"{words} ({escape(span.target)})"  # shown, never opened
        return words

    def _key(self, action: Action) -> str:
        return f'<span class="key">&nbsp;{escape(action.key_text)}&nbsp;</span>'

    def _table(self, actions: Iterable[Action]) -> str:
        rows = (
            f'<tr><td style="white-space: pre; padding-right: {self._px(20)};">{self._key(one)}</td>'
            f"<td>{escape(one.label)}</td></tr>"
            for one in actions
        )
        return f'<table cellpadding="{round(3 * self._zoom)}" cellspacing="0">{"".join(rows)}</table>'

    def _px(self, size: float) -> str:
        return f"{round(size * self._zoom)}px"


def keys_title() -> str:
    """The title of the sheet of keys."""
    return tr("Bảng phím")


def keys_words() -> str:
    """What stands above the sheet of keys."""
    return tr("Gõ Telex hay VNI đều không đụng phím chức năng.")


def keys_text(registry: Registry) -> str:
    """Everything the sheet of keys says, for the filter."""
    rows = (f"{one.key_text} {one.label}" for one in registry)
    return " ".join((keys_title(), keys_words(), *registry.groups(), *rows))
