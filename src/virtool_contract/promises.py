"""The words that promises are written with: all that `contract_tests` needs, in one place."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from virtool_contract import awkward, expect, freeform
from virtool_contract.body import Body, classify, finalize_body
from virtool_contract.disguises import disguises
from virtool_contract.explore import Explorer
from virtool_contract.json_values import Json
from virtool_contract.marks import at_last, clause, in_parts, lengthy, standard
from virtool_contract.model import Caller, Phase
from virtool_contract.race import Racer
from virtool_contract.scenario import Step
from virtool_contract.stage import Stage
from virtool_contract.subject import Subject
from virtool_contract.target import Unobserved

if TYPE_CHECKING:
    from virtool_contract import generated
else:  # out of a type checker's sight, for which every word would be there

    def __getattr__(name: str) -> ModuleType:
        """Import `generated` when it is used: it brings schemathesis, which `quick` does without.

        Raises:
            AttributeError: there is no such word.
        """
        if name == "generated":
            return import_module("virtool_contract.generated")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Body",
    "Caller",
    "Explorer",
    "Json",
    "Phase",
    "Racer",
    "Stage",
    "Step",
    "Subject",
    "Unobserved",
    "at_last",
    "awkward",
    "classify",
    "clause",
    "disguises",
    "expect",
    "finalize_body",
    "freeform",
    "generated",
    "in_parts",
    "lengthy",
    "standard",
]
