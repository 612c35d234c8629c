"""What faults that take a race have in common."""

from typing import ClassVar, Final

from virtool_contract.reference.faults.base import Fault, Reach

WINDOW: Final = 0.002
"""How long something is not as it should be, in seconds."""


class Racing(Fault):
    """Goes wrong where requests are under way at the same time."""

    category = "concurrency"
    reach: ClassVar[Reach] = "a race"
