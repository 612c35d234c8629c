"""`report.html`: the verdicts for people, as one page that needs nothing but itself.

The page runs nothing and loads nothing but its own style and script, which its policy names by
their hashes. Whatever else is in it is text: `plain` shows what cannot be printed as an escape, and
autoescaping makes sure that nothing a target sent is taken for markup.
"""

import base64
import hashlib

from jinja2 import Environment, PackageLoader, StrictUndefined

from virtool_contract import __version__
from virtool_contract.reports.html import diagram, matrix, page, speed
from virtool_contract.reports.plain import plain
from virtool_contract.reports.report import Report
from virtool_contract.verdict import Outcome, RunOutcome

STYLE = "style.css"
SCRIPT = "script.js"
SIGNS = {
    Outcome.KEPT: "✓",
    Outcome.BROKEN: "✗",
    Outcome.WAIVED: "~",
    Outcome.NOT_IMPLEMENTED: "–",  # noqa: RUF001 - a dash
    Outcome.UNOBSERVED: "?",
    RunOutcome.CONFORMS: "✓",
    RunOutcome.VIOLATES: "✗",
    RunOutcome.COULD_NOT_TEST: "?",
}
"""What stands before a verdict, which is not to be told by its colour alone."""


def render(report: Report) -> bytes:
    """The report as UTF-8 HTML."""
    environment = _environment()
    content = environment.get_template("page.html").render(
        policy=_policy(environment),
        suite=__version__,
        report=report,
        page=page.view(report),
        listed=page.LISTED,
        diagram=diagram.layout(report),
        matrices=matrix.matrices(report),
        speeds=speed.speeds(report),
    )
    return content.encode()


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__name__),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["signs"] = SIGNS
    return environment


def _shown(value: object) -> object:
    """What stands for a value in the page; what a template has made is markup already."""
    if not isinstance(value, str) or hasattr(value, "__html__") or value.isprintable():
        return value
    return plain(value)


def _policy(environment: Environment) -> str:
    """The Content-Security-Policy: no source of anything but the two parts of the page itself."""
    style, script = (
        f"'sha256-{_digest(environment.get_template(name).render())}'" for name in (STYLE, SCRIPT)
    )
    sources = f"style-src {style}; script-src {script}"
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
