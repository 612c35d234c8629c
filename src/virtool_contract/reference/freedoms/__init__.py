"""A catalogue of servers that are correct but different, one tiny class each."""

from collections.abc import Iterable

from virtool_contract.reference.freedoms import bodies, documents, refusals, transport
from virtool_contract.reference.freedoms.base import Freedom
from virtool_contract.reference.service import Service
from virtool_contract.reference.variants import collect, combine

CHAPTERS = (documents, refusals, bodies, transport)


def catalogue() -> dict[str, type[Freedom]]:
    """Return every freedom by its name on the command line."""
    return collect(Freedom, CHAPTERS)


def compose(names: Iterable[str]) -> type[Service]:
    """Return one server class with all the named freedoms.

    Raises:
        UnknownVariantError: there is no such freedom.
    """
    return combine(catalogue(), names, "freedom")
