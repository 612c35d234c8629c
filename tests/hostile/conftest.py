"""What the hostile tests share."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.conftest import Wire
from tests.hostile.proxy import Hostile
from virtool_contract.reference.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve: TypeAlias = Callable[[Service], str]


@pytest.fixture
def wires() -> Iterator[Callable[[Hostile], str]]:
    """Serves a hostile script, and gives its URL."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(closing(Wire(script))).url
