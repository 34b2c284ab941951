"""Files that are either whole or not there: written beside their place, then moved into it. Data and runs use it."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STALE = 3600  # seconds after which a part that a killed process left behind is swept away


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a new name beside ``path`` to write to; it becomes ``path`` when the block ends without an error.

    Until then ``path`` keeps what it held. The part is removed on an error; what a killed process left is
    removed by a later call. Two processes that write the same ``path`` don't meet: the last one wins, whole.

    Raises:
        OSError: if the folder can't be written or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{path.name}.*.part"):
        try:
            if time.time() - old.stat().st_mtime > STALE:
                old.unlink()
        except OSError:  # another process was quicker
            continue
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        part.touch()
        mode = part.stat().st_mode
        yield part
        part.chmod(mode)  # whoever may read the folder may read the file, whatever its writer made of it
        with open(part, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
