"""The one style sheet, generated from tokens and zoom."""

from __future__ import annotations

from desktop.ui.theme.tokens import (
    BODY,
    CAPTION,
    CONTROL_HEIGHT,
    RADIUS,
    READING,
    ROW_HEIGHT,
    SECTION,
    TITLE,
    Status,
    Tokens,
)


def style_sheet(t: Tokens, zoom: float, family: str) -> str:
    """Qt style sheet for the whole application. `zoom` scales every size (0.8 to 2)."""

    def px(size: float) -> str:
        return f"{round(size * zoom)}px"

    statuses = "\n".join(f'QLabel[status="{one.value}"] {{ color: {t.of(one)}; }}' for one in Status)
    return f"""
* {{ font-family: "{family}"; font-size: {px(BODY)}; color: {t.text}; outline: none; }}
QMainWindow, QWidget#page, QWidget#ground, QWidget#signin {{ background: {t.ground}; }}
QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: {px(TITLE)}; font-weight: 600; }}
QLabel[role="section"] {{ font-size: {px(SECTION)}; font-weight: 600; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QLabel[role="reading"] {{ font-size: {px(READING)}; }}
QLabel[role="muted"] {{ color: {t.muted}; }}
QLabel[role="caption"] {{ color: {t.muted}; font-size: {px(CAPTION)}; }}
QLabel[role="number"] {{ font-size: {px(TITLE)}; font-weight: 600; }}
{statuses}
QFrame[role="card"] {{ background: {t.surface}; border: 1px solid {t.hairline}; border-radius: {px(RADIUS)}; }}
QFrame[role="bar"] {{ background: {t.surface}; border: none; border-bottom: 1px solid {t.hairline}; }}
QFrame[role="foot"] {{ background: {t.surface}; border: none; border-top: 1px solid {t.hairline}; }}
QFrame[role="nav"] {{ background: {t.band}; border: none; border-right: 1px solid {t.hairline}; }}
QFrame[role="toast"] {{ background: {t.text}; border: none; border-radius: {px(RADIUS)}; }}
QFrame[role="toast"] QLabel {{ color: {t.surface}; }}
QFrame[role="warn"] {{ background: {t.surface}; border: 2px solid {t.urgent}; border-radius: {px(RADIUS)}; }}
QFrame[role="note"] {{ background: {t.surface}; border: 1px solid {t.waiting}; border-radius: {px(RADIUS)}; }}
QFrame[role="popup"] {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {px(RADIUS)}; }}
QFrame[role="line"] {{ background: {t.hairline}; border: none; max-height: 1px; min-height: 1px; }}
QGroupBox {{ border: none; margin: 0px; padding: 0px; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QTextBrowser {{ background: transparent; border: none;
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QTextBrowser:focus {{ border: 2px solid {t.focus}; border-radius: {px(RADIUS)}; }}

QLineEdit, QPlainTextEdit {{
    background: {t.surface}; border: 1px solid {t.border}; border-radius: {px(RADIUS)};
    padding: {px(4)} {px(8)}; selection-background-color: {t.accent}; selection-color: {t.on_accent};
    placeholder-text-color: {t.muted};
}}
QLineEdit {{ min-height: {px(CONTROL_HEIGHT - 10)}; }}
QPlainTextEdit {{ font-size: {px(READING)}; }}
QLineEdit:focus, QPlainTextEdit:focus {{ border: 2px solid {t.focus}; padding: {px(3)} {px(7)}; }}
QLineEdit[trouble="true"], QPlainTextEdit[trouble="true"] {{ border-color: {t.waiting}; }}
QLineEdit[trouble="true"]:focus, QPlainTextEdit[trouble="true"]:focus {{ border-color: {t.focus}; }}
QLineEdit[role="big"] {{ font-size: {px(SECTION)}; min-height: {px(32)}; }}

QPushButton {{
    background: {t.surface}; border: 1px solid {t.border}; border-radius: {px(RADIUS)};
    padding: {px(3)} {px(12)} {px(4)} {px(12)}; min-height: {px(CONTROL_HEIGHT - 10)};
}}
QPushButton:hover {{ background: {t.band}; }}
QPushButton:pressed {{ background: {t.chosen}; }}
QPushButton:focus {{ border: 2px solid {t.focus}; padding: {px(2)} {px(11)} {px(3)} {px(11)}; }}
QPushButton:checked {{ background: {t.chosen}; border-color: {t.accent}; font-weight: 600; }}
QPushButton:checked:focus {{ border-color: {t.focus}; }}
QPushButton:disabled {{ color: {t.muted}; border-color: {t.hairline}; }}
QPushButton[role="main"] {{
    background: {t.accent}; border-color: {t.accent}; color: {t.on_accent}; font-weight: 600;
}}
QPushButton[role="main"]:focus {{ border: 2px solid {t.focus}; }}
QPushButton[role="main"]:disabled {{ background: {t.band}; color: {t.muted}; border-color: {t.hairline}; }}
QPushButton[role="key"] {{ padding: {px(2)} {px(6)}; text-align: left; }}
QPushButton[role="chip"] {{ background: {t.chosen}; border-color: {t.accent}; padding: {px(1)} {px(8)}; }}
QPushButton[role="chip"]:focus {{ border: 2px solid {t.focus}; padding: 0px {px(7)}; }}
QPushButton[role="nav"] {{
    background: transparent; border: 1px solid transparent; text-align: left; padding: {px(6)} {px(12)};
    min-height: {px(28)};
}}
QPushButton[role="nav"]:hover {{ background: {t.surface}; }}
QPushButton[role="nav"]:checked {{ background: {t.surface}; border-color: {t.hairline}; font-weight: 600; }}
QPushButton[role="nav"]:focus {{ border: 2px solid {t.focus}; padding: {px(5)} {px(11)}; }}
QPushButton[role="link"] {{
    background: transparent; border: 1px solid transparent; color: {t.accent}; text-align: left;
    padding: {px(2)} {px(6)};
}}
QPushButton[role="link"]:focus {{ border: 2px solid {t.focus}; padding: {px(1)} {px(5)}; }}

QCheckBox {{ spacing: {px(8)}; padding: {px(4)}; min-height: {px(24)}; border: 2px solid transparent; }}
QCheckBox:focus {{ border: 2px solid {t.focus}; border-radius: {px(RADIUS)}; }}
QCheckBox::indicator {{
    width: {px(16)}; height: {px(16)}; border: 1px solid {t.border}; border-radius: 3px; background: {t.surface};
}}
QCheckBox::indicator:checked {{ background: {t.accent}; border: 1px solid {t.accent}; }}

QTableView, QListView, QListWidget {{
    background: {t.surface}; border: 1px solid {t.hairline}; border-radius: {px(RADIUS)};
    alternate-background-color: {t.surface}; gridline-color: {t.hairline};
    selection-background-color: {t.chosen}; selection-color: {t.text};
}}
QTableView:focus, QListView:focus, QListWidget:focus {{ border: 2px solid {t.focus}; }}
QTableView::item {{ padding: 0px {px(8)}; border-bottom: 1px solid {t.hairline}; min-height: {px(ROW_HEIGHT)}; }}
QTableView::item:selected, QListView::item:selected {{ background: {t.chosen}; color: {t.text}; }}
QListWidget#suggestions {{ border: 1px solid {t.border}; }}
QHeaderView {{ background: {t.surface}; }}
QHeaderView::section {{
    background: {t.surface}; color: {t.muted}; font-size: {px(CAPTION)}; border: none;
    border-bottom: 1px solid {t.border}; padding: {px(6)} {px(10)} {px(4)} {px(10)};
}}
QTabBar {{ background: transparent; }}
QTabBar::tab {{
    background: {t.band}; border: 1px solid {t.hairline}; border-bottom: none; padding: {px(7)} {px(14)} {px(5)};
    margin-right: {px(4)}; border-top-left-radius: {px(RADIUS)}; border-top-right-radius: {px(RADIUS)};
}}
QTabBar::tab:selected {{ background: {t.surface}; font-weight: 600; border-color: {t.border}; }}
QTabBar:focus {{ border: 2px solid {t.focus}; }}
QScrollBar:vertical {{ background: transparent; width: {px(10)}; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {t.border}; border-radius: {px(4)}; min-height: {px(28)}; }}
QScrollBar:horizontal {{ background: transparent; height: {px(12)}; margin: 2px; }}
QScrollBar::handle:horizontal {{ background: {t.border}; border-radius: {px(4)}; min-width: {px(28)}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0px; height: 0px; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QMenu {{ background: {t.surface}; border: 1px solid {t.border}; padding: {px(4)}; }}
QMenu::item {{ padding: {px(6)} {px(16)}; }}
QMenu::item:selected {{ background: {t.chosen}; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QToolTip {{ background: {t.text}; color: {t.surface}; border: none; padding: {px(6)}; }}
"""
