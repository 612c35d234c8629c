"""One run: from settings to a probed target, and what all its tests have observed together."""

import shlex
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from virtool_contract import examples, loading, probe
from virtool_contract.api import Api
from virtool_contract.budget import Budget
from virtool_contract.contract import Contract
from virtool_contract.deadlines import TIMEOUTS
from virtool_contract.embedded import EmbeddedServer, NotUpError
from virtool_contract.examples import Examples
from virtool_contract.ledger import Ledger
from virtool_contract.options import (
    DOCUMENTED_ROOT,
    REPORT_FILES,
    TRAFFIC_FILE,
    OptionError,
    Settings,
)
from virtool_contract.provider import Provider, ProviderError
from virtool_contract.providers import file
from virtool_contract.providers.command import CommandProvider
from virtool_contract.providers.file import FileProvider
from virtool_contract.providers.http import HttpProvider
from virtool_contract.providers.prefetch import PrefetchingProvider
from virtool_contract.recorder import Recorder
from virtool_contract.target import Target, TargetTroubleError
from virtool_contract.traffic.recording import Recording, discard_parts
from virtool_contract.waivers import Waivers

PROVIDER_PATH = "/provider-states"
NO_PROVIDER = (
    "--base-url: needs --state-change-url, --state-change-command or --state-file too, where the "
    "suite gets analyses to work on; try --state-change-url http://localhost:9950/provider-states"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """How far a run is; `broken` are the clauses that are, in the order in which that was seen."""

    examples: int = 0
    requests: int
    broken: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run works with.

    `ledger` is what is established so far, confirmed deviations only; `known` are clauses that a
    baseline saw broken, which do not fail a promise; `innocent` counts how often
    a clause was acquitted by a control. Where that showed a waived deviation, `spared` counts it
    instead, by clause and likeness: what is waived stays, and must not hide what else there is.
    `forgets` says whether the target was seen to lose analyses by what others are asked; None
    while there was no need to try.
    """

    contract: Contract
    settings: Settings
    target: Target
    server: EmbeddedServer | None = None
    ledger: Ledger = field(default_factory=Ledger)
    examples: int = 0
    examples_kept: Examples | None = None
    known: frozenset[str] = frozenset()
    innocent: Counter[str] = field(default_factory=Counter)
    spared: Counter[tuple[str, str]] = field(default_factory=Counter)
    forgets: bool | None = None

    @classmethod
    def start(
        cls,
        settings: Settings,
        waivers: Waivers | None = None,
        share: tuple[int, int] = (0, 1),
        ahead: EmbeddedServer | None = None,
    ) -> Self:
        """Load the contract, start the reference server where there is no target, and probe.

        `share` is (k, n) for the k-th of n processes that run the promises between them; `ahead`
        is a reference server that was started already.

        Raises:
            ContractError: the contract is wrong.
            OptionError: the target has no provider, or the report or examples cannot be written.
            TargetTroubleError, ProviderError: there is nothing to test (see `probe`).
        """
        loaded = loading.load(settings.spec)
        if settings.report_dir:
            _check_folder(Path(settings.report_dir))
        made = _file_provider(settings, share)
        kept = examples.open_database(settings.example_database)
        server = None if settings.base_url else ahead or EmbeddedServer()
        target = _target(loaded, settings, server, made)
        target.budget = _budget(settings, made, share)
        target.waivers = waivers or target.waivers
        try:
            if settings.report_dir:
                _open_log(target, Path(settings.report_dir))
                target.api.recorder = Recorder()
            _check_provider(target, settings)
            probe.probe(target, settings.wait_for_server)
        except BaseException as error:
            if isinstance(error, TargetTroubleError | ProviderError):
                error.args = (target.api.secrets.hide(str(error)),)
            target.close()
            if server:
                server.stop()
            raise
        return cls(
            contract=loaded, settings=settings, target=target, server=server, examples_kept=kept
        )

    def note_promise(self, clauses: Iterable[str]) -> None:
        """Have what is recorded from now on say which clauses it is about."""
        if self.target.api.recorder is not None:
            self.target.api.recorder.clauses = tuple(clauses)

    def so_far(self) -> SoFar:
        """How far it is."""
        return SoFar(
            examples=self.examples,
            requests=self.target.api.sent,
            broken=tuple(self.ledger.deviations),
        )

    @property
    def recording(self) -> Recording | None:
        """What this process has recorded; None where that was not asked for."""
        api = self.target.api
        if api.recorder is None:
            return None
        return Recording(
            recorder=api.recorder,
            secrets=api.secrets,
            base_url=api.base_url,
            left_out=api.recorder.left_out,
        )

    def stop(self) -> None:
        """Give back what is left, and stop what this run started."""
        self.target.close()
        if self.server:
            self.server.stop()


def _target(
    loaded: Contract, settings: Settings, server: EmbeddedServer | None, made: FileProvider | None
) -> Target:
    try:
        base_url = settings.base_url or (server.url if server else "")
    except NotUpError as error:
        raise TargetTroubleError(str(error)) from None
    path = settings.api_root + loaded.path.removeprefix(DOCUMENTED_ROOT)
    return Target(
        contract=loaded,
        api=Api(
            base_url,
            path,
            timeout=settings.request_timeout,
            deadline=TIMEOUTS * settings.request_timeout,
        ),
        extra_body_fields=settings.extra_body_fields or {},
        provider=made or _provider(settings, base_url),
    )


def _budget(settings: Settings, made: FileProvider | None, share: tuple[int, int]) -> Budget | None:
    """How many analyses this process may ask for, if they are few."""
    bounds = []
    if settings.max_subjects is not None:
        number, of = share
        count = (settings.max_subjects + of - 1 - number) // of
        bounds.append(Budget(most=count, source=f"--max-subjects {settings.max_subjects}"))
    if made is not None:
        bounds.append(Budget(most=made.count, source=f"--state-file {made.file}"))
    return min(bounds, key=lambda each: each.most, default=None)


def _file_provider(settings: Settings, share: tuple[int, int]) -> FileProvider | None:
    """The provider that is a file, which is looked at before anything is started.

    Raises:
        OptionError: the file is wrong.
    """
    if not settings.state_file:
        return None
    try:
        return file.read(settings.state_file, share)
    except file.StateFileError as error:
        raise OptionError(f"--state-file: {error}") from None


def _provider(settings: Settings, base_url: str) -> Provider:
    """The provider to ask; ahead of use where analyses are not few."""
    timeout = settings.request_timeout
    provider: Provider
    if settings.state_change_command:
        provider = CommandProvider(shlex.split(settings.state_change_command), timeout)
    else:
        provider = HttpProvider(settings.state_change_url or base_url + PROVIDER_PATH, timeout)
    return provider if settings.max_subjects else PrefetchingProvider(provider)


def _check_provider(target: Target, settings: Settings) -> None:
    """Miss the provider only where there is a target: one that is not there comes first.

    Raises:
        OptionError: there is none for the target.
        TargetTroubleError: the target cannot be reached.
    """
    given = settings.state_change_url or settings.state_change_command or settings.state_file
    if settings.base_url and not given:
        probe.wait_for(target, settings.wait_for_server)
        raise OptionError(NO_PROVIDER)


def _open_log(target: Target, folder: Path) -> None:
    """Have every write listed beside the report.

    Raises:
        OptionError: the list cannot be written.
    """
    try:
        target.api.guard.log.open(folder)
    except OSError as error:
        raise OptionError(
            f"--report-dir: writes.jsonl cannot be written in {str(folder)!r} ({error.strerror})"
        ) from None


def _check_folder(folder: Path) -> None:
    """Make sure, before anything is sent, that the reports can be written in the end.

    Those of an earlier run go: should this one be killed, they would be taken for its own.

    Raises:
        OptionError: it cannot.
    """
    reports = [folder / name for name in (*REPORT_FILES, TRAFFIC_FILE)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        for report in reports:
            if not report.is_dir():
                report.unlink(missing_ok=True)
        discard_parts(folder)
    except OSError as error:
        raise OptionError(
            f"--report-dir: {str(folder)!r} cannot be written to ({error.strerror}); try ./reports"
        ) from None
    for report in reports:
        if report.is_dir():
            raise OptionError(f"--report-dir: {str(folder)!r} has a folder named {report.name}")
