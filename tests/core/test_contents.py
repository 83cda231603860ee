"""The same bytes are known again whatever way they came, as far as S3 or their uploader tells."""

import base64
from typing import Any

import pytest

from core.contents import Content

BYTES = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OTHERS = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
MD5, PIECES = "098f6bcd4621d373cade4e832627b4f6", "5e3f0c0a0b0c4f0f9c1f5f8a2d0d7b11-3"
CRC = "rosUhgp5mIg="


def base64_of(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()


def stored(etag: str = MD5, size: int = 4, told: str = "", **more: Any) -> Content:
    """The content of an object that S3 says this of."""
    metadata = {"rag_sha256": told} if told else {}
    return Content.of({"ETag": f'"{etag}"', "ContentLength": size, "Metadata": metadata, **more})


VERIFIED = stored(ChecksumSHA256=base64_of(BYTES), ChecksumType="FULL_OBJECT")
PLAIN = stored(ChecksumCRC64NVME=CRC)  # a form without a checksum: S3 adds one
OF_PIECES: dict[str, Any] = {"etag": PIECES, "ChecksumSHA256": f"{base64_of(OTHERS)}-3", "ChecksumType": "COMPOSITE"}
KMS: dict[str, Any] = {"ServerSideEncryption": "aws:kms"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (VERIFIED, PLAIN),
        (VERIFIED, stored(PIECES, told=BYTES)),
        (VERIFIED, stored(told=BYTES.upper(), **OF_PIECES)),
        (PLAIN, stored(PIECES, ChecksumCRC64NVME=CRC, ChecksumType="FULL_OBJECT")),
        (stored(PIECES, told=BYTES), stored("0" * 32 + "-7", told=BYTES)),
        (stored(**OF_PIECES), stored(**OF_PIECES)),
        (stored("1" * 32, ChecksumCRC64NVME=CRC, **KMS), stored("2" * 32, ChecksumCRC64NVME=CRC, **KMS)),
        (stored("1" * 32, ChecksumSHA256=base64_of(BYTES), **KMS), stored(PIECES, told=BYTES)),
    ],
)
def test_the_same_bytes_are_known_in_whatever_way_they_came(first: Content, second: Content) -> None:
    assert first.is_same(second)
    assert second.is_same(first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (VERIFIED, stored("1" * 32)),
        (VERIFIED, stored("1" * 32, told=BYTES)),  # what came in one piece cannot pass for other bytes
        (VERIFIED, stored(ChecksumSHA256=base64_of(OTHERS), etag="1" * 32)),
        (VERIFIED, stored(PIECES, told=OTHERS)),
        (stored("1" * 32, ChecksumSHA256=base64_of(BYTES), **KMS), stored(PIECES, told=OTHERS)),
        (stored(PIECES, told=BYTES), stored("0" * 32 + "-7", size=5, told=BYTES)),
        (PLAIN, stored(PIECES, ChecksumCRC64NVME="AAAAAAAAAAA=", told=BYTES)),
        (VERIFIED, stored(PIECES)),  # nothing that both have: taken for others
        (VERIFIED, stored(PIECES, told="the same as before")),
        (VERIFIED, stored(**OF_PIECES)),
        (stored("1" * 32, **KMS), stored("2" * 32, **KMS)),
        (stored("1" * 32, SSECustomerAlgorithm="AES256"), stored("2" * 32, SSECustomerAlgorithm="AES256")),
    ],
)
def test_other_bytes_and_what_may_be_others_are_others(first: Content, second: Content) -> None:
    assert not first.is_same(second)
    assert not second.is_same(first)


def test_a_content_is_named_as_earlier_releases_named_it() -> None:
    assert VERIFIED.id == base64_of(BYTES)
    assert PLAIN.id == f"{MD5}-4"
    assert stored(**OF_PIECES).id == f"{base64_of(OTHERS)}-3"


def test_a_digest_that_was_verified_is_believed_before_one_that_is_told() -> None:
    assert stored(told=OTHERS, ChecksumSHA256=base64_of(BYTES)).declared == BYTES


@pytest.mark.parametrize("content", [VERIFIED, PLAIN, stored(told=BYTES, **OF_PIECES)])
def test_what_is_known_survives(content: Content) -> None:
    assert Content.from_dict({**content.as_dict(), "of a later release": "?"}) == content
    assert "" not in content.as_dict().values()
