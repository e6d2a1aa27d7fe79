"""A configuration put together block by block, so that one bad block hides no other block's problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from vindaris_sync.config import checks
from vindaris_sync.config.chats import NOTIFY_KINDS
from vindaris_sync.config.goal_sources import SOURCE_KINDS
from vindaris_sync.config.lines import Path
from vindaris_sync.config.outcome_sources import OUTCOME_KINDS
from vindaris_sync.config.page import PageSettings
from vindaris_sync.config.problems import Problem, explain, unknown_key
from vindaris_sync.config.secrets import SecretPlaces, resolve
from vindaris_sync.config.settings import (
    Config,
    GoalsSettings,
    LoggingSettings,
    ReportSettings,
    RuleSettings,
    ScheduleSettings,
    StoreSettings,
)
from vindaris_sync.config.teams import PersonSettings, TeamSettings
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.goals import GoalSourceSettings, TrackerGoalSettings
from vindaris_sync.sdk.registry import Kind, kinds
from vindaris_sync.sdk.settings import Settings, TrackerSettings

_SECTIONS: dict[str, type[Settings]] = {
    "store": StoreSettings,
    "goals": GoalsSettings,
    "schedule": ScheduleSettings,
    "report": ReportSettings,
    "page": PageSettings,
    "logging": LoggingSettings,
}

_Block = TypeVar("_Block", bound=Settings)


class Draft:
    """Raw settings on their way to a ``Config``: ``parts`` are what could be used, ``problems`` all that could not."""

    def __init__(self, data: Mapping[str, Any], places: SecretPlaces, kind: Callable[[str], Kind]) -> None:
        self.problems: list[Problem] = []
        self._data = data
        self._places = places
        self._kind = kind
        trackers = dict(self._trackers())
        teams = dict(self._listed("teams", TeamSettings))
        people = dict(self._listed("people", PersonSettings))
        rules = dict(self._listed("rules", RuleSettings))
        self.parts: dict[str, Any] = {
            "state_dir": self._state_dir(),
            **{name: self._block(model, (name,), data.get(name, {})) for name, model in _SECTIONS.items()},
            "trackers": trackers,
            "notify": dict(self._kinds("notify", NOTIFY_KINDS)),
            "goal_sources": dict(self._goal_sources()),
            "outcome_sources": dict(self._kinds("outcome_sources", OUTCOME_KINDS)),
            "teams": tuple(teams.values()),
            "people": tuple(people.values()),
            "rules": tuple(rules.values()),
        }
        self.problems += self._unknown()
        self.problems += self._unfit(trackers, teams)
        self.problems += checks.rules(rules, list(self._tables("trackers")))
        self.problems += checks.people(people, list(self._tables("notify")))

    def _block(self, model: type[_Block], path: Path, value: object) -> _Block | None:
        if not isinstance(value, Mapping):
            self.problems.append(Problem(path, "a table belongs here"))
            return None
        resolved, unread = resolve(model, value, self._places, path)
        self.problems += unread
        try:
            return model.model_validate(resolved, context={"directory": self._places.directory})
        except ValidationError as error:
            self.problems += explain(error, model, path)
            return None

    def _tables(self, section: str) -> Mapping[str, Any]:
        value = self._data.get(section, {})
        if isinstance(value, Mapping):
            return value
        self.problems.append(Problem((section,), f"tables [{section}.NAME] belong here"))
        return {}

    def _state_dir(self) -> object:
        value = self._data["state_dir"]
        if isinstance(value, str):
            return self._places.directory / value
        if value is not Config.model_fields["state_dir"].default:
            self.problems.append(Problem(("state_dir",), "a path belongs here"))
        return value

    def _trackers(self) -> Iterator[tuple[str, TrackerSettings]]:
        for name, value in self._tables("trackers").items():
            path = ("trackers", name)
            model = self._tracker_model(path, value.get("kind")) if isinstance(value, Mapping) else TrackerSettings
            if model and (settings := self._block(model, path, value)):
                yield name, settings

    def _tracker_model(self, path: Path, kind: object) -> type[TrackerSettings] | None:
        if not isinstance(kind, str):
            message = f"name the kind of tracker; installed are {', '.join(kinds()) or 'none'}"
        else:
            try:
                return self._kind(kind).settings_type
            except ConfigError as error:
                message = str(error)
            except (ImportError, AttributeError) as error:
                message = f"the connector for {kind!r} cannot be loaded: {error}"
        self.problems.append(Problem((*path, "kind"), message))
        return None

    def _goal_sources(self) -> Iterator[tuple[str, GoalSourceSettings]]:
        """Yield the sources of goals: of our own kinds, and those that the connectors of trackers understand."""
        for name, value in self._tables("goal_sources").items():
            path = ("goal_sources", name)
            block = value if isinstance(value, Mapping) else {}
            model = SOURCE_KINDS.get(str(block.get("kind"))) or self._stated_by_tracker(path, block)
            if model and (settings := self._block(model, path, value)):
                yield name, settings

    def _stated_by_tracker(self, path: Path, block: Mapping[str, Any]) -> type[GoalSourceSettings] | None:
        """Return the settings of goals that the tracker states which the block names, as its connector knows them."""
        trackers, kind, tracker = self._tables("trackers"), block.get("kind"), block.get("tracker")
        stated = trackers.get(tracker) if isinstance(tracker, str) else None
        offered = self._offered(stated.get("kind") if isinstance(stated, Mapping) else None)
        if isinstance(kind, str) and kind in offered:
            return offered[kind]
        anywhere = {name: found for each in kinds() for name, found in self._offered(each).items()}
        if not isinstance(kind, str) or kind not in anywhere:
            self.problems.append(Problem((*path, "kind"), f"write one of {', '.join([*SOURCE_KINDS, *anywhere])}"))
        elif stated is None:
            there = ", ".join(trackers) or "none"
            message = f'name the tracker that states these goals, tracker = "NAME"; there are: {there}'
            self.problems.append(Problem((*path, "tracker"), message))
        else:
            states = f"the kinds {', '.join(offered)}" if offered else "none"
            self.problems.append(Problem((*path, "kind"), f"of goal sources [trackers.{tracker}] offers {states}"))
        return None

    def _offered(self, kind: object) -> Mapping[str, type[TrackerGoalSettings]]:
        """Return the kinds of goal sources of a kind of tracker; none where its block says what is wrong with it."""
        try:
            return self._kind(kind).goal_settings if isinstance(kind, str) else {}
        except (ConfigError, ImportError, AttributeError):
            return {}

    def _kinds(self, section: str, known: Mapping[str, type[_Block]]) -> Iterator[tuple[str, _Block]]:
        """Yield the blocks of a section whose ``kind`` chooses what they hold."""
        for name, value in self._tables(section).items():
            path = (section, name)
            kind = value.get("kind") if isinstance(value, Mapping) else next(iter(known))
            if not isinstance(kind, str) or kind not in known:
                self.problems.append(Problem((*path, "kind"), f"write one of {', '.join(known)}"))
            elif settings := self._block(known[kind], path, value):
                yield name, settings

    def _listed(self, section: str, model: type[_Block]) -> Iterator[tuple[int, _Block]]:
        value = self._data.get(section, [])
        if not isinstance(value, list):
            self.problems.append(Problem((section,), f"write [[{section}]], with two brackets"))
            return
        for index, table in enumerate(value):
            if block := self._block(model, (section, index), table):
                yield index, block

    def _unknown(self) -> Iterator[Problem]:
        for name, value in self._data.items():
            if name not in Config.model_fields:
                yield Problem((name,), unknown_key(name, Config.model_fields), whole=isinstance(value, Mapping))

    def _home(self, trackers: Mapping[str, TrackerSettings], names: Sequence[str]) -> Iterator[Problem]:
        goals = self.parts.get("goals")
        yield from checks.home(goals.home if goals is not None else None, trackers, names)

    def _unfit(self, trackers: Mapping[str, TrackerSettings], teams: Mapping[int, TeamSettings]) -> Iterator[Problem]:
        names, channels = list(self._tables("trackers")), list(self._tables("notify"))
        yield from checks.named("trackers", names)
        yield from checks.named("notify", channels)
        page = self.parts.get("page")
        yield from checks.clicks(self.parts.get("notify", {}), page=page is None or page.enabled)
        yield from checks.goal_sources(list(self._tables("goal_sources")))
        yield from checks.named("outcome_sources", list(self._tables("outcome_sources")))
        if not names:
            yield Problem(("trackers",), "name at least one tracker, [trackers.NAME]", whole=True)
        for name, settings in trackers.items():
            yield from checks.write_back(name, settings.write_back)
        yield from self._home(trackers, names)
        yield from checks.linked_sources(self.parts["goal_sources"], trackers)
        yield from checks.references(trackers, names)
        yield from checks.teams(teams, channels)
        yield from checks.scopes(teams, trackers, names)
        if not any(problem.path[0] == "teams" for problem in self.problems):
            yield from checks.owned(teams, trackers)
