"""Scenarios travel as JSON, get shorter, and are printed as shell lines that send the same."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtool_contract.body import Body, classify, finalize_body
from virtool_contract.contract import Contract
from virtool_contract.model import Caller
from virtool_contract.scenario import BYSTANDER, Scenario, Step, as_curl
from virtool_contract.subject import STATE

FAKE_CURL = """\
#!/bin/bash
for word in "$@"; do printf '%s\\0' "$word"; done > "$0.words"
while [ $# -gt 0 ]; do
  if [ "$1" = --data-binary ]; then
    case "$2" in
      @-) cat ;;
      @*) cat "${2#@}" ;;
      *) printf '%s' "$2" ;;
    esac > "$0.data"
  fi
  shift
done
"""
"""A curl that writes down its words and the body that it would send."""

VARIABLES = {
    "BASE_URL": "http://localhost:9950",
    "A_ID": "a1",
    "A_JOB": "ja",
    "A_KEY": "secret a",
    "BYSTANDER_ID": "b1",
    "BYSTANDER_JOB": "jb",
    "BYSTANDER_KEY": "kb",
    "FINISHED_KEY": "kf",
    "IDLE_JOB": "ji",
    "IDLE_KEY": "ki",
}


class Shell:
    """Runs shell lines with the fake curl in place of the real one."""

    def __init__(self, folder: Path) -> None:
        self.curl = folder / "curl"
        self.curl.write_text(FAKE_CURL)
        self.curl.chmod(0o755)
        self.environment = {"PATH": f"{folder}:/usr/bin:/bin", **VARIABLES}

    def run(self, lines: Sequence[str]) -> tuple[list[str], bytes]:
        done = subprocess.run(
            ["/bin/bash", "-euc", "\n".join(lines)],
            env=self.environment,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        words = self.curl.with_name("curl.words").read_text().split("\0")[:-1]
        data = self.curl.with_name("curl.data")
        return words, data.read_bytes() if data.exists() else b""


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("shell"))


def one(step: Step, state: str = "pending") -> Scenario:
    return Scenario(subjects={step.subject: state}, steps=(step,))


def finalizing(body: Body, caller: Caller = Caller.OWNER) -> Scenario:
    return one(Step(subject="A", operation="finalize", caller=caller, body=body))


NASTY = {
    "plain": b'{"results":{"foo":"bar"}}',
    "nothing": b"",
    "a single quote": b"{'results': {}}",
    "double quotes and dollars": b'"$HOME" `id` $(id) \\ ! #',
    "an at sign": b"@/etc/passwd",
    "a dash": b"-v",
    "a dash and a control": b"-v\x01",
    "a final line feed": b'{"results": {}}\n\n',
    "a line feed inside": b'{"a":\n 1}\r\n',
    "only a line feed": b"\n",
    "NUL": b"a\0b\0",
    "invalid UTF-8": b'{"results": {"foo": "\xff\xfe"}}',
    "percent signs": b"%s %d %% %\x01",
    "backslashes": b"\\n \\x41 \\0101 \\\\\x01",
    "an escape before a digit": b"\x017",
    "UTF-8": '{"é": "\U0001f33f"}'.encode(),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "right to left": "{\u202e}".encode(),
    "all bytes": bytes(range(256)),
    "a tab": b"\t",
    "2000 bytes": b"x" * 2000,
}


@pytest.mark.parametrize("raw", NASTY.values(), ids=NASTY)
def test_curl_sends_the_body_byte_for_byte(contract: Contract, shell: Shell, raw: bytes) -> None:
    lines = list(as_curl(contract, finalizing(classify(raw))))
    assert len(lines) == 2
    assert lines[1].isprintable()
    assert shell.run(lines)[1] == raw


@given(st.binary(max_size=30) | st.text(max_size=20).map(lambda text: text.encode(errors="ignore")))
@settings(deadline=None, max_examples=30)
def test_curl_sends_any_body_byte_for_byte(contract: Contract, shell: Shell, raw: bytes) -> None:
    assert shell.run(list(as_curl(contract, finalizing(classify(raw)))))[1] == raw


def test_a_long_body_is_left_to_the_report(contract: Contract) -> None:
    line = list(as_curl(contract, finalizing(classify(b"x" * 2001))))[1]
    assert line.endswith("--data-binary @body-of-2001-bytes.json  # in report.json")


@pytest.mark.parametrize(
    ("caller", "credentials"),
    [
        (Caller.OWNER, ["-u", "job-ja:secret a"]),
        (Caller.OTHER_JOB, ["-u", "job-jb:kb"]),
        (Caller.OTHER_WORKFLOW, ["-u", "job-ji:ki"]),
        (Caller.WRONG_KEY, ["-u", "job-ja:wrong"]),
        (Caller.ANONYMOUS, []),
        (Caller.EXTENDED_KEY, ["-u", "job-ja:secret ax"]),
        (Caller.OTHER_CASE, ["-u", "job-ja:SECRET A"]),
        (Caller.EXTENDED_ID, ["-u", "job-jax:secret a"]),
        (Caller.SWAPPED_KEY, ["-u", "job-ja:kb"]),
        (Caller.FINISHED_KEY, ["-u", "job-ja:kf"]),
        (Caller.EMPTY_KEY, ["-u", "job-ja:"]),
        (Caller.JOB_ID_AS_KEY, ["-u", "job-ja:ja"]),
        (Caller.MALFORMED, ["-H", "Authorization: Basic !"]),
    ],
)
def test_curl_comes_as_the_caller(
    contract: Contract, shell: Shell, caller: Caller, credentials: list[str]
) -> None:
    lines = list(as_curl(contract, one(Step(subject="A", operation="get", caller=caller))))
    url = "http://localhost:9950/api/analyses/a1"
    assert shell.run(lines)[0] == ["-isS", "-X", "GET", url, *credentials]


@pytest.mark.parametrize(
    "media_type", ["application/json", "text/plain; charset='utf-8'", 'a/b; c="$(id)"']
)
def test_curl_labels_the_body(contract: Contract, shell: Shell, media_type: str) -> None:
    words = shell.run(list(as_curl(contract, finalizing(classify(b"{}", media_type)))))[0]
    assert words[words.index("PATCH") + 4 :][:2] == ["-H", f"Content-Type: {media_type}"]


def test_curl_goes_where_the_target_is(contract: Contract, shell: Shell) -> None:
    step = Step(subject=BYSTANDER, operation="remove", caller=Caller.OTHER_JOB)
    words = shell.run(list(as_curl(contract, one(step), "/jobs/v1/{analysis_id}")))[0]
    assert words[1:4] == ["-X", "DELETE", "http://localhost:9950/jobs/v1/b1"]


def test_curl_lines_say_what_they_need(contract: Contract) -> None:
    steps = (Step(subject="A", operation="get"), Step(subject="B", operation="remove"))
    subjects = {"A": "pending with files", "B": "absent"}
    lines = list(as_curl(contract, Scenario(subjects=subjects, steps=steps)))
    assert lines[:2] == [
        "# A_ID, A_JOB and A_KEY: an analysis, pending with files, and its job",
        "# B_ID: an id that nobody has",
    ]
    assert lines[2] == "# BYSTANDER_JOB and BYSTANDER_KEY: a job that runs another analysis"
    assert [line.split()[3] for line in lines[3:]] == ["GET", "DELETE"]


def test_a_step_less_leaves_those_whose_sample_is_shared() -> None:
    steps = tuple(Step(subject=label, operation="get") for label in ("A", "B", "C"))
    subjects = {"A": "pending", "B": "pending, of the sample of A", "C": "pending with files"}
    shorter = Scenario(subjects=subjects, steps=steps).without(2).without(0)
    assert dict(shorter.subjects) == {"A": "pending", "B": "pending, of the sample of A"}
    assert dict(shorter.without(0).subjects) == {}
    assert all(re.fullmatch(STATE, state) for state in (*subjects.values(), "absent"))


def test_a_race_is_sent_at_once_and_waited_for(contract: Contract, shell: Shell) -> None:
    step = Step(subject="A", operation="remove")
    race = Scenario(subjects={"A": "pending"}, steps=(step, step), together=True)
    lines = list(as_curl(contract, race))
    assert lines[-1] == "wait"
    assert all(line.endswith(" &") for line in lines[1:-1])
    assert "DELETE" in shell.run(lines)[0]


BODIES = st.binary(max_size=30).map(classify) | st.just(finalize_body({"foo": "bar"}, ready=False))
STEPS = st.builds(
    Step,
    subject=st.sampled_from(["A", "B", BYSTANDER]),
    operation=st.sampled_from(["get", "finalize", "remove"]),
    caller=st.sampled_from(Caller),
    body=st.none() | BODIES,
    disguise=st.sampled_from(["", "twice over"]),
)


@given(steps=st.lists(STEPS, max_size=4), together=st.booleans())
@settings(deadline=None)
def test_a_scenario_survives_the_way_through_a_report(steps: list[Step], *, together: bool) -> None:
    subjects = dict.fromkeys((step.subject for step in steps), "pending")
    scenario = Scenario(subjects=subjects, steps=tuple(steps), together=together)
    assert Scenario.from_json(json.loads(json.dumps(scenario.to_json()))) == scenario


def test_a_body_keeps_its_media_type_on_the_way() -> None:
    step = Step(subject="A", operation="finalize", body=classify(b'{"results": {}}', "text/plain"))
    assert Step.from_json(step.to_json()) == step


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"subjects": {}},
        {"subjects": {}, "together": False, "steps": [{}]},
        {
            "subjects": {},
            "together": False,
            "steps": [{"subject": "A", "operation": "get", "caller": "nobody"}],
        },
    ],
)
def test_what_is_no_scenario_is_refused(shape: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        Scenario.from_json(shape)


def test_without_a_step_go_the_subjects_it_alone_needed() -> None:
    first = Step(subject="A", operation="get")
    second = Step(subject="B", operation="get")
    third = Step(subject="A", operation="remove")
    subjects = {"A": "pending", "B": "absent"}
    scenario = Scenario(subjects=subjects, steps=(first, second, third), together=True)
    assert scenario.without(1) == Scenario(
        subjects={"A": "pending"}, steps=(first, third), together=True
    )
    assert scenario.without(0).subjects == subjects
    assert scenario.without(2).steps == (first, second)
    assert scenario.steps == (first, second, third)
