"""Which tests of a pytest session are promises of the suite, and of what kind each is."""

import pytest

from virtool_contract.distributed import lengthy_first

SUITE = "contract_tests"
OWN_WORDS = frozenset(
    {"virtool_contract.stage", "virtool_contract.race", "virtool_contract.explore"}
)
"""Where the words come from that every chapter is written with."""


def is_ours(item: pytest.Item) -> bool:
    """Whether a test is of the suite, and not of somebody's folder of the same name."""
    words = vars(getattr(item, "module", None) or object).values()
    return item.path.parent.name == SUITE and any(
        getattr(word, "__module__", None) in OWN_WORDS for word in words
    )


def clauses(item: pytest.Item) -> list[str]:
    """The clauses that a promise is about."""
    return [each for mark in item.iter_markers("clause") for each in mark.args]


def is_search(item: pytest.Item) -> bool:
    """Whether an item searches, beyond the promises, for what they do not show."""
    return is_ours(item) and item.get_closest_marker("effort") is not None


def is_lengthy(item: pytest.Item) -> bool:
    """Whether an item takes so long that others had better go on beside it."""
    return is_ours(item) and item.get_closest_marker("lengthy") is not None


def ordered(items: list[pytest.Item], *, shared: bool) -> list[pytest.Item]:
    """Promises first: what they find need not be searched for, and analyses may be few.

    Where processes share them, those of either kind that take long begin early. At the end come
    those that look at what others have left.
    """
    last = [item for item in items if item.get_closest_marker("at_last")]
    promises = [item for item in items if not is_search(item) and item not in last]
    searches = [item for item in items if is_search(item)]
    if shared:
        promises, searches = (lengthy_first(each, is_lengthy) for each in (promises, searches))
    return [*promises, *searches, *last]


def likely_use(item: pytest.Item) -> float:
    """How many analyses a promise uses up on average, where they are few.

    Those about no clause of their own, which have every caller do everything in every state, mostly
    do with what others have left.
    """
    if is_search(item):
        return 0
    return 1 if clauses(item) else 0.25
