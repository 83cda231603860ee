"""Page images on this machine: fetched by their links, named after their document, saved, opened."""

import os
import re
import tempfile
import unicodedata
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import httpx

from cli.errors import CliError, RefusedError, UnreachableError

TIMEOUT = httpx.Timeout(60, connect=5)
LARGEST_BYTES = 50_000_000  #: a page image has less than one hundredth of that
LONGEST_STEM = 100
SUFFIX = ".webp"


def image_name(file_name: str, page: int, more: str = "") -> str:
    """What the image of a page is called: ``report-p7.webp``.

    Only letters, digits and a few harmless marks of the document's name remain, so it can't leave its folder.
    """
    stem = PurePosixPath(unicodedata.normalize("NFC", file_name).replace("\\", "/")).stem
    plain = re.sub(r"[^\w .+()\[\]-]", "_", stem).strip(" .")[:LONGEST_STEM]
    return f"{plain.lstrip('-') or 'page'}-p{page}{more}{SUFFIX}"


def hit_names(hits: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for the image of each hit, of its own for each page: documents of one name are numbered."""
    names: dict[tuple[str, int], str] = {}
    taken: set[str] = set()
    for hit in hits:
        page = (str(hit["document_id"]), int(hit["page"]))
        number = 1
        while page not in names:
            name = image_name(str(hit["file_name"]), page[1], f"-{number}" if number > 1 else "")
            if name.casefold() not in taken:  # for some file systems A and a are one
                taken.add(name.casefold())
                names[page] = name
            number += 1
    return [names[str(hit["document_id"]), int(hit["page"])] for hit in hits]


async def fetch(url: str) -> bytes:
    """The image behind a link, which needs no token.

    Raises RefusedError when the link is no web address, has expired, or leads to something far too large;
    UnreachableError when nothing answers.
    """
    content = bytearray()
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT) as http, http.stream("GET", checked(url)) as answer:
            if not answer.is_success:
                raise RefusedError(f"the store does not give the image: it answered {answer.status_code}")
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > LARGEST_BYTES:
                    raise RefusedError(f"the image is larger than {LARGEST_BYTES // 1_000_000} MB")
    except httpx.TransportError as error:
        raise UnreachableError(f"cannot reach {httpx.URL(url).host} for the image") from error
    return bytes(content)


def write(path: Path, content: bytes) -> None:
    """Writes the file whole or not at all; where a link stands, the link is replaced and not what it leads to.

    Raises CliError when that can't be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=SUFFIX)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(beside).chmod(0o644)
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror}") from error


def show(target: Path | str) -> None:
    """Opens a saved image, or a link to one, with the system's viewer; raises CliError where there is none."""
    address = target.resolve().as_uri() if isinstance(target, Path) else checked(target)
    if not webbrowser.open(address):
        raise CliError("there is no viewer to open the image with; save it instead")


def checked(url: str) -> str:
    """The link if it is a web address; raises RefusedError for anything else, which a viewer might run."""
    if not re.match(r"https?://[^\s]+\Z", url):
        raise RefusedError("the link to the image is no web address")
    return url
