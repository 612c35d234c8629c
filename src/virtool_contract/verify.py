"""The main job: runs the chapters in a pytest session of their own, and prints the verdict."""

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from virtool_contract import garbage, interrupts, loading, pytest_plugin
from virtool_contract.command_lines import settings_arguments, without_secrets
from virtool_contract.conclusion import Conclusion
from virtool_contract.distributed import Part
from virtool_contract.drafting import Draft
from virtool_contract.embedded import EmbeddedServer
from virtool_contract.ledger import Ledger
from virtool_contract.option_values import EFFORTS
from virtool_contract.options import WAIVERS, Settings
from virtool_contract.progress import Progress
from virtool_contract.pytest_plugin import COULD_NOT_TEST, NAME, ContractPlugin
from virtool_contract.run import SoFar
from virtool_contract.standard_streams import drop_output
from virtool_contract.verdict import Verdicts

USAGE = 2
MOST_RUNS = 8
"""So often a target is verified for one draft; three times do, unless it is erratic."""
OTHER_SEEDS = (0, 1)
"""What is added to the seed for each run that the draft has to stand."""
INI = Path(__file__).with_name("verify.ini")


class Front:
    """Keeps hold of the plugin that pytest made, and of what was collected."""

    def __init__(self, rerun: str, ahead: EmbeddedServer | None = None) -> None:
        """Hold nothing yet; `rerun` is the command line that repeats the run.

        `ahead` is a reference server that was started for it.
        """
        self.rerun = rerun
        self.ahead = ahead
        self.config: pytest.Config | None = None
        self.items: list[pytest.Item] = []
        self.internal = ""

    @property
    def plugin(self) -> ContractPlugin | None:
        """The plugin of the session, once there is one."""
        plugins = self.config.pluginmanager if self.config else None
        return cast("ContractPlugin | None", plugins and plugins.get_plugin(NAME))

    @property
    def conclusion(self) -> Conclusion | None:
        """What the run came to, once it has."""
        return self.plugin.conclusion if self.plugin else None

    @property
    def finished(self) -> Verdicts | None:
        """The verdicts of a run that came to its end."""
        if self.plugin is None or self.plugin.outcomes.problem:
            return None
        elsewhere = self.plugin.part and self.plugin.part.problem
        return None if elsewhere or self.conclusion is None else self.conclusion.verdicts

    @property
    def total(self) -> Ledger:
        """All that the run has observed."""
        return self.plugin.outcomes.total if self.plugin else Ledger()

    def so_far(self) -> SoFar | None:
        """How far the run is, once it is started."""
        return self.plugin.so_far() if self.plugin else None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Take hold of the session's configuration."""
        self.config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Have the report name the command line that the user knows."""
        if self.plugin:
            self.plugin.rerun = self.rerun
            self.plugin.ahead = self.ahead

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take hold of what was collected."""
        self.items = list(session.items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Spare the garbage collector what stays for good."""
        garbage.all_is_there()

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note what went wrong in the suite itself."""
        self.internal = excinfo.exconly()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a chapter that could not even be read."""
        if report.failed:
            self.internal = str(report.longrepr).splitlines()[-1].removeprefix("E").strip()

    def pytest_keyboard_interrupt(self) -> None:
        """An interrupted run has not tested the contract, nor one whose chapters cannot be read."""
        if self.plugin:
            why = f"the suite failed by itself: {self.internal}" if self.internal else "interrupted"
            self.plugin.outcomes.problem = self.plugin.outcomes.problem or why


def verify(
    settings: Settings,
    *,
    selection: str | None,
    dry_run: bool,
    processes: str = "0",
    ahead: EmbeddedServer | None = None,
) -> int:
    """Verify a target; print the verdict, and say it by the exit code.

    `processes` is pytest-xdist's `-n`: a number, or `auto`. `ahead` is a reference server to test,
    which was started already.
    """
    front, code = _session(settings, selection, dry_run=dry_run, processes=processes, ahead=ahead)
    if dry_run and code == pytest.ExitCode.OK:
        return _list(front.items)
    return _conclude(front, settings, selection, code)


def draft_waivers(settings: Settings, *, selection: str | None, processes: str = "0") -> int:
    """Verify a target, and draft a waiver for each deviation that counts; print the last verdict.

    A draft has to hold in the next run, and with any seed. So the target is verified again with the
    draft in effect, by the same seed and by another one, until nothing new is broken.

    Raises:
        OptionError: the file is wrong, or cannot be written.
    """
    settings = replace(settings, baseline=None)
    path = settings.waivers or WAIVERS
    draft = Draft.begin(path, loading.load(settings.spec), strict=settings.strict)
    session = partial(_session, selection=selection, processes=processes)
    # The first run goes by what the file has already; a file that is to be made has nothing yet.
    now = first = settings if Path(path).exists() else replace(settings, waivers=None)
    front, code = session(now)
    quiet = 0
    for _ in range(MOST_RUNS):
        if front.finished is None:
            break
        draft.prove(front.finished, in_effect=now is not first)
        quiet = 0 if draft.learn(front.finished, front.total) else quiet + 1
        draft.save()
        if quiet == len(OTHER_SEEDS) or not draft.entries:
            break
        now = replace(settings, waivers=path, seed=settings.seed + OTHER_SEEDS[quiet])
        front, code = session(now)
    if draft.entries and front.finished and now.effort != EFFORTS[0]:
        quick, _ = session(replace(now, effort=EFFORTS[0], report_dir=None))
        if quick.finished:
            draft.limit_to_effort(now.effort, quick.finished, front.finished)
            draft.save()
    if draft.entries:
        print(f"{path}: {len(draft.entries)} drafted; say in each why it may stay", file=sys.stderr)
    return _conclude(front, settings, selection, code)


def _session(
    settings: Settings,
    selection: str | None,
    *,
    dry_run: bool = False,
    processes: str = "0",
    ahead: EmbeddedServer | None = None,
) -> tuple[Front, int]:
    """Run the chapters in a session of pytest: what became of it, and its exit code."""
    given = map(without_secrets, settings_arguments(settings))
    front = Front(shlex.join(["virtool-contract", "verify", *given]), ahead)
    plugins: list[object] = [pytest_plugin, front] if processes == "0" else [front]
    if not dry_run:
        plugins.append(_progress(front))
    words = arguments(settings, selection, dry_run=dry_run, processes=processes)
    with _environment(), interrupts.heeded():
        return front, int(pytest.main(words, plugins))


def _progress(front: Front) -> Progress:
    """What shows a live line where standard error is a terminal, and plain lines elsewhere."""
    if not sys.stderr.isatty():
        return Progress(front.so_far)
    from virtool_contract.live import LiveProgress  # noqa: PLC0415 - most runs do without rich

    return LiveProgress(front.so_far)


def arguments(
    settings: Settings, selection: str | None, *, dry_run: bool, processes: str = "0"
) -> list[str]:
    """What pytest is told: our chapters only, and nothing of the folder it happens to run in."""
    words = ["--pyargs", "contract_tests", "-c", str(INI), "--rootdir", str(INI.parent)]
    words += ["-p", "no:terminal", "-p", "no:cacheprovider", "--capture=no", "--noconftest"]
    # The suite logs nothing and runs no threads but its own; nobody would see what these gather.
    words += ["-p", "no:logging", "-p", "no:threadexception"]
    # Nor does a chapter assert: it has the stage judge. So there is nothing to rewrite.
    words += ["--assert=plain", "-p", "pytest_base_url.plugin"]
    if processes != "0":
        # By name, so that the other processes load it too; here it is imported already.
        words += ["-p", pytest_plugin.__name__, "-p", "xdist.plugin", "-n", processes]
    words += settings_arguments(settings, for_pytest=True)
    if selection:
        words += ["-k", selection]
    return [*words, "--collect-only"] if dry_run else words


def _conclude(front: Front, settings: Settings, selection: str | None, code: int) -> int:
    """Say what became of a run, to people and to GitHub Actions."""
    exit_code = _say_verdict(front, settings, selection, code)
    if front.conclusion is not None and (said := front.conclusion.annotations(os.environ)):
        _print(said)
    return exit_code


def _say_verdict(front: Front, settings: Settings, selection: str | None, code: int) -> int:
    plugin = front.plugin
    if front.conclusion is not None and front.conclusion.began:
        _print(front.conclusion.text())
        return front.conclusion.exit_code
    if plugin is not None and plugin.outcomes.problem:
        print(f"could not test: {plugin.outcomes.problem}", file=sys.stderr)
        return COULD_NOT_TEST
    if plugin is not None and plugin.part is not None and plugin.part.problem:
        return _say(plugin.part)
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        print(f"virtool-contract: {_nothing_selected(settings, selection)}", file=sys.stderr)
        return USAGE
    if code == pytest.ExitCode.USAGE_ERROR:
        return USAGE
    why = front.internal or f"pytest ended with {code}"
    print(
        f"could not test: the suite failed by itself ({why}); please report this", file=sys.stderr
    )
    return COULD_NOT_TEST


def _nothing_selected(settings: Settings, selection: str | None) -> str:
    if settings.effort == EFFORTS[0]:
        beyond = f"stories and races are tried from --effort {EFFORTS[1]} on"
        return f"-k {selection!r} selects no clause that --effort {EFFORTS[0]} tries; {beyond}"
    return f"-k {selection!r} selects no clause; try one that `virtool-contract clauses` lists"


def _say(part: Part) -> int:
    """Say what a process of pytest-xdist found wrong before the first promise."""
    usage = part.code == pytest.ExitCode.USAGE_ERROR
    print(f"{'virtool-contract' if usage else 'could not test'}: {part.problem}", file=sys.stderr)
    return USAGE if usage else COULD_NOT_TEST


def _print(text: str) -> None:
    """Print a verdict; that nobody reads it, or that a disk is full, does not change it."""
    try:
        print(text, end="", flush=True)
    except OSError as error:
        drop_output()
        if not isinstance(error, BrokenPipeError):
            said = f"virtool-contract: the verdict cannot be printed: {error.strerror}"
            print(said, file=sys.stderr)


def _list(items: list[pytest.Item]) -> int:
    for item in items:
        clauses = ", ".join(each for mark in item.iter_markers("clause") for each in mark.args)
        module, _, name = item.nodeid.rpartition("::")
        print(f"{Path(module).name}::{name}" + (f"  {clauses}" if clauses else ""))
    return 0


@contextmanager
def _environment() -> Iterator[None]:
    """Keep the developer's pytest settings and plugins out of the session."""
    hidden = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    name = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
    hidden[name] = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        _restore(hidden)


def _restore(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
