"""Libraries that are to be loaded before PySide6: import this first wherever a program begins.

PySide6 reads the source of every module that is imported after it, line by line, and what `forget_sources` lets go of
later leaves holes: the same desk took 112 MB with Qt first and 95 MB with these first (imports alone, Linux, 6.11.3).
"""

import sys
from typing import Final

import argon2
import cryptography.hazmat.primitives.asymmetric.ed25519
import cryptography.x509
import keyring
import msgspec
import requests
import sqlalchemy
import sqlalchemy.dialects.sqlite
import zstandard

SWITCH_S: Final = 0.0005
"""Seconds a thread may keep the interpreter while another waits for it. With Python's own 5 ms the thread of the
store, which gives it away at each of the twenty-odd statements of a save, waits for a window that paints."""
sys.setswitchinterval(SWITCH_S)

__all__ = ["argon2", "cryptography", "keyring", "msgspec", "requests", "sqlalchemy", "zstandard"]
