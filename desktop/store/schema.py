"""The desk's own tables beside the replica's: drafts, secrets, settings. They never travel."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from sync.replica import tables

draft = Table(
    "draft",
    tables.metadata,
    Column("id", Text, primary_key=True),
    Column("staff", Text, nullable=False, index=True),
    Column("form", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("bases", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("saved_at", BigInteger, nullable=False),
)
"""Forms a person has begun, each as it stood ≤ 2 s ago; `about` names the record they are about, or nothing."""

secret = Table(
    "secret",
    tables.metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Keys of this device; the file around them is encrypted."""

courier_log = Table(
    "courier_log",
    tables.metadata,
    Column("id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("staff", Text, nullable=False),
    Column("lineage", Text, nullable=False),
    Column("bundles", Text, nullable=False),
    Column("volumes", BigInteger, nullable=False),
    Column("operations", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
)
"""Audit of the courier here: every export and every reply taken in, by whom, with counts and ids only."""

setting = Table(
    "setting",
    tables.metadata,
    Column("staff", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Settings that differ from their declared value, of a person or (empty staff) of the desk."""

blob_copy = Table(
    "blob_copy",
    tables.metadata,
    Column("blob", Text, primary_key=True),
    Column("record", Text, nullable=False),
    Column("scope", Text, nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("chunks", Text, nullable=False),
    Column("here", BigInteger, nullable=False),
    Column("want", Text, nullable=False),
    Column("urgent", BigInteger, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("centre_at", BigInteger, nullable=True),
    Column("used_at", BigInteger, nullable=True),
)
"""Bytes of attachments on this desk and the queue of their transfers: whether the copy is whole (`here`), what is
to become of it (`want`: up, down, let_go or nothing), when the centre last verified it (UTC ms, or never)."""
