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
    AnswerError,
    ExhaustedError,
    UnknownStateError,
    is_text,
    job_without_analysis,
    pending_analysis,
)

EXAMPLE = '{"analysis_id": "…", "job_id": "…", "job_key": "…"}'
PREFERENCE: Mapping[bool, tuple[bool | None, ...]] = {
    True: (True, None, False),
    False: (False, None, True),
}
"""What to take where files are wanted, or not: better the wrong one than none. Nearly every promise
can do without files, and that which cannot says that it was not observed."""


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

    def directly(self) -> "FileProvider":
        """Itself: it does nothing ahead."""
        return self

    def forget(self) -> None:
        """Do nothing: nothing is set up ahead."""

    def close(self) -> None:
        """Do nothing: the file was read at the start."""

    def _take(self, *, files: bool) -> Entry:
        for wanted in PREFERENCE[files]:
            for entry in self._left:
                if entry.files is wanted:
                    self._left.remove(entry)
                    return entry
        raise ExhaustedError(
            f"all of the {self.count} analyses of --state-file {self.file} are used"
        )


def read(file: str, share: tuple[int, int] = (0, 1)) -> FileProvider:
    """Read a state file: JSON lines, each an analysis, or a job with its `state`.

    `share` is (k, n) for the k-th of n processes, each of which takes every n-th analysis.

    Raises:
        StateFileError: it cannot be read, or a line is not what it should be.
    """
    try:
        # Not `splitlines`: JSON may have a line separator (U+2028) in a string.
        lines = Path(file).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise StateFileError(f"{file}: cannot be read: {why}; try a file of JSON lines") from None
    entries = {
        number: _entry(line, f"{file}:{number}")
        for number, line in enumerate(lines, 1)
        if line.strip()
    }
    _check_once(file, entries)
    analyses = [entry for entry in entries.values() if entry.state == PENDING_ANALYSIS]
    if not analyses:
        raise StateFileError(f"{file}: has no analysis in it; try a line such as {EXAMPLE}")
    jobs = [entry for entry in entries.values() if entry.state == JOB_WITHOUT_ANALYSIS]
    number, of = share
    return FileProvider(file, [*analyses[number::of], *jobs])


def _entry(line: str, where: str) -> Entry:
    try:
        value = parse(line.encode())
    except (NotJsonError, UnicodeEncodeError) as error:
        raise StateFileError(f"{where}: {error}; try {EXAMPLE}") from None
    if not isinstance(value, dict):
        raise StateFileError(f"{where}: is no JSON object; try {EXAMPLE}")
    if not is_text(value):
        raise StateFileError(f"{where}: has a lone surrogate in it; try {EXAMPLE}")
    state, files = value.get("state", PENDING_ANALYSIS), value.get("files")
    if state not in (PENDING_ANALYSIS, JOB_WITHOUT_ANALYSIS):
        known = f"{PENDING_ANALYSIS!r} or {JOB_WITHOUT_ANALYSIS!r}"
        raise StateFileError(f"{where}: has a `state` that is not known; try {known}")
    if files is not None and not isinstance(files, bool):
        raise StateFileError(f"{where}: has `files` that are neither true nor false; try true")
    entry = Entry(answer=value, state=str(state), files=files)
    try:
        _check(entry)
    except AnswerError as error:
        raise StateFileError(f"{where}: {error.why}; try {EXAMPLE}") from None
    return entry


def _check(entry: Entry) -> None:
    """Have the answer looked at now, by the rule for answers, rather than in mid-run."""
    alone = FileProvider("", [entry])
    if entry.state == PENDING_ANALYSIS:
        pending_analysis(alone, files=entry.files is True)
    else:
        job_without_analysis(alone)


def _check_once(file: str, entries: Mapping[int, Entry]) -> None:
    seen: dict[str, int] = {}
    for number, entry in entries.items():
        if entry.state != PENDING_ANALYSIS:
            continue
        name = str(entry.answer["analysis_id"])
        if name in seen:
            raise StateFileError(
                f"{file}:{number}: has the analysis {json.dumps(name)}, as line {seen[name]} has; "
                "each is used once, so try another"
            )
        seen[name] = number
