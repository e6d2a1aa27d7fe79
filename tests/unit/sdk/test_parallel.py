from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from threading import Barrier, Event

import pytest

from vindaris_sync.sdk.parallel import interleaved, ordered


def _fail() -> int:
    message = "broken"
    raise OSError(message)


@pytest.fixture(autouse=True)
def _no_thread_outlives_the_test() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.parametrize("in_flight", [1, 3])
def test_results_come_in_order(in_flight: int) -> None:
    """Results come in the order of the tasks, however long each takes."""
    assert list(ordered((partial(lambda n: n * n, n) for n in range(20)), in_flight)) == [n * n for n in range(20)]


def test_tasks_run_side_by_side() -> None:
    """Three tasks that wait for each other all end with three in flight."""
    barrier = Barrier(3, timeout=5)
    assert len(list(ordered([barrier.wait] * 3, 3))) == 3


def test_look_ahead_is_bounded() -> None:
    """Of endless tasks no more are drawn than are in flight beyond what was consumed."""
    drawn = 0

    def tasks() -> Iterator[Callable[[], int]]:
        nonlocal drawn
        while True:
            drawn += 1
            yield lambda: 0

    results = ordered(tasks(), 3)
    for _ in range(10):
        next(results)
    assert drawn == 13
    assert isinstance(results, Iterator)
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("in_flight", [1, 3])
def test_failure_surfaces_at_its_place(in_flight: int) -> None:
    """What a task raises is raised where its result was due, after the results before it."""
    results = ordered([lambda: 1, lambda: 2, _fail, lambda: 4], in_flight)
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(OSError, match="broken"):
        next(results)


def test_single_flight_uses_no_thread() -> None:
    """With one in flight all runs in the consumer's thread."""
    assert set(ordered([threading.get_ident] * 5, 1)) == {threading.get_ident()}
    assert list(interleaved([iter([1]), iter([2, 3])], 1)) == [1, 2, 3]


class Reader(Iterator[tuple[str, int]]):
    """Pages of one place, each known only from the one before; notices use from two threads at once."""

    def __init__(self, name: str, pages: int, fail_at: int = -1) -> None:
        self.name, self.pages, self.fail_at = name, pages, fail_at
        self.page = 0
        self.closed = False
        self._busy = threading.Lock()

    def __next__(self) -> tuple[str, int]:
        """Return the next page."""
        assert self._busy.acquire(blocking=False)
        try:
            if self.page == self.fail_at:
                _fail()
            if self.page == self.pages:
                raise StopIteration
            self.page += 1
            return self.name, self.page
        finally:
            self._busy.release()

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


@pytest.mark.parametrize("in_flight", [1, 2, 4])
def test_readers_keep_their_own_order(in_flight: int) -> None:
    """Every page of every reader comes once, each reader's in order, and all readers are closed."""
    readers = [Reader(name, pages) for name, pages in (("a", 5), ("b", 0), ("c", 9), ("d", 1), ("e", 4))]
    seen = list(interleaved(readers, in_flight))
    for reader in readers:
        assert [page for name, page in seen if name == reader.name] == list(range(1, reader.pages + 1))
        assert reader.closed


def test_readers_are_one_page_ahead() -> None:
    """A reader is never more than one page ahead of the consumer."""
    reader = Reader("a", 100)
    pages = interleaved([reader], 4)
    for taken in range(1, 10):
        next(pages)
        assert reader.page <= taken + 1
    pages.close()  # type: ignore[attr-defined]
    assert reader.closed


def test_failing_reader_ends_all() -> None:
    """What a reader raises ends the iteration, after which every reader is closed."""
    readers = [Reader("a", 50), Reader("b", 50, fail_at=2)]
    with pytest.raises(OSError, match="broken"):
        list(interleaved(readers, 2))
    assert all(reader.closed for reader in readers)


def test_closing_waits_for_what_is_under_way() -> None:
    """Closing the iterator lets the exchange under way end and starts no other."""
    started, release = Event(), Event()
    ended: list[int] = []

    def slow() -> Iterator[int]:
        yield 0
        started.set()
        release.wait(5)
        ended.append(1)
        yield 1
        ended.append(2)

    pages = interleaved([slow()], 2)
    assert next(pages) == 0
    assert started.wait(5)
    release.set()
    pages.close()  # type: ignore[attr-defined]
    assert ended == [1]
