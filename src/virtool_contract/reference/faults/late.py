"""Faults in what becomes of a refusal with time: what is final is forgotten."""

import time
from typing import Final

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.values import Analysis, Call, Reply

FORGOTTEN_AFTER: Final = 0.7
"""Seconds."""


class _Late(Fault):
    category = "sequences"
    reach = "a sequence"

    def has_passed(self, *what: str) -> bool:
        """Whether it is long ago that this was noted; it never is, if it was not."""
        noted = self.notes.get(what)
        return noted is not None and time.monotonic() - noted > FORGOTTEN_AFTER

    @override
    async def write(self, analysis: Analysis) -> None:
        self.notes["finalized", analysis.id] = time.monotonic()
        await super().write(analysis)

    @override
    async def erase(self, analysis: Analysis) -> None:
        self.notes["removed", analysis.id] = time.monotonic()
        await super().erase(analysis)


class FinalizedForgottenByFinalize(_Late):
    """An analysis that was finalized some time ago can be finalized again."""

    breaks = ("finalize.once",)

    @override
    def bars_finalize(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_finalize(call, analysis) and not self.has_passed(
            "finalized", analysis.id
        )


class FinalizedForgottenByRemove(_Late):
    """An analysis that was finalized some time ago can be removed."""

    breaks = ("remove.finalized-stays",)

    @override
    def bars_remove(self, call: Call, analysis: Analysis) -> bool:
        return super().bars_remove(call, analysis) and not self.has_passed("finalized", analysis.id)


class RemovedForgottenByRemove(_Late):
    """A removal of an analysis that was removed some time ago is answered with 204."""

    breaks = ("remove.gone",)

    @override
    async def remove(self, call: Call) -> Reply:
        reply = await super().remove(call)
        gone = self.has_passed("removed", call.analysis_id)
        return Reply(status=204) if gone and reply.status == 404 else reply
