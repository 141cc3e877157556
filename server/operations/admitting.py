"""Letting in what a revoked device sent after its revocation, once a supervisor has looked at it."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.operations import founding, grants, need_to_know, second_codes, transfers
from server.operations.centre import Centre, News, log
from server.operations.push import take_spooled
from server.operations.revocation import NoSuchDevice
from server.store import accounts, courier, granted
from server.store.engine import Connection
from sync.replica import scopes
from sync.replica.replica import REVOKED, Peer


class NotRevoked(Exception):
    """Only a revoked device's words wait for review."""

    def __init__(self) -> None:
        super().__init__("Máy này chưa bị thu hồi nên không có gì chờ duyệt.")


def admit(centre: Centre, device: str) -> int:
    """Apply what a revoked device sent after its revocation, once a supervisor has looked; answers how many
    operations that are. What it may not write stays held, as ever.

    Raises NoSuchDevice, NotRevoked, StoreUnavailable."""

    def job(connection: Connection) -> tuple[int, News]:
        found = accounts.find_device(connection, device)
        if found is None:
            raise NoSuchDevice
        if found.revoked_at is None:
            raise NotRevoked
        peer = Peer(found.id, found.centre, Ed25519PublicKey.from_public_bytes(found.public_key))
        wanted = centre.replica.waiting_scopes(connection, device, REVOKED)
        mine = granted.granted_among(connection, device, wanted)
        lost = scopes.withdrawn_among(connection, device, wanted - mine)
        accepted = founding.let_in(centre, connection, centre.replica.admit(connection, peer, mine, lost))
        granted.follow(connection, accepted.folded.deltas)
        news = grants.grant_new_cases(centre, connection, accepted.folded)
        news = news.with_more(second_codes.follow(centre, connection, accepted.folded.changes))
        news = news.with_more(transfers.follow(centre, connection, accepted.folded, accepted.late))
        news = news.with_more(need_to_know.follow(centre, connection, accepted.folded))
        news = news.with_more(transfers.note_late(centre, connection, device, accepted.late))
        return len(accepted.folded.released), news

    _take_sticks(centre, device)
    count, news = centre.lane.do(job)
    if centre.publish is not None:
        centre.publish(news)
    log.info("admitted device=%s operations=%d", device, count)
    return count


def _take_sticks(centre: Centre, device: str) -> None:
    """What came by stick lies whole beside the log: into the log with it first, held like the rest."""
    author = centre.read(lambda connection: accounts.find_device(connection, device))
    if author is None or author.revoked_at is None:
        return
    for kept in centre.read(lambda connection: courier.kept_of(connection, device, REVOKED)):
        take_spooled(centre, author, kept)
