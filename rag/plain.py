"""Plain files: text of any encoding, tables of separated values, and mail."""

import csv
import io
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from charset_normalizer import from_bytes

from core.errors import DocumentError

SNIFFED_CHARACTERS = 8192
HEADERS = ("Subject", "From", "To", "Date")


def read_text(path: Path, media_type: str) -> str:
    """The text of a file; separated values become a Markdown table."""
    text = decode(path.read_bytes())
    if media_type in {"text/csv", "text/tab-separated-values"}:
        return _table(text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode(data: bytes) -> str:
    """Text of unknown encoding; raises DocumentError when it is of none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = from_bytes(data).best()
    if best is None:
        raise DocumentError("corrupt", "The encoding of the text cannot be told.")
    return str(best)


def _table(text: str) -> str:
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:SNIFFED_CHARACTERS], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    lines_of_any_system = io.StringIO(text, newline=None)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines_of_any_system, dialect) if any(row)]
    except csv.Error as error:
        raise DocumentError("corrupt", "The table of separated values is damaged.") from error
    if not rows:
        return ""
    lines = ["| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def read_mail(path: Path) -> str:
    """The headers and the body of a message; attachments are left out."""
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    headers = [f"{name}: {message[name]}" for name in HEADERS if message[name]]
    return "\n".join(headers) + "\n\n" + _body(message)


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, KeyError):  # an encoding that Python does not know
        payload = part.get_payload(decode=True)
        content = decode(payload) if isinstance(payload, bytes) else ""
    if part.get_content_subtype() != "html":
        return content
    from markdownify import markdownify  # noqa: PLC0415  few messages need it

    return str(markdownify(content))
