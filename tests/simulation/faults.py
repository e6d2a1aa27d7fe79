"""What goes wrong, and how it ends: every fault of the catalogue that a world without sockets and disks can show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from random import Random

from tests.simulation.company import TEAMS
from tests.simulation.machine import Network
from tests.simulation.people import People
from tests.simulation.script import Step
from tests.simulation.site import FIELD, Site, TrackerSite
from vindaris_sync.sandbox import github, jira
from vindaris_sync.sandbox.faults import Fault, Kind
from vindaris_sync.sandbox.github.access import Refused
from vindaris_sync.sandbox.jira.model import Context

Lift = Callable[[], object]
HOUR = 3600.0
_WRITES = ("POST", "PUT", "PATCH", "DELETE", None)
_SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass(slots=True)
class Standing:
    """A fault that stands until an instant (the clock's seconds), and what ends it."""

    kind: str
    until: float
    lift: Lift


class Faults:
    """Everything that is wrong at present."""

    def __init__(self, site: Site, network: Network, people: People) -> None:
        self.site, self.network, self.people = site, network, people
        self.standing: list[Standing] = []
        self.asleep_until = 0.0
        self._wire: list[Fault] = []
        self._chat: list[Fault] = []

    def strike(self, step: Step) -> None:
        """Let something go wrong; where it cannot as things stand, the tracker fails to answer instead."""
        random, tracker = step.random(), self.site.trackers[step.tracker]
        begin: Callable[[Random, TrackerSite], bool] = getattr(self, f"_{step.kind}")
        kind = step.kind
        if not begin(random, tracker):
            kind = "error"
            self._error(random, tracker)
        self.site.journal.note(self.site.clock(), "fate", f"fault:{kind}", tracker=step.tracker)

    def lift_due(self) -> None:
        """End what has stood long enough."""
        now = self.site.clock.monotonic()
        due = [each for each in self.standing if each.until <= now]
        self.standing = [each for each in self.standing if each.until > now]
        for each in due:
            each.lift()

    def lift_all(self) -> None:
        """End everything."""
        standing, self.standing = self.standing, []
        for each in standing:
            each.lift()
        self.asleep_until = 0.0
        self._wire, self._chat = [], []
        self._blow()

    def _stand(self, kind: str, seconds: float, lift: Lift) -> bool:
        self.standing.append(Standing(kind, self.site.clock.monotonic() + seconds, lift))
        return True

    def _until(self, seconds: float, fault: Fault, *, chat: bool = False) -> bool:
        """Let a fault of the wire stand for some time."""
        faults = self._chat if chat else self._wire
        faults.append(fault)
        self._blow()
        return self._stand(fault.kind, seconds, lambda: self._take(faults, fault))

    def _take(self, faults: list[Fault], fault: Fault) -> None:
        if fault in faults:
            faults.remove(fault)
        self._blow()

    def _blow(self) -> None:
        for wire, faults in ((self.network.trackers.faults, self._wire), (self.network.chat.faults, self._chat)):
            wire.clear()
            for fault in faults:
                wire.add(fault)

    # --- limits -------------------------------------------------------------------------------------------------------

    def _limit(self, random: Random, tracker: TrackerSite) -> bool:
        headers = {"Retry-After": str(random.choice((3, 40, 300, 1800)))}
        return self._until(HOUR, Fault("status", tracker.name, 429, headers, times=random.randint(1, 2)))

    def _limit_date(self, random: Random, tracker: TrackerSite) -> bool:
        at = self.site.clock() + timedelta(seconds=random.choice((20, 400, 1500)))
        headers = {"Retry-After": format_datetime(at, usegmt=True)}
        return self._until(HOUR, Fault("status", tracker.name, 429, headers, times=1))

    def _limit_bare(self, random: Random, tracker: TrackerSite) -> bool:
        return self._until(HOUR, Fault("status", tracker.name, 429, times=random.randint(1, 3)))

    def _secondary(self, random: Random, tracker: TrackerSite) -> bool:
        headers = {"Retry-After": "60"} if random.random() < 0.5 else {}
        body, method = {"message": _SECONDARY}, random.choice(_WRITES)
        return self._until(HOUR, Fault("status", tracker.name, 403, headers, body, method, times=random.randint(1, 2)))

    def _quota(self, random: Random, tracker: TrackerSite) -> bool:
        wait = random.randint(300, 3000)
        if isinstance(tracker.world, github.World):
            core = tracker.world.tokens[tracker.token].core
            core.turn(self.site.clock())
            core.used, core.reset = core.limit, int(self.site.clock().timestamp()) + wait
            return self._stand("quota", wait, lambda: setattr(core, "used", 0))
        reset = (self.site.clock() + timedelta(seconds=wait)).strftime("%Y-%m-%dT%H:%MZ")
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset, "RateLimit-Reason": "jira-burst-based"}
        return self._until(wait, Fault("status", tracker.name, 429, headers))

    # --- broken answers -----------------------------------------------------------------------------------------------

    def _error(self, random: Random, tracker: TrackerSite) -> bool:
        status, method = random.choice((500, 502, 504)), random.choice(_WRITES)
        times, skip = random.randint(1, 7), random.randint(0, 4)
        return self._until(HOUR, Fault("status", tracker.name, status, method=method, times=times, skip=skip))

    def _unavailable(self, random: Random, tracker: TrackerSite) -> bool:
        headers = {"Retry-After": str(random.choice((5, 90, 600)))}
        return self._until(HOUR, Fault("status", tracker.name, 503, headers, times=random.randint(1, 3)))

    def _tracker_down(self, random: Random, tracker: TrackerSite) -> bool:
        return self._until(random.uniform(0.3, 3) * HOUR, Fault("status", tracker.name, 502))

    def _broken(self, kind: Kind, random: Random, tracker: TrackerSite, *, applied: bool = False) -> bool:
        method, times, skip = random.choice(_WRITES), random.randint(1, 3), random.randint(0, 3)
        fault = Fault(kind, tracker.name, method=method, times=times, skip=skip, applied=applied)
        return self._until(2 * HOUR, fault)

    def _timeout(self, random: Random, tracker: TrackerSite) -> bool:
        return self._broken("timeout", random, tracker)

    def _timeout_applied(self, random: Random, tracker: TrackerSite) -> bool:
        return self._broken("timeout", random, tracker, applied=True)

    def _reset(self, random: Random, tracker: TrackerSite) -> bool:
        return self._broken("reset", random, tracker)

    def _reset_applied(self, random: Random, tracker: TrackerSite) -> bool:
        return self._broken("reset", random, tracker, applied=True)

    def _truncate(self, random: Random, tracker: TrackerSite) -> bool:
        return self._broken("truncate", random, tracker)

    def _login_page(self, random: Random, tracker: TrackerSite) -> bool:
        return self._until(random.uniform(0.1, 1) * HOUR, Fault("html", tracker.name, times=random.randint(1, 30)))

    def _latency(self, random: Random, tracker: TrackerSite) -> bool:
        return self._until(HOUR, Fault("latency", tracker.name, seconds=random.uniform(1, 20), times=10))

    def _trickle(self, random: Random, tracker: TrackerSite) -> bool:
        return self._until(HOUR, Fault("trickle", tracker.name, seconds=0.002, times=random.randint(1, 4)))

    # --- who may see and do what --------------------------------------------------------------------------------------

    def _unauthorized(self, random: Random, tracker: TrackerSite) -> bool:
        seconds = random.uniform(0.3, 2) * HOUR
        if isinstance(tracker.world, jira.World) and random.random() < 0.5:
            account = tracker.world.accounts[tracker.token]
            account.expired = True
            return self._stand("unauthorized", seconds, lambda: setattr(account, "expired", False))
        return self._until(seconds, Fault("status", tracker.name, 401, body={"message": "Bad credentials"}))

    def _hidden(self, random: Random, tracker: TrackerSite) -> bool:
        desk, seconds = self.people.desks[tracker.name], random.uniform(0.3, 4) * HOUR
        place = random.choice(desk.places())
        if isinstance(tracker.world, jira.World):
            project = tracker.world.project(place)
            hidden: set[int] | set[str] = tracker.world.accounts[tracker.token].hidden
            number: int | str = project.id if project else ""
        else:
            hidden, number = tracker.world.tokens[tracker.token].hidden, tracker.world.repository(place).id
        if number in hidden:
            return False
        hidden.add(number)  # type: ignore[arg-type] # its own kind of id
        self.people.note(desk, "hide", place=place)
        return self._stand("hidden", seconds, lambda: self._show(tracker, hidden, number, place))

    def _show(self, tracker: TrackerSite, hidden: set[int] | set[str], number: int | str, place: str) -> None:
        hidden.discard(number)
        self.people.note(self.people.desks[tracker.name], "show", place=place)

    def _vanish(self, random: Random, tracker: TrackerSite) -> bool:
        """Let half of all issues vanish: a permission scheme was changed."""
        if isinstance(tracker.world, github.World):
            return self._hidden(random, tracker)
        hidden = tracker.world.accounts[tracker.token].hidden_issues
        issues = [int(issue) for issue in self.people.desks[tracker.name].issues()]
        chosen = sorted(random.sample(issues, len(issues) // 2))
        hidden.update(chosen)
        self._each("hide", tracker, chosen)
        return self._stand("vanish", random.uniform(0.3, 6) * HOUR, lambda: self._back(tracker, hidden, chosen))

    def _back(self, tracker: TrackerSite, hidden: set[int], chosen: list[int]) -> None:
        hidden.difference_update(chosen)
        self._each("show", tracker, chosen)

    def _each(self, kind: str, tracker: TrackerSite, issues: list[int]) -> None:
        for issue in issues:
            self.people.note(self.people.desks[tracker.name], kind, str(issue))

    def _read_only(self, random: Random, tracker: TrackerSite) -> bool:
        desk, seconds = self.people.desks[tracker.name], random.uniform(0.3, 4) * HOUR
        place = random.choice(desk.places())
        if isinstance(tracker.world, jira.World):
            project, locked = tracker.world.project(place), tracker.world.accounts[tracker.token].read_only
            assert project is not None
            locked.add(project.id)
            return self._stand("read_only", seconds, lambda: locked.discard(project.id))
        repository = tracker.world.repository(place)
        repository.archived = True
        return self._stand("read_only", seconds, lambda: setattr(repository, "archived", False))

    def _off_screen(self, random: Random, tracker: TrackerSite) -> bool:
        seconds = random.uniform(0.3, 4) * HOUR
        if isinstance(tracker.world, github.World):
            account = tracker.world.tokens[tracker.token]
            before, account.permissions = account.permissions, {**account.permissions, "issues": "read"}
            return self._stand("off_screen", seconds, lambda: setattr(account, "permissions", before))
        goal, project = tracker.world.field(FIELD), tracker.world.project(random.choice(tracker.places))
        if goal is None or project is None or goal.id not in project.screen:
            return False
        project.screen.discard(goal.id)
        return self._stand("off_screen", seconds, lambda: project.screen.add(goal.id))

    def _no_option(self, random: Random, tracker: TrackerSite) -> bool:
        if isinstance(tracker.world, github.World):
            return False
        admin, key = jira.Person(tracker.world, tracker.world.user("admin")), random.choice(self.site.goals.goals).key
        offered = [option.value for each in self._contexts(tracker.world) for option in each.options]
        if key not in offered:
            return False
        admin.delete_option(FIELD, key)
        desk = self.people.desks[tracker.name]
        self.people.note(desk, "delete_label_definition", surface="field", value=key)

        def back() -> None:
            admin.add_option(FIELD, key)
            self.people.note(desk, "restore_label_definition", surface="field", value=key)

        return self._stand("no_option", random.uniform(0.3, 4) * HOUR, back)

    @staticmethod
    def _contexts(world: jira.World) -> list[Context]:
        goal = world.field(FIELD)
        return goal.contexts if goal else []

    def _outside(self, random: Random, tracker: TrackerSite) -> bool:
        """Let an issue leave the scope, and come back."""
        desk = self.people.desks[tracker.name]
        inside = [issue for issue in desk.issues() if desk.place(issue) in desk.places()]
        if not inside:
            return False
        issue, place = random.choice(inside), desk.place(random.choice(inside))
        try:
            self.people.move(desk, issue, tracker.outside[0])
        except (jira.Refusal, Refused):
            return False
        last = self.site.journal.acts[-1].detail.get("new", issue)
        return self._stand("outside", random.uniform(0.3, 5) * HOUR, lambda: self._home(tracker, last, place))

    def _home(self, tracker: TrackerSite, issue: str, place: str) -> None:
        desk = self.people.desks[tracker.name]
        with suppress(jira.Refusal, Refused):  # the place takes nothing at present: it stays where it is
            if issue in desk.issues():
                self.people.move(desk, issue, place if place in desk.places() else desk.places()[0])

    # --- time ---------------------------------------------------------------------------------------------------------

    def _index_lag(self, random: Random, tracker: TrackerSite) -> bool:
        lag = random.uniform(20, 240)
        return self._until(random.uniform(0.5, 3) * HOUR, Fault("index_lag", tracker.name, seconds=lag))

    def _index_lag_long(self, random: Random, tracker: TrackerSite) -> bool:
        return self._until(random.uniform(0.5, 2) * HOUR, Fault("index_lag", tracker.name, seconds=900))

    def _tracker_clock(self, random: Random, tracker: TrackerSite) -> bool:
        off = random.uniform(5, 150)
        return self._until(random.uniform(0.5, 2) * HOUR, Fault("clock_skew", tracker.name, seconds=off))

    def _machine_clock(self, random: Random, _: TrackerSite) -> bool:
        clock = self.site.clock
        clock.error = timedelta(seconds=random.choice((-3600, 3600, -200, 300, -8 * 3600, 2 * 365 * 86_400)))
        return self._stand("machine_clock", random.uniform(0.2, 2) * HOUR, lambda: setattr(clock, "error", timedelta()))

    def _suspended(self, random: Random, _: TrackerSite) -> bool:
        self.asleep_until = self.site.clock.monotonic() + random.uniform(1, 5) * HOUR
        return True

    # --- chat and goals -----------------------------------------------------------------------------------------------

    def _chat_error(self, random: Random, _: TrackerSite) -> bool:
        return self._until(2 * HOUR, Fault("status", "slack", 500, times=random.randint(1, 4)), chat=True)

    def _chat_limit(self, random: Random, _: TrackerSite) -> bool:
        headers = {"Retry-After": str(random.choice((2, 120)))}
        body = {"ok": False, "error": "ratelimited"}
        return self._until(2 * HOUR, Fault("status", "slack", 429, headers, body, times=2), chat=True)

    def _chat_lost(self, random: Random, _: TrackerSite) -> bool:
        kinds: tuple[Kind, ...] = ("timeout", "reset")
        fault = Fault(random.choice(kinds), "slack", method="POST", times=random.randint(1, 2), applied=True)
        return self._until(3 * HOUR, fault, chat=True)

    def _chat_down(self, random: Random, _: TrackerSite) -> bool:
        return self._until(random.uniform(1, 9) * HOUR, Fault("status", "slack", 503), chat=True)

    def _message_deleted(self, random: Random, _: TrackerSite) -> bool:
        channel = self.site.slack.channels[random.choice(sorted(TEAMS.values()))]
        if not channel.messages:
            return False
        self.site.slack.delete(channel.name, random.choice(channel.messages).ts)
        return True

    def _channel_archived(self, random: Random, _: TrackerSite) -> bool:
        name = random.choice(sorted(TEAMS.values()))
        self.site.slack.archive(name)
        return self._stand(
            "channel_archived", random.uniform(0.5, 4) * HOUR, lambda: self.site.slack.archive(name, archived=False)
        )

    def _goals_refused(self, random: Random, _: TrackerSite) -> bool:
        goals = self.site.goals
        goals.problems = ("line 7: half of a goal",)
        return self._stand("goals_refused", random.uniform(0.1, 1) * HOUR, lambda: setattr(goals, "problems", ()))
