"""What becomes of one promise under pytest: its outcome, and what it observed."""

from collections.abc import Callable, Generator
from typing import Any

import pytest

from virtool_contract import chapters, trial
from virtool_contract.budget import HINT
from virtool_contract.fixtures import LEDGER
from virtool_contract.ledger import Ledger, Violation
from virtool_contract.provider import ExhaustedError, ProviderError, UnknownStateError
from virtool_contract.run import Run
from virtool_contract.target import TargetTroubleError, Unobserved

PROPERTY = "virtool_contract"
FAILED = "virtool_contract_failed"


class Outcomes:
    """Turns what promises observed into outcomes, and adds it up."""

    def __init__(self, run: Callable[[], Run | None]) -> None:
        """Take the run of this process, if it has one, each time from a function."""
        self._run = run
        self.total = Ledger()
        self.problem = ""
        """Why nothing more can be tested, or "" """

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        """Turn what a promise observed into its outcome."""
        run = self._run()
        if not chapters.is_ours(item) or run is None:
            return (yield)
        unseen = ""
        run.note_promise(chapters.clauses(item))
        budget = run.target.budget
        if budget:
            budget.reserve_for_replays(searching=chapters.is_search(item))
        try:
            yield
        except (Unobserved, UnknownStateError) as reason:
            unseen = str(reason)
        except ExhaustedError as error:
            if not chapters.is_search(item):
                self._give_up(item, ExhaustedError(f"{error}; {HINT}"))
            unseen = str(error)
            _note_early_end(item, error, run)
        except (TargetTroubleError, ProviderError) as error:
            self._give_up(item, error)
        ledger = item.stash.get(LEDGER, Ledger())
        if budget:
            budget.reserve_for_promises(chapters.likely_use(item))
        try:
            trial.confirm(run, ledger)
        except (TargetTroubleError, ProviderError) as error:
            self._give_up(item, error)
        try:
            trial.conclude(run, chapters.clauses(item), ledger, unseen)
        except Unobserved as reason:
            pytest.skip(str(reason))

    def _give_up(self, item: pytest.Item, error: Exception) -> None:
        """End the run: what cannot be talked to cannot be judged."""
        self.problem = self._hide(str(error))
        item.session.shouldstop = f"could not test: {self.problem}"
        pytest.skip(f"could not test: {self.problem}")

    def _hide(self, text: str) -> str:
        """A text without keys."""
        run = self._run()
        return run.target.api.secrets.hide(text) if run else text

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send along what was observed; say a violation in its own words, without a traceback."""
        report = yield
        if call.excinfo is not None and call.excinfo.errisinstance(Violation):
            report.longrepr = str(call.excinfo.value)
        elif report.failed and chapters.is_ours(item):
            report.longrepr = self._hide(str(report.longrepr))
            last = str(report.longrepr).strip().splitlines()[-1:]
            report.user_properties.append((FAILED, " ".join(last)))
        if chapters.is_ours(item):
            report.sections = [(name, self._hide(text)) for name, text in report.sections]
        if report.when == "teardown" and LEDGER in item.stash:
            report.user_properties.append((PROPERTY, item.stash[LEDGER].to_json()))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up what was observed, also where other processes ran the promises."""
        for name, value in report.user_properties:
            if name == PROPERTY and isinstance(value, dict):
                self.total.merge(Ledger.from_json(value))
            if name == FAILED:
                self.problem = self.problem or f"{report.nodeid} failed by itself: {value}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(
        self,
        excrepr: Any,  # noqa: ANN401 - pytest's, not public
        excinfo: pytest.ExceptionInfo[BaseException],
    ) -> None:
        """A suite that fails by itself has tested nothing; its traceback is shown without keys."""
        said = self._hide(excinfo.exconly())
        self.problem = self.problem or f"the suite failed by itself: {said}"
        alone = [(excrepr.reprtraceback,)] if hasattr(excrepr, "reprtraceback") else []
        for traceback, *_ in getattr(excrepr, "chain", alone):
            for entry in traceback.reprentries:
                entry.lines = [self._hide(line) for line in entry.lines]
                entry.reprlocals = entry.reprfuncargs = None


def _note_early_end(item: pytest.Item, error: ExhaustedError, run: Run) -> None:
    """A search that analyses ran out for ends there, which the report says."""
    ledger = item.stash.get(LEDGER, run.ledger)
    ledger.troubles.append(f"{item.name} ended early: {error}")
