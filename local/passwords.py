"""The passwords of this stack's database roles: made once, readable by their owner alone."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Passwords:
    superuser: str
    application: str


def read(file: Path) -> Passwords | None:
    """The passwords in file, or None where there is none."""
    return Passwords(**json.loads(file.read_text())) if file.exists() else None


def create(file: Path) -> Passwords:
    """New passwords, written to file with mode 600."""
    passwords = Passwords(superuser=secrets.token_urlsafe(24), application=secrets.token_urlsafe(24))
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as output:
        json.dump(asdict(passwords), output)
    return passwords
