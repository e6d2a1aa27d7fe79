"""How much a caller may still ask, counted on the site's clock in fixed windows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Quota:
    """``limit`` requests in each window of ``seconds``; instants are epoch milliseconds."""

    limit: int
    seconds: int
    _window: int = -1
    _spent: int = 0

    def spend(self, now: int) -> bool:
        """Count one request; return whether it was still within the limit."""
        window = now // (self.seconds * 1000)
        if window != self._window:
            self._window, self._spent = window, 0
        self._spent += 1
        return self._spent <= self.limit

    @property
    def remaining(self) -> int:
        """How many requests the present window still allows."""
        return max(0, self.limit - self._spent)

    @property
    def reset(self) -> int:
        """When the present window ends, in epoch seconds."""
        return (self._window + 1) * self.seconds
