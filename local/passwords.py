"""The passwords of this stack's database roles: made once, readable by their owner alone."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Passwords:
    superuser: str
    application: str
    operations: str


def read(file: Path) -> Passwords | None:
    """The passwords in file, or None where there is none; one that an older file lacks is made now."""
    if not file.exists():
        return None
    known = json.loads(file.read_text())
    missing = {field.name for field in fields(Passwords)} - set(known)
    if not missing:
        return Passwords(**known)
    return _write(file, Passwords(**known, **{name: _new() for name in missing}))


def create(file: Path) -> Passwords:
    """New passwords, written to file with mode 600."""
    return _write(file, Passwords(superuser=_new(), application=_new(), operations=_new()))


def _new() -> str:
    return secrets.token_urlsafe(24)


def _write(file: Path, passwords: Passwords) -> Passwords:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as output:
        json.dump(asdict(passwords), output)
    return passwords
