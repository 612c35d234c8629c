"""The servers that a benchmark runs against: faults, freedoms, and the reference as it is."""

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from virtool_contract.reference import faults, freedoms

KINDS = ("fault", "freedom", "reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One server; `claims` are the clauses that a full run is certain to report broken."""

    kind: str
    name: str
    category: str
    claims: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """What makes `virtool-contract serve` this server."""
        return () if self.kind == "reference" else (f"--{self.kind}", self.name)

    @property
    def title(self) -> str:
        """Its kind and category, as a row of a table is called."""
        return self.kind if self.kind == self.category else f"{self.kind}: {self.category}"


def entries() -> Iterator[Entry]:
    """Everything there is, the reference itself last."""
    for name, fault in faults.catalogue().items():
        yield Entry(kind="fault", name=name, category=fault.category, claims=fault.breaks)
    for name in freedoms.catalogue():
        yield Entry(kind="freedom", name=name, category="freedom")
    yield Entry(kind="reference", name="reference", category="reference")


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The options that choose among them."""
    parser.add_argument("--only", action="append", metavar="NAME", help="this one (repeatable)")
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--category", action="append", metavar="NAME", help="faults of this one")
    parser.add_argument(
        "--sample", type=int, metavar="N", help="so many of each category, the same ones each time"
    )


def chosen(options: argparse.Namespace) -> list[Entry]:
    """The entries that those options ask for.

    Raises:
        SystemExit: one of them names nothing.
    """
    known = {name for entry in entries() for name in (entry.name, entry.category)}
    for name in (*(options.only or ()), *(options.category or ())):
        if name not in known:
            raise SystemExit(
                f"{name!r} is in no catalogue; try virtool-contract serve --list-faults"
            )
    wanted = [
        entry
        for entry in entries()
        if (not options.only or entry.name in options.only)
        and (not options.kind or entry.kind in options.kind)
        and (not options.category or entry.category in options.category)
    ]
    if options.sample is None:
        return wanted
    groups = defaultdict(list)
    for entry in wanted:
        groups[entry.title].append(entry)
    drawn = random.Random(0)  # noqa: S311 - no secret: the same sample each time
    return [
        entry
        for group in groups.values()
        for entry in drawn.sample(group, min(options.sample, len(group)))
    ]
