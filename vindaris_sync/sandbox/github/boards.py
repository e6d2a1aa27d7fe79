"""Projects (v2): boards of an organisation or a person, their fields, and the issues and drafts on them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import Refused, invalid
from vindaris_sync.sandbox.github.milestones import Milestones
from vindaris_sync.sandbox.github.model import Board, BoardField, BoardItem, Draft
from vindaris_sync.sandbox.github.state import act

if TYPE_CHECKING:
    from collections.abc import Sequence

STATUS = ("Todo", "In Progress", "Done")
"""The options of the field *Status*, which every new board has."""


class Boards(Milestones):
    """The acts on boards, which are named ``owner/number``."""

    @act
    def create_board(self, owner: str, title: str) -> str:
        """Create an empty board with the usual field *Status*; return its name."""
        number = 1 + max((each.number for each in self.boards.values() if each.owner == owner), default=0)
        board = Board(documents.node_id("PVT", self.new_id()), owner, number, title, self.now())
        self.boards[f"{owner}/{number}".casefold()] = board
        self.add_board_field(f"{owner}/{number}", "Status", "SINGLE_SELECT", STATUS)
        return f"{owner}/{number}"

    @act
    def add_board_field(self, board: str, name: str, data_type: str, options: Sequence[str] = ()) -> None:
        """Add a field to a board."""
        found = self.board(board)
        found.fields.append(BoardField(documents.node_id("PVTF", self.new_id()), name, data_type, list(options)))

    @act
    def put_on_board(self, board: str, repo: str, number: int, **values: str | float) -> str:
        """Put an issue on a board; return the item's id."""
        return self._put(board, BoardItem("", 0, issue=self.issue(repo, number).node_id, values=values))

    @act
    def draft_on_board(self, board: str, title: str, body: str = "", *, actor: str, **values: str | float) -> str:
        """Write a draft onto a board; return the item's id."""
        draft = Draft(documents.node_id("DI", self.new_id()), title, body, actor)
        return self._put(board, BoardItem("", 0, draft=draft, values=values))

    @act
    def edit_item(self, board: str, item: str, **values: str | float | None) -> None:
        """Set an item's fields by name (``None`` clears one)."""
        found = self.board(board)
        shown = self.item(found, item)
        for name, value in values.items():
            if value is None:
                shown.values.pop(name, None)
            else:
                shown.values[_checked(found, name, value)] = value
        found.updated = max(self.now(), found.updated)

    @act
    def edit_draft(self, board: str, item: str, *, title: str, body: str = "") -> None:
        """Write a draft anew."""
        found = self.item(self.board(board), item)
        if found.draft is None:
            raise invalid("ProjectV2Item", "draft_issue")
        found.draft.title, found.draft.body = title, body

    @act
    def archive_item(self, board: str, item: str, *, archived: bool = True) -> None:
        """Archive an item, or bring it back."""
        self.item(self.board(board), item).archived = archived

    @act
    def take_off_board(self, board: str, item: str) -> None:
        """Take an item off its board."""
        found = self.board(board)
        found.items = [each for each in found.items if each.id != item]

    def board(self, name: str) -> Board:
        """Return the board called ``owner/number``; raises ``Refused`` (404) where there is none."""
        found = self.boards.get(name.casefold())
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        return found

    def item(self, board: Board, item: str) -> BoardItem:
        """Return a board's item by its id; raises ``Refused`` (404) where there is none."""
        found = next((each for each in board.items if each.id == item), None)
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        return found

    def _put(self, board: str, item: BoardItem) -> str:
        found = self.board(board)
        for name, value in item.values.items():
            _checked(found, name, value)
        item.number = self.new_id() % 10**9
        item.id = documents.node_id("PVTI", item.number)
        found.items.append(item)
        found.updated = max(self.now(), found.updated)
        return item.id


def _checked(board: Board, name: str, value: str | float) -> str:
    """Return the name of a field that takes ``value``; raises ``Refused`` (422) for another."""
    known = next((each for each in board.fields if each.name == name), None)
    if known is None or (known.options and value not in known.options):
        raise invalid("ProjectV2Item", "fields", value=str(value))
    return name
