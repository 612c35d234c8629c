"""Puts what the processes of a run have recorded together, in the folder of reports."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from virtool_contract.options import TRAFFIC_FILE
from virtool_contract.recorder import Recorder
from virtool_contract.secrets import Secrets
from virtool_contract.traffic import har


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What one process has recorded.

    It is either a recorder with the secrets to hide, or, where that was in another process, the
    name of the `part` that it has left.
    """

    left_out: int = 0
    part: str = ""
    recorder: Recorder | None = None
    secrets: Secrets | None = None
    base_url: str = ""

    def entries(self, folder: Path) -> Iterator[str]:
        """The entries, written as JSON."""
        if self.recorder is not None and self.secrets is not None:
            return har.Entries(self.base_url, self.secrets).of(self.recorder)
        return har.read_parts(folder, [self.part])

    def is_here(self, folder: Path) -> bool:
        """Whether it was made on this machine."""
        return self.recorder is not None or (folder / self.part).is_file()

    def leave(self, folder: Path) -> "Recording":
        """Write it down for the process that reports.

        Raises:
            OSError: it cannot be written.
        """
        if self.recorder is None or self.secrets is None:
            return self
        process = os.getpid()
        entries = har.Entries(self.base_url, self.secrets, f"{process}-").of(self.recorder)
        part = har.write_part(folder, process, entries)
        return Recording(left_out=self.recorder.left_out, part=part)


def put_together(folder: Path, recordings: Sequence[Recording], about: dict[str, Any]) -> str:
    """Write `traffic.har`; what is wrong with that, if anything is.

    `about` are members of the log, as what the probe has found out.
    """
    here = [each for each in recordings if each.is_here(folder)]
    file = folder / TRAFFIC_FILE
    if note := _left_out(recordings, len(recordings) - len(here)):
        about = {**about, "comment": note}
    try:
        har.write(file, chain.from_iterable(each.entries(folder) for each in here), about)
        discard_parts(folder)
    except OSError as error:
        return f"{file} cannot be written: {error.strerror}"
    return ""


def _left_out(recordings: Sequence[Recording], elsewhere: int) -> str:
    said = []
    if count := sum(each.left_out for each in recordings):
        said.append(f"{count} exchanges for want of room, the last of each process")
    if elsewhere:
        said.append(f"those of {elsewhere} processes on other machines")
    return f"Left out: {'; '.join(said)}." if said else ""


def discard_parts(folder: Path) -> None:
    """Remove what processes have left that nobody put together.

    Raises:
        OSError: it cannot be removed.
    """
    for part in folder.glob(har.PARTS):
        part.unlink()
