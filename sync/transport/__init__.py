"""The road over HTTP: strict about what it believes, frugal in bytes, and every failure is a trouble with advice."""

from __future__ import annotations

from sync.transport.blobs import BlobRoad
from sync.transport.client import HttpTransport, enrol, health

__all__ = ["BlobRoad", "HttpTransport", "enrol", "health"]
