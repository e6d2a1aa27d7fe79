"""The report as Markdown (GitHub's), for wikis and pull requests; strangers' text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import tzinfo

from vindaris_sync.domain.findings import Findings, GoalRow, Listing
from vindaris_sync.domain.goals import outcome_progress
from vindaris_sync.domain.readings import sparkline
from vindaris_sync.domain.text import age, counted, percent, signed
from vindaris_sync.domain.wording import Kind, Piece
from vindaris_sync.report import words
from vindaris_sync.report.folds import folds
from vindaris_sync.report.lasting import remarks
from vindaris_sync.report.page import web_link

SHOWN = 20
_MARKS = {Kind.SAME: "{}", Kind.OLD: "~~{}~~", Kind.NEW: "**{}**"}

GOALS = 100
"""Goals shown, those that ended left out; the table holds all of them."""

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&$])")
_LIVE = re.compile(r"(@(?=\w)|#(?=\d)|:(?=//))")  # GitHub finds mentions, issues and addresses in finished text, too
_LISTS = (
    ("Work on closed goals", "closed_goal_work"),
    ("Required work that was dropped", "dropped"),
    ("Conflicts", "conflicts"),
    ("Unknown goals", "unknown_goals"),
    ("Work that serves no goal", "unlinked"),
    ("Suspect links", "suspect"),
    ("Parents that cannot be followed", "parents"),
    ("Exempt work", "exemptions"),
    ("Muted in chat", "muted"),
    ("Set aside", "quarantined"),
)


def escape(text: str) -> str:
    """Return one clean line in which nothing is markup, a table's edge, an address or a mention."""
    return _LIVE.sub("\\1\u2060", _MARKUP.sub(r"\\\1", words.title(text)))


def to_markdown(findings: Findings) -> str:
    """Return the report as Markdown."""
    where = words.zone(findings)
    parts = [
        f"# Goal report, {words.day(findings.at, where)}",
        f"{words.moment(findings.at, where)} ({escape(findings.timezone)})",
        escape(words.lede(findings)),
        *_not_checked(findings, where),
        *_coverage(findings),
        *_idle(findings),
        *_remarks(findings),
        *(part for name, field in _LISTS for part in _listing(findings, name, getattr(findings, field))),
        *_goal_changes(findings),
        *_goals(findings),
        *_leading(findings, where),
        *_details(findings),
    ]
    return "\n\n".join(parts) + "\n"


def _table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    header = tuple(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _not_checked(findings: Findings, where: tzinfo) -> Iterator[str]:
    if findings.not_checked:
        yield "## Not checked"
        yield "\n".join(
            f"- **{escape(each.what)}**: {escape(each.why)}"
            + (f" (since {words.moment(each.since, where)})" if each.since else "")
            for each in findings.not_checked
        )


def _coverage(findings: Findings) -> Iterator[str]:
    moved = findings.change.numbers if findings.change else {}
    coverage = findings.coverage
    numbers = [(name, getattr(coverage, name)) for name in ("linked", "inherited", "exempt", "unlinked")]
    yield "## Coverage"
    yield _table(
        ("Open work", "Issues", "Share", "Change"),
        (
            (name, f"{number:,}", percent(number / coverage.total if coverage.total else None), _change(moved, name))
            for name, number in numbers
        ),
    )
    by_rule = f"Of the linked, {coverage.by_rule:,} are by a rule. " if coverage.by_rule else ""
    yield (
        f"{by_rule}Of the unlinked, {coverage.backlog:,} are from before; {coverage.due:,} issues are not decided yet; "
        f"{findings.parent_unknown:,} have a parent that is unknown."
    )
    birth = findings.birth
    yield (
        f"Created from a goal: **{birth.created:,}**. Linked at birth: {birth.at_birth:,}. Linked later: "
        f"{birth.later:,}. Unknown: {birth.unknown:,}. Born linked: {percent(birth.share)} of those known."
    )
    if findings.slices:
        header = ("Part", "Name", "Serves a goal", "Linked", "Inherited", "Exempt", "Unlinked")
        yield _table(
            header,
            (
                (
                    *(each.kind, escape(each.name), percent(each.coverage.share)),
                    *(each.coverage.linked, each.coverage.inherited, each.coverage.exempt, each.coverage.unlinked),
                )
                for each in findings.slices
            ),
        )


def _change(moved: object, name: str) -> str:
    return signed(moved[name]) if isinstance(moved, dict) and name in moved else ""


def _idle(findings: Findings) -> Iterator[str]:
    if idle := findings.goals_without_work:
        yield f"## Goals without work ({len(idle):,})"
        yield "\n".join(
            f"- **{escape(goal.key)}** {escape(goal.title)} ({escape(words.about_goal(goal))})" for goal in idle[:SHOWN]
        )
        if len(idle) > SHOWN:
            yield f"and {len(idle) - SHOWN:,} more"


def _remarks(findings: Findings) -> Iterator[str]:
    for remark in remarks(findings):
        yield f"## {remark.heading}"
        yield f"{remark.about}."
        yield "\n".join(
            f"- **{escape(line.key)}**{f' {escape(line.title)}' if line.title else ''}: {escape(line.note)}"
            for line in remark.lines
        )


def _listing(findings: Findings, name: str, listing: Listing) -> Iterator[str]:
    if not listing.total:
        return
    yield f"## {name} ({listing.total:,})"
    rows = (
        (
            *(_link(each.key, each.url), escape(each.title), escape(each.goal)),
            *(words.waiting(each.since, findings.at), escape(each.note)),
        )
        for each in listing.lines[:SHOWN]
    )
    yield _table(("Issue", "Title", "Goal", "For", "Note"), rows)
    if rest := words.cut(listing, SHOWN):
        yield rest


def _goal_changes(findings: Findings) -> Iterator[str]:
    if not findings.goal_changes:
        return
    yield "## What changed in the goals of suspect links"
    for each in findings.goal_changes[:SHOWN]:
        head = f"**{escape(each.goal)}** {escape(each.title)}, revision {each.since} → {each.revision}"
        rows = [f"- {escape(change.name)}: {_words(change.pieces)}" for change in each.changes]
        yield "\n".join([f"{head}, {counted(each.links, 'link')} to confirm:", "", *rows])
    if (rest := len(findings.goal_changes) - SHOWN) > 0:
        yield f"and {rest:,} more"


def _words(pieces: Iterable[Piece]) -> str:
    """Return what went struck out and what came bold; the marks stand beside words, never beside spaces."""
    return "".join(_MARKS[Kind(piece.kind)].format(_spaced(piece.text)) for piece in pieces)


def _spaced(text: str) -> str:
    before, after = " " if text[:1].isspace() else "", " " if text.strip() and text[-1:].isspace() else ""
    return f"{before}{escape(text)}{after}"


def _link(key: str, url: str) -> str:
    web = web_link(url)
    return f"[{escape(key)}](<{web}>)" if web and not set("<>|\\") & set(web) else escape(key)


def _goals(findings: Findings) -> Iterator[str]:
    shown = [row for fold in folds(findings.goals) if not fold.closed for row in fold.rows]
    if findings.goals:
        yield "## Goals: output beside outcome"
        header = ("Goal", "", "Work done", "With all below", "Outcomes")
        yield _table(header, (_goal(goal) for goal in shown[:GOALS]))
    if left := len(findings.goals) - len(shown[:GOALS]):
        ended = len(findings.goals) - len(shown)
        yield f"and {left:,} more, {ended:,} of them ended; all are in the table of goals beside this report"


def _leading(findings: Findings, where: tzinfo) -> Iterator[str]:
    if findings.priorities:
        yield "## Where the work was"
        yield (
            f"The week before: {counted(findings.finished, 'issue was finished', 'issues were finished')}. What the "
            "priorities ask for is an assumption: a goal weighs twice as much as one of the next priority."
        )
        header = ("Priority", "Goals", "Open", "Asked for", "Finished", "Share of finished")
        yield _table(
            header,
            (
                (
                    *(
                        escape(row.priority or "serves no goal"),
                        f"{row.goals:,}" if row.priority else "",
                        f"{row.open:,}",
                    ),
                    *(percent(row.expected) if row.priority else "", f"{row.finished:,}", percent(row.actual)),
                )
                for row in findings.priorities
            ),
        )
        yield from map(escape, words.contrasts(findings))
    if findings.births:
        yield "## How links came to be"
        yield from (f"- **Retrofit burst.** {escape(words.burst(each, where))}" for each in findings.bursts)
        yield _table(
            ("Part", "Name", "Born linked", "Created", "At birth", "Later", "Unknown"),
            (
                (
                    *(each.kind, escape(each.name), percent(each.birth.share), each.birth.created),
                    *(each.birth.at_birth, each.birth.later, each.birth.unknown),
                )
                for each in findings.births
            ),
        )


def _goal(goal: GoalRow) -> tuple[str, ...]:
    return (
        "&nbsp;" * 4 * goal.depth + f"**{escape(goal.key)}** {escape(goal.title)}",
        escape(words.about_goal(goal)),
        f"{percent(goal.own.done)} ({goal.own.closed:,} of {goal.own.total:,})",
        f"{percent(goal.below.done)} ({goal.below.closed:,} of {goal.below.total:,})"
        + "".join(f"<br>{escape(words.effort(each))}, {percent(each.share)}" for each in goal.efforts),
        "<br>".join(
            f"{escape(each.metric)}: {escape(words.value(each.current, each.unit))}, {escape(words.span(each))}, "
            f"{percent(outcome_progress(each))}{_trend(goal, each.metric)}"
            for each in goal.outcomes
        ),
    )


def _trend(goal: GoalRow, metric: str) -> str:
    return next((f" {sparkline(each.values)}" for each in goal.series if each.metric == metric), "")


def _details(findings: Findings) -> Iterator[str]:
    if changed := tuple(words.changes(findings)):
        yield "## Goals since the last report"
        yield "\n".join(f"- {escape(each)}" for each in changed)
    yield "## Reviews"
    reviews = findings.reviews
    answers = ", ".join(f"{number:,} {escape(name)}" for name, number in reviews.answers.items())
    yield f"{reviews.opened:,} opened, {reviews.closed:,} closed{f' ({answers})' if answers else ''}."
    if reviews.open:
        rows = (
            (escape(words.reason(each.reason)), f"{each.open:,}", age(findings.at - each.oldest) if each.oldest else "")
            for each in reviews.open
        )
        yield _table(("Reason", "Open", "The oldest waits for"), rows)
    if findings.drift:
        yield "## Drift"
        yield _table(
            ("Kind", "Tracker", "Found", "Repaired", "Explained"),
            ((escape(r.kind), escape(r.tracker), r.found, r.repaired, escape(r.explained)) for r in findings.drift),
        )
    if findings.trackers:
        yield "## Trackers"
        yield _table(
            ("Tracker", "State", "Issues", "Pulled", "Written", "Refused", "Requests", "Note"),
            (
                (escape(r.name), escape(r.state), r.issues, r.pulled, r.written, r.refused, r.requests, escape(r.note))
                for r in findings.trackers
            ),
        )
    if findings.skipped:
        yield "Nothing to do: " + ", ".join(f"{escape(why)} {number:,}" for why, number in findings.skipped.items())
