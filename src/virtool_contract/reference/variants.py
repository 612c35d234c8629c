"""Servers that differ from the reference in one decision: their names, and how they combine."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, TypeVar

from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Analysis, Document

V = TypeVar("V", bound="Variant")


class Variant(Service):
    """A service with a memory of its own, for decisions that depend on what came before.

    Several variants may share one service: each keeps to notes and tallies of its own name.
    """

    def __init__(self) -> None:
        """Start without memories."""
        super().__init__()
        self.tallies: Counter[tuple[str, ...]] = Counter()
        self.notes: dict[tuple[str, ...], Any] = {}

    def tally(self, *what: str) -> int:
        """Return how often this has been called for the same thing, this time included."""
        self.tallies[what] += 1
        return self.tallies[what]

    def neighbours(self, analysis: Analysis) -> list[Analysis]:
        """Return the analyses made just before and just after another one."""
        ids = list(self.store.analyses)
        if analysis.id not in ids:
            return []
        at = ids.index(analysis.id)
        return [
            self.store.analyses[near] for near in (*ids[max(at - 1, 0) : at], *ids[at + 1 :][:1])
        ]


class UnknownVariantError(ValueError):
    """A name that is in no catalogue."""


def cli_name(variant: type) -> str:
    """Return a class's name in kebab-case: `FinalizeIs201` is `finalize-is-201`."""
    return re.sub(r"(?<!^)(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", variant.__name__).lower()


def collect(base: type[V], modules: Iterable[ModuleType]) -> dict[str, type[V]]:
    """Return the variants in some modules by name, in the order in which they are written.

    A chapter's own base class is none of them: its name begins with an underscore.
    """
    found = [
        member
        for module in modules
        for name, member in vars(module).items()
        if isinstance(member, type)
        and issubclass(member, base)
        and member.__module__ == module.__name__
        and not name.startswith("_")
    ]
    return {cli_name(variant): variant for variant in found}


def combine(catalogue: Mapping[str, type[V]], names: Iterable[str], noun: str) -> type[Service]:
    """Return one service class with each of the named variants; without names, the reference.

    Raises:
        UnknownVariantError: a name is not in the catalogue.
    """
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in catalogue:
            raise UnknownVariantError(unknown(catalogue, name, noun))
    if not chosen:
        return Service
    return type("+".join(chosen), tuple(catalogue[name] for name in chosen), {})


def unknown(catalogue: Iterable[str], name: str, noun: str) -> str:
    """Return what to say about a name that is not in a catalogue."""
    near = difflib.get_close_matches(name, catalogue, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"there is no {noun} named {name!r}{hint}"


def without(document: Document, *names: str) -> Document:
    """Return an object without some of its members."""
    return {name: value for name, value in document.items() if name not in names}
