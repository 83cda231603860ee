"""Objects in S3: the uploads, read only while unchanged, and what the pipelines derive from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from core.errors import DocumentError, RagError
from core.ranges import RangeFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

ImageSize = Literal["large", "small"]  #: of a page's images: to read, and a thumbnail

DELETE_BATCH = 1000  #: most keys of one DeleteObjects call


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
    content_id: str  #: equal for equal bytes: the stored SHA-256, else the entity tag and the length


class Blobs:
    """S3, as far as this system uses it."""

    def __init__(self, client: "S3Client", derived_bucket: str) -> None:
        self._client = client
        self._derived_bucket = derived_bucket

    def head(self, bucket: str, key: str) -> Blob | None:
        """The object's facts, None when there is none."""
        try:
            answer = self._client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if _status(error) == 404:
                return None
            raise
        etag, size = answer["ETag"].strip('"'), answer["ContentLength"]
        content_id = answer.get("ChecksumSHA256") or f"{etag}-{size}"
        return Blob(bucket, key, etag, size, answer.get("Metadata", {}), content_id)

    def open(self, blob: Blob) -> RangeFile:
        """The object as a file that fetches the ranges it is asked for."""

        def fetch(first: int, last: int) -> bytes:
            answer = self._get(blob.bucket, blob.key, blob.etag, Range=f"bytes={first}-{last}")
            return answer["Body"].read()  # type: ignore[no-any-return]

        return RangeFile(blob.size, fetch)

    def download(self, bucket: str, key: str, etag: str, path: Path) -> None:
        """Copy the object into a file; raises ObjectChangedError, or DocumentError ``removed`` when it is gone."""
        answer = self._get(bucket, key, etag)
        with path.open("wb") as file:
            for piece in answer["Body"].iter_chunks(1 << 20):
                file.write(piece)

    def put_derived(self, key: str, data: bytes, content_type: str) -> None:
        """Keep something derived from a document; the key starts with the document's id."""
        self._client.put_object(Bucket=self._derived_bucket, Key=key, Body=data, ContentType=content_type)

    def derived_url(self, key: str, seconds: int) -> str:
        """A link by which anybody who has it can read a derived object, for so long."""
        return self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._derived_bucket, "Key": key}, ExpiresIn=seconds
        )

    def download_derived(self, key: str, path: Path) -> bool:
        """Copy something derived into a file; whether it was there."""
        try:
            answer = self._client.get_object(Bucket=self._derived_bucket, Key=key)
        except ClientError as error:
            if _status(error) == 404:
                return False
            raise
        with path.open("wb") as file:
            for piece in answer["Body"].iter_chunks(1 << 20):
                file.write(piece)
        return True

    def delete_derived(self, document_id: str, keep_generation: int | None = None) -> int:
        """Delete what was derived from a document, but for one generation; returns how many objects went."""
        keep = f"{document_id}/{keep_generation}/"
        keys = [
            key for key in self._derived_keys(f"{document_id}/") if keep_generation is None or key[: len(keep)] != keep
        ]
        return self._delete(keys)

    def delete_generation(self, document_id: str, generation: int) -> int:
        """Delete what was derived from one generation of a document; returns how many objects went."""
        return self._delete(list(self._derived_keys(derived_key(document_id, generation, ""))))

    def delete(self, bucket: str, key: str) -> int:
        """Delete an uploaded object; returns 1 when there was one."""
        existed = self.head(bucket, key) is not None
        self._client.delete_object(Bucket=bucket, Key=key)
        return int(existed)

    def _delete(self, keys: Sequence[str]) -> int:
        for start in range(0, len(keys), DELETE_BATCH):
            objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys[start : start + DELETE_BATCH]]
            answer = self._client.delete_objects(
                Bucket=self._derived_bucket, Delete={"Objects": objects, "Quiet": True}
            )
            if answer.get("Errors"):
                raise RagError(f"{len(answer['Errors'])} derived objects could not be deleted")
        return len(keys)

    def _derived_keys(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._derived_bucket, Prefix=prefix)
        for page in pages:
            yield from (item["Key"] for item in page.get("Contents", []))

    def _get(self, bucket: str, key: str, etag: str, **more: Any) -> Any:
        try:
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


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
