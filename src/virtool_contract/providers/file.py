"""A provider that is a file: disposable analyses that were set up beforehand, each used once."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from virtool_contract.json_values import NotJsonError, parse
from virtool_contract.provider import (
    JOB_WITHOUT_ANALYSIS,
    PENDING_ANALYSIS,
    ExhaustedError,
    ProviderError,
    UnknownStateError,
    job_without_analysis,
    pending_analysis,
)

EXAMPLE = '{"analysis_id": "…", "job_id": "…", "job_key": "…"}'
PREFERENCE: Mapping[bool, tuple[bool | None, ...]] = {
    True: (True, None),
    False: (False, None, True),
}
"""What to take where files are wanted, or not: files may be there where none are asked for."""


class StateFileError(ValueError):
    """A state file is wrong; the message gives file and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: an analysis or a job; `files` is None where the line does not say."""

    answer: Mapping[str, Any]
    state: str = PENDING_ANALYSIS
    files: bool | None = None


class FileProvider:
    """Hands out what stands in the file; `count` is how many analyses there were."""

    def __init__(self, file: str, entries: Iterable[Entry]) -> None:
        """Take entries out of a file (see `read`)."""
        self.file = file
        entries = list(entries)
        self._left = [entry for entry in entries if entry.state == PENDING_ANALYSIS]
        self._jobs = [entry for entry in entries if entry.state == JOB_WITHOUT_ANALYSIS]
        self.count = len(self._left)

    def change(self, action: str, state: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Hand out an analysis that was not handed out before; there is nothing to tear down.

        Raises:
            ExhaustedError: all are used.
            UnknownStateError: the file has no job that runs no analysis.
        """
        if action == "teardown":
            return {}
        if state == JOB_WITHOUT_ANALYSIS and self._jobs:
            return self._jobs[0].answer
        if state != PENDING_ANALYSIS:
            raise UnknownStateError(f"{self.file} (--state-file) has no line for {state!r}")
        return self._take(files=params.get("files") is True).answer

    def close(self) -> None:
        """Do nothing: the file was read at the start."""

    def _take(self, *, files: bool) -> Entry:
        for wanted in PREFERENCE[files]:
            for entry in self._left:
                if entry.files is wanted:
                    self._left.remove(entry)
                    return entry
        left = f"; {len(self._left)} without files are left" if self._left else ""
        raise ExhaustedError(
            f"all of the {self.count} analyses of {self.file} (--state-file) are used{left}"
        )


def read(file: str, share: tuple[int, int] = (0, 1)) -> FileProvider:
    """Read a state file: JSON lines, each an analysis, or a job with its `state`.

    `share` is (k, n) for the k-th of n processes, each of which takes every n-th analysis.

    Raises:
        StateFileError: it cannot be read, or a line is not what it should be.
    """
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise StateFileError(f"{file}: cannot be read: {why}") from None
    entries = [
        _entry(line, f"{file}:{number}") for number, line in enumerate(lines, 1) if line.strip()
    ]
    analyses = [entry for entry in entries if entry.state == PENDING_ANALYSIS]
    _check_once(file, analyses)
    jobs = [entry for entry in entries if entry.state != PENDING_ANALYSIS]
    number, of = share
    return FileProvider(file, [*analyses[number::of], *jobs])


def _entry(line: str, where: str) -> Entry:
    try:
        value = parse(line.encode())
    except (NotJsonError, UnicodeEncodeError) as error:
        raise StateFileError(f"{where}: {error}; try {EXAMPLE}") from None
    if not isinstance(value, dict):
        raise StateFileError(f"{where}: is no JSON object; try {EXAMPLE}")
    state, files = value.get("state", PENDING_ANALYSIS), value.get("files")
    if state not in {PENDING_ANALYSIS, JOB_WITHOUT_ANALYSIS}:
        known = f"{PENDING_ANALYSIS!r} or {JOB_WITHOUT_ANALYSIS!r}"
        raise StateFileError(f"{where}: has a `state` that is not known; try {known}")
    if files not in {None, True, False} or isinstance(files, int | float) > isinstance(files, bool):
        raise StateFileError(f"{where}: has `files` that are neither true nor false")
    entry = Entry(answer=value, state=str(state), files=files)
    try:
        _check(entry)
    except ProviderError as error:
        why = str(error).partition(" to ")[2].partition("' ")[2]
        raise StateFileError(f"{where}: {why}; try {EXAMPLE}") from None
    return entry


def _check(entry: Entry) -> None:
    """Have the answer looked at now, by the rule for answers, rather than in mid-run."""
    alone = FileProvider("", [entry])
    if entry.state == PENDING_ANALYSIS:
        pending_analysis(alone, files=entry.files is True)
    else:
        job_without_analysis(alone)


def _check_once(file: str, entries: Iterable[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = str(entry.answer["analysis_id"])
        if name in seen:
            raise StateFileError(f"{file}: has the analysis {json.dumps(name)} twice")
        seen.add(name)
