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
PART = "contract_part"
TIMES = 10
"""So often a thorough run does each search and each race, with other seeds."""


class Fixtures:
    """A pytest plugin with the fixtures; they need a run, which the session starts."""

    def __init__(self, run: Callable[[], Run | None], is_thorough: Callable[[], bool]) -> None:
        """Keep how to get at the run, which is not there yet."""
        self._run = run
        self._is_thorough = is_thorough

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Split a search into parts, so that other processes can do some of them.

        A thorough run has more of them, of which the first are those of the other runs.
        """
        if PART not in metafunc.fixturenames:
            return
        count = _parts(metafunc.definition) * (TIMES if self._is_thorough() else 1)
        if count > 1:
            names = [f"part {number}" for number in range(count)]
            metafunc.parametrize(PART, range(count), indirect=True, ids=names)

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
    def contract_part(self, request: pytest.FixtureRequest) -> int:
        """Which part of a search this is, from 0; 0 where it is not split."""
        number: int = getattr(request, "param", 0)
        return number

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
    def explorer(
        self, request: pytest.FixtureRequest, contract_ledger: Ledger, contract_part: int
    ) -> Explorer:
        """A search with hypothesis, called by the promise and what it is made for."""
        parameters = dict(getattr(getattr(request.node, "callspec", None), "params", {}))
        parameters.pop(PART, None)
        name = " ".join([request.node.originalname, *map(str, parameters.values())])
        of = _parts(request.node)
        return Explorer(self._running(), contract_ledger, name=name, part=contract_part, of=of)

    @pytest.fixture
    def racer(
        self,
        target: Target,
        contract_ledger: Ledger,
        contract_part: int,  # noqa: ARG002 - splits a thorough run; chance makes each part another
    ) -> Iterator[Racer]:
        """Clients that send at once."""
        racer = Racer(target, contract_ledger)
        yield racer
        racer.close()


def _parts(item: pytest.Item) -> int:
    """How many parts a search has where the run is not thorough."""
    mark = item.get_closest_marker("parts")
    return mark.args[0] if mark else 1
