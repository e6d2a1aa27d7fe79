"""Python's cycle collector, told that this is a process with large imports and large batches of plain values."""

from __future__ import annotations

import gc

_YOUNG = 20_000  # Python's 700 walks a batch of two thousand records dozens of times, and finds nothing


def spare_imports() -> None:
    """Leave what stands now, the imported modules above all, out of later collections, and collect less often.

    For the start of a process that will work for long; a decision on many issues takes about a sixth less time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
