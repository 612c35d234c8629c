"""The pytest front: fixtures for the promises, and a verdict per clause at the end of the run.

It is inert in a session that collects nothing of `contract_tests`.
"""

import os
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from virtool_contract import distributed, interrupts, loading, trial, waivers
from virtool_contract.budget import HINT
from virtool_contract.contract import Contract, ContractError
from virtool_contract.distributed import Part, is_worker, share_of
from virtool_contract.fixtures import LEDGER, Fixtures
from virtool_contract.ledger import Ledger, Violation
from virtool_contract.option_values import EFFORTS
from virtool_contract.options import OPTIONS, OptionError, Settings, resolve
from virtool_contract.provider import ExhaustedError, ProviderError, UnknownStateError
from virtool_contract.reports import baseline, changes, files, github
from virtool_contract.reports import text as text_report
from virtool_contract.reports.comparison import Comparison
from virtool_contract.reports.reading import Recorded
from virtool_contract.reports.report import Report
from virtool_contract.run import Run, SoFar
from virtool_contract.target import TargetTroubleError, Unobserved
from virtool_contract.traffic import recording
from virtool_contract.traffic.recording import Recording
from virtool_contract.verdict import Scope, Verdicts, reach
from virtool_contract.waivers import Waivers

NAME = "virtool-contract-run"
SUITE = "contract_tests"
OURS = "--base-url"  # declared by pytest-base-url
PROPERTY = "virtool_contract"
FAILED = "virtool_contract_failed"
OWN_WORDS = frozenset(
    {"virtool_contract.stage", "virtool_contract.race", "virtool_contract.explore"}
)
"""Where the words come from that every chapter is written with."""
COULD_NOT_TEST = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; those that pytest or a plugin has already are taken from there."""
    group = parser.getgroup("virtool-contract", "contract suite of the Virtool Jobs API")
    for option in OPTIONS:
        name = f"--{option.in_pytest}"
        text = f"{option.help} [{option.variable}]"
        dest = f"virtool_contract_{option.key}"
        if name == OURS:
            continue
        if option.is_flag:
            group.addoption(name, dest=dest, action="store_true", default=None, help=text)
        else:
            group.addoption(name, dest=dest, metavar=option.metavar, default=None, help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and take part."""
    config.addinivalue_line("markers", "clause(*ids): the clauses that a promise is about")
    config.addinivalue_line("markers", "effort(name): the least effort that runs it")
    plugin = ContractPlugin(config)
    config.pluginmanager.register(plugin, NAME)
    config.pluginmanager.register(
        Fixtures(lambda: plugin.run, partial(_is_thorough, config)), f"{NAME}-fixtures"
    )


def settings_of(config: pytest.Config) -> Settings:
    """The settings of a pytest run.

    Raises:
        OptionError: an option has a value that does not work.
    """
    given = {
        option.key: config.getoption(f"virtool_contract_{option.key}", None) for option in OPTIONS
    }
    given["base_url"] = config.getoption("base_url", None) or None
    return resolve(given, folder=config.rootpath)


def _is_thorough(config: pytest.Config) -> bool:
    """Whether the run is to be thorough; an option that does not work is complained of later."""
    with suppress(OptionError):
        return settings_of(config).effort == EFFORTS[-1]
    return False


class ContractPlugin:
    """What one pytest process does for the suite."""

    def __init__(self, config: pytest.Config) -> None:
        """Do nothing until promises are collected."""
        self.config = config
        self.run: Run | None = None
        self.total = Ledger()
        self.started = time.monotonic()
        self.seconds = 0.0
        self.rerun = "pytest --pyargs contract_tests"
        self.problem = ""
        self.selected = False
        self.collected = 0
        self.clauses: tuple[str, ...] = ()
        self.settings: Settings | None = None
        self.contract: Contract | None = None
        self.verdicts: Verdicts | None = None
        self.report: Report | None = None
        self.today = distributed.day_of(config) or waivers.utc_today()
        self.waivers: Waivers | None = None
        self.baseline: Recorded | None = None
        self.comparison: Comparison | None = None
        self.part: Part | None = None
        self.recordings: list[Recording] = []
        self.is_collected = False
        self.processes: list[int] = []
        self.to_come = 0.0

    # Collection

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Let -k select by clause, and leave out what the effort does not include."""
        self._select(items)
        yield
        self.is_collected = True  # so a wrong -k, say, has not ended the session

    def _select(self, items: list[pytest.Item]) -> None:
        ours = [item for item in items if _is_ours(item)]
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
            item.extra_keyword_matches.update(_clauses(item))
        left_out = [item for item in ours if not self._is_in_effort(item)]
        items[:] = [item for item in items if item not in left_out]
        # Promises first: what they find need not be searched for, and analyses may be few.
        items.sort(key=_is_search)
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
            self.part = Part(problem=problem, code=int(code))
            items.clear()
        elif code == pytest.ExitCode.USAGE_ERROR:
            raise pytest.UsageError(problem)
        else:
            self.problem = problem
            self._report_nothing(Part(problem=problem))
            pytest.exit(f"could not test: {problem}", returncode=code)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start and probe, once it is sure that there is something to run."""
        ours = [item for item in session.items if _is_ours(item)]
        self.selected = len(ours) < self.collected
        self.clauses = tuple(sorted({each for item in ours for each in _clauses(item)}))
        _, processes = share_of(self.config)
        self.to_come = sum(map(_likely_use, ours)) / processes
        ready = ours and self.settings is not None and self.is_collected
        if not ready or self.config.option.collectonly:
            return
        assert self.settings
        if is_worker(self.config):
            interrupts.heed()
        try:
            self.run = Run.start(self.settings, self.waivers, share_of(self.config))
            told = distributed.known_of(self.config)
            self.run.known = told or baseline.known(self.baseline)
        except (TargetTroubleError, ProviderError) as error:
            self._refuse(session.items, str(error), COULD_NOT_TEST)
        except OptionError as error:
            self._refuse(session.items, str(error), pytest.ExitCode.USAGE_ERROR)

    # One promise

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        """Turn what a promise observed into its outcome."""
        if not _is_ours(item) or self.run is None:
            return (yield)
        unseen = ""
        self.run.note_promise(_clauses(item))
        self._reserve(item)
        try:
            yield
        except (Unobserved, UnknownStateError) as reason:
            unseen = str(reason)
        except ExhaustedError as error:
            if not _is_search(item):
                self._give_up(item, ExhaustedError(f"{error}; {HINT}"))
            unseen = str(error)
            self._note_early_end(item, error)
        except (TargetTroubleError, ProviderError) as error:
            self._give_up(item, error)
        ledger = item.stash.get(LEDGER, Ledger())
        self._reserve(item, replaying=True)
        try:
            trial.confirm(self.run, ledger)
        except (TargetTroubleError, ProviderError) as error:
            self._give_up(item, error)
        try:
            trial.conclude(self.run, _clauses(item), ledger, unseen)
        except Unobserved as reason:
            pytest.skip(str(reason))

    def _reserve(self, item: pytest.Item, *, replaying: bool = False) -> None:
        """Keep analyses back where they are few.

        Replays leave enough for the promises that are to come, and searches some for replays.
        """
        assert self.run
        budget = self.run.target.budget
        if budget is None:
            return
        if replaying:
            self.to_come -= _likely_use(item)
            budget.reserved = max(0, round(self.to_come))
        else:
            budget.reserved = budget.for_replays if _is_search(item) else 0

    def _note_early_end(self, item: pytest.Item, error: ExhaustedError) -> None:
        """A search that analyses ran out for ends there, which the report says."""
        assert self.run
        ledger = item.stash.get(LEDGER, self.run.ledger)
        ledger.troubles.append(f"{item.name} ended early: {error}")

    def _give_up(self, item: pytest.Item, error: Exception) -> None:
        """End the run: what cannot be talked to cannot be judged."""
        self.problem = self._hide(str(error))
        item.session.shouldstop = f"could not test: {self.problem}"
        pytest.skip(f"could not test: {self.problem}")

    def _hide(self, text: str) -> str:
        """A text without keys."""
        return self.run.target.api.secrets.hide(text) if self.run else text

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send along what was observed; say a violation in its own words, without a traceback."""
        report = yield
        if call.excinfo is not None and call.excinfo.errisinstance(Violation):
            report.longrepr = str(call.excinfo.value)
        elif report.failed and _is_ours(item):
            report.longrepr = self._hide(str(report.longrepr))
            last = str(report.longrepr).strip().splitlines()[-1:]
            report.user_properties.append((FAILED, " ".join(last)))
        if _is_ours(item):
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

    # The end

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

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist's, which has no types
        """Have all processes of pytest-xdist go by the same date, and by the same baseline."""
        distributed.tell_day(node, self.today)
        distributed.tell_known(node, baseline.known(self._baseline()))
        process = distributed.process_of(node)
        self.processes += [process] if process else []

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

    def pytest_keyboard_interrupt(self) -> None:
        """Let the processes of pytest-xdist give back what they have set up."""
        distributed.interrupt(self.processes)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - xdist's, which has no types
        """Hear what a process of pytest-xdist has to say at its end."""
        part = Part.heard(getattr(node, "workeroutput", {}))
        if part is not None and part.traffic:
            self.recordings.append(Recording(part=part.traffic, left_out=part.left_out))
        if part is not None and not (self.part and self.part.problem):
            self.part = part

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Reach the verdicts, write the report, and give everything back."""
        if self.run is not None:
            self.part = self._own_part(self.run)
            self.run.stop()
            self._take_recording(self.run)
        if self.part is None:
            if self.problem and not is_worker(self.config):
                with suppress(OptionError, ContractError):
                    self._report_nothing(Part(problem=self.problem))
            return
        if is_worker(self.config):
            self.part.tell(self.config)
            return
        if self.part.code:
            session.exitstatus = self.part.code
            if self.part.code == COULD_NOT_TEST:
                self._report_nothing(self.part)
            return
        self._conclude_run(self.part)
        assert self.verdicts
        if self.verdicts.exit_code == COULD_NOT_TEST:
            session.exitstatus = COULD_NOT_TEST
        elif self.verdicts.rotten and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _take_recording(self, run: Run) -> None:
        """Keep what was recorded; a process of pytest-xdist leaves it to the one that reports."""
        own = run.recording
        if own is None:
            return
        if not is_worker(self.config):
            self.recordings.append(own)
            return
        assert self.part
        assert run.settings.report_dir
        try:
            left = own.leave(Path(run.settings.report_dir))
        except OSError as error:
            problem = f"--report-dir: the traffic cannot be written: {error.strerror}"
            self.part = replace(self.part, problem=self.part.problem or problem)
            return
        self.part = replace(self.part, traffic=left.part, left_out=left.left_out)

    def _write_traffic(self, part: Part) -> str:
        """Write what was recorded, where that was asked for; what is wrong with it, if anything."""
        assert self.settings
        assert self.contract
        if not self.settings.report_dir or not self.recordings:
            return ""
        about = {"_contract": self.contract.version, "_removes": part.removes}
        return recording.put_together(Path(self.settings.report_dir), self.recordings, about)

    def _own_part(self, run: Run) -> Part:
        return Part(
            base_url=run.target.api.base_url,
            path=run.target.api.path,
            removes=run.target.removes,
            selected=self.selected,
            clauses=self.clauses,
            problem=self.problem,
        )

    def _conclude_run(self, part: Part) -> None:
        settings = self.settings = self.settings or settings_of(self.config)
        contract = self.contract = self.contract or loading.load(settings.spec)
        scope = Scope(
            removes=part.removes,
            races=settings.effort != EFFORTS[0],
            effort=settings.effort,
            waivers=self.waivers or waivers.load(settings.waivers, contract, self.today),
            everything=not part.selected,
            selected=frozenset(part.clauses),
            strict=settings.strict,
            problem=self.problem or part.problem,
        )
        self.verdicts = reach(contract, self.total, scope)
        self.seconds = time.monotonic() - self.started
        self.report = self._report(self.verdicts, part)
        problems = self._write_traffic(part), files.write(self.report)
        if problem := "; ".join(filter(None, problems)):
            self.verdicts = reach(contract, self.total, replace(scope, problem=problem))
            self.report = self._report(self.verdicts, part)
            files.write(self.report)  # those that can be written say so too
        if self.baseline and self.verdicts.exit_code != COULD_NOT_TEST:
            self.comparison = baseline.against(self.baseline, self.report)

    @property
    def exit_code(self) -> int:
        """What the verdicts come to, held against the baseline where there is one."""
        assert self.report
        return baseline.exit_code(self.report, self.comparison)

    def _report_nothing(self, part: Part) -> None:
        """Write a report that says why there is nothing to report, where one was asked for."""
        settings = self.settings = self.settings or settings_of(self.config)
        contract = self.contract = self.contract or loading.load(settings.spec)
        verdicts = reach(contract, self.total, Scope(problem=part.problem))
        self.report = self._report(verdicts, replace(part, base_url=settings.base_url or ""))
        files.write(self.report)

    def so_far(self) -> SoFar | None:
        """How far the run is; with pytest-xdist, how far the promises that ended have come."""
        if self.run is not None:
            return self.run.so_far()
        if not self.total.requests:
            return None
        return SoFar(requests=self.total.requests, broken=tuple(self.total.deviations))

    def text(self) -> str:
        """The verdicts for a terminal; empty where none were reached."""
        if self.verdicts is None or self.report is None:
            return ""
        text = text_report.render(self.report)
        return f"{text}\n{changes.text(self.comparison)}" if self.comparison else text

    def annotations(self) -> str:
        """What is to be printed for GitHub Actions, whose summary is written; empty elsewhere."""
        return github.tell(self.report, os.environ) if self.report else ""

    def _report(self, verdicts: Verdicts, part: Part) -> Report:
        assert self.contract
        assert self.settings
        return Report(
            contract=self.contract,
            verdicts=verdicts,
            settings=self.settings,
            base_url=part.base_url,
            path=part.path,
            rerun=self.rerun,
            seconds=self.seconds,
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401 - no public type
        """Close the run with the clause table."""
        text = self.text()
        if self.part is not None and self.part.code:
            could_not = self.part.code == COULD_NOT_TEST
            text = f"{'could not test' if could_not else 'ERROR'}: {self.part.problem}\n"
        if text:
            terminalreporter.section("contract")
            terminalreporter.write(text)

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Tell GitHub Actions, also where pytest has no summary; `verify` does so itself."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and (said := self.annotations()):
            reporter.ensure_newline()
            reporter.write(said)


def _is_ours(item: pytest.Item) -> bool:
    """Whether a test is of the suite, and not of somebody's folder of the same name."""
    words = vars(getattr(item, "module", None) or object).values()
    return item.path.parent.name == SUITE and any(
        getattr(word, "__module__", None) in OWN_WORDS for word in words
    )


def _clauses(item: pytest.Item) -> list[str]:
    return [each for mark in item.iter_markers("clause") for each in mark.args]


def _is_search(item: pytest.Item) -> bool:
    """Whether an item searches, beyond the promises, for what they do not show."""
    return _is_ours(item) and item.get_closest_marker("effort") is not None


def _likely_use(item: pytest.Item) -> float:
    """How many analyses a promise uses up on average, where they are few.

    Those about no clause of their own, which have every caller do everything in every state, mostly
    do with what others have left.
    """
    if _is_search(item):
        return 0
    return 1 if _clauses(item) else 0.25
