"""Objects in S3: the uploads, read only while unchanged, and what the pipelines derive from them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from core.contents import Content
from core.disk import full_disk
from core.errors import DocumentError, RagError, TransientError
from core.outages import is_passing_code, outage
from core.ranges import RangeFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, ObjectIdentifierTypeDef

ImageSize = Literal["large", "small"]  #: of a page's images: to read, and a thumbnail

DELETE_BATCH = 1000  #: most keys of one DeleteObjects call
SECOND = len("2026-11-21T09:00:00")
UNVERSIONED = "null"  #: the version of an object in a bucket that has none
STAGE_OUTPUTS = "stages"  #: folder of what stages keep between two tries of a part; by its tag it expires by itself
#: The first part of a derived object's name → its kind
DERIVED_KINDS = {"pages": "pageImages", "text": "text", "pages.pdf": "converted", "": "other"}


class ObjectChangedError(RagError):
    """The object was replaced since the job was made; the newer upload has a job of its own."""


@dataclass(frozen=True)
class Blob:
    """What S3 says of an object."""

    bucket: str
    key: str
    etag: str
    size: int
    metadata: Mapping[str, str]
    content: Content
    stored_at: str = ""  #: when it was stored, ISO 8601 in whole seconds


@dataclass(frozen=True)
class _Version:
    """One version of an object, or the mark that a deletion left."""

    number: str
    stored_at: str
    is_mark: bool
    etag: str


class Blobs:
    """S3, as far as this system uses it; raises TransientError while S3 is out of reach or too busy."""

    def __init__(self, client: "S3Client", derived_bucket: str) -> None:
        self._client = client
        self._derived_bucket = derived_bucket

    def head(self, bucket: str, key: str) -> Blob | None:
        """The object's facts, None when there is none."""
        try:
            with outage():
                answer = self._client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if _status(error) == 404:
                return None
            raise
        content = Content.of(answer)
        stored_at = moment(answer["LastModified"])
        return Blob(bucket, key, content.etag, content.size, answer.get("Metadata", {}), content, stored_at)

    def open(self, blob: Blob) -> RangeFile:
        """The object as a file that fetches the ranges it is asked for."""

        def fetch(first: int, last: int) -> bytes:
            answer = self._get(blob.bucket, blob.key, blob.etag, Range=f"bytes={first}-{last}")
            with outage():
                return answer["Body"].read()  # type: ignore[no-any-return]

        return RangeFile(blob.size, fetch)

    def download(self, bucket: str, key: str, etag: str, path: Path, check: Callable[[], None] | None = None) -> None:
        """Copy the object into a file; raises ObjectChangedError, or DocumentError ``removed`` when it is gone.

        ``check`` is called with every piece; whatever it raises rises.
        """
        _write(self._get(bucket, key, etag), path, check)

    def put_derived(self, key: str, data: bytes, content_type: str) -> None:
        """Keep something derived from a document; the key starts with the document's id."""
        tag = {"Tagging": "kind=stage"} if f"/{STAGE_OUTPUTS}/" in key else {}
        with outage():
            self._client.put_object(Bucket=self._derived_bucket, Key=key, Body=data, ContentType=content_type, **tag)  # type: ignore[arg-type]

    def derived_url(self, key: str, seconds: int) -> str:
        """A link by which anybody who has it can read a derived object, for so long."""
        with outage():  # the credentials to sign with may have to be fetched
            return self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self._derived_bucket, "Key": key}, ExpiresIn=seconds
            )

    def download_derived(self, key: str, path: Path) -> bool:
        """Copy something derived into a file; whether it was there."""
        try:
            with outage():
                answer = self._client.get_object(Bucket=self._derived_bucket, Key=key)
        except ClientError as error:
            if _status(error) == 404:
                return False
            raise
        _write(answer, path)
        return True

    def delete_derived(self, document_id: str, before_generation: int | None = None) -> dict[str, int]:
        """Delete what was derived from a document, or from its earlier generations; how many objects of a kind went."""
        keys = list(self._derived_keys(f"{document_id}/"))
        if before_generation is not None:
            keys = [key for key in keys if int(key.split("/")[1]) < before_generation]
        self._delete(keys)
        return dict.fromkeys(DERIVED_KINDS.values(), 0) | Counter(map(kind_of_derived, keys))

    def delete_generation(self, document_id: str, generation: int) -> int:
        """Delete what was derived from one generation of a document; returns how many objects went."""
        return self._delete(list(self._derived_keys(derived_key(document_id, generation, ""))))

    def delete_keys(self, keys: Sequence[str]) -> None:
        """Delete these derived objects, as far as they exist."""
        self._delete(keys)

    def delete(self, bucket: str, key: str, stored_until: str = "") -> int:
        """Delete an uploaded object in all its versions; returns how many there were.

        One that was stored later than ``stored_until`` (ISO 8601, compared by whole seconds) is left alone.
        """
        found = self._versions(bucket, key)
        gone = [each for each in found if not stored_until or each.stored_at[:SECOND] <= stored_until[:SECOND]]
        return sum(self._delete_version(bucket, key, each) and not each.is_mark for each in gone)

    def _delete_version(self, bucket: str, key: str, version: "_Version") -> bool:
        """Delete one version; False when it is the only one and was replaced meanwhile."""
        # Without versions in a bucket, a new object takes the old one's place and number
        one = (
            {"IfMatch": f'"{version.etag}"'}
            if version.number == UNVERSIONED and version.etag
            else {"VersionId": version.number}
        )
        try:
            with outage():
                answer = self._client.delete_object(Bucket=bucket, Key=key, **one)  # type: ignore[arg-type]
                if answer.get("DeleteMarker") and not version.is_mark:  # older than the bucket's versions: only hidden
                    for number in (UNVERSIONED, answer["VersionId"]):
                        self._client.delete_object(Bucket=bucket, Key=key, VersionId=number)
        except ClientError as error:
            if _status(error) not in {404, 412}:
                raise
            return False
        return True

    def _versions(self, bucket: str, key: str) -> list["_Version"]:
        """The versions of an object, and the marks of deleted ones; a bucket without versions has one."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        found: list[_Version] = []
        with outage():
            for page in pages:
                listed = [(item, False) for item in page.get("Versions", [])]
                marks = [(item, True) for item in page.get("DeleteMarkers", [])]
                named = [pair for pair in [*listed, *marks] if pair[0]["Key"] == key]
                found += [
                    _Version(
                        item["VersionId"], moment(item["LastModified"]), mark, str(item.get("ETag", "")).strip('"')
                    )
                    for item, mark in named
                ]
                if not named:  # it sorts before all keys that begin with it
                    return found
        return found

    def _delete(self, keys: Sequence[str]) -> int:
        for start in range(0, len(keys), DELETE_BATCH):
            objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys[start : start + DELETE_BATCH]]
            with outage():
                answer = self._client.delete_objects(
                    Bucket=self._derived_bucket, Delete={"Objects": objects, "Quiet": True}
                )
            if errors := answer.get("Errors"):
                passing = all(is_passing_code(error.get("Code", "")) for error in errors)
                raise (TransientError if passing else RagError)(f"{len(errors)} derived objects could not be deleted")
        return len(keys)

    def _derived_keys(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._derived_bucket, Prefix=prefix)
        with outage():
            for page in pages:
                yield from (item["Key"] for item in page.get("Contents", []))

    def _get(self, bucket: str, key: str, etag: str, **more: Any) -> Any:
        try:
            with outage():
                return self._client.get_object(Bucket=bucket, Key=key, IfMatch=f'"{etag}"', **more)
        except ClientError as error:
            if _status(error) == 412:
                raise ObjectChangedError from error
            if _status(error) == 404:
                raise DocumentError("removed", "The file was removed before it was processed.") from error
            raise


def derived_key(document_id: str, generation: int, name: str) -> str:
    """Where a derived object of one generation of a document lies."""
    return f"{document_id}/{generation}/{name}"


def page_image_key(document_id: str, generation: int, page: int, size: ImageSize = "large") -> str:
    """Where the image of a page lies."""
    ending = ".webp" if size == "large" else ".small.webp"
    return derived_key(document_id, generation, f"pages/{page:05}{ending}")


def kind_of_derived(key: str) -> str:
    """What a derived object is, by its key: ``pageImages``, ``text``, ``converted`` or ``other``."""
    _document, _generation, *names = key.split("/", 2)
    first = names[0].partition("/")[0] if names else ""
    return DERIVED_KINDS.get(first, DERIVED_KINDS[""])


def moment(time: datetime) -> str:
    """A time of S3, ISO 8601 in whole seconds, as states tell theirs."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _write(answer: "GetObjectOutputTypeDef", path: Path, check: Callable[[], None] | None = None) -> None:
    """Copy an object's bytes into a file."""
    with full_disk(), path.open("wb") as file, outage():
        for piece in answer["Body"].iter_chunks(1 << 20):
            file.write(piece)
            if check:
                check()


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
