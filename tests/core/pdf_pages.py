"""PDFs of one page, written on the spot from a content stream."""

from collections.abc import Sequence

PIXEL = b"\x80\x80\x80"


def pdf(*contents: bytes, size: tuple[int, int] = (600, 800), rotate: int = 0, form: bytes = b"") -> bytes:
    """A PDF with a page a content stream, which may use font /F, picture /Im (of one pixel) and form /Fm (50 x 50)."""
    resources = b"<< /Font << /F 3 0 R >> /XObject << /Im 4 0 R /Fm 5 0 R >> >>"
    first = 6
    kids = b" ".join(b"%d 0 R" % (first + 2 * number) for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(contents)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        _stream(b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceRGB", PIXEL),
        _stream(b"/Type /XObject /Subtype /Form /BBox [0 0 50 50] /Resources " + resources, form),
    ]
    for number, content in enumerate(contents):
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Rotate %d /Contents %d 0 R /Resources %s >>"
            % (*size, rotate, first + 2 * number + 1, resources),
            _stream(b"", content),
        ]
    return _file(objects)


def lines(count: int, *, size: int = 10, top: int = 780, mode: int = 0, words: str = "as it is written here") -> bytes:
    """Lines of text from ``top`` down, in the render mode given (3: invisible); some 60 characters each."""
    drawn = b" ".join(b"(%s) Tj 0 %d Td" % ((words + " " + words + " " + words).encode(), -size) for _ in range(count))
    return b"BT %d Tr /F %d Tf 20 %d Td %s ET" % (mode, size, top, drawn)


def picture(left: int, bottom: int, width: int, height: int) -> bytes:
    """The picture, stretched over a rectangle."""
    return b"q %d 0 0 %d %d %d cm /Im Do Q" % (width, height, left, bottom)


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def _file(objects: Sequence[bytes]) -> bytes:
    body = b"%PDF-1.7\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer << /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer
