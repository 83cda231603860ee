"""Legacy target: what documents of the legacy table become here, and what is known of them already."""

import mimetypes
import uuid
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from core.database import transaction
from core.generations import Upload
from core.status import SEARCHABLE, DocumentStatus, Status
from core.status_store import StatusStore
from core.versions import CARRIED_OVER
from operations.legacy_plan import Place
from operations.legacy_rows import Content

if TYPE_CHECKING:
    from psycopg2.extensions import connection

NAMESPACE = uuid.UUID("6f1d2a52-3c1e-5d0b-9a57-6f0c1c9d8e41")  #: of the ids that names give; never to be changed
UNKNOWN_TYPE = "text/plain"

STORED = """
SELECT document_id, documents.generation, version, state = 'current' AND generation = current_generation
FROM documents LEFT JOIN document_versions USING (document_id, generation)
WHERE bucket = %(bucket)s AND key = %(key)s AND documents.owner_id = ANY ((SELECT rag_owner_ids())::int[])
"""
IS_DELETED = "SELECT EXISTS (SELECT FROM deleted_documents WHERE document_id = %(document_id)s)"


@dataclass(frozen=True)
class Stored:
    """The latest generation of a document in PostgreSQL."""

    document_id: str
    generation: int
    version: str  #: empty while no worker has shown up
    is_shown: bool  #: to searches


@dataclass(frozen=True)
class Known:
    """What the stores know of a document."""

    stored: Stored | None
    status: DocumentStatus | None
    is_deleted: bool

    @property
    def is_ours(self) -> bool:
        """Whether nothing but a migration has written it, if anybody has."""
        versions = [each.version for each in (self.stored, self.status) if each is not None]
        return all(version.startswith(CARRIED_OVER) for version in versions)

    def is_stored(self, version: str) -> bool:
        """Whether searches see this version."""
        return self.stored is not None and self.stored.version == version and self.stored.is_shown

    def is_listed(self, version: str) -> bool:
        """Whether this version's state says that it can be searched."""
        return self.status is not None and self.status.version == version and self.status.status in SEARCHABLE

    def generation(self, version: str) -> int:
        """The lowest generation that this version can have."""
        if self.stored is None:
            return 1
        return self.stored.generation + (self.stored.version != version)


@dataclass(frozen=True)
class LegacyTarget:
    """Where documents go: a database, and the states that list them."""

    database: "connection"
    statuses: StatusStore | None  #: None: documents are searched, and not listed
    bucket: str  #: the stage's bucket of uploads, under whose name documents are known; no file is put there

    def upload(self, place: Place, content: Content, version: str) -> Upload:
        """The document of that place as an upload: what it is called, whose it is and which version."""
        name = content.file_name.strip() or PurePosixPath(place.key).name
        return Upload(
            bucket=self.bucket,
            key=place.key,
            owner=place.owner,
            file_name=name,
            media_type=mimetypes.guess_type(name)[0] or UNKNOWN_TYPE,
            size=content.size,
            version=version,
            document_id=str(uuid.uuid5(NAMESPACE, f"{self.bucket}#{place.key}")),
        )

    def known(self, upload: Upload) -> Known:
        """What is known of it."""
        values = {"bucket": upload.bucket, "key": upload.key, "document_id": upload.document_id}
        with transaction(self.database, [upload.owner]) as cursor:
            cursor.execute(STORED, values)
            row = cursor.fetchone()
            cursor.execute(IS_DELETED, values)
            (is_deleted,) = cursor.fetchone() or (False,)
        status = self.statuses.get(upload.status_id) if self.statuses else None
        stored = Stored(str(row[0]), row[1], row[2] or "", bool(row[3])) if row else None
        return Known(stored, status, is_deleted or (status is not None and status.status is Status.DELETED))
