"""What no single key can tell: whether trackers, teams and channels fit together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from vindaris_sync.config.chats import NotifySettings, SlackSettings
from vindaris_sync.config.goal_home import HomeSettings
from vindaris_sync.config.goal_sources import OWN_SOURCE
from vindaris_sync.config.problems import Problem
from vindaris_sync.config.settings import RuleSettings
from vindaris_sync.config.teams import PersonSettings, TeamSettings
from vindaris_sync.sdk.goals import GoalSourceSettings, TrackerGoalSettings
from vindaris_sync.sdk.settings import TrackerSettings, WriteBackSettings

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def named(section: str, names: Sequence[str]) -> Iterator[Problem]:
    """Yield names of blocks that could not stand in a scope, an environment variable or a metric."""
    for name in names:
        if not _NAME.fullmatch(name):
            yield Problem((section, name), "a name is lower-case letters, digits, - and _", whole=True)


def goal_sources(names: Sequence[str]) -> Iterator[Problem]:
    """Yield names that could not stand beside those of trackers, or that the file of ``[goals]`` has."""
    yield from named("goal_sources", names)
    if OWN_SOURCE in names:
        message = f"the file that [goals] names is called {OWN_SOURCE}; choose another name"
        yield Problem(("goal_sources", OWN_SOURCE), message, whole=True)


def clicks(channels: Mapping[str, NotifySettings], *, page: bool) -> Iterator[Problem]:
    """Yield channels whose clicks would come to a page that is not served."""
    for name, block in channels.items():
        if isinstance(block, SlackSettings) and block.signing_secret is not None and not page:
            message = "clicks come to the page, which is switched off ([page] enabled); app_token needs no page"
            yield Problem(("notify", name, "signing_secret"), message)


def home(
    found: HomeSettings | None, trackers: Mapping[str, TrackerSettings], names: Sequence[str]
) -> Iterator[Problem]:
    """Yield why the home of goals leads nowhere; ``names`` are all trackers', also of those that cannot be used."""
    if found is None:
        return
    if found.tracker not in names:
        yield Problem(("goals", "home", "tracker"), f"there is no [trackers.{found.tracker}]")
    settings = trackers.get(found.tracker)
    if settings is not None and not settings.write_back.enabled:
        yield Problem(("goals", "home", "tracker"), f"[trackers.{found.tracker}] has write_back.enabled = false")


def linked_sources(
    sources: Mapping[str, GoalSourceSettings], trackers: Mapping[str, TrackerSettings]
) -> Iterator[Problem]:
    """Yield sources of goals at which links are to be made over a tracker to which nothing is written."""
    for name, block in sources.items():
        if isinstance(block, TrackerGoalSettings) and block.links_written():
            settings = trackers.get(block.tracker)
            if settings is not None and not settings.write_back.enabled:
                message = f"links are to be made over [trackers.{block.tracker}], which has write_back.enabled = false"
                yield Problem(("goal_sources", name), message, whole=True)


def write_back(name: str, settings: WriteBackSettings) -> Iterator[Problem]:
    """Yield surfaces that are none, and labels that would be taken for one another."""
    table = ("trackers", name, "write_back")
    for surface in settings.surfaces:
        if surface != "label" and not re.fullmatch(r"field:\s*\S.*", surface):
            yield Problem((*table, "surfaces"), f'{surface!r} is neither "label" nor "field:NAME"')
    if len(set(settings.surfaces)) < len(settings.surfaces):
        yield Problem((*table, "surfaces"), "a surface is named twice")
    if not settings.surfaces:
        yield Problem((*table, "surfaces"), 'name at least one surface; to write nothing, set "enabled = false"')
    labels = {key: str(getattr(settings, key)) for key in ("label_prefix", "review_label", "exempt_label")}
    for key, label in labels.items():
        if label.strip() != label or any(char == "," or unicodedata.category(char)[0] == "C" for char in label):
            yield Problem((*table, key), "no tracker takes a comma, a control character or outer spaces in a label")
    prefix = labels.pop("label_prefix").casefold()
    for key, label in labels.items():
        if label.casefold().startswith(prefix):
            yield Problem((*table, key), f"{label!r} would be read as a goal: it starts with the label prefix")
    yield from _mirrors(table, settings)
    if settings.review_label.casefold() == settings.exempt_label.casefold():
        yield Problem((*table, "exempt_label"), f"{settings.exempt_label!r} is also the review label")


def _mirrors(table: tuple[str, ...], settings: WriteBackSettings) -> Iterator[Problem]:
    """Yield places for a goal's priority and status that are none, or that something else stands on."""
    labels = {settings.label_prefix: "goals", settings.review_label: "reviews", settings.exempt_label: "exemptions"}
    fields = {name.removeprefix("field:").strip().casefold() for name in settings.surfaces if name != "label"}
    for what, (form, name) in settings.mirrors.items():
        path, written = (*table, f"show_{what}"), getattr(settings, f"show_{what}")
        if form not in ("label", "field") or not name or re.search(r"[\s,]", name if form == "label" else ""):
            yield Problem(path, f'{written!r} is neither "label:PREFIX", without spaces, nor "field:NAME"')
            continue
        taken = fields if form == "field" else {each.casefold() for each in labels if _begin_alike(each, name)}
        if (form == "field" and name.casefold() in fields) or (form == "label" and taken):
            yield Problem(path, f"{written!r} is in use already: what stands there could not be told apart")
        labels, fields = (labels | {name: what}, fields) if form == "label" else (labels, fields | {name.casefold()})


def _begin_alike(one: str, other: str) -> bool:
    one, other = one.casefold(), other.casefold()
    return one.startswith(other) or other.startswith(one)


def teams(found: Mapping[int, TeamSettings], channels: Sequence[str]) -> Iterator[Problem]:
    """Yield team names and scopes that are taken, and channels that do not exist; teams come by their position."""
    names: dict[str, str] = {}
    owners: dict[str, str] = {}
    for index, team in found.items():
        if (first := names.setdefault(team.name.casefold(), str(index))) != str(index):
            yield Problem(("teams", index, "name"), f"{team.name!r} is also the name of team #{int(first) + 1}")
        if team.notify not in channels:
            listed = ", ".join(channels) or "none"
            yield Problem(("teams", index, "notify"), f"there is no [notify.{team.notify}]; there are: {listed}")
        for scope in team.scopes:
            if (owner := owners.setdefault(scope.casefold(), team.name)) != team.name:
                yield Problem(("teams", index, "scopes"), f"{scope!r} belongs to team {owner!r} already")


def people(found: Mapping[int, PersonSettings], channels: Sequence[str]) -> Iterator[Problem]:
    """Yield people who are named twice, and channels that do not exist; people come by their position."""
    names: dict[str, int] = {}
    for index, person in found.items():
        if (first := names.setdefault(person.name.casefold(), index)) != index:
            yield Problem(("people", index, "name"), f"{person.name!r} is also the name of person #{first + 1}")
        if person.notify is not None and person.notify not in channels:
            yield Problem(("people", index, "notify"), f"there is no [notify.{person.notify}]")


def _split(scope: str) -> tuple[str, str]:
    tracker, _, place = scope.partition(":")
    return tracker, place.casefold()


def scopes(
    found: Mapping[int, TeamSettings], trackers: Mapping[str, TrackerSettings], names: Sequence[str]
) -> Iterator[Problem]:
    """Yield team scopes that lead nowhere; ``names`` are all trackers', also of those that cannot be used."""
    for index, team in found.items():
        path = ("teams", index, "scopes")
        for scope in team.scopes:
            tracker, place = _split(scope)
            places = trackers[tracker].named_places() if tracker in trackers else None
            if tracker not in names:
                yield Problem(path, f"{scope!r}: there is no [trackers.{tracker}]")
            elif places is not None and place not in ("*", *(each.casefold() for each in places)):
                yield Problem(path, f"{scope!r}: [trackers.{tracker}] does not name this place")


def owned(found: Mapping[int, TeamSettings], trackers: Mapping[str, TrackerSettings]) -> Iterator[Problem]:
    """Yield what is tracked without a team that would be asked: every place needs one.

    Where only the tracker knows its places (a query), one scope of that tracker is all that can be asked for here.
    """
    owners = {_split(scope) for team in found.values() for scope in team.scopes}
    for name, settings in trackers.items():
        places = settings.named_places()
        if (name, "*") in owners or (places is None and any(tracker == name for tracker, _ in owners)):
            continue
        missing = [place for place in places or () if (name, place.casefold()) not in owners]
        if missing or places is None:
            wanted = ", ".join(f'"{name}:{place}"' for place in missing) or f'"{name}:*"'
            yield Problem(("trackers", name), f"issues without a team: add {wanted} to the scopes of one", whole=True)


def rules(found: Mapping[int, RuleSettings], names: Sequence[str]) -> Iterator[Problem]:
    """Yield link rules that ask for a tracker that is not configured, and those that an earlier one makes useless.

    Rules come by their position; ``names`` are all trackers'.
    """
    first: dict[str, int] = {}
    for index, rule in found.items():
        for tracker in rule.tracker or ():
            if tracker.casefold() not in names:
                yield Problem(("rules", index, "tracker"), f"there is no [trackers.{tracker}]")
        earlier = first.setdefault(rule.stated.identity, index)
        if earlier != index:
            yield Problem(("rules", index), f"rule #{earlier + 1} asks for the same, and is tried first", whole=True)


def references(trackers: Mapping[str, TrackerSettings], names: Sequence[str]) -> Iterator[Problem]:
    """Yield parent references that lead nowhere, or into a tracker that alone knows its places.

    ``names`` are all trackers', also of those that cannot be used.
    """
    for name, settings in trackers.items():
        reference, path = settings.parent_reference, ("trackers", name, "parent_reference")
        if reference is None:
            continue
        if reference.tracker not in names:
            yield Problem((*path, "tracker"), f"there is no [trackers.{reference.tracker}]")
        elif not (reference.places or reference.tracker not in trackers or trackers[reference.tracker].named_places()):
            message = f'[trackers.{reference.tracker}] does not name its places: say which count, places = ["APP"]'
            yield Problem(path, message)
