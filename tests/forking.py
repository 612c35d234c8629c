"""Runs the command line in processes that fork off one where everything is imported already.

A process that starts anew spends most of a short run on imports; hundreds of them spend minutes.
"""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from multiprocessing import forkserver
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.conftest import bare_environment
from virtool_contract.cli import main

IMPORTED = ("virtool_contract.verify", "virtool_contract.promises", "xdist.plugin")
PATIENCE = 180
"""Seconds for one command."""


class Forking:
    """Runs `virtool-contract` as a process of its own would, in the environment of a bare shell."""

    def __init__(self) -> None:
        """Start the process that the others fork off; it measures no coverage."""
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(IMPORTED))
        with pytest.MonkeyPatch.context() as patched:
            for name in os.environ.keys() - bare_environment().keys() | {"COVERAGE_PROCESS_CONFIG"}:
                patched.delenv(name, raising=False)
            forkserver.ensure_running()

    def run(self, words: Sequence[str], folder: Path) -> CompletedProcess[str]:
        """Run one command in a folder, which also gets what it prints."""
        said = folder / "said.txt"
        process = self._context.Process(target=_run, args=(list(words), folder, said))
        process.start()
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(
                f"{' '.join(words)} takes more than {PATIENCE} s: {said.read_text()}"
            )
        return CompletedProcess(list(words), process.exitcode, said.read_text())


def _run(words: list[str], folder: Path, said: Path) -> None:
    os.chdir(folder)
    with said.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.exit(main(words))
