"""What every report is made from: the verdicts, and the run that they are about."""

from dataclasses import dataclass

from virtool_contract.command_lines import replay_line
from virtool_contract.contract import Contract
from virtool_contract.options import DOCUMENTED_ROOT, Settings
from virtool_contract.verdict import Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The content of a report.

    `base_url` and `path` are the target's, `rerun` is the command line that repeats the run, and
    `seconds` is how long it took. `adapted` is how other runs say that they were adapted to the
    target, where the verdicts are theirs.
    """

    contract: Contract
    verdicts: Verdicts
    settings: Settings
    base_url: str
    path: str
    rerun: str
    seconds: float
    adapted: tuple[str, ...] = ()

    def again(self, clause: str) -> str:
        """The command that shows a violation again: its replay where there is a report to read."""
        if self.settings.report_dir:
            return replay_line(self.settings, clause)
        return f"{self.rerun} -k {clause}"

    @property
    def requests_per_second(self) -> float:
        """How fast requests were sent, set-up and replays of the run included in its time."""
        return self.verdicts.requests / self.seconds if self.seconds else 0.0

    @property
    def adaptations(self) -> tuple[str, ...]:
        """How the suite was adapted to the target, where that departs from the documentation."""
        said = list(self.adapted)
        if self.settings.api_root != DOCUMENTED_ROOT:
            said.append(f"{self.path} stands for {self.contract.path} (--api-root)")
        if self.settings.extra_body_fields:
            names = ", ".join(f"`{name}`" for name in self.settings.extra_body_fields)
            said.append(f"every finalize body has {names} besides (--extra-body-fields)")
        return tuple(said)
