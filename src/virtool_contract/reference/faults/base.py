"""What a fault is."""

from typing import ClassVar, Literal, TypeAlias

from virtool_contract.reference.variants import Variant

Reach: TypeAlias = Literal["any request", "a sequence", "a value", "a race"]
"""What it takes to see a fault; a value may be one in a body, a path or an analysis."""


class Fault(Variant):
    """A wrong server; the docstring of each says what a client would see.

    `breaks` holds ids of clauses that a full run is certain to report: not all that might be.
    """

    breaks: ClassVar[tuple[str, ...]]
    category: ClassVar[str]
    reach: ClassVar[Reach] = "any request"
