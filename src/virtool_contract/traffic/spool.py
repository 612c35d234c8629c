"""Brings exchanges in order: by analysis, then by time; on disk, for there may be millions."""

import marshal
import os
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import groupby
from typing import Self

from virtool_contract.traffic.spotted import Spotted

LABELS = 1000
"""So many of the latest subjects of plays are remembered by their labels."""

Ordered = tuple[Spotted, int, int]
"""An exchange, and how many writes had been sent before it, to whatever analysis."""


class Spool:
    """Exchanges in a temporary file, and an index of some hundred bytes for each in memory.

    A file need not be in the order of time, nor need the exchanges with one analysis be together.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._file = tempfile.TemporaryFile(prefix="virtool-contract-")  # noqa: SIM115 - `close`
        self._end = 0
        self._offsets = array("Q")
        self._analyses = array("Q")
        self._plays = array("Q")
        self._starts = array("d")
        self._writes = bytearray()
        self._last_play = ("", 0)
        self._labelled: dict[tuple[str, str], int] = {}
        self._waiting: dict[tuple[str, str], list[int]] = {}

    def __enter__(self) -> Self:
        """Nothing to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file."""
        self._file.close()

    def __len__(self) -> int:
        """How many exchanges there are."""
        return len(self._offsets)

    def add(self, spotted: Spotted) -> None:
        """Take in one exchange."""
        raw = marshal.dumps(tuple(spotted))
        self._file.write(raw)
        self._offsets.append(self._end)
        self._end += len(raw)
        self._analyses.append(self._analysis(spotted))
        self._starts.append(spotted.started)
        self._writes.append(spotted.is_write)
        if spotted.scenario != self._last_play[0]:
            number = _number(spotted.scenario) if spotted.scenario else 0
            self._last_play = spotted.scenario, number
        self._plays.append(self._last_play[1])

    def _analysis(self, spotted: Spotted) -> int:
        """A number for the analysis; a write in disguise goes with the one that it looks like.

        Whether it does something to that is what it was sent for.
        """
        number = _number(f"{spotted.host} {spotted.analysis_id}")
        who = (spotted.scenario, spotted.subject)
        if spotted.disguise and spotted.is_write and who not in self._labelled:
            self._waiting.setdefault(who, []).append(len(self._analyses))
        if spotted.disguise:
            return self._labelled.get(who, number) if spotted.is_write else number
        if spotted.scenario:
            self._labelled[who] = number
            for index in self._waiting.pop(who, ()):
                self._analyses[index] = number
            if len(self._labelled) > LABELS:
                del self._labelled[next(iter(self._labelled))]
        return number

    def by_analysis(self) -> Iterator[Iterator[Ordered]]:
        """The exchanges with each analysis, in the order in which they began."""
        self._file.flush()
        order = sorted(range(len(self)), key=self._starts.__getitem__)
        before, in_play = self._writes_before(order)
        order.sort(key=self._analyses.__getitem__)
        for _, group in groupby(order, key=self._analyses.__getitem__):
            yield ((self._read(index), before[index], in_play[index]) for index in group)

    def _writes_before(self, order: list[int]) -> tuple[Sequence[int], Sequence[int]]:
        """How many writes were sent before each exchange, and how many of them in its play."""
        counts: dict[int, int] = {}
        before = array("Q", bytes(8 * len(order)))
        in_play = array("Q", before)
        for number, index in enumerate(order):
            play = self._plays[index]
            in_play[index] = counts.get(play, 0)
            previous = order[number - 1] if number else index
            before[index] = before[previous] + (number > 0 and self._writes[previous])
            if self._writes[index]:
                counts[play] = in_play[index] + 1
        return before, in_play

    def _read(self, index: int) -> Spotted:
        offset = self._offsets[index]
        following = self._offsets[index + 1] if index + 1 < len(self) else self._end
        raw = os.pread(self._file.fileno(), following - offset, offset)
        return Spotted(*marshal.loads(raw))  # noqa: S302 - it was written by this process


def _number(text: str) -> int:
    """A number for a text; no two of a few million texts have the same."""
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest())
