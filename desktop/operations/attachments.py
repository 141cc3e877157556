"""What a person does with files of a dossier: puts one in; its metadata and its place in the queue are one act."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from desktop.store import blobs
from desktop.store.sealing import SealedFile
from desktop.store.troubles import NotFound
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.attachment import Attachment, BlobSecret
from domain.text import nfc
from sync.blobs.seal import pack


@dataclass(frozen=True, slots=True)
class Attached:
    """The attachment's id; `new` is False where the dossier had this very file already."""

    id: str
    new: bool


def attach(file: SealedFile, contact_id: str, case_id: str | None = None) -> Operation[Attached]:
    """Attach a sealed file to a dossier. Raises NotFound."""

    def operation(uow: UnitOfWork) -> Attached:
        contact = uow.read("contact", contact_id)
        if contact is None:
            raise NotFound
        known = blobs.in_dossier(uow.connection, contact_id, [file.naming.blob])
        if known is not None:
            blobs.put_in(
                uow.connection, known.id, known.scope, file.naming.blob, file.plan, uow.now_ms
            )
            return Attached(known.id, new=False)
        act = uow.act()
        if not blobs.secrets_of(uow.connection, contact.scope):
            secret = base64.b64encode(file.secret).decode()
            act.create(contact.scope, BlobSecret(id=blobs.secret_id(contact.scope), secret=secret))
        record = Attachment(
            id=uow.new_id(),
            contact_id=contact_id,
            case_id=case_id,
            title=nfc(file.title).strip(),
            media_type=file.media_type,
            bytes=file.plan.size,
            blob=file.naming.blob,
            chunk_count=len(file.plan.chunks),
            chunks=pack(file.plan.chunks),
            made_at=uow.now_ms,
            by=uow.staff,
            source=file.source,
            key=base64.b64encode(file.naming.key).decode(),
        )
        act.create(contact.scope, record)
        uow.write(act)
        blobs.put_in(uow.connection, record.id, contact.scope, file.naming.blob, file.plan, uow.now_ms)
        return Attached(record.id, new=True)

    return operation
