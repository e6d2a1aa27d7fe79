"""Issue fields of organisations, and their values on issues."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import Refused, invalid
from vindaris_sync.sandbox.github.labels import Labelling
from vindaris_sync.sandbox.github.model import Document, Field, Issue, Option, Organisation, Repository
from vindaris_sync.sandbox.github.state import act

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_OPTIONS = 100
PLAIN = "gray"


class Fields(Labelling):
    """The acts on issue fields."""

    @act
    def create_field(self, org: str, name: str, data_type: str = "single_select", options: Sequence[str] = ()) -> Field:
        """Add an issue field to an organisation."""
        return self.add_field(
            org, Field(self.new_id() % 10**9, name, data_type, self.now()), [(o, PLAIN) for o in options]
        )

    def add_field(self, org: str, fresh: Field, options: Sequence[tuple[str, str]]) -> Field:
        """Add a field with (name, colour) options; raises ``Refused`` for a name taken or too many options."""
        organisation = self.organisations.setdefault(org.casefold(), Organisation(org))
        if any(each.name.casefold() == fresh.name.casefold() for each in organisation.fields):
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed: Name has already been taken")
        if len(options) > MAX_OPTIONS:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"Validation Failed: at most {MAX_OPTIONS} options")
        fresh.options = [Option(self.new_id() % 10**9, name, color) for name, color in options]
        organisation.fields.append(fresh)
        return fresh

    @act
    def change_options(self, org: str, number: int, wanted: Sequence[Document]) -> Field:
        """Replace a select's options: one named with its id stays itself, one left out goes from every issue."""
        organisation = self.organisations[org.casefold()]
        field = next((each for each in organisation.fields if each.id == number), None)
        if field is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        names = [str(option["name"]).casefold() for option in wanted]
        if len(wanted) > MAX_OPTIONS or len(set(names)) < len(names):
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"Validation Failed: at most {MAX_OPTIONS} distinct options")
        before = {option.id: option.name for option in field.options}
        if unknown := {option["id"] for option in wanted if "id" in option} - before.keys():
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"Validation Failed: no option {min(unknown)}")
        field.options = [
            Option(o.get("id") or self.new_id() % 10**9, str(o["name"]), o["color"], o.get("description"))
            for o in sorted(wanted, key=lambda option: int(option["priority"]))
        ]
        self._follow(field, before)
        return field

    def _follow(self, field: Field, before: Mapping[int, str]) -> None:
        """Let issues show their options under the new names, and those that are gone no more."""
        after = {option.id: option.name for option in field.options}
        renamed = {name: after.get(identity) for identity, name in before.items() if after.get(identity) != name}
        for issue in self._valued(field.id) if renamed else ():
            kept = []
            for value in issue.document()["issue_field_values"]:
                if value["issue_field_id"] != field.id or value["value"] not in renamed:
                    kept.append(value)
                elif (name := renamed[value["value"]]) is not None:
                    kept.append(documents.field_value(field, name))
            self.change(issue, lambda document, kept=kept: document.update(issue_field_values=kept), quiet=True)  # type: ignore[misc]

    def _valued(self, number: int) -> list[Issue]:
        """Return the issues that have a value of the field."""
        everywhere = (issue for repository in self.repositories.values() for issue in repository.issues.values())
        return [i for i in everywhere if any(v["issue_field_id"] == number for v in _values(i))]

    @act
    def set_field(self, repo: str, number: int, name: str, value: object, *, actor: str) -> None:
        """Set an issue field by its name; ``None`` clears it."""
        repository = self.repository(repo)
        found = next((each for each in self.fields(repository) if each.name == name), None)
        if found is None:
            raise invalid("IssueFieldValue", "field_id")
        self.set_fields(repo, number, {found.id: value}, actor=actor)

    @act
    def set_fields(
        self, repo: str, number: int, values: Mapping[int, object], *, actor: str, replace: bool = False
    ) -> list[Document]:
        """Set issue fields by id and return all values; outside organisations nothing happens, and nobody is told."""
        repository, issue = self.writable(repo), self.issue(repo, number)
        if repository.owner.casefold() not in self.organisations:
            return []
        known = {each.id: each for each in self.fields(repository)}
        before = {each["issue_field_id"]: each for each in issue.document().get("issue_field_values", [])}
        after = {} if replace else dict(before)
        for identity, value in values.items():
            if value is None:
                after.pop(identity, None)
            else:
                after[identity] = documents.field_value(_accepted(known, identity, value), value)
        if after != before:
            self.change(issue, lambda document: document.update(issue_field_values=list(after.values())))
            self.announce(issue, "field_added", actor)
        return list(after.values())

    def accepted(self, repository: Repository, values: Mapping[int, object]) -> None:
        """Refuse (422) what ``set_fields`` would: a new issue is not created then."""
        known = {each.id: each for each in self.fields(repository)}
        for identity, value in values.items() if known else ():
            _accepted(known, identity, value)

    def fields(self, repository: Repository) -> list[Field]:
        """Return the issue fields of the repository's organisation."""
        organisation = self.organisations.get(repository.owner.casefold())
        return organisation.fields if organisation else []


def _values(issue: Issue) -> list[Document]:
    return issue.document().get("issue_field_values") or []


def _accepted(known: Mapping[int, Field], identity: int, value: object) -> Field:
    """Return the field that takes ``value``; raises ``Refused`` (422) for an unknown field or option."""
    found = known.get(identity)
    if found is None:
        raise invalid("IssueFieldValue", "field_id")
    if not _fits(found, value):
        raise invalid("IssueFieldValue", "value", value=str(value))
    return found


def _fits(each: Field, value: object) -> bool:
    """Return whether a value is one that the field's type takes; a select takes the names of its options."""
    match each.data_type:
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "single_select":
            return isinstance(value, str) and each.option(value) is not None
        case "multi_select":
            return isinstance(value, list) and all(isinstance(name, str) and each.option(name) for name in value)
        case _:
            return isinstance(value, str)
