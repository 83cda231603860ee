"""Zip files that are the same, byte for byte, when their content is."""

import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  #: the earliest that a zip file can say
MODE = 0o755 << 16  #: readable and executable for the user that Lambda runs functions as
LEVEL = 6  #: more makes libraries hardly smaller, and takes minutes


def files(folder: Path) -> list[Path]:
    """Every file below the folder, in an order that depends on their names alone."""
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.as_posix())


def write(folder: Path, target: Path) -> None:
    """Pack what is in the folder, without times and owners, in the order of names."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for path in files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr, entry.compress_type = MODE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes(), compresslevel=LEVEL)


def unzipped_bytes(archive: Path) -> int:
    """What the archive's files take when unpacked, as Lambda counts it."""
    with zipfile.ZipFile(archive) as opened:
        return sum(entry.file_size for entry in opened.infolist())
