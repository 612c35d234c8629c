"""The words that promises are written with: all that `contract_tests` needs, in one place."""

from virtool_contract import expect, freeform, generated
from virtool_contract.body import Body, classify, finalize_body
from virtool_contract.disguises import disguises
from virtool_contract.explore import Explorer
from virtool_contract.json_values import Json
from virtool_contract.marks import clause, in_parts, lengthy, standard
from virtool_contract.model import Caller, Phase
from virtool_contract.race import Racer
from virtool_contract.scenario import Step
from virtool_contract.stage import Stage
from virtool_contract.target import Subject, Unobserved

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
