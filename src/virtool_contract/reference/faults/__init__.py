"""A catalogue of wrong servers, one tiny class each."""

from collections.abc import Iterable

from virtool_contract.reference.faults import (
    access,
    assignment,
    concurrency,
    containers,
    crosstalk,
    errors,
    fidelity,
    identity,
    intermittent,
    keys,
    late,
    lookalikes,
    malformed,
    mixups,
    persistence,
    sequences,
    shapes,
    spelling,
    statuses,
    types,
    unread,
    validation,
    values,
    wire,
)
from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.service import Service
from virtool_contract.reference.variants import collect, combine

CHAPTERS = (
    shapes,
    types,
    values,
    statuses,
    errors,
    persistence,
    fidelity,
    lookalikes,
    containers,
    validation,
    malformed,
    spelling,
    assignment,
    access,
    keys,
    sequences,
    unread,
    late,
    crosstalk,
    identity,
    intermittent,
    concurrency,
    mixups,
    wire,
)


def catalogue() -> dict[str, type[Fault]]:
    """Return every fault by its name on the command line."""
    return collect(Fault, CHAPTERS)


def compose(names: Iterable[str]) -> type[Service]:
    """Return one server class with all the named faults.

    Raises:
        UnknownVariantError: there is no such fault.
    """
    return combine(catalogue(), names, "fault")
