"""Direct reads: many issues in one GraphQL request, and REST one by one for whatever GraphQL does not find."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from itertools import islice
from typing import Any

from vindaris_connectors.github import queries
from vindaris_connectors.github.client import GithubClient, message_of
from vindaris_connectors.github.mapping import Mapper
from vindaris_connectors.github.repositories import Repository, Unreachable, expected, find, followed
from vindaris_sync.domain.models import Address, Gone, Hidden, Issue, Moved, Present, Seen
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.mapping import JsonObject, masked
from vindaris_sync.sdk.parallel import ordered
from vindaris_sync.sdk.shapes import SHAPE_ERRORS

_UNSEEN = {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS}


class Reader:
    """Reads issues by address. ``mapper`` gives the mapper of the moment, whose fields decide what is asked for.

    ``number`` gives the number of the repository that was read under a name, 0 where that is not known.
    """

    def __init__(
        self, client: GithubClient, mapper: Callable[[], Mapper], in_flight: int, number: Callable[[str], int]
    ) -> None:
        self._client = client
        self._mapper = mapper
        self._in_flight = in_flight
        self._number = number
        self._led: dict[str, Repository | Unreachable] = {}
        self._unknown: set[str] = set()
        self._graph = True

    def fetch(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Yield one answer per address, in order, 100 at a time; raises what the client raises."""
        self._led.clear()
        rest = iter(addresses)
        while part := list(islice(rest, queries.BATCH)):
            found = self._batched(part)
            singly = [address for address in part if address not in found]
            tasks = [_task(self._client, address) for address in singly]
            for address, answer in zip(singly, ordered(tasks, self._in_flight), strict=True):
                found[address] = self._seen(address, answer)
            yield from (found[address] for address in part)

    # --- by GraphQL ---------------------------------------------------------------------------------------------

    def _batched(self, addresses: Sequence[Address]) -> dict[Address, Seen]:
        """Return what GraphQL finds; whatever it does not find, or only in part, is missing in the answer."""
        found: dict[Address, Seen] = {}
        by_id = [address for address in dict.fromkeys(addresses) if address.id]
        if by_id and self._graph:
            variables = {"ids": [address.id for address in by_id]}
            data, flawed = self._ask(lambda: (queries.by_ids(self._known()), variables))
            nodes = data.get("nodes") or []
            self._collect(found, by_id, [None if i in flawed else node for i, node in enumerate(nodes)])
        by_key = [address for address in dict.fromkeys(addresses) if not address.id and _is_key(address.key)]
        if by_key and self._graph:
            keys = [address.key for address in by_key]
            data, flawed = self._ask(lambda: queries.by_keys(keys, self._known()))
            parents = [None if f"i{i}" in flawed else data.get(f"i{i}") for i in range(len(by_key))]
            self._collect(found, by_key, [parent and parent.get("issueOrPullRequest") for parent in parents])
        return found

    def _collect(self, found: dict[Address, Seen], addresses: Sequence[Address], nodes: Sequence[Any]) -> None:
        mapper = self._mapper()
        for address, node in zip(addresses, nodes, strict=False):
            if not isinstance(node, dict) or node.get("__typename") not in {"Issue", "PullRequest"}:
                continue
            try:
                issue = masked(mapper.from_graph(node))
            except SHAPE_ERRORS:  # asked again by REST, which says what is wrong
                continue
            found[address] = _present_or_moved(address, issue)

    def _known(self) -> Collection[str]:
        """Return the optional parts of the query that this server has and that we have a use for."""
        mapper, wanted = self._mapper(), set(queries.OPTIONAL) - self._unknown
        useless = {"issueFieldValues": not mapper.fields, "body": not mapper.references.reads_body}
        return {name for name in wanted if not useless.get(name)}

    def _ask(self, build: Callable[[], tuple[str, Mapping[str, object]]]) -> tuple[JsonObject, Collection[object]]:
        """Return the data, and the places in it that are not whole (the second step of each error's path)."""
        for _ in range(len(queries.OPTIONAL) + 1):
            answer = self._client.graphql(*build())
            if answer.status == HTTPStatus.NOT_FOUND:  # no GraphQL here
                self._graph = False
                return {}, ()
            document = expected(answer).json()
            errors = [error for error in document.get("errors") or [] if isinstance(error, dict)]
            unknown = {name for error in errors if (name := _undefined(error))}
            if not unknown - self._unknown:
                return _data(document, answer), {_place(error) for error in errors}
            self._unknown |= unknown
        raise TrackerUnusable(
            "GitHub does not know our GraphQL query", reason="protocol", advice="update the Enterprise Server"
        )

    # --- by REST ------------------------------------------------------------------------------------------------

    def _seen(self, address: Address, answer: Answer | None) -> Seen:
        if answer is None:
            return Hidden(address, "GitHub does not find it by its id, and no key of it is known")
        if answer.status == HTTPStatus.GONE:
            return Gone(address, message_of(answer) or "deleted")
        if answer.status in _UNSEEN:
            return Hidden(address, "deleted, or in a repository that our credential may not see: GitHub does not tell")
        return self._rest_issue(address, answer)

    def _rest_issue(self, address: Address, answer: Answer) -> Seen:
        document = expected(answer).json()
        try:
            issue = _with_pulls(self._mapper()).from_rest(document)
            issue = issue and masked(issue)
        except SHAPE_ERRORS as error:
            return Hidden(address, f"GitHub's answer cannot be read ({type(error).__name__}: {error})")
        if issue is None:
            return Hidden(address, "a pull request")
        redirected = not answer.url.rstrip("/").endswith(_path(address.key))
        if address.id and issue.ref.id != address.id and not (redirected and self._transferred(address, issue)):
            return Hidden(address, f"its number belongs to another issue now, {issue.ref.id}")
        return _present_or_moved(address, issue)

    def _transferred(self, address: Address, issue: Issue) -> bool:
        """Return whether the redirect to ``issue``, which has another id, followed a transfer of what was asked for.

        A renamed repository redirects, too, but its issues keep ids and numbers: another id there is another issue.
        Neither is it ours where the name has gone over to another repository than the one that was read.
        """
        owner, name, number = queries.split_key(address.key)
        full = f"{owner}/{name}"
        if full not in self._led:
            self._led[full] = find(self._client, full)
        source = self._led[full]
        if isinstance(source, Unreachable) or self._number(full) not in {0, source.id}:
            return False
        return (source.full_name.casefold(), number) != (issue.place.casefold(), queries.split_key(issue.key)[2])


def _task(client: GithubClient, address: Address) -> Callable[[], Answer | None]:
    if not _is_key(address.key):
        return lambda: None
    return lambda: followed(client, _path(address.key))


def _path(key: str) -> str:
    owner, name, number = queries.split_key(key)
    return f"/repos/{owner}/{name}/issues/{number}"


def _is_key(key: str) -> bool:
    try:
        queries.split_key(key)
    except ValueError:
        return False
    return True


def _present_or_moved(address: Address, issue: Issue) -> Seen:
    same_id = not address.id or issue.ref.id == address.id
    same_key = not address.key or issue.key.casefold() == address.key.casefold()
    return Present(address, issue) if same_id and same_key else Moved(address, issue)


def _with_pulls(mapper: Mapper) -> Mapper:
    """Return a mapper that maps pull requests too: who asks for one by its address gets it."""
    return mapper if mapper.pull_requests else replace(mapper, pull_requests=True)


def _undefined(error: JsonObject) -> str:
    """Return the optional field that the server does not know, empty for another error."""
    extensions = error.get("extensions") or {}
    names = (extensions.get("fieldName"), *(error.get("path") or ()))
    if extensions.get("code") not in {"undefinedField", "undefinedType", "argumentNotAccepted"}:
        return ""
    return next((name for name in names if name in queries.OPTIONAL), "")


def _place(error: JsonObject) -> object:
    """Return which answer an error spoils: the index in ``nodes``, or the alias."""
    path = error.get("path") or [None]
    return path[1] if path[0] == "nodes" and len(path) > 1 else path[0]


def _data(document: JsonObject, answer: Answer) -> JsonObject:
    data = document.get("data")
    if isinstance(data, dict):
        return data
    raise TrackerUnusable(
        f"GitHub refuses our GraphQL query: {message_of(answer)}", reason="protocol", advice="report this"
    )
