"""What a written script is about, whatever its language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from virtool_contract.body import with_members
from virtool_contract.contract import Contract
from virtool_contract.json_values import Json
from virtool_contract.ledger import Deviation
from virtool_contract.reports.plain import one_line
from virtool_contract.scenario import Scenario, listed, needs
from virtool_contract.scripts.expectations import PREFERRED, Expected, expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A violation that is to be written out: where it was recorded, and what the target wants.

    `path` is the target's, with `{analysis_id}` in it; `extra` goes into every finalize body;
    `implemented` says whether Remove is.
    """

    contract: Contract
    deviation: Deviation
    source: str
    path: str
    extra: Mapping[str, Json]
    implemented: bool = True

    @property
    def scenario(self) -> Scenario:
        """The steps as they were recorded."""
        return self.deviation.scenario

    @property
    def steps(self) -> list[Expected]:
        """The steps, and what is due for each."""
        preferred = self.deviation.topic.startswith(PREFERRED)
        return list(
            expected(
                self.contract, self.scenario, implemented=self.implemented, preferred=preferred
            )
        )

    def raw(self, each: Expected) -> bytes | None:
        """The body that is sent, with what the target wants in it; None for none."""
        body = each.step.body
        return None if body is None else with_members(body.raw, self.extra)

    def head(self) -> Iterator[str]:
        """What the script says at the top, line by line."""
        clause = self.contract.clauses[self.deviation.clause]
        yield f"{clause.id} ({clause.level}): {clause.says}"
        yield ""
        yield f"expected  {one_line(self.deviation.expected)}"
        yield f"received  {one_line(self.deviation.actual)}"
        yield f"recorded  {one_line(self.source)}, replayed: {self.deviation.frequency}"

    def variables(self) -> Iterator[str]:
        """What must be set in the environment, line by line."""
        yield "BASE_URL: the target, such as http://localhost:9950"
        for names, what in needs(self.scenario):
            yield f"{listed(names)}: {what}"

    def names(self) -> list[str]:
        """The environment variables."""
        return ["BASE_URL", *(name for names, _ in needs(self.scenario) for name in names)]

    def on_the_wire(self, each: Expected) -> Expected:
        """A step as it is sent."""
        raw = self.raw(each)
        if raw is None or each.step.body is None:
            return each
        return replace(each, step=replace(each.step, body=replace(each.step.body, raw=raw)))
