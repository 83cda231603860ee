"""Verdicts: what must hold of all documents of a world, at any moment and in the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.status import FINAL, SEARCHABLE, DocumentStatus, Status
from tests.emulators import DERIVED
from tests.schedules import contents
from tests.schedules.contents import StoredVersion
from tests.schedules.world import World

if TYPE_CHECKING:
    from psycopg2.extensions import connection


@dataclass(frozen=True)
class Reference:
    """What becomes of a content in a world where nothing goes wrong."""

    version: str
    status: Status
    metadata: Mapping[str, Any]
    rows: Mapping[str, contents.Rows]
    objects: Mapping[str, str]


class Verdicts:
    """Looks at the stores from outside, past row security and past the code under test."""

    def __init__(self, world: World, superuser: "connection", references: Mapping[str, Reference]) -> None:
        self._world = world
        self._superuser = superuser
        self._references = {each.version: each for each in references.values()}
        self._before = contents.strays(superuser)
        self._known: dict[str, str] = {}  #: documents of this world, and their aliases

    def note(self, key: str) -> None:
        """Remember the document that has a key now."""
        if status := self._world.status(key):
            self._known[status.document_id] = status.status_id

    @property
    def documents(self) -> list[str]:
        return list(self._known)

    def at_any_moment(self) -> None:
        """Raises AssertionError unless all that must always hold does."""
        assert contents.strays(self._superuser) == self._before
        states = dict(self._states())
        for version in self._versions():
            self._judge_version(version, states.get(version.document_id))
        for document_id, status in states.items():
            self._judge_history(document_id, status)
            if status is not None and status.status in SEARCHABLE:
                self._judge_counts(status)

    def in_the_end(self, keys: Mapping[str, str]) -> None:
        """The same when nothing is under way any more; ``keys`` have these versions of files, in the present."""
        states = dict(self._states())
        running = {status.document_id for status in states.values() if status and status.status not in FINAL}
        assert not running, f"documents that came to no end: {running}"
        for document_id, status in states.items():
            kept = self._kept(status)
            rows = {each.generation for each in self._versions() if each.document_id == document_id}
            assert rows <= kept, f"rows of generations {rows - kept} are left"
            objects = {int(name.partition("/")[0]) for name in self._objects(f"{document_id}/")}
            assert objects <= kept, f"derived objects of generations {objects - kept} are left"
            if status is None:
                assert not self._part_items(document_id), "part items of a deleted document are left"
        for key, version in keys.items():
            status = self._world.status(key)
            assert status is not None, "a file has no document"
            assert status.version == version, "the latest version is not about the file that is there"

    def _states(self) -> Iterator[tuple[str, DocumentStatus | None]]:
        for document_id, status_id in self._known.items():
            status = self._world.services.statuses.get(status_id)
            yield document_id, status if status and status.document_id == document_id else None

    def _versions(self) -> list[StoredVersion]:
        found = contents.stored_versions(self._superuser)
        return [version for version in found if version.document_id in self._known]

    def _judge_version(self, version: StoredVersion, status: DocumentStatus | None) -> None:
        """Searches see it whole, or it is still of use, or somebody who will remove it is on the way."""
        if version.state == "current":
            reference = self._references[version.version]
            found = contents.content_of(self._superuser, version.key)
            assert not contents.differences(found, reference.rows), "searches see other content than they should"
            objects = self._objects(f"{version.document_id}/{version.generation}/")
            assert not contents.differences(objects, reference.objects), "derived objects are not those of the content"
            return
        assert version.generation in self._kept(status) or self._is_on_the_way(version), "rows that nobody removes"

    def _kept(self, status: DocumentStatus | None) -> set[int]:
        """The generations whose rows and objects have a reason to be there."""
        if status is None or status.status is Status.DELETED:
            return set()
        shown = {
            each.generation
            for each in self._versions()
            if each.document_id == status.document_id and each.state == "current"
        }
        return shown | ({status.generation} if status.is_running or status.is_resumable else set())

    def _is_on_the_way(self, version: StoredVersion) -> bool:
        jobs = [each.job for each in [*self._world.waiting, *self._world.resting] if each.route]
        about = {(job.document_id, job.generation) for job in jobs}
        return (version.document_id, version.generation) in about

    def _judge_history(self, document_id: str, status: DocumentStatus | None) -> None:
        """Numbered without a hole, and progress never goes down."""
        events = self._world.services.statuses.events(document_id, limit=100_000)
        if status is None:
            return
        assert [event["sequence"] for event in events] == list(range(1, status.sequence + 1)), "holes in the history"
        reached: dict[int, int] = {}
        for event in events:
            if event["status"] == Status.DELETED:
                continue
            generation, progress = event["metadata"]["generation"], event["metadata"]["progress"]
            assert progress >= reached.get(generation, 0), "progress went back"
            reached[generation] = progress

    def _judge_counts(self, status: DocumentStatus) -> None:
        """What the owner is told is what is stored."""
        [current] = [
            each for each in self._versions() if each.document_id == status.document_id and each.state == "current"
        ]
        assert (current.generation, current.version) == (status.generation, status.version)
        assert status.current_generation == status.generation
        reference = self._references[status.version]
        assert status.status is reference.status
        for name in ("chunks", "tokens", "totalPages", "pagesDone", "parts", "gaps", "notices", "routes", "pageModel"):
            assert status.metadata.get(name) == reference.metadata.get(name), f"{name} is not as it is stored"
        assert status.metadata["chunks"] == len(contents.content_of(self._superuser, current.key)["chunks"])

    def _objects(self, prefix: str) -> dict[str, str]:
        return contents.objects_of(self._world.plain["s3"], DERIVED, prefix)

    def _part_items(self, document_id: str) -> list[str]:
        answer = self._world.plain["dynamodb"].query(
            TableName=self._world.settings.document_parts_table,
            KeyConditionExpression="documentId = :id",
            ExpressionAttributeValues={":id": {"S": document_id}},
        )
        return [item["part"]["S"] for item in answer["Items"]]
