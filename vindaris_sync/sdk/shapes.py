"""Documents of another shape than an API is documented to have: one rule for all that connectors read of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from traceback import extract_tb
from typing import ParamSpec, TypeVar, cast

from vindaris_sync.sdk.errors import Transient, Unknown

SHAPE_ERRORS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading an object of another shape than expected raises."""

P = ParamSpec("P")
R = TypeVar("R")


def understood(method: Callable[P, R], error: type[Transient] = Transient) -> Callable[P, R]:
    """Return a connector's method from which an answer of the wrong shape comes as ``error``, sorted like any other.

    One issue's mistakes are set aside where it is mapped; this is for all else that a tracker says: its fields, its
    permissions, its pages' frames. A method that yields is guarded until its end.
    """

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        with _sorted(error):
            result = method(*args, **kwargs)
        return cast("R", _each(result, error)) if isinstance(result, Iterator) else result

    return guarded


def sent(method: Callable[P, R]) -> Callable[P, R]:
    """Do as ``understood`` for a method that writes: whether the write was applied is unknown then."""
    return understood(method, Unknown)


def _each(items: Iterator[R], error: type[Transient]) -> Iterator[R]:
    with _sorted(error):
        yield from items


@contextmanager
def _sorted(error: type[Transient]) -> Iterator[None]:
    try:
        yield
    except SHAPE_ERRORS as shape:
        at = extract_tb(shape.__traceback__)[-1]
        where = f"{at.filename.rpartition('/')[2]}:{at.lineno}"
        raise error(f"an answer has another shape than its API ({type(shape).__name__}: {shape}, {where})") from shape
