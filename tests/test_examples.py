"""What broke a clause in a search is kept, in a folder or in Redis, and tried first next time."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, TypeAlias

import pytest
import redis
from fakeredis import TcpFakeServer

from contract_tests.test_lifecycle import Lifecycle
from virtool_contract.examples import open_database
from virtool_contract.explore import Explorer
from virtool_contract.ledger import Ledger, Violation
from virtool_contract.options import OptionError, resolve
from virtool_contract.run import Run
from virtool_contract.serve import service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from virtool_contract.reference.service import Service
    from virtool_contract.target import Target

    TargetOf: TypeAlias = Callable[[Service | str], Target]


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis server on a free port; what it holds is gone with it."""
    with TcpFakeServer(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()
        thread.join()


def test_a_folder_keeps_the_examples_of_each_search_apart(tmp_path: Path) -> None:
    opened = open_database(str(tmp_path / "deep" / "examples"))
    assert opened
    opened.of("stories").save(b"key", b"one")
    opened.of("stories", "finalize.once").save(b"key", b"two")
    again = open_database(str(tmp_path / "deep" / "examples"))
    assert again
    assert [*again.of("stories").fetch(b"key")] == [b"one"]
    assert [*again.of("stories", "finalize.once").fetch(b"key")] == [b"two"]
    assert [*again.of("generated").fetch(b"key")] == []
    again.of("stories").delete(b"key", b"one")
    assert [*opened.of("stories").fetch(b"key")] == []


def test_redis_keeps_them_for_others(redis_url: str) -> None:
    mine, others = open_database(redis_url), open_database(redis_url)
    assert mine
    assert others
    mine.of("stories").save(b"key", b"one")
    assert [*others.of("stories").fetch(b"key")] == [b"one"]
    assert [*others.of("generated").fetch(b"key")] == []
    with closing(redis.Redis.from_url(redis_url)) as client:
        assert {key[:19] for key in client.scan_iter()} == {b"hypothesis-example:"}


def test_a_redis_that_goes_away_costs_its_examples_only(redis_url: str) -> None:
    opened = open_database(redis_url)
    assert opened
    gone = open_database(redis_url)
    assert gone
    gone.database.redis.connection_pool.connection_kwargs["port"] = 9  # type: ignore[attr-defined]  # redis', beneath what is public
    shelf = gone.of("stories")
    shelf.save(b"key", b"one")
    shelf.delete(b"key", b"one")
    assert [*shelf.fetch(b"key")] == []
    assert [*opened.of("stories").fetch(b"key")] == []


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("redis://:secret@127.0.0.1:9/0", "'redis://***@127.0.0.1:9/0' cannot be used: "),
        ("redis://127.0.0.1:port/0", "cannot be used: "),
        ("/dev/null/examples", "cannot be written to (Not a directory); try ./examples"),
    ],
)
def test_what_cannot_be_used_is_told_at_once(where: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        open_database(where)
    assert str(caught.value).startswith("--example-database: ")
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def requests_until_broken(target: Target, seed: str, folder: Path) -> int:
    """How many requests a search of stories takes to break its clause for the first time."""
    settings = resolve({"seed": seed}, {}, folder)
    kept = open_database(str(folder / "examples"))
    run = Run(contract=target.contract, settings=settings, target=target, examples_kept=kept)
    explorer = Explorer(run, Ledger(), name="stories")
    found: list[int] = []
    keep = explorer._keep

    def note(violation: Violation) -> None:
        found.append(target.api.sent)
        keep(violation)

    explorer._keep = note  # type: ignore[method-assign]  # to listen in
    explorer.stories(Lifecycle, examples=40, steps=50)
    assert "finalize.once" in explorer.ledger.deviations
    return found[0]


def test_a_search_tries_first_what_broke_a_clause_before(
    target_of: TargetOf, tmp_path: Path
) -> None:
    faulty = service(["third-finalize-accepted"], [])
    first = requests_until_broken(target_of(faulty), "0", tmp_path)
    second = requests_until_broken(target_of(faulty), "7", tmp_path)
    assert second < 40
    assert second < first
