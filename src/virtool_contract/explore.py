"""Runs hypothesis over a target until no new clause breaks: each broken one is muted in turn.

What is waived does not end a search. What looks like another broken clause, and is the doing of a
waived deviation, is spared: that alone, not the clause.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, reject, settings
from hypothesis.configuration import set_hypothesis_home_dir, storage_directory
from hypothesis.database import ExampleDatabase
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from virtool_contract import controls
from virtool_contract.ledger import Ledger, Violation
from virtool_contract.provider import ExhaustedError
from virtool_contract.run import Run
from virtool_contract.stage import Stage
from virtool_contract.target import Unobserved

MOST_REQUESTS = 8000
"""After so many requests no search is begun anew, however many clauses are broken; each time one
more is muted."""
SHRINKING = 1000
"""How many requests hypothesis may spend on shrinking one violation; `replay` shortens the rest."""
FICKLE = "a search ended early: the target answered the same requests in different ways"


class _EnoughError(BaseException):
    """Ends a search from within; hypothesis lets it through, being no Exception."""

    def __init__(self, shortest: Violation) -> None:
        """Carry the shortest violation that the search has found."""
        super().__init__("the search has gone on for long enough")
        self.shortest = shortest


def search_settings(
    examples: int, steps: int = 50, database: ExampleDatabase | None = None
) -> settings:
    """Settings under which the same seed sends the same requests.

    Nothing is kept from run to run but in the `database`, whose examples come first.
    """
    reuse = () if database is None else (Phase.reuse,)
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=database,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.explicit, *reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


class Explorer:
    """Searches for broken clauses with generated plays."""

    def __init__(
        self, run: Run, ledger: Ledger, *, name: str = "", part: int = 0, of: int = 1
    ) -> None:
        """Note what is broken already: it is muted from the start.

        `name` is that of the search, for its examples to be found again; one that is split
        has a seed for each `part`, and a share of the requests for each, `of` so many.
        """
        self.run = run
        self.name = name
        self.most = MOST_REQUESTS // of
        self.seed = f"{run.settings.seed}/{part}" if part else run.settings.seed
        self.ledger = ledger
        self.muted = set(run.ledger.deviations) | set(run.innocent)
        self.spared = set(run.spared)
        self._shortest: Violation | None = None
        self._shrink_until = 0

    def stage(self) -> Stage:
        """A stage whose plays end with the first clause that is not muted."""
        self.run.examples += 1
        stage = Stage(self.run.target, self.ledger, raises=True, muted=frozenset(self.muted))
        stage.spared = frozenset(self.spared)
        stage.before_raising = self._keep
        return stage

    def _keep(self, violation: Violation) -> None:
        """Keep the shortest violation of a search, and end the search when that takes too long."""
        sent = self.run.target.api.sent
        if self._shortest is None:
            self._shrink_until = sent + SHRINKING
        if self._shortest is None or violation.length < self._shortest.length:
            self._shortest = violation
        if sent > self._shrink_until:
            raise _EnoughError(self._shortest)

    def stories(self, machine: type[RuleBasedStateMachine], *, examples: int, steps: int) -> None:
        """Run a state machine; it takes a stage."""
        stage = self.stage

        def search() -> None:
            chosen = search_settings(examples, steps, self._database())

            @hypothesis.seed(self.seed)
            class Seeded(machine):  # type: ignore[misc, valid-type]  # a base known at run time only
                """The machine on a stage of this search."""

                def __init__(self) -> None:
                    super().__init__(stage())

            run_state_machine_as_test(Seeded, settings=chosen)

        self._until_quiet(search)

    def cases(
        self,
        play: Callable[[Stage, Any], None],
        strategy: hypothesis.strategies.SearchStrategy[Any],
        *,
        examples: int,
    ) -> None:
        """Play one drawn case on a stage, again and again."""

        def search() -> None:
            @hypothesis.seed(self.seed)
            @search_settings(examples, database=self._database())
            @hypothesis.given(strategy)
            def once(case: Any) -> None:  # noqa: ANN401 - whatever the strategy draws
                stage = self.stage()
                try:
                    play(stage, case)
                except Unobserved:
                    reject()  # this case is none; others may be
                finally:
                    stage.close()

            once()

        self._until_quiet(search)

    def _database(self) -> ExampleDatabase | None:
        """The examples of this search, as long as the same clauses are muted.

        Where more are, an example that broke one of them breaks nothing, and hypothesis forgets it.
        """
        if self.run.examples_kept is None:
            return None
        return self.run.examples_kept.of(self.name, *sorted(self.muted))

    def _until_quiet(self, search: Callable[[], None]) -> None:
        last = self.run.target.api.sent + self.most
        while self.run.target.api.sent < last:
            self._shortest = None
            try:
                with _folder_of_its_own():
                    search()
            except Violation as violation:
                self._note(violation)
            except Flaky as flaky:
                found = _inside(flaky) or self._shortest
                if found is None:
                    clauses = self.run.contract.clauses
                    if not any(clauses[muted].level == "must" for muted in self.muted):
                        raise  # nothing that the target did explains it
                    self.ledger.troubles.append(FICKLE)
                    return
                self._note(found)
            except _EnoughError as enough:
                self._note(enough.shortest)
            else:
                return

    def _note(self, violation: Violation) -> None:
        deviation = violation.deviation
        with suppress(ExhaustedError):  # it is not known to be waived, then
            if controls.is_by_what_is_waived(self.run.target, deviation):
                self.spared.add((deviation.clause, deviation.likeness))
                return
        self.ledger.add(deviation)
        self.muted.add(deviation.clause)


@contextmanager
def _folder_of_its_own() -> Iterator[None]:
    """Keep hypothesis' caches, which it has even without a database, out of the working folder."""
    before = storage_directory(intent_to_write=False).path
    with TemporaryDirectory(prefix="virtool-contract-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(before)


def _inside(flaky: Flaky) -> Violation | None:
    """The violation that did not come again when hypothesis tried: intermittent, but real.

    None where there is none: what may come next depends on the answers, which were others.

    Raises:
        ExhaustedError: it is no violation; the analyses were used up in the midst of it.
    """
    used_up: ExhaustedError | None = None
    pending: list[BaseException] = [flaky]
    while pending:
        error = pending.pop()
        if isinstance(error, Violation):
            return error
        if isinstance(error, ExhaustedError):
            used_up = error
        pending.extend(getattr(error, "exceptions", ()))
        pending.extend(filter(None, (error.__cause__, error.__context__)))
    if used_up is not None:
        raise used_up
    return None
