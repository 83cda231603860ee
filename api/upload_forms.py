"""Upload forms: a presigned POST that takes one file, under one key, of one type, up to one size."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.contents import DECLARED
from core.outages import outage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROUTE_FIELD, OWNER_FIELD, SHA256_FIELD = "x-amz-meta-rag_route", "x-amz-meta-owner", f"x-amz-meta-{DECLARED}"


@dataclass(frozen=True)
class UploadForm:
    """Where to post and the fields that go before the file."""

    url: str
    fields: dict[str, str]


class UploadForms:
    """Signs forms with the credentials of the client, which must sign by signature version 4.

    See "Authenticating requests in browser-based uploads using POST" in the Amazon S3 API reference.
    """

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def sign(
        self,
        *,
        bucket: str,
        key: str,
        content_type: str,
        max_bytes: int,
        seconds: int,
        route: str = "",
        owner: str = "",
        sha256: str = "",
    ) -> UploadForm:
        """A form for ``key`` alone: S3 refuses another key, type or bucket, more bytes, and any other field.

        ``route`` and ``owner`` become metadata of the object, by which the entry knows what is wanted, and whose it is.
        With ``sha256`` (64 hexadecimal digits) S3 also refuses other bytes.
        """
        given = {ROUTE_FIELD: route, OWNER_FIELD: owner, **(_checksum(sha256) if sha256 else {})}
        fixed = {"Content-Type": content_type, **{name: value for name, value in given.items() if value}}
        with outage():  # the credentials to sign with may have to be fetched
            form = self._client.generate_presigned_post(
                Bucket=bucket,
                Key=key,
                Fields=dict(fixed),
                Conditions=[*({name: value} for name, value in fixed.items()), ["content-length-range", 1, max_bytes]],
                ExpiresIn=seconds,
            )
        return UploadForm(form["url"], form["fields"])


def _checksum(sha256: str) -> dict[str, str]:
    """The fields that have S3 verify the bytes; also metadata, as not every store keeps the checksum of a form."""
    value = base64.b64encode(bytes.fromhex(sha256)).decode()
    return {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": value, SHA256_FIELD: sha256.lower()}
