"""A provider that is a process is asked line by line; what is wrong with it is said in one line."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from virtool_contract.provider import ANSWER_LIMIT, ProviderError, UnknownStateError
from virtool_contract.providers import command
from virtool_contract.providers.command import CommandProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Making = Callable[..., CommandProvider]

ECHO = """
import json, sys
for number, line in enumerate(sys.stdin):
    print(json.dumps({"analysis_id": number} | json.loads(line)), flush=True)
"""


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Making]:
    made: list[CommandProvider] = []

    def make(script: str, timeout: float = 10.0) -> CommandProvider:
        file = tmp_path / f"provider{len(made)}.py"
        file.write_text(script, encoding="utf-8")
        made.append(CommandProvider([sys.executable, str(file)], timeout))
        return made[-1]

    yield make
    for each in made:
        each.close()


def complaint(asked: CommandProvider) -> str:
    with pytest.raises(ProviderError) as caught:
        asked.change("setup", "a pending analysis", {"files": True})
    said = str(caught.value)
    assert "--state-change-command" in said
    assert "\n" not in said
    return said


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_process_answers_every_state_change(provider: Making) -> None:
    asked = provider(ECHO)
    for number in range(3):
        assert asked.change("setup", "a pending analysis", {"files": True}) == {
            "analysis_id": number,
            "action": "setup",
            "state": "a pending analysis",
            "params": {"files": True},
        }


def test_each_thread_gets_its_own_answer(provider: Making) -> None:
    asked = provider(ECHO)
    wrong: list[int] = []

    def ask(number: int) -> None:
        answers = [asked.change("setup", "x", {"n": number}) for _ in range(20)]
        wrong.extend(number for answer in answers if answer["params"] != {"n": number})

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("script", "part"),
    [
        ("print('hello', flush=True); input()", "print answers only, one JSON object a line"),
        ("print('[]', flush=True); input()", "an array: expected a JSON object"),
        ('print(\'{"error": "no rows"}\', flush=True); input()', '"no rows"'),
        ("raise SystemExit(7)", "ended with 7"),
        ("raise LookupError('no database')", "ended with 1: LookupError: no database"),
        ("import sys; sys.exit('it is \\x1b[31mred')", r"ended with 1: it is \x1b[31mred"),
        ("print('{', end='', flush=True)", "ended with 0"),
        (f"print('x' * {ANSWER_LIMIT + 2}); input()", f"more than {ANSWER_LIMIT} bytes"),
        ("import os, time; os.close(1); time.sleep(60)", "closed its output"),
    ],
)
def test_what_is_wrong_is_said(
    provider: Making, script: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PATIENCE", 0.5)
    assert part in complaint(provider(script))


def test_a_state_it_does_not_know(provider: Making) -> None:
    asked = provider(
        "for _ in iter(input, ''): print('{\"error\": \"unknown state\"}', flush=True)"
    )
    with pytest.raises(UnknownStateError, match="does not know the state 'x'"):
        asked.change("setup", "x", {})
    with pytest.raises(UnknownStateError):
        asked.change("setup", "x", {})


def test_a_command_that_is_not_there() -> None:
    asked = CommandProvider(["/nowhere/provider"])
    assert complaint(asked).endswith("cannot be started: No such file or directory")
    asked.close()


def test_one_that_hangs_is_asked_once(provider: Making) -> None:
    asked = provider("import time; time.sleep(60)", timeout=0.3)
    assert "gave no answer in 0.3 seconds; does it flush" in complaint(asked)
    started = time.monotonic()
    complaint(asked)  # its late answer would be taken for another one's
    assert time.monotonic() - started < 0.3


def test_much_on_its_standard_error_does_not_stop_it(provider: Making) -> None:
    asked = provider("import sys; print('x' * 10**6, file=sys.stderr)\n" + ECHO)
    assert asked.change("setup", "x", {})["analysis_id"] == 0


def test_at_the_end_it_may_clean_up(provider: Making, tmp_path: Path) -> None:
    asked = provider(ECHO + f"open({str(tmp_path / 'cleaned')!r}, 'w').close()\n")
    asked.change("setup", "x", {})
    asked.close()
    assert (tmp_path / "cleaned").exists()
    assert "has been ended" in complaint(asked)


STUBBORN = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
for line in sys.stdin:
    print('{"pids": [%d, %d]}' % (os.getpid(), child.pid), flush=True)
signal.pause()
"""


def test_one_that_will_not_end_is_killed_with_its_children(
    provider: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PATIENCE", 0.5)
    asked = provider(STUBBORN)
    pids = asked.change("setup", "x", {})["pids"]
    assert all(map(is_running, pids))
    asked.close()
    assert not is_running(pids[0])
    assert not any(reader.is_alive() for reader in asked._readers)  # the child has its output too


def test_an_interrupt_from_the_terminal_does_not_reach_it(provider: Making) -> None:
    asked = provider(
        'import os\nfor _ in iter(input, ""): print(\'{"group": %d}\' % os.getpgrp(), flush=True)'
    )
    assert asked.change("setup", "x", {})["group"] != os.getpgrp()
