"""No key in anything that pytest shows: tracebacks, local variables, captured output, reports."""

from __future__ import annotations

import base64
import subprocess
import sys
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from tests.commands import bare_environment
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Job, Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Served: TypeAlias = Callable[[Service], str]

LOUD = ("--tb=long", "-l", "-vv", "-rA", "--full-trace", "-o", "log_cli=true")


class Echoing(Service):
    """Answers a second finalize with whatever it was sent, and notes its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: set[str] = set()

    @override
    def new_job(self, analysis_id: str | None) -> Job:
        job = super().new_job(analysis_id)
        self.keys.add(job.key)
        return job

    @override
    def already_finalized(self, call: Call) -> Reply:
        sent = call.headers.get("authorization", "")
        said = f"{sent} {call.credentials}"
        return Reply(status=500, content={"id": said, "message": said})


BREAKS = {
    "nothing": "",
    "a promise": (
        "import sys\n"
        "from virtool_contract.stage import Caller, Stage\n"
        "def broken(self, subject, *_):\n"
        "    headers = self.target.headers(Caller.OWNER, subject.credentials)\n"
        "    shown = list(map(str, dict(headers).values()))\n"
        "    key = subject.credentials.job_key\n"
        "    if 'verify' not in sys.argv: print(key, shown)  # where pytest captures it\n"
        "    raise RuntimeError(f'of the suite {shown} {key}')\n"
        "Stage.finalize = broken\n"
    ),
    "a hook": (
        "from virtool_contract import trial\n"
        "def broken(run, *_):\n"
        "    shown = [each.credentials.job_key for each in run.target._open.values()]\n"
        "    raise RuntimeError(f'of the suite {shown}')\n"
        "trial.confirm = broken\n"
    ),
    "the session": (
        "from virtool_contract.outcomes import Outcomes\n"
        "def broken(self, report):\n"
        "    shown = [each.credentials.job_key for each in self._run().target._open.values()]\n"
        "    raise RuntimeError(f'of the suite {shown}')\n"
        "Outcomes.pytest_runtest_logreport = broken\n"
    ),
    "an interrupt": (
        "from virtool_contract.stage import Caller, Stage\n"
        "def broken(self, subject, *_):\n"
        "    headers = self.target.headers(Caller.OWNER, subject.credentials)\n"
        "    raise KeyboardInterrupt\n"
        "Stage.finalize = broken\n"
    ),
}


def leaks(text: str, keys: set[str]) -> list[str]:
    """The keys in a text, as they are or as base64 has them."""
    found = [key for key in keys if key in text or key.encode().hex() in text]
    for key in keys:
        for before in range(3):
            whole = base64.b64encode(b"\0" * before + key.encode()).decode()
            if whole[(0, 2, 3)[before] : (before + len(key)) * 8 // 6] in text:
                found.append(key)
    return found


def start(folder: Path, url: str, breaks: str, front: tuple[str, ...]) -> str:
    """Run a front with something broken in it, and return all that it says and leaves."""
    (folder / "breaks.py").write_text(BREAKS[breaks])  # for the processes of xdist
    words = [*front, "--base-url", url, "--state-change-url", f"{url}/provider-states"]
    words += ["-k", "finalize.once", "--report-dir", str(folder / "reports")]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{BREAKS[breaks]}{RUN}", *words],
        cwd=folder,
        env=bare_environment() | {"PYTHONPATH": f"{folder}:{':'.join(sys.path[1:])}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    files = [each.read_text() for each in folder.rglob("*.*") if each.suffix in {".json", ".xml"}]
    assert len(files) >= 1
    return "".join([done.stdout, done.stderr, *files])


RUN = (
    "import pytest\n"
    "from virtool_contract.cli import main\n"
    "words = sys.argv[1:]\n"
    "sys.exit(main(words) if words[0] == 'verify' else pytest.main(words[1:]))\n"
)
QUICK = ("--effort", "quick")
SUITE = ("--pyargs", "contract_tests", *QUICK)
FRONTS = {
    "verify": ("verify", *QUICK),
    "pytest": ("pytest", *SUITE, *LOUD, "--junitxml=junit.xml"),
    "xdist": ("pytest", *SUITE, *LOUD, "-n", "1", "-p", "breaks"),
}


@pytest.mark.parametrize("front", FRONTS.values(), ids=FRONTS)
@pytest.mark.parametrize("breaks", BREAKS)
def test_no_key_is_shown(
    served: Served, tmp_path: Path, breaks: str, front: tuple[str, ...]
) -> None:
    reference = Echoing()
    said = start(tmp_path, served(reference), breaks, front)
    assert reference.keys
    assert leaks(said, reference.keys) == []
    if breaks in {"a promise", "a hook", "the session"}:
        assert "of the suite" in said or "failed by itself" in said
    if breaks == "nothing":
        assert "finalize.once" in said
        assert "***" in said
