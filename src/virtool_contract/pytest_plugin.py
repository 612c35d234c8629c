"""The pytest front: fixtures for the promises, and a verdict per clause at the end of the run.

It is inert in a session that collects nothing of `contract_tests`.
"""

import os
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from virtool_contract import chapters, distributed, interrupts, loading, waivers
from virtool_contract.conclusion import Conclusion, Ending
from virtool_contract.contract import Contract, ContractError
from virtool_contract.distributed import Part, Workers, is_worker, share_of
from virtool_contract.embedded import EmbeddedServer
from virtool_contract.fixtures import Fixtures
from virtool_contract.option_values import EFFORTS
from virtool_contract.options import OptionError, Settings
from virtool_contract.outcomes import Outcomes
from virtool_contract.provider import ProviderError
from virtool_contract.pytest_settings import declare, is_thorough, settings_of
from virtool_contract.reports import baseline
from virtool_contract.reports.reading import Recorded
from virtool_contract.run import Run, SoFar
from virtool_contract.target import TargetTroubleError
from virtool_contract.traffic.recording import Recording
from virtool_contract.waivers import Waivers

NAME = "virtool-contract-run"
COULD_NOT_TEST = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and take part."""
    config.addinivalue_line("markers", "clause(*ids): the clauses that a promise is about")
    config.addinivalue_line("markers", "effort(name): the least effort that runs it")
    config.addinivalue_line("markers", "at_last: runs behind all others")
    config.addinivalue_line("markers", "parts(count): a search, as so many tests")
    config.addinivalue_line("markers", "lengthy: begins early where processes share a run")
    plugin = ContractPlugin(config)
    config.pluginmanager.register(plugin, NAME)
    config.pluginmanager.register(plugin.outcomes, f"{NAME}-outcomes")
    config.pluginmanager.register(plugin.workers, f"{NAME}-workers")
    config.pluginmanager.register(
        Fixtures(lambda: plugin.run, partial(is_thorough, config)), f"{NAME}-fixtures"
    )


class ContractPlugin:
    """What one pytest process does for the suite."""

    def __init__(self, config: pytest.Config) -> None:
        """Do nothing until promises are collected."""
        self.config = config
        self.run: Run | None = None
        self.ahead: EmbeddedServer | None = None
        self.outcomes = Outcomes(lambda: self.run)
        self.started = time.monotonic()
        self.rerun = "pytest --pyargs contract_tests"
        self.selected = False
        self.collected = 0
        self.clauses: tuple[str, ...] = ()
        self.settings: Settings | None = None
        self.contract: Contract | None = None
        self.conclusion: Conclusion | None = None
        self.today = distributed.day_of(config) or waivers.utc_today()
        self.waivers: Waivers | None = None
        self.baseline: Recorded | None = None
        self._own: Part | None = None
        self._recording: Recording | None = None
        self.is_collected = False
        self.workers = Workers(self.today, lambda: baseline.known(self._baseline()))

    @property
    def part(self) -> Part | None:
        """What this process has to say of the run, or what those say that ran the promises."""
        return self._own or self.workers.part

    # Collection

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Let -k select by clause, and leave out what the effort does not include."""
        self._select(items)
        yield
        self.is_collected = True  # so a wrong -k, say, has not ended the session

    def _select(self, items: list[pytest.Item]) -> None:
        ours = [item for item in items if chapters.is_ours(item)]
        if not ours:
            return
        try:
            self.settings = settings_of(self.config)
            self.contract = loading.load(self.settings.spec)
            self.waivers = waivers.load(self.settings.waivers, self.contract, self.today)
            if not is_worker(self.config):
                self.baseline = baseline.load(self.settings, self.contract)
        except (OptionError, ContractError) as error:
            self._refuse(items, str(error), pytest.ExitCode.USAGE_ERROR)
            return
        for item in ours:
            item.extra_keyword_matches.update(chapters.clauses(item))
        left_out = [item for item in ours if not self._is_in_effort(item)]
        items[:] = [item for item in items if item not in left_out]
        items[:] = chapters.ordered(items, shared=is_worker(self.config))
        self.collected = len(ours) - len(left_out)

    def _is_in_effort(self, item: pytest.Item) -> bool:
        assert self.settings
        mark = item.get_closest_marker("effort")
        return mark is None or self.settings.effort != EFFORTS[0]

    def _refuse(self, items: list[pytest.Item], problem: str, code: int) -> None:
        """Run nothing; a process of pytest-xdist leaves it to another one to say why.

        Raises:
            UsageError, Exit: this is the process that reports.
        """
        if is_worker(self.config):
            self._own = Part(problem=problem, code=int(code))
            items.clear()
        elif code == pytest.ExitCode.USAGE_ERROR:
            raise pytest.UsageError(problem)
        else:
            self.outcomes.problem = problem
            self._report_nothing(Part(problem=problem))
            pytest.exit(f"could not test: {problem}", returncode=code)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start and probe, once it is sure that there is something to run."""
        ours = [item for item in session.items if chapters.is_ours(item)]
        self.selected = len(ours) < self.collected
        self.clauses = tuple(sorted({each for item in ours for each in chapters.clauses(item)}))
        ready = ours and self.settings is not None and self.is_collected
        if not ready or self.config.option.collectonly:
            return
        assert self.settings
        if is_worker(self.config):
            interrupts.heed()
        try:
            self.run = Run.start(self.settings, self.waivers, share_of(self.config), self.ahead)
            if self.run.target.budget:
                _, processes = share_of(self.config)
                self.run.target.budget.to_come = sum(map(chapters.likely_use, ours)) / processes
            told = distributed.known_of(self.config)
            self.run.known = told or baseline.known(self.baseline)
        except (TargetTroubleError, ProviderError) as error:
            self._refuse(session.items, str(error), COULD_NOT_TEST)
        except OptionError as error:
            self._refuse(session.items, str(error), pytest.ExitCode.USAGE_ERROR)

    # The end

    def _baseline(self) -> Recorded | None:
        """The baseline, where other processes collect the promises.

        Raises:
            UsageError: it cannot be used.
        """
        if self.baseline is None:
            try:
                settings = settings_of(self.config)
                self.baseline = baseline.load(settings, loading.load(settings.spec))
            except (OptionError, ContractError) as error:
                raise pytest.UsageError(str(error)) from None
        return self.baseline

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Reach the verdicts, write the report, and give everything back."""
        if self.run is not None:
            self._own = self._own_part(self.run)
            self.run.stop()
            self._take_recording(self.run)
        if self.part is None:
            if self.outcomes.problem and not is_worker(self.config):
                with suppress(OptionError, ContractError):
                    self._report_nothing(Part(problem=self.outcomes.problem))
            return
        if is_worker(self.config):
            self.part.tell(self.config)
            return
        if self.part.code:
            session.exitstatus = self.part.code
            if self.part.code == COULD_NOT_TEST:
                self._report_nothing(self.part)
            return
        part = replace(self.part, problem=self.outcomes.problem or self.part.problem)
        ending = self._ending(part)
        due = self.waivers or waivers.load(ending.settings.waivers, ending.contract, self.today)
        self.conclusion = ending.conclude(due, self.baseline)
        verdicts = self.conclusion.report.verdicts
        if verdicts.exit_code == COULD_NOT_TEST:
            session.exitstatus = COULD_NOT_TEST
        elif verdicts.rotten and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _take_recording(self, run: Run) -> None:
        """Keep what was recorded; a process of pytest-xdist leaves it to the one that reports."""
        own = run.recording
        if own is None:
            return
        if not is_worker(self.config):
            self._recording = own
            return
        assert self._own
        assert run.settings.report_dir
        try:
            left = own.leave(Path(run.settings.report_dir))
        except OSError as error:
            problem = f"--report-dir: the traffic cannot be written: {error.strerror}"
            self._own = replace(self._own, problem=self._own.problem or problem)
            return
        self._own = replace(self._own, traffic=left.part, left_out=left.left_out)

    def _recordings(self) -> Iterator[Recording]:
        """What was recorded, here or by the processes of pytest-xdist."""
        if self._recording is not None:
            yield self._recording
        for part in self.workers.parts:
            if part.traffic:
                yield Recording(part=part.traffic, left_out=part.left_out)

    def _own_part(self, run: Run) -> Part:
        return Part(
            base_url=run.target.api.base_url,
            path=run.target.api.path,
            removes=run.target.removes,
            selected=self.selected,
            clauses=self.clauses,
            problem=self.outcomes.problem,
        )

    def _ending(self, part: Part) -> Ending:
        settings = self.settings or settings_of(self.config)
        return Ending(
            contract=self.contract or loading.load(settings.spec),
            settings=settings,
            part=part,
            total=self.outcomes.total,
            recordings=tuple(self._recordings()),
            rerun=self.rerun,
            seconds=time.monotonic() - self.started,
        )

    def _report_nothing(self, part: Part) -> None:
        """Write a report that says why there is nothing to report, where one was asked for."""
        ending = self._ending(part)
        part = replace(part, base_url=ending.settings.base_url or "")
        self.conclusion = replace(ending, part=part).give_up()

    def so_far(self) -> SoFar | None:
        """How far the run is; with pytest-xdist, how far the promises that ended have come."""
        if self.run is not None:
            return self.run.so_far()
        total = self.outcomes.total
        if not total.requests:
            return None
        return SoFar(requests=total.requests, broken=tuple(total.deviations))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401 - no public type
        """Close the run with the clause table."""
        text = self.conclusion.text() if self.conclusion else ""
        if self.part is not None and self.part.code:
            could_not = self.part.code == COULD_NOT_TEST
            text = f"{'could not test' if could_not else 'ERROR'}: {self.part.problem}\n"
        if text:
            terminalreporter.section("contract")
            terminalreporter.write(text)

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Tell GitHub Actions, also where pytest has no summary; `verify` does so itself."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or self.conclusion is None:
            return
        if said := self.conclusion.annotations(os.environ):
            reporter.ensure_newline()
            reporter.write(said)
