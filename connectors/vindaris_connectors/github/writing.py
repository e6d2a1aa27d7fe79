"""Puts the managed values onto one issue: labels singly, the field by the option's name, nothing else ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from vindaris_connectors.github.client import GithubClient, message_of
from vindaris_connectors.github.labels import Definitions, label_name, label_path
from vindaris_sync.domain.models import Change, Failed, Issue, Refused, SurfaceKind, Write, Written
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.writing import Ready

BATCH = 25
"""Writes between two batched reads: at one write a second, what was read before is at most half a minute old."""

_MOVED = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
_ABSENT = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_DONE = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}


@dataclass(frozen=True, slots=True)
class _Step:
    """One request: put these labels on, take this label off, or set or empty the field."""

    change: Change
    add: tuple[str, ...] = ()
    remove: str = ""


class Writer:
    """Sends the requests of one write; which outcomes need reading back is the guard's business."""

    def __init__(self, client: GithubClient) -> None:
        self._client = client
        self._labels = Definitions(client)
        self._refused: dict[tuple[str, str], Refused] = {}

    def forget_refusals(self) -> None:
        """Try again what whole repositories have refused; until then their other issues are not tried."""
        self._refused.clear()

    def send(self, ready: Ready) -> Written | None:
        """Send one write; ``None`` where only reading back tells. Raises as the client, ``Unknown`` included.

        What is added comes before what is removed, so that the issue never shows nothing in between.
        """
        for step in _steps(ready):
            where = ready.issue.place, step.change.surface.key
            if where in self._refused:
                return replace(self._refused[where], write=ready.write)
            answer = self._taken(ready.issue, step)
            if answer is not None:
                outcome = _outcome(ready.write, step, answer)
                if isinstance(outcome, Refused) and outcome.place_wide:
                    self._refused[where] = outcome
                return outcome
        return None

    def _taken(self, issue: Issue, step: _Step) -> Answer | None:
        """Send one step; return GitHub's answer where it did not take it."""
        path = f"/repos/{issue.place}/issues/{issue.key.rpartition('#')[2]}"
        if step.change.surface.kind is SurfaceKind.FIELD:
            return _unless(self._set_field(path, step), _DONE)
        if step.remove:
            answer = self._client.delete(label_path(path, step.remove))
            if answer.status == HTTPStatus.NOT_FOUND:
                self._take_back(path, step.change)
            return _unless(answer, {*_DONE, HTTPStatus.NOT_FOUND})
        for name in step.add:
            refusal = self._labels.ensure(issue.place, step.change.surface, name)
            if refusal is not None:
                return refusal
        return _unless(self._client.post(f"{path}/labels", {"labels": list(step.add)}), _DONE)

    def _take_back(self, path: str, change: Change) -> None:
        """Take off what was put on in place of a label that somebody took off just then: theirs is the last word."""
        for value in change.add:
            self._client.delete(label_path(path, label_name(change.surface, value)))

    def _set_field(self, path: str, step: _Step) -> Answer:
        field = step.change.surface.id
        if not step.add:
            return self._client.delete(f"{path}/issue-field-values/{field}")
        values = [{"field_id": int(field), "value": step.add[0]}]
        return self._client.post(f"{path}/issue-field-values", {"issue_field_values": values})


def _steps(ready: Ready) -> Iterator[_Step]:
    """Yield the requests of a write: fields, then labels put on, then labels taken off, one surface at a time."""
    changes = ready.write.changes
    for change in changes:
        if change.surface.kind is SurfaceKind.FIELD and (change.add or change.remove):
            yield _Step(change, add=change.add)
    labelled = [change for change in changes if change.surface.kind is not SurfaceKind.FIELD]
    for change in labelled:
        if change.add:
            yield _Step(change, add=tuple(label_name(change.surface, value) for value in change.add))
    for change in labelled:
        for name in _to_remove(change, ready.issue.labels):
            yield _Step(change, remove=name)


def _to_remove(change: Change, labels: Sequence[str]) -> Iterator[str]:
    """Yield the labels to take off, as spelled on the issue, less those that an added one equals without its case."""
    wanted = {label_name(change.surface, value).casefold() for value in change.remove}
    kept = {label_name(change.surface, value).casefold() for value in change.add}
    for label in labels:
        if label.casefold() in wanted - kept:
            yield label


def _unless(answer: Answer, good: set[HTTPStatus]) -> Answer | None:
    return None if answer.status in good else answer


def _outcome(write: Write, step: _Step, answer: Answer) -> Written:
    said = message_of(answer) or f"GitHub answers {int(answer.status)}"
    surface = step.change.surface.key
    if answer.status in _ABSENT:
        return Failed(write, f"the issue is not there any more: {said}")
    if answer.status in _MOVED:
        return Failed(write, "the issue has just moved")
    if answer.status == HTTPStatus.FORBIDDEN:
        return Refused(write, surface, said, _advice(said))
    if answer.status in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST}:
        return Refused(write, surface, said, _fix(step), place_wide=False)
    return Failed(write, f"GitHub answers {int(answer.status)}: {said}")


def _advice(said: str) -> str:
    if "archived" in said.lower():
        return "unarchive the repository, or take it out of the tracker's repositories"
    return "give our credential Issues: write in this repository (classic token: the scope repo)"


def _fix(step: _Step) -> str:
    if step.change.surface.kind is SurfaceKind.FIELD:
        return f"add the option {step.add[0] if step.add else ''!r} to the organisation's issue field"
    return "an issue holds at most 100 labels of at most 50 characters: remove some, or shorten the goal's key"
