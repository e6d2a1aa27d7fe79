"""Whether a file that holds a secret keeps it (L9)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

OTHERS_READ = stat.S_IRGRP | stat.S_IROTH
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def exposed(path: Path) -> str:
    """Return why the secret in the file ``path`` is none, with the fix; empty where its owner alone may read it.

    Its owner must be us, or root. What is no plain file (a pipe, a process's descriptor) has no other readers. Raises
    ``OSError`` where it cannot be looked at.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        return ""
    if found.st_mode & OTHERS_READ or found.st_mode & OTHERS_WRITE:
        return f"{path} can be read or written by others; chmod 600 {path}"
    if found.st_uid not in {0, os.geteuid()} and os.geteuid() != 0:
        return f"{path} belongs to another user, who can read it; chown it to the daemon's user"
    return ""
