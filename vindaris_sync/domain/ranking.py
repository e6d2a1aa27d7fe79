"""Which goals an issue may serve: one protocol, and a plain baseline of words and neighbours.

What is found is a candidate with its evidence, for people to judge, and never a decision.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from heapq import nsmallest
from itertools import chain
from typing import Protocol, TypeVar

from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import NO_TRAITS, Traits
from vindaris_sync.domain.terms import LONGEST_TEXT, terms
from vindaris_sync.domain.text import counted, one_line


class Ground(StrEnum):
    """Why a goal is a candidate."""

    MENTION = "mention"
    PARENT = "parent"
    SIBLING = "sibling"
    MILESTONE = "milestone"
    COMPONENT = "component"
    LABEL = "label"
    AUTHOR = "author"
    ASSIGNEE = "assignee"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a candidate: what was found, and its part of the score."""

    ground: Ground
    subject: str = ""
    """The component, label, milestone or person; the words, the strongest first."""
    count: int = 0
    """How many issues say so."""
    weight: float = 0.0

    def __str__(self) -> str:
        """Return it as one line for people, without markup: what strangers wrote stands in it as they wrote it."""
        said = _SAID.get(self.ground, "{issues} with {ground} '{subject}' {serve} it")
        issues, serve = counted(self.count, "issue"), "serves" if self.count == 1 else "serve"
        return said.format(issues=issues, serve=serve, ground=self.ground, subject=one_line(self.subject, 60))


_SAID = {
    Ground.MENTION: "its title names the goal",
    Ground.PARENT: "its parent serves it",
    Ground.SIBLING: "{issues} below the same parent {serve} it",
    Ground.AUTHOR: "{issues} by {subject} {serve} it",
    Ground.ASSIGNEE: "{issues} assigned to {subject} {serve} it",
    Ground.WORDS: "words: {subject}",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A goal that an issue may serve, and why. Scores are comparable among one issue's candidates only."""

    goal: int
    key: str
    title: str
    score: float
    evidence: tuple[Evidence, ...]
    """The strongest first."""


@dataclass(frozen=True, slots=True)
class Work:
    """An issue as candidates are found from it: what it says, how it is sorted, whose it is, when it was created."""

    title: str
    traits: Traits = NO_TRAITS
    author: str = ""
    assignee: str = ""
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """An open goal, and some of the work that serves it."""

    id: int
    key: str
    title: str
    description: str = ""
    work: tuple[Work, ...] = ()

    @property
    def said(self) -> Iterator[str]:
        """What is said of it beside its title: its description, and what its work is called."""
        yield self.description
        yield from (work.title for work in self.work)


Near = Mapping[Ground, Mapping[int, int]]
"""How many neighbours of an issue serve each goal: its parent, and what hangs below the same parent."""


class Ranking(Protocol):
    """Something that knows open goals and ranks them for an issue. What it takes in may be replaced one by one."""

    def put(self, aim: Aim) -> None:
        """Take in a goal, in place of what was known of it."""

    def drop(self, goal: int) -> None:
        """Forget a goal; one that is not known is none of its business."""

    def rank(self, work: Work, near: Near, most: int) -> tuple[Candidate, ...]:
        """Return at most ``most`` candidates for ``work``, the best first: the same for the same knowledge, always."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the baseline holds how much of; chosen on real issues, as ``docs/candidates.md`` tells."""

    k1: float = 2.0
    """BM25: how soon a word that is repeated adds nothing."""
    b: float = 0.9
    """BM25: how much a long text is held against it; 1 wholly, 0 not at all."""
    title: float = 3.0
    """How often a word of a goal's title counts, where one of its description or of its work's titles counts once."""
    common: float = 0.5
    """What is found at more than this share of the goals, a word or a label, tells none of them from the others."""
    words: float = 1.0
    """What the goal with the best words gets for them; the others get their part of that."""
    enough: float = 1 / 3
    """Which part of a title's weight has to be found for that; where less is found, it is worth less."""
    least: float = 0.2
    """What scores less is no candidate; of few goals each is that has anything in common with the issue."""
    grounds: Mapping[Ground, float] = field(
        default_factory=lambda: {
            Ground.MENTION: 3.0,
            Ground.PARENT: 3.0,
            Ground.SIBLING: 2.0,
            Ground.AUTHOR: 1.0,
            Ground.ASSIGNEE: 0.5,
            Ground.MILESTONE: 0.5,
            Ground.COMPONENT: 0.3,
            Ground.LABEL: 0.3,
        }
    )
    """What a ground adds where all that is known of it speaks for one goal."""
    halved: float = 30.0
    """After how many days a person's work says half as much about what they do now."""


_QUERY = 64  # words of an issue that are looked up: the rarest
_TOLD = 4  # words that are told as evidence
_FAINT = 0.2  # a word that adds less than this part of the strongest one's is not told
_FEW = 8  # of fewer goals than this no word is common
_ENGLISH = """an and are as at be but by can do does for from has have if in into is it its must no not of on or our
should so that the their then there this to was we when while will with without you your"""
_FILLERS = frozenset(_ENGLISH.split())
"""Words that are no evidence, also where there are too few goals to tell it from how many they stand in."""
_LATELY = (Ground.AUTHOR, Ground.ASSIGNEE)
_DAY = 86_400.0
_KEYS = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?"), re.compile(r"[^\W_](?:[\w./#-]*[^\W_])?")
"""How keys look: ``GROW-1``, and ``acme/web#7``."""
_TYPED = 20  # words of a search that are looked for


@dataclass(slots=True)
class _Tally:
    """What is known of one component, say, and one goal: how many issues, and when the newest was created."""

    count: int = 0
    newest: float = 0.0


_Name = tuple[Ground, str]
_Said = tuple[Ground, str, int, float]
"""An ``Evidence`` before it is known whether anybody asks for it."""
_K = TypeVar("_K")
_V = TypeVar("_V")


class Baseline:
    """BM25 over a goal's title, description and the titles of its work, and what neighbours and people do.

    Every ground adds the part of its weight that its issues give the goal; of people's work the latest counts most.
    A word costs the goals in which it stands: a question costs what the issue has words, and not what there are goals.
    """

    def __init__(self, weights: Weights | None = None) -> None:
        self._weights = weights or Weights()
        self._aims: dict[int, Aim] = {}
        self._texts: dict[int, Mapping[str, float]] = {}
        self._lengths: dict[int, float] = {}
        self._length = 0.0
        self._keys: dict[int, str] = {}
        self._halved = self._weights.halved * _DAY
        self._postings: defaultdict[str, dict[int, float]] = defaultdict(dict)
        self._known: defaultdict[_Name, dict[int, _Tally]] = defaultdict(dict)
        self._by_key: dict[str, int] = {}

    def put(self, aim: Aim) -> None:
        """Take in a goal, in place of what was known of it."""
        self.drop(aim.id)
        text: defaultdict[str, float] = defaultdict(float)
        for said, weight in ((aim.title, self._weights.title), *((said, 1.0) for said in aim.said)):
            for term in terms(said):
                text[term] += weight
        for work in aim.work:
            self._take(aim.id, work)
        for term, count in text.items():
            self._postings[term][aim.id] = count
        self._aims[aim.id], self._texts[aim.id], self._lengths[aim.id] = aim, text, sum(text.values())
        self._length += self._lengths[aim.id]
        self._keys[aim.id] = fold(aim.key)
        self._by_key[fold(aim.key)] = aim.id

    def drop(self, goal: int) -> None:
        """Forget a goal; one that is not known is none of its business."""
        aim = self._aims.pop(goal, None)
        if aim is None:
            return
        for term in self._texts.pop(goal):
            _leave(self._postings, term, goal)
        for name in {name for work in aim.work for name in _names(work)}:
            _leave(self._known, name, goal)
        self._length -= self._lengths.pop(goal)
        key = self._keys.pop(goal)
        if self._by_key[key] == goal:
            del self._by_key[key]

    def rank(self, work: Work, near: Near, most: int) -> tuple[Candidate, ...]:
        """Return at most ``most`` candidates for ``work``, the best first: the same for the same knowledge, always."""
        words = self._words(work.title)
        scores: defaultdict[int, float] = defaultdict(float)
        worth = self._worth(work.title, max((part for part, _ in words.values()), default=0.0))
        for goal, (part, _) in words.items():
            scores[goal] = worth * part
        found: defaultdict[int, list[_Said]] = defaultdict(list)
        for goal, said in chain(self._mentions(work), self._neighbours(near), self._alike(work)):
            scores[goal] += said[-1]
            found[goal].append(said)
        least = self._weights.least if len(self._aims) > _FEW else 0.0
        fit = (goal for goal, score in scores.items() if score >= least)
        chosen = nsmallest(most, fit, key=lambda goal: (-scores[goal], self._keys[goal]))
        for goal in words.keys() & set(chosen):
            part, terms_of = words[goal]
            found[goal].append((Ground.WORDS, _told(terms_of), 0, worth * part))
        return tuple(self._candidate(goal, scores[goal], found[goal]) for goal in chosen)

    # --- grounds ------------------------------------------------------------------------------------------------------

    def _mentions(self, work: Work) -> Iterator[tuple[int, _Said]]:
        """Yield the goals whose keys stand in the title, each once."""
        said = {fold(found[0]) for key in _KEYS for found in key.finditer(work.title[:LONGEST_TEXT])}
        for goal in {self._by_key[key] for key in said & self._by_key.keys()}:
            yield goal, (Ground.MENTION, "", 0, self._weight(Ground.MENTION))

    def _neighbours(self, near: Near) -> Iterator[tuple[int, _Said]]:
        for ground, serving in near.items():
            known = sum(serving.values())
            for goal, count in serving.items():
                if goal in self._aims:
                    yield goal, (ground, "", count, self._weight(ground) * count / known)

    def _alike(self, work: Work) -> Iterator[tuple[int, _Said]]:
        """Yield what components, labels, milestones and people have in common with the goals' work."""
        now = _seconds(work.created)
        for ground, subject in _names(work):
            tallies = self._known.get((ground, subject), {})
            if len(tallies) > self._common:
                continue
            known = 1 + sum(tally.count for tally in tallies.values())  # one issue alone proves little
            weight, lately = self._weight(ground) / known, ground in _LATELY
            for goal, tally in tallies.items():
                fresh = 0.5 ** (max(now - tally.newest, 0.0) / self._halved) if lately else 1.0
                yield goal, (ground, subject, tally.count, weight * tally.count * fresh)

    def _words(self, text: str) -> dict[int, tuple[float, list[tuple[float, str]]]]:
        """Return what BM25 makes of the words of ``text`` for each goal, in all and word by word."""
        parts: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
        for term in self._telling(text):
            self._weigh(term, parts)
        return {goal: (sum(part for part, _ in found), found) for goal, found in parts.items()}

    def _telling(self, text: str) -> list[str]:
        """Return the words of ``text`` that stand in some goals and tell them from the others, the rarest first."""
        known = {term: len(self._postings.get(term, ())) for term in terms(text) if term not in _FILLERS}
        telling = (term for term in known if 0 < known[term] <= self._common)
        return sorted(telling, key=lambda term: (known[term], term))[:_QUERY]

    def _rarity(self, term: str) -> float:
        standing = len(self._postings.get(term, ()))
        return math.log1p((len(self._aims) - standing + 0.5) / (standing + 0.5))

    def _worth(self, text: str, best: float) -> float:
        """Return what a unit of BM25 counts: ``best`` counts wholly if it is enough of what ``text`` could reach."""
        weights = self._weights
        whole = math.fsum(self._rarity(term) for term in set(terms(text)) - _FILLERS) * (weights.k1 + 1)
        return weights.words / max(best, weights.enough * whole) if best else 0.0

    def _weigh(self, term: str, parts: Mapping[int, list[tuple[float, str]]]) -> None:
        """Add what a word says for each goal in which it stands: Okapi BM25, Robertson and Zaragoza 2009, 3.15."""
        k1, b, standing, rarity = self._weights.k1, self._weights.b, self._postings[term], self._rarity(term)
        usual = self._length / len(self._aims)
        for goal, count in standing.items():
            damped = k1 * (1 - b + b * self._lengths[goal] / usual)
            parts[goal].append((rarity * count * (k1 + 1) / (count + damped), term))

    # --- pieces -------------------------------------------------------------------------------------------------------

    def _take(self, goal: int, work: Work) -> None:
        created = _seconds(work.created)
        for name in _names(work):
            tally = self._known[name].get(goal)
            if tally is None:
                tally = self._known[name][goal] = _Tally()
            tally.count += 1
            tally.newest = max(tally.newest, created)

    @property
    def _common(self) -> float:
        """In more goals than this a word, or a component, tells none of them from the others."""
        return max(_FEW, self._weights.common * len(self._aims))

    def _weight(self, ground: Ground) -> float:
        return self._weights.grounds[ground]

    def _candidate(self, goal: int, score: float, why: Iterable[_Said]) -> Candidate:
        aim, strongest = self._aims[goal], sorted(why, key=lambda said: (-said[-1], *said))
        evidence = tuple(Evidence(*said) for said in strongest)
        return Candidate(goal, aim.key, aim.title, score, evidence)


def _names(work: Work) -> list[_Name]:
    """Return all that a work has in common with other work of the same name, each once, in a fixed order."""
    traits = work.traits
    names = [(Ground.LABEL, name) for name in sorted(traits.labels)]
    names += [(Ground.COMPONENT, name) for name in sorted(traits.components)]
    single = (Ground.MILESTONE, traits.milestone), (Ground.AUTHOR, work.author), (Ground.ASSIGNEE, work.assignee)
    return [*names, *(each for each in single if each[1])]


def _leave(index: dict[_K, dict[int, _V]], name: _K, goal: int) -> None:
    """Take a goal out of what an index has under a name, and the name with its last goal."""
    del index[name][goal]
    if not index[name]:
        del index[name]


def _told(found: Iterable[tuple[float, str]]) -> str:
    """Return the words that add most, without those that are parts of one told already."""
    told: list[str] = []
    strongest = 0.0
    for part, term in sorted(found, key=lambda each: (-each[0], -len(each[1]), each[1])):
        strongest = strongest or part
        if part >= _FAINT * strongest and not any(term in other for other in told):
            told.append(term)
    return ", ".join(told[:_TOLD])


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def search(known: Iterable[Aim], ranking: Ranking, text: str, most: int) -> tuple[Candidate, ...]:
    """Return at most ``most`` goals for what a person typed, the best first; for nothing, goals in the order of keys.

    First comes the goal of that very key, then those in whose key and title every typed word begins a word, then what
    the ranking finds.
    """
    aims = {aim.id: aim for aim in known}
    found = {each.goal: each for each in ranking.rank(Work(text[:LONGEST_TEXT]), {}, len(aims))}
    begun = [re.compile(rf"(?<!\w){re.escape(word)}") for word in fold(text[:LONGEST_TEXT]).split()[:_TYPED]]

    def order(goal: int) -> tuple[int, float, str]:
        key, score = fold(aims[goal].key), found[goal].score if goal in found else 0.0
        return (0 if key == fold(text) else 1 if goal in fitting else 2), -score, key

    names = {goal: fold(f"{aim.key} {aim.title}") for goal, aim in aims.items()}
    fitting = {goal for goal, name in names.items() if all(word.search(name) for word in begun)}
    chosen = nsmallest(most, fitting | found.keys(), key=order)
    return tuple(found.get(goal) or Candidate(goal, aims[goal].key, aims[goal].title, 0.0, ()) for goal in chosen)
