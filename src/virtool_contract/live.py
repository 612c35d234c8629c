"""Says on a terminal how a run goes on: one line that is always up to date."""

from collections.abc import Callable

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text
from typing_extensions import override

from virtool_contract.progress import Progress
from virtool_contract.run import SoFar


class LiveProgress(Progress):
    """Progress with a live line, where the console can show one."""

    def __init__(self, so_far: Callable[[], SoFar | None], console: Console | None = None) -> None:
        """Show nothing yet (see `Progress`)."""
        self.console = console or Console(stderr=True)
        super().__init__(so_far)
        self._live: Live | None = None

    @override
    def _begin(self) -> None:
        if not self.console.is_terminal:  # as its environment may say
            super()._begin()
            return
        self._live = Live(
            get_renderable=self._text,
            console=self.console,
            transient=True,
            refresh_per_second=8,
        )
        self._live.start()

    @override
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        if self._live:
            self._live.stop()
        super().pytest_sessionfinish()

    @override
    def _print(self, text: str) -> None:
        if self._live:
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            super()._print(text)

    def _text(self) -> Text:
        return Text(self.line(), overflow="ellipsis", no_wrap=True)
