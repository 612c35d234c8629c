"""The fixtures that promises are given."""

from collections.abc import Callable, Iterator

import pytest

from virtool_contract.explore import Explorer
from virtool_contract.ledger import Ledger
from virtool_contract.race import Racer
from virtool_contract.run import Run
from virtool_contract.stage import Stage
from virtool_contract.target import Target

LEDGER = pytest.StashKey[Ledger]()
"""Where a promise's item keeps what it observes."""


class Fixtures:
    """A pytest plugin with the fixtures; they need a run, which the session starts."""

    def __init__(self, run: Callable[[], Run | None]) -> None:
        """Keep how to get at the run, which is not there yet."""
        self._run = run

    def _running(self) -> Run:
        run = self._run()
        assert run, "fixtures of the suite are for its own tests"
        return run

    @pytest.fixture
    def contract_ledger(self, request: pytest.FixtureRequest) -> Ledger:
        """What this promise observes."""
        ledger = Ledger()
        request.node.stash[LEDGER] = ledger
        return ledger

    @pytest.fixture
    def target(self) -> Target:
        """The implementation under test."""
        return self._running().target

    @pytest.fixture
    def stage(self, target: Target, contract_ledger: Ledger) -> Iterator[Stage]:
        """A stage of one's own: fresh subjects, given back at the end."""
        stage = Stage(target, contract_ledger)
        yield stage
        stage.close()

    @pytest.fixture
    def explorer(self, contract_ledger: Ledger) -> Explorer:
        """A search with hypothesis."""
        return Explorer(self._running(), contract_ledger)

    @pytest.fixture
    def racer(self, target: Target, contract_ledger: Ledger) -> Iterator[Racer]:
        """Clients that send at once."""
        racer = Racer(target, contract_ledger)
        yield racer
        racer.close()
