"""Links to derived objects, with a real S3 interface."""

import urllib.error
import urllib.request

import pytest

from core.blobs import Blobs, page_image_key
from tests.emulators import DERIVED, TestEmulator


def test_a_link_gives_the_image_of_a_page_and_of_no_other(emulator: TestEmulator) -> None:
    blobs = Blobs(emulator.emulator.client("s3"), DERIVED)
    key = page_image_key("0b5e", 3, 12)
    assert key == "0b5e/3/pages/00012.webp"
    blobs.put_derived(key, b"RIFF....WEBP", "image/webp")
    link = blobs.derived_url(key, 300)
    with urllib.request.urlopen(link, timeout=20) as answer:  # noqa: S310  the link is the emulator's
        assert answer.read() == b"RIFF....WEBP"
        assert answer.headers["content-type"] == "image/webp"
    other = blobs.derived_url(page_image_key("0b5e", 3, 13), 300)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(other, timeout=20)  # noqa: S310  as above
    assert refused.value.code in {403, 404}
    refused.value.close()
