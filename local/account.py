"""The system account that PostgreSQL runs as when root starts the stack: PostgreSQL refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNPRIVILEGED = "nobody"  #: exists everywhere


@dataclass(frozen=True)
class Account:
    user: int
    group: int

    def for_popen(self) -> dict[str, Any]:
        """The arguments of subprocess.Popen that run a program as this account."""
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give path to this account."""
        os.chown(path, self.user, self.group)


def unprivileged_account() -> Account | None:
    """The account to drop to, or None where the current one will do."""
    if os.getuid() != 0:
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(entry.pw_uid, entry.pw_gid)


def open_to_all(folder: Path) -> None:
    """Let every account read and run what is under folder, whatever the umask of its maker was."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(stat.S_IMODE(mode) | (0o555 if path.is_dir() or mode & stat.S_IXUSR else 0o444))
