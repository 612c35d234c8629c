"""The files that a run leaves in --report-dir, and what makes each of them."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from virtool_contract.reports import json, junit, sarif
from virtool_contract.reports.report import Report


def _as_html(report: Report) -> bytes:
    from virtool_contract.reports import html  # noqa: PLC0415 - brings jinja2, needed here alone

    return html.render(report)


RENDERERS: Mapping[str, Callable[[Report], bytes]] = MappingProxyType(
    {
        "report.json": json.render,
        "report.html": _as_html,
        "junit.xml": junit.render,
        "report.sarif": sarif.render,
    }
)
"""By the name of the file; `options.REPORT_FILES` has the same names."""


def write(report: Report) -> str:
    """Write all of them, where they were asked for; what is wrong with that, if anything is."""
    return "; ".join(_problems(report))


def _problems(report: Report) -> Iterator[str]:
    if not report.settings.report_dir:
        return
    for name, render in RENDERERS.items():
        file = Path(report.settings.report_dir, name)
        try:
            file.write_bytes(render(report))
        except OSError as error:
            yield f"{file} cannot be written: {error.strerror}"
