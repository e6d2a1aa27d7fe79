"""A company, its people and the daemon's lives, from the first load to the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from time import monotonic, sleep

from tests.chaos.judge import Verdict, judge, rows
from tests.chaos.lives import NOTHING, PATIENCE, Life, Nursery, eventually
from tests.chaos.people import People
from tests.integration.daemon.company import Company

QUESTIONS = ("/search/jql", "/bulkfetch", "/graphql", "/permissions/check", "/auth.test")
"""POST requests that change nothing."""


class Trial:
    """One company on which something is tried out."""

    def __init__(self, company: Company, nursery: Nursery, seed: int) -> None:
        self.company, self.nursery = company, nursery
        self.random = Random(seed)  # noqa: S311 - a seed, no secret
        self.people = People(company, self.random)

    def start(self, *, cold: bool = False, environ: Mapping[str, str] = NOTHING) -> Life:
        """Start the daemon."""
        log = self.company.folder / f"log-{len(self.nursery.lives)}"
        return self.nursery.start("run", config=self.company.config, log=log, cold=cold, environ=environ)

    def verb(self, *words: str) -> tuple[int, str]:
        """Run another verb to its end; return its exit code and what it said."""
        log = self.company.folder / "verb"
        log.unlink(missing_ok=True)
        life = self.nursery.start(*words, config=self.company.config, log=log)
        return life.end(), life.said()

    def act(self, times: int = 1) -> None:
        """Let people do something."""
        for _ in range(times):
            self.people.act()

    def settle_in(self) -> None:
        """Let the daemon load what is there, so that all that comes later is new."""
        for desk in (self.company.jira, self.company.github):
            for place in (desk.place, desk.other):
                desk.close(desk.create("Set up", place=place))
        life = self.start()
        eventually(lambda: self.loaded() or life.code is not None, "the first load", told=life.said)
        life.stop()

    def loaded(self) -> bool:
        """Whether every tracker has been read in full."""
        path = self.company.database
        if not path.exists() or not rows(path, "SELECT 1 FROM sqlite_master WHERE name = 'tracker'"):
            return False
        found = rows(path, "SELECT loaded_at FROM tracker")
        return bool(found) and all(row["loaded_at"] for row in found)

    def asked(self, service: str | None = None, method: str | None = None, path: str = "") -> int:
        """Return how often a service was asked such a thing since the ledger was cleared."""
        return self.company.server.requests.count(service, method, path)

    def wrote(self) -> int:
        """Return how often anybody was asked to change something since the ledger was cleared."""
        counts = self.company.server.requests.counts().items()
        return sum(times for each, times in counts if each.method != "GET" and not each.path.endswith(QUESTIONS))

    def come_to_rest(self, patience: float = PATIENCE) -> Verdict:
        """Wait until nobody finds anything wrong, and return what is wrong still."""
        end = monotonic() + patience
        while not (verdict := judge(self.people)) and monotonic() < end:
            sleep(0.1)
        return verdict

    def rest(self, life: Life | None = None, patience: float = PATIENCE) -> Verdict:
        """Let a life do what is left, hold it to a clean end, and judge."""
        life = life or self.start()
        verdict = self.come_to_rest(patience)
        life.stop()
        return judge(self.people) if verdict else verdict

    def checked(self, verdict: Verdict) -> Verdict:
        """Add to the verdict what the daemon's own verbs find: that nothing is left to do, and a sound database."""
        for verb, meaning in (("plan", "something is left to do"), ("db check", "the database is not sound")):
            code, said = self.verb(*verb.split())
            if code != 0:
                verdict.lost.append(f"{meaning}: {said[-2000:]}")
        return verdict
