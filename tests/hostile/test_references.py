"""No reader follows what a document refers to: not over the network, and not to other files of this machine."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import DocumentError
from rag.convert import DOCX, EXTENSIONS, convert
from tests.hostile.packages import ODT, PARAGRAPH, docx, odf, relationships

PRIVATE = "what-nobody-may-read"
_events: list[str] | None = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _events is not None and event in {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"}:
        _events.append(f"{event} {arguments}")
    if _events is not None and event == "open" and PRIVATE in str(arguments[0]):
        _events.append(f"{event} {arguments}")


sys.addaudithook(_watch)  # for good, hence silent unless a test listens


@pytest.fixture
def attempts() -> Iterator[list[str]]:
    """What is tried meanwhile."""
    global _events  # noqa: PLW0603  a hook cannot be taken away
    _events = []
    yield _events
    _events = None


def html(path: Path, secret: Path) -> tuple[Path, str]:
    path.write_text(
        "<html><base href='http://192.0.2.1/'><link rel=stylesheet href='http://192.0.2.1/a.css'><p>The ferry.</p>"
        f"<img src='http://192.0.2.1/a.png'><img src='file://{secret}'><iframe src='file://{secret}'></iframe>"
        f"<object data='{secret}'></object><svg><image href='http://192.0.2.1/a.svg'/><use href='file://{secret}#a'/></svg>"
    )
    return path, "text/html"


def word(path: Path, secret: Path) -> tuple[Path, str]:
    blips = "".join(
        f'<w:p><w:r><w:drawing><a:blip r:{kind}="rId{number}"/></w:drawing></w:r></w:p>'
        for kind in ("link", "embed")
        for number in (1, 2, 3)
    )
    targets = ("http://192.0.2.1/a.png", f"file://{secret}", str(secret))
    rels = relationships(
        *((f"rId{number}", "image", target, 'TargetMode="External"') for number, target in enumerate(targets, 1)),
        ("rId4", "attachedTemplate", "http://192.0.2.1/a.dotm", 'TargetMode="External"'),
    )
    return docx(path, PARAGRAPH + blips, {"word/_rels/document.xml.rels": rels}), DOCX


def open_document(path: Path, secret: Path) -> tuple[Path, str]:
    picture = f'<text:section><text:p>The ferry.</text:p><text:a href="file://{secret}"/></text:section>'
    return odf(path, ODT, f"<office:text>{picture}</office:text>"), ODT


@pytest.mark.parametrize("make", [html, word, open_document])
def test_references_are_not_followed(
    make: Callable[[Path, Path], tuple[Path, str]], tmp_path: Path, attempts: list[str]
) -> None:
    secret = tmp_path / PRIVATE
    secret.write_text("swordfish")
    path, media_type = make(tmp_path / "document", secret)
    attempts.clear()
    try:
        text = "".join(page.text for page in convert(path, media_type))
        assert "ferry" in text
        assert "swordfish" not in text
    except DocumentError as error:  # refused is not followed either
        assert error.code == "corrupt"
        assert media_type in EXTENSIONS
    assert attempts == []
