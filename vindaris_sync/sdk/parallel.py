"""A few exchanges side by side: threads fetch, the consumer's thread parses, and nothing outlives the iterator."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


class _End:
    """What a reader that is read out leaves behind."""


_END = _End()


@contextmanager
def _pool(in_flight: int) -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(in_flight, thread_name_prefix="exchange")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def ordered(tasks: Iterable[Callable[[], T]], in_flight: int) -> Iterator[T]:
    """Yield the result of each task, in order, with at most ``in_flight`` under way or done and not yet consumed.

    ``tasks`` is drawn from lazily, in the consumer's thread. A task's exception is raised at its place. Closing the
    iterator cancels what has not started and waits for what has. ``in_flight=1`` uses no threads.
    """
    if in_flight <= 1:
        for task in tasks:
            yield task()
        return
    with _pool(in_flight) as pool:
        source = iter(tasks)
        ahead = deque(pool.submit(task) for task in islice(source, in_flight))
        while ahead:
            result = ahead.popleft().result()
            ahead.extend(pool.submit(task) for task in islice(source, 1))
            yield result


def interleaved(readers: Sequence[Iterator[T]], in_flight: int) -> Iterator[T]:
    """Yield the items of all ``readers``, each in its own order, with at most ``in_flight`` readers advancing at once.

    A reader is advanced by one thread at a time and is at most one item ahead of the consumer. An exception ends all.
    Closing the iterator waits for the exchanges under way and closes the readers. ``in_flight=1`` uses no threads and
    reads one reader after another.
    """
    try:
        if in_flight <= 1:
            for reader in readers:
                yield from reader
        else:
            with _pool(in_flight) as pool:
                yield from _side_by_side(readers, pool, in_flight)
    finally:
        for reader in readers:
            close = getattr(reader, "close", None)
            if close is not None:
                close()


def _side_by_side(readers: Sequence[Iterator[T]], pool: ThreadPoolExecutor, in_flight: int) -> Iterator[T]:
    waiting = iter(readers)

    def step(reader: Iterator[T]) -> Future[T | _End]:
        return pool.submit(next, reader, _END)

    under_way = {step(reader): reader for reader in islice(waiting, in_flight)}
    while under_way:
        wait(under_way, return_when=FIRST_COMPLETED)
        for done in [future for future in under_way if future.done()]:
            reader, item = under_way.pop(done), done.result()
            if isinstance(item, _End):
                under_way |= {step(fresh): fresh for fresh in islice(waiting, 1)}
            else:
                under_way[step(reader)] = reader
                yield item
