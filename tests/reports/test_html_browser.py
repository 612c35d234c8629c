"""report.html in a browser: it is there at once, by itself, and everybody can use it.

The browser is Chromium as Debian has it. axe-core judges accessibility; AXE_CORE names its script.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.reports.conftest import Making
from tests.reports.html_runs import RUNS
from virtool_contract.reports import html

CHROMIUM = shutil.which("chromium")
AXE = os.environ.get("AXE_CORE", "")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOADS = 5
"""The fastest of so many counts: others may be using the machine too."""
TIMES = 10
"""It is seven at present: four violations take 0.07 s on a slow machine, a thousand 0.5."""
NARROW = 400
STICKING_OUT = """
    [...document.querySelectorAll("header *, main *, footer *")]
        .filter((each) => each.checkVisibility() && !each.closest(".scrolls, .heard"))
        .filter((each) => each.getBoundingClientRect().right > innerWidth)
        .map((each) => each.outerHTML.slice(0, 200))
"""
"""What is cut off at the right, rather than wrapped; tables may be scrolled."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
needs_axe = pytest.mark.skipif(
    not AXE, reason="needs axe-core: npm install axe-core, and AXE_CORE=…/axe-core/axe.min.js"
)
every_kind = pytest.mark.parametrize("run", ["conforming", "violating", "hostile"])


def busy(session: CDPSession) -> float:
    """The seconds of processor time that a page's main thread has worked so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A report in a tab, and what went on there: messages, errors, and requests."""

    page: Page
    url: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def load(self, anchor: str = "") -> None:
        self.page.goto(self.url + anchor)

    def loaded(self) -> float:
        """Load it again; the seconds of processor time that its thread took for that."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = busy(session)
        self.load()
        took = busy(session) - before
        session.detach()
        return took

    def shown(self) -> list[str]:
        """The clauses that are shown, by their id."""
        found: list[str] = self.page.locator(".clause:visible details").evaluate_all(
            "all => all.map(each => each.id)"
        )
        return found

    def open(self) -> list[str]:
        found: list[str] = self.page.locator("details[open]").evaluate_all(
            "all => all.map(each => each.id)"
        )
        return found

    def focused(self) -> str:
        """The text of what has the focus."""
        return str(self.page.evaluate("document.activeElement.innerText"))


Tab: TypeAlias = Callable[..., Opened]


@pytest.fixture(scope="module")  # while it is there, an event loop runs in this thread
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def files(made: Making, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reports on the disk, where most people open them from."""
    folder = tmp_path_factory.mktemp("reports")
    for name, make in RUNS.items():
        (folder / f"{name}.html").write_bytes(html.render(make(made)))
    return {name: folder / f"{name}.html" for name in RUNS}


@pytest.fixture
def tab(browser: Browser, files: dict[str, Path]) -> Iterator[Tab]:
    """Opens a report; whatever the test is about, nothing must go wrong or out meanwhile."""
    contexts = []
    tabs: list[Opened] = []

    def open_tab(run: str, anchor: str = "", **options: Any) -> Opened:  # noqa: ANN401 - playwright's
        context = browser.new_context(**options)
        contexts.append(context)
        opened = Opened(page=context.new_page(), url=files[run].as_uri())
        opened.listen()
        opened.load(anchor)
        tabs.append(opened)
        return opened

    yield open_tab
    for context in contexts:
        context.close()
    for opened in tabs:
        assert opened.said == []
        assert {url.partition("#")[0] for url in opened.asked} == {opened.url}


def test_a_thousand_violations_load_in_ten_times_the_time_of_four_at_most(tab: Tab) -> None:
    """By ratio, and in processor time: the rest depends on what else the machine does."""
    tabs = {run: tab(run) for run in ("violating", "thousand")}
    took: dict[str, list[float]] = {run: [] for run in tabs}
    for _ in range(LOADS):
        for run, opened in tabs.items():
            took[run].append(opened.loaded())
    few, many = (min(each) for each in took.values())
    assert 0 < many / few < TIMES


@every_kind
@pytest.mark.parametrize("width", [NARROW, 1280])
def test_nothing_sticks_out(tab: Tab, run: str, width: int) -> None:
    opened = tab(run, viewport={"width": width, "height": 800})
    opened.page.get_by_role("button", name="Open all").click()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.page.evaluate(STICKING_OUT) == []


def test_what_a_target_sent_is_shown_and_not_run(tab: Tab) -> None:
    opened = tab("hostile", "#finalize.once")
    opened.page.on("dialog", lambda dialog: opened.said.append(dialog.message))
    received = opened.page.locator("[id='finalize.once'] .received code").inner_text()
    assert r"</pre><script>alert(1)</script> &amp; \x00\x1b[31m\r" in received
    assert r"\x85\u202e\u2028\ud800\uffff" in received
    assert opened.page.locator("script").count() == 1


# Filters and links


def test_clauses_are_filtered_by_verdict(tab: Tab) -> None:
    opened = tab("violating")
    everything = opened.shown()
    opened.page.get_by_role("radio", name="broken 4").check(force=True)
    assert opened.shown() == [
        "finalize.once",
        "finalize.own-only",
        "finalize.atomic",
        "errors.message",
    ]
    assert opened.page.get_by_role("status").inner_text() == "4 of 43 clauses are shown"
    assert not opened.page.get_by_role("heading", name="Get", exact=True).is_visible()
    opened.page.get_by_role("radio", name="all 43").check(force=True)
    assert opened.shown() == everything


def test_only_what_is_shown_is_opened_and_closed(tab: Tab) -> None:
    opened = tab("violating")
    opened.page.get_by_role("radio", name="waived 1").check(force=True)
    opened.page.get_by_role("button", name="Open all").click()
    assert opened.open() == ["get.safe"]
    opened.page.get_by_role("button", name="Close all").click()
    assert opened.open() == []


def test_a_link_to_a_clause_opens_it(tab: Tab) -> None:
    opened = tab("violating", "#finalize.once")
    assert opened.open() == ["finalize.once"]
    assert "finalize.once" in opened.focused()
    assert opened.page.locator("[id='finalize.once']").evaluate(
        "each => each.getBoundingClientRect().top < innerHeight"
    )


def test_a_link_on_the_page_opens_its_clause_even_if_it_is_filtered_out(tab: Tab) -> None:
    opened = tab("violating")
    opened.page.get_by_role("radio", name="kept 37").check(force=True)
    link = opened.page.get_by_role("link", name="finalize.own-only").first
    link.click()
    assert opened.open() == ["finalize.own-only"]
    assert opened.page.get_by_role("radio", name="all 43").is_checked()
    opened.page.get_by_role("button", name="Close all").click()
    link.click()  # the address does not change any more
    assert opened.open() == ["finalize.own-only"]


def test_an_arrow_of_the_diagram_leads_to_its_clause(tab: Tab) -> None:
    opened = tab("violating")
    opened.page.get_by_role("link", name="finalize of finalized, refused: finalized").click()
    assert opened.open() == ["finalize.once"]


# Other ways to use it


def test_the_keyboard_is_enough(tab: Tab) -> None:
    opened = tab("violating", permissions=["clipboard-read", "clipboard-write"])
    keyboard = opened.page.keyboard
    keyboard.press("Tab")
    assert opened.focused() == "Skip to the clauses"
    keyboard.press("Enter")
    assert opened.focused() == "The contract, clause by clause"
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    assert opened.page.get_by_role("radio", name="broken 4").is_checked()
    for _ in range(3):
        keyboard.press("Tab")
    assert "finalize.once" in opened.focused()
    keyboard.press("Enter")
    assert opened.open() == ["finalize.once"]
    keyboard.press("Tab")
    assert opened.focused() == "Copy"
    keyboard.press("Enter")
    opened.page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
    copied = opened.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("# A_ID, A_JOB and A_KEY: an analysis, pending, and its job\ncurl ")


def test_without_a_clipboard_the_text_is_selected(tab: Tab) -> None:
    opened = tab("violating", "#finalize.once")
    opened.page.evaluate("delete Navigator.prototype.clipboard")
    opened.page.get_by_role("button", name="Copy: Check this clause again").first.click()
    assert opened.page.evaluate("getSelection().toString()") == "again -k finalize.once"
    assert opened.page.get_by_role("status").inner_text() == "Selected"


def test_it_can_be_read_without_its_script(tab: Tab) -> None:
    opened = tab("violating", java_script_enabled=False)
    page = opened.page
    assert not page.get_by_role("radio").first.is_visible()
    assert not page.get_by_role("button", name="Copy").first.is_visible()
    received = page.locator("[id='finalize.once'] .received")
    assert not received.is_visible()
    page.locator("[id='finalize.once'] summary").click()
    assert received.is_visible()


def test_on_paper_what_is_not_kept_is_unfolded(tab: Tab) -> None:
    opened = tab("violating")
    opened.page.emulate_media(media="print")
    assert not opened.page.get_by_role("radio").first.is_visible()
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(opened.open()) == 6
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.open() == []


@needs_axe
@every_kind
def test_axe_finds_no_serious_fault(tab: Tab, run: str) -> None:
    opened = tab(run)
    opened.page.get_by_role("button", name="Open all").click()
    opened.page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    assert serious(opened.page, "{resultTypes: ['violations']}") == []
    opened.page.emulate_media(color_scheme="dark")
    assert serious(opened.page, "{runOnly: ['color-contrast']}") == []


def serious(page: Page, options: str) -> list[str]:
    """What axe holds against the page, at least seriously."""
    result = page.evaluate(f"axe.run({options})")
    assert result["passes"], "axe has looked at nothing"
    return [
        f"{each['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for each in result["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
