"""A violation as a bash script: curl sends each step, and the status is what is due, or not."""

import base64
import shlex
import textwrap
from collections.abc import Iterator

from virtool_contract.scenario import SHOWN_DATA, curl_words, shell_data
from virtool_contract.scripts.expectations import Expected
from virtool_contract.scripts.written import Written

WORDS = """\
set -u
for name in {names}; do
  if [ -z "${{!name:-}}" ]; then echo "set $name; see the top of this script" >&2; exit 2; fi
done
failed=0

# step WHAT STATUSES WORDS...: sends one request, shows the answer, fails if another status is due.
step() {{
  local what=$1 due=$2 answer status
  shift 2
  answer=$(
    curl -q -isS --noproxy '*' --max-time 60 "$@" | tr -d '\\000'
    exit "${{PIPESTATUS[0]}}"
  ) || {{ echo "$what: no answer"; return 1; }}
  status=$(sed -n 's/^HTTP[^ ]* \\([2-5][0-9][0-9]\\).*/\\1/p' <<< "$answer" | head -n 1)
  printf '%s\\n%s\\n\\n' "$what" "$answer"
  if ! [[ $status =~ ^($due)$ ]]; then echo "$what: got $status, due is $due"; return 1; fi
}}
"""


def script(written: Written) -> str:
    """The whole script; it exits with 1 where a status is not due."""
    lines = ["#!/usr/bin/env bash", *_commented(written), ""]
    lines += WORDS.format(names=" ".join(written.names())).splitlines()
    steps = [written.on_the_wire(each) for each in written.steps]
    for number, each in enumerate(steps, 1):
        lines += ["", *_step(written, number, each)]
    if written.scenario.together:
        lines += ["", 'for job in $(jobs -p); do wait "$job" || failed=1; done']
    lines += ["", 'exit "$failed"']
    return "".join(f"{line}\n" for line in lines)


def _commented(written: Written) -> Iterator[str]:
    yield from (f"# {line}".rstrip() for line in written.head())
    yield "#"
    yield "# It exits with 1 if a status is not due, 2 if a variable is missing, and 0 otherwise:"
    yield "# what is wrong within a body is for you to see."
    if written.scenario.together:
        yield "# The requests are sent at once. Which status is whose is left to chance; only a 5xx"
        yield "# fails this, and once may not be enough to see anything."
    yield "# Set before, and fresh each time:"
    yield from (f"#   {line}" for line in written.variables())


def _step(written: Written, number: int, each: Expected) -> Iterator[str]:
    what = f"{number}. {each.step.operation} by {each.step.caller} of {each.step.subject}"
    together = written.scenario.together
    due = "|".join(status.replace("XX", "..") for status in each.statuses)
    words = ["step", shlex.quote(what), shlex.quote("2..|4.." if together else due)]
    words += curl_words(written.contract, written.scenario, each.step, written.path)
    end = "&" if together else "|| failed=1"
    body = each.step.body
    if body is None:
        yield " ".join([*words, end])
    elif len(body.raw) > SHOWN_DATA:
        yield " ".join(["base64 -d <<'END' |", *words, "--data-binary @-", end])
        yield from textwrap.wrap(base64.b64encode(body.raw).decode(), 100)
        yield "END"
    else:
        before, data = shell_data(body.raw)
        yield " ".join(filter(None, [before, *words, f"--data-binary {data}", end]))
