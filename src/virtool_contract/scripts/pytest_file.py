"""A violation as a pytest file that runs alone, with requests and pytest."""

import base64
import inspect
import re
import textwrap
from collections.abc import Iterator
from pprint import pformat

from virtool_contract.disguises import in_python
from virtool_contract.model import Caller
from virtool_contract.scenario import Step, owner, variable
from virtool_contract.scripts import standalone
from virtool_contract.scripts.expectations import Expected
from virtool_contract.scripts.written import Written

WIDTH = 96
ABOUT_DOCUMENTS = ("shape", "json", "media-type", "identity")
ABOUT_STATE = ("effect", "bystander", "success")


def script(written: Written) -> str:
    """The whole file."""
    steps = [written.on_the_wire(each) for each in written.steps]
    helpers = inspect.getsource(standalone).partition('"""\n')[2].lstrip("\n")
    helpers = helpers.replace("import threading\n", "import os\nimport threading\n")
    helpers = helpers.replace(
        "import requests\n", "from urllib.parse import quote\n\nimport requests\n"
    )
    lines = [_docstring(written), "", *helpers.rstrip().splitlines(), "", ""]
    lines += [f'{name} = os.environ["{name}"]' for name in written.names()]
    lines += [*_schemas(written, steps), "", "", f"def test_{_name(written)}():"]
    body = _race(written, steps) if written.scenario.together else _one_by_one(written, steps)
    lines += [f"    {line}".rstrip() for line in body]
    return "".join(f"{line}\n" for line in lines)


def _docstring(written: Written) -> str:
    lines = [*written.head(), "", "pip install requests pytest; set before, and fresh each time:"]
    lines += [f"  {line}" for line in written.variables()]
    said = "\n".join(lines).replace("\\", "\\\\").replace('"""', '""\\"')
    return f'"""{said}\n"""'


def _name(written: Written) -> str:
    return re.sub(r"\W", "_", written.deviation.clause)


def _schemas(written: Written, steps: list[Expected]) -> Iterator[str]:
    """The documented members, and the schemas that are needed."""
    members = list(written.contract.document_schema["properties"])
    yield ""
    yield from f"MEMBERS = {pformat(members, width=WIDTH)}".splitlines()
    if _is_about(written, ABOUT_DOCUMENTS):
        for name in sorted({each.schema for each in steps if each.schema}):
            schema = written.contract.schema(name)
            yield from f"{_constant(name)} = {pformat(_bare(schema), width=WIDTH)}".splitlines()


def _bare(schema: object) -> object:
    """A schema without what is for readers."""
    if isinstance(schema, dict):
        return {
            key: _bare(each)
            for key, each in schema.items()
            if key != "description" or not isinstance(each, str)
        }
    return [_bare(each) for each in schema] if isinstance(schema, list) else schema


def _constant(schema: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", schema).upper()


def _is_about(written: Written, topics: tuple[str, ...]) -> bool:
    return written.deviation.topic.startswith(topics)


def _one_by_one(written: Written, steps: list[Expected]) -> Iterator[str]:
    """Each step, and what must hold of its answer."""
    yield "before = {}"
    for number, each in enumerate(steps, 1):
        yield ""
        yield f"# {number}. {each.step.operation} by {each.step.caller} of {each.step.subject}"
        yield f"answer = {_sending(written, each.step)}"
        yield f"check_status(answer, {', '.join(map(repr, each.statuses))})"
        yield from _checks(written, each, is_last=number == len(steps))


def _checks(written: Written, each: Expected, *, is_last: bool) -> Iterator[str]:
    topic, step = written.deviation.topic, each.step
    key = repr(step.subject)
    success = each.due.operation.success
    if each.schema and _is_about(written, ABOUT_DOCUMENTS):
        name = variable(step.subject)
        yield f"check_document(answer, {_constant(each.schema)}, {name}_ID, {name}_JOB)"
    if success.schema and not each.due.refused and _is_about(written, ABOUT_STATE):
        yield f"if is_due(answer, {success.status!r}):"
        yield "    document = document_in(answer)"
        yield f"    results = {_literal(each.results)}"
        yield f"    before[{key}] = check_state(document, before.get({key}), results, MEMBERS)"
        if each.beside:
            yield f"    check_nothing_stored(document, {each.beside!r})"
    if not success.schema and not each.due.refused and topic == "shape":
        yield "assert answer.content == b'', 'there is a body'"
    if is_last and topic == "message" and each.message:
        yield f"check_says(answer, {each.message!r})"
    if is_last and topic == "leak":
        yield "check_refusal_is_silent(answer)"
    if is_last and topic == "error-label":
        yield "check_label(answer)"


def _race(written: Written, steps: list[Expected]) -> Iterator[str]:
    """All steps at once, then a read of each subject; one play of a race may not be enough."""
    yield "answers = at_once("
    yield "    ["
    yield from (f"        lambda: {_sending(written, each.step)}," for each in steps)
    yield "    ]"
    yield ")"
    for label in written.scenario.subjects:
        own = [(n, each) for n, each in enumerate(steps) if each.step.subject == label]
        writes = ", ".join(_write(each.step, n) for n, each in own if each.step.operation != "get")
        reads = ", ".join(f"answers[{n}]" for n, each in own if each.step.operation == "get")
        read = _sending(written, Step(subject=label, operation="get"))
        yield f"check_race([{writes}], [{reads}], {read})"


def _write(step: Step, number: int) -> str:
    results = _literal(step.body.results if step.body else None)
    return f"({step.operation!r}, {results}, answers[{number}])"


def _literal(value: object) -> str:
    return pformat(value, width=10**6, sort_dicts=False)


def _sending(written: Written, step: Step) -> str:
    method = written.contract.operations[step.operation].method
    analysis = in_python(f"{variable(step.subject)}_ID", step.disguise)
    before, _, after = written.path.partition("{analysis_id}")
    url = f"BASE_URL + {before!r} + quote({analysis}, safe='')" + (f" + {after!r}" if after else "")
    headers = _headers(step, variable(owner(written.scenario, step)))
    if step.body is None:
        return f"send({method!r}, {url}, {headers})"
    headers = f"{{**{headers}, 'Content-Type': {step.body.media_type!r}}}"
    return f"send({method!r}, {url}, {headers}, {_bytes(step.body.raw)})"


def _bytes(raw: bytes) -> str:
    if len(raw) <= WIDTH * 4:
        return repr(raw)
    wrapped = textwrap.wrap(base64.b64encode(raw).decode(), WIDTH)
    return "base64.b64decode(\n" + "\n".join(f"    {line!r}" for line in wrapped) + "\n)"


def _headers(step: Step, own: str) -> str:
    """An expression for the headers by which a caller identifies itself."""
    key = f"{own}_KEY"
    users = {
        Caller.OTHER_JOB: ("BYSTANDER", "BYSTANDER_KEY"),
        Caller.OTHER_WORKFLOW: ("IDLE", "IDLE_KEY"),
        Caller.FINISHED_JOB: ("FINISHED", "FINISHED_KEY"),
        Caller.REMOVED_JOB: ("REMOVED", "REMOVED_KEY"),
        Caller.FOREIGN_ID: ("BYSTANDER", key),
        Caller.WRONG_KEY: (own, "'wrong'"),
        Caller.TRUNCATED_KEY: (own, f"{key}[:-4]"),
        Caller.EXTENDED_KEY: (own, f"{key} + 'x'"),
        Caller.OTHER_CASE: (own, f"{key}.swapcase()"),
        Caller.SWAPPED_KEY: (own, "BYSTANDER_KEY"),
        Caller.FINISHED_KEY: (own, "FINISHED_KEY"),
        Caller.EMPTY_KEY: (own, "''"),
        Caller.JOB_ID_AS_KEY: (own, f"{own}_JOB"),
    }
    if step.caller is Caller.ANONYMOUS:
        return "{}"
    if step.caller is Caller.MALFORMED:
        return "{'Authorization': 'Basic !'}"
    if step.caller is Caller.WRONG_SCHEME:
        return f"{{'Authorization': 'Bearer ' + {key}}}"
    if step.caller is Caller.EXTENDED_ID:
        return f"basic('job-' + {own}_JOB + 'x', {key})"
    job, secret = users.get(step.caller, (own, key))
    return f"basic('job-' + {job}_JOB, {secret})"
