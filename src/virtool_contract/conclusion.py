"""The end of a run: its verdicts, its reports, and what is said of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from virtool_contract.contract import Contract
from virtool_contract.distributed import Part
from virtool_contract.ledger import Ledger
from virtool_contract.option_values import EFFORTS
from virtool_contract.options import Settings
from virtool_contract.reports import baseline, changes, files, github
from virtool_contract.reports import text as text_report
from virtool_contract.reports.comparison import Comparison
from virtool_contract.reports.reading import Recorded
from virtool_contract.reports.report import Report
from virtool_contract.traffic.recording import Recording, put_together
from virtool_contract.verdict import RunOutcome, Scope, Verdicts, reach
from virtool_contract.waivers import Waivers


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a run came to, whose reports are written.

    `comparison` is with the baseline, where there is one. A run that never `began` has a report
    that says why, and no verdicts to show.
    """

    report: Report
    comparison: Comparison | None = None
    began: bool = True

    @property
    def verdicts(self) -> Verdicts | None:
        """The verdicts; None where there was no run."""
        return self.report.verdicts if self.began else None

    @property
    def exit_code(self) -> int:
        """What the verdicts come to, held against the baseline where there is one."""
        return baseline.exit_code(self.report, self.comparison)

    def text(self) -> str:
        """The verdicts for a terminal; empty where there was no run."""
        if not self.began:
            return ""
        text = text_report.render(self.report)
        return f"{text}\n{changes.text(self.comparison)}" if self.comparison else text

    def annotations(self, environment: Mapping[str, str]) -> str:
        """What is to be printed for GitHub Actions, whose summary is written; empty elsewhere."""
        return github.tell(self.report, environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A run at its end: what it was told, what its processes say, and what they observed.

    `rerun` is the command line that repeats it, `seconds` is how long it took. `recordings` are
    what its processes have sent and got, where reports were asked for.
    """

    contract: Contract
    settings: Settings
    part: Part
    total: Ledger
    rerun: str
    seconds: float
    recordings: tuple[Recording, ...] = ()

    def conclude(self, waivers: Waivers, recorded: Recorded | None) -> Conclusion:
        """Reach the verdicts and write the reports; one that cannot be written fails the run."""
        scope = Scope(
            removes=self.part.removes,
            races=self.settings.effort != EFFORTS[0],
            effort=self.settings.effort,
            waivers=waivers,
            everything=not self.part.selected,
            selected=frozenset(self.part.clauses),
            strict=self.settings.strict,
            problem=self.part.problem,
        )
        report = self._report(scope)
        problems = self._write_traffic(), files.write(report)
        if problem := "; ".join(filter(None, problems)):
            report = self._report(replace(scope, problem=problem))
            files.write(report)  # those that can be written say so too
        could_test = report.verdicts.outcome is not RunOutcome.COULD_NOT_TEST
        compared = baseline.against(recorded, report) if recorded and could_test else None
        return Conclusion(report=report, comparison=compared)

    def _write_traffic(self) -> str:
        """Write what was recorded; what is wrong with that, if anything is."""
        folder = self.settings.report_dir
        if not folder or not self.recordings:
            return ""
        about = {"_contract": self.contract.version, "_removes": self.part.removes}
        return put_together(Path(folder), self.recordings, about)

    def give_up(self) -> Conclusion:
        """Write reports that say why there is nothing to report, where they were asked for."""
        report = self._report(Scope(problem=self.part.problem))
        files.write(report)
        return Conclusion(report=report, began=False)

    def _report(self, scope: Scope) -> Report:
        return Report(
            contract=self.contract,
            verdicts=reach(self.contract, self.total, scope),
            settings=self.settings,
            base_url=self.part.base_url,
            path=self.part.path,
            rerun=self.rerun,
            seconds=self.seconds,
        )
