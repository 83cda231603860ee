"""Presentations and drawings to PDF, by LibreOffice without a window, where it is installed."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from core import child, logs
from core.errors import DocumentError, SettingsError
from core.settings import Settings

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
#: Media types with the suffix and the filter by which LibreOffice reads them, and the filter that writes the PDF.
#: Only packages, whose links outwards can be taken away first (vdr/office_links.py): of an old .ppt they cannot
_KINDS = {
    f"{_OFFICE}.presentationml.presentation": (".pptx", "Impress MS PowerPoint 2007 XML", "impress"),
    f"{_OPEN_DOCUMENT}.presentation": (".odp", "impress8", "impress"),
    f"{_OPEN_DOCUMENT}.graphics": (".odg", "draw8", "draw"),
}
CONVERTIBLE = frozenset(_KINDS)

PROGRAMS = ("soffice", "libreoffice")
#: Address space. 0.6 GB is enough for a few slides; 200 slides with pictures take 0.75 GB resident
MEMORY_BYTES = 4_000_000_000
OUTPUT_BYTES = 500_000_000
#: Hidden slides are pages as well, so that the numbers of pages are those of the slides
EXPORT = {"ExportHiddenSlides": {"type": "boolean", "value": "true"}}
#: Macros never run, and links outwards are blocked as far as this setting goes, which is not far
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
{}
</oor:items>
"""
_ITEM = '<item oor:path="{}"><prop oor:name="{}" oor:op="fuse"><value>{}</value></prop></item>'
_SCRIPTING = "/org.openoffice.Office.Common/Security/Scripting"
_SAFE = (
    (_SCRIPTING, "DisableMacrosExecution", "true"),
    (_SCRIPTING, "MacroSecurityLevel", "3"),
    (_SCRIPTING, "BlockUntrustedRefererLinks", "true"),
    ("/org.openoffice.Office.Java/VirtualMachine", "Enable", "false"),
)

FAILURES = {
    "timeout": ("parse_timeout", "Converting the file to PDF took too long."),
    "memory": ("parse_memory", "Converting the file to PDF took too much memory."),
    "crash": ("corrupt", "The file is damaged and cannot be converted to PDF."),
    "exit": ("corrupt", "The file is damaged and cannot be converted to PDF."),
}


def available() -> bool:
    """Whether LibreOffice is installed."""
    return _program() is not None


def to_pdf(
    path: Path, media_type: str, folder: Path, settings: Settings, tick: Callable[[], None] | None = None
) -> Path:
    """The file as a PDF in ``folder``, a page a slide (hidden ones too) or drawing.

    ``tick`` is called about every second; whatever it raises ends the conversion and rises.
    Raises DocumentError: ``unsupported_type`` for one that is not CONVERTIBLE, ``parse_timeout``, ``parse_memory`` or
    ``corrupt``; SettingsError without LibreOffice.
    """
    if media_type not in CONVERTIBLE:
        raise DocumentError("unsupported_type", "Save the presentation as .pptx or PDF and upload that.")
    program = _program()
    if program is None:
        raise SettingsError("LibreOffice is not installed (packages libreoffice-impress and libreoffice-draw)")
    suffix, reads, writes = _KINDS[media_type]
    folder = folder.resolve()
    profile = folder / "profile"
    _write_profile(profile)
    document = folder / f"document{suffix}"
    result = document.with_suffix(".pdf")
    deadline = time.monotonic() + settings.office_timeout_seconds
    _run(["-m", "vdr.office_links", str(path.resolve()), str(document)], document, deadline, tick)
    command = [
        program,
        f"-env:UserInstallation={profile.as_uri()}",
        *("--headless", "--norestore", "--nolockcheck", "--nodefault"),
        f"--infilter={reads}",
        *("--convert-to", f"pdf:{writes}_pdf_Export:{json.dumps(EXPORT)}"),
        *("--outdir", str(folder), str(document)),
    ]
    _run(command, result, deadline, tick)
    return result


def _program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def _write_profile(profile: Path) -> None:
    user = profile / "user"
    user.mkdir(parents=True)
    items = "\n".join(_ITEM.format(*setting) for setting in _SAFE)
    (user / "registrymodifications.xcu").write_text(_PROFILE.format(items), "utf-8")


def _run(command: list[str], result: Path, deadline: float, tick: Callable[[], None] | None) -> None:
    """Run a program that is to write ``result``; raises DocumentError when it does not."""
    try:
        child.run(
            command,
            timeout_seconds=max(0.0, deadline - time.monotonic()),
            memory_bytes=MEMORY_BYTES,
            output_bytes=OUTPUT_BYTES,
            directory=result.parent,
            tick=tick,
        )
    except child.ChildError as error:
        logs.warning("Conversion failed", reason=error.reason, exit_status=error.returncode)
        raise DocumentError(*FAILURES[error.reason]) from error
    if not result.exists() or result.stat().st_size == 0:  # LibreOffice ends well, whatever it could not read
        raise DocumentError(*FAILURES["exit"])
