"""Commands as a user gives them, in the environment of a bare shell.

`virtool-contract` runs in processes that fork off one where everything is imported already: one
that starts anew spends most of a short run on imports, and hundreds of them spend minutes. Where a
process itself is the subject (signals, start-up, documents) the tests start one.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path
from subprocess import CompletedProcess

import coverage
import pytest

from virtool_contract.cli import main

IMPORTED = ("virtool_contract.verify", "virtool_contract.promises", "xdist.plugin")
PATIENCE = 180
"""Seconds for one command."""


def bare_environment() -> dict[str, str]:
    """What a developer's shell has, but for the settings of this suite and of what runs it."""
    hidden = ("PYTEST", "VIRTOOL_CONTRACT", "GITHUB")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)}


def bash(command: str, env: dict[str, str], cwd: Path) -> CompletedProcess[str]:
    """Runs a line of a document as its reader would."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Forking:
    """Runs `virtool-contract`, each time in a process of its own."""

    def __init__(self, folder: Path) -> None:
        """Start the process that the others fork off; what they print passes through `folder`."""
        self._folder = folder
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(IMPORTED))
        with pytest.MonkeyPatch.context() as patched:
            for name in os.environ.keys() - bare_environment().keys() | {"COVERAGE_PROCESS_CONFIG"}:
                patched.delenv(name, raising=False)
            forkserver.ensure_running()

    def run(
        self, words: Sequence[str], folder: Path, env: Mapping[str, str] | None = None
    ) -> CompletedProcess[str]:
        """Run one command in a folder, with a bare environment if no other is given."""
        said = self._folder / "stdout.txt", self._folder / "stderr.txt"
        environment = bare_environment() if env is None else dict(env)
        process = self._context.Process(target=_run, args=(list(words), folder, environment, said))
        process.start()
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(
                list(words), PATIENCE, said[0].read_text(), said[1].read_text()
            )
        out, err = (file.read_text() for file in said)
        return CompletedProcess(list(words), process.exitcode, out, err)


def _run(
    words: list[str], folder: Path, environment: dict[str, str], said: tuple[Path, Path]
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for stream, file in enumerate(said, start=1):
        with file.open("wb") as opened:
            os.dup2(opened.fileno(), stream)
    measured = coverage.process_startup()
    try:
        sys.exit(main(words))
    finally:
        if measured is not None:
            measured.stop()
            measured.save()
