"""Reads recorded traffic, entry by entry: HAR, or JSON lines of HAR entries (docs/traffic.md)."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from virtool_contract.options import OptionError

LINES = frozenset({".jsonl", ".ndjson"})
"""How the name of a file ends that has an entry a line."""
ENTRIES = "log.entries"
BOM = b"\xef\xbb\xbf"
OUR_OWN = frozenset({"log._removes", "log.comment"})
"""The members of a log that are of interest here."""


class TrafficError(OptionError):
    """The file is no recorded traffic; the message says where, and what would be."""


class Traffic:
    """A file of recorded exchanges; `about` are the members of the log that stand before them."""

    def __init__(self, file: str) -> None:
        """Look at the beginning.

        Raises:
            TrafficError: it cannot be read, or is no HAR.
        """
        self.file = file
        self.about: dict[str, Any] = {}
        try:
            if not self._has_lines:
                with Path(file).open("rb") as har:
                    self.about = dict(_head(_after_mark(har)))
            elif not Path(file).is_file():
                Path(file).open("rb").close()
        except OSError as error:
            raise TrafficError(f"{file!a}: cannot be read: {error.strerror}") from None
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise TrafficError(f"{file!a}: is no HAR: {_said(error)}") from None

    @property
    def _has_lines(self) -> bool:
        return Path(self.file).suffix.lower() in LINES

    def entries(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each entry, with where it stands.

        Raises:
            TrafficError: the file ends too early, or there is no JSON where some should be.
        """
        with Path(self.file).open("rb") as file:
            yield from self._lines(file) if self._has_lines else self._har(_after_mark(file))

    def _har(self, file: BinaryIO) -> Iterator[tuple[str, Mapping[str, Any]]]:
        number = 0
        try:
            for entry in ijson.items(file, f"{ENTRIES}.item", use_float=True):
                number += 1
                yield self._placed(f"entry {number}", entry)
        except ijson.IncompleteJSONError:
            problem = f"ends within its entries, after {number}; is it complete?"
            raise TrafficError(f"{self.file!a}: {problem}") from None
        except (ijson.JSONError, UnicodeDecodeError) as error:
            where = f"after entry {number}"
            raise TrafficError(f"{self.file!a}, {where}: no JSON: {_said(error)}") from None

    def _lines(self, file: BinaryIO) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line.removeprefix(BOM))
            except (ValueError, RecursionError) as error:
                where = f"{self.file!a}, line {number}"
                raise TrafficError(f"{where}: no JSON: {_said(error)}") from None
            yield self._placed(f"line {number}", entry)

    def _placed(self, where: str, entry: object) -> tuple[str, Mapping[str, Any]]:
        place = f"{self.file!a}, {where}"
        if not isinstance(entry, dict):
            raise TrafficError(f"{place}: is no object; an entry of a HAR is wanted")
        return place, entry


def _head(har: BinaryIO) -> Iterator[tuple[str, Any]]:
    """What stands before the entries.

    Raises:
        TrafficError: there are none.
    """
    for prefix, event, value in ijson.parse(har, use_float=True):
        if prefix == ENTRIES and event == "start_array":
            return
        if prefix in OUR_OWN:
            yield prefix.rpartition(".")[2], value
    raise TrafficError(
        f"{getattr(har, 'name', '')!a}: is no HAR, for it has no log.entries; "
        "JSON lines have names that end in .jsonl"
    )


def _after_mark(file: BinaryIO) -> BinaryIO:
    """The file past a byte order mark, which some tools write."""
    if file.read(len(BOM)) != BOM:
        file.seek(0)
    return file


def _said(error: Exception) -> str:
    """The first line of a parser's complaint; yajl goes on to show the text."""
    first = str(error).strip().partition("\n")[0]
    return re.sub(r"[^ -~]", "?", first)[:200]
