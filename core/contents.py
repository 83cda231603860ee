"""Contents: what S3 tells of an object's bytes, and whether two objects hold the same ones. Pure."""

import base64
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

SHA256 = "^[0-9a-fA-F]{64}$"  #: a digest as an uploader tells it
DECLARED = "rag_sha256"  #: metadata by which an uploader tells the SHA-256 of the bytes
PLAIN = "AES256"  #: the encryption under which the entity tag of what came in one piece is the MD5 of its bytes
#: What is the same for the same bytes in whatever way they came, the most certain first
KINDS = ("sha256", "md5", "crc64nvme", "declared")


@dataclass(frozen=True, kw_only=True)
class Content:
    """The bytes of one stored object; what S3 does not tell of them is empty.

    What came in pieces has the entity tag, and often the checksum, of its pieces, so that other pieces give others.
    """

    id: str  #: equal for equal bytes that came in the same way: the stored SHA-256, else the entity tag and the size
    etag: str
    size: int
    sha256: str = ""  #: of all bytes, as S3 has verified it; hexadecimal, as ``declared``
    md5: str = ""  #: of all bytes
    crc64nvme: str = ""  #: of all bytes: S3 adds it to what comes without a checksum, and newer AWS tools send it
    declared: str = ""  #: the SHA-256 that was verified, or else the one that the uploader tells

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """The content of the object that S3 has answered ``HeadObject`` about, in its checksum mode."""
        etag, size = answer["ETag"].strip('"'), answer["ContentLength"]
        checksum = answer.get("ChecksumSHA256") or ""
        sha256 = "" if _is_of_pieces(checksum) else base64.b64decode(checksum).hex()
        told = answer.get("Metadata", {}).get(DECLARED, "").strip()
        return cls(
            id=checksum or f"{etag}-{size}",
            etag=etag,
            size=size,
            sha256=sha256,
            md5="" if _is_of_pieces(etag) or _is_hidden(answer) else etag,
            crc64nvme=answer.get("ChecksumCRC64NVME") or "",
            declared=sha256 or (told.lower() if re.match(SHA256, told) else ""),
        )

    @property
    def plain_id(self) -> str:
        """The ``id`` that the bytes have when they come without a checksum, as most did in earlier releases."""
        return f"{self.etag}-{self.size}"

    def is_same(self, other: "Content") -> bool:
        """Whether the bytes are the same, by the most certain of what is known of both; False when nothing is."""
        if self.size != other.size:
            return False
        if self.etag == other.etag:
            return True
        pairs = ((getattr(self, kind), getattr(other, kind)) for kind in KINDS)
        return next((ours == theirs for ours, theirs in pairs if ours and theirs), False)

    def as_dict(self) -> dict[str, Any]:
        """What is known, as the document's state keeps it."""
        return {name: value for name, value in asdict(self).items() if value != ""}

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> Self:
        """The content again; what another release may have kept besides is left out."""
        return cls(**{each.name: known[each.name] for each in fields(cls) if each.name in known})


def _is_of_pieces(digest: str) -> bool:
    """Whether it is a digest of digests: these end in the number of pieces."""
    return "-" in digest


def _is_hidden(answer: Mapping[str, Any]) -> bool:
    """Whether the object is encrypted in a way that makes its entity tag another one each time."""
    return answer.get("ServerSideEncryption", PLAIN) != PLAIN or "SSECustomerAlgorithm" in answer
