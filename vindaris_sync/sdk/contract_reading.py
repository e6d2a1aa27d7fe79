"""The contract of ``pull`` and ``census``: every issue at least once, the cursor never past what was recorded."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vindaris_sync.domain.models import Address
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.contract_truth import (
    Ability,
    Connect,
    Pulled,
    Suite,
    Truth,
    address_of,
    census,
    fetch_one,
    need,
    populate,
    pull,
    truth_titles,
)
from vindaris_sync.sdk.protocol import OVERLAP, Capability, Connector

_LATER = OVERLAP + timedelta(minutes=1)
_MINUTE = timedelta(minutes=1)

HOSTILE_TITLES = {
    "emoji": "Ship it 🚀👩‍💻",
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069",
    "nul": "before\0after",
    "mentions": "<!channel> @everyone <@U123> [x](http://y) *b*",
    "markup": "<script>alert(1)</script> & \"quotes\" 'single' {0} %s {{x}}",
    "combining": "Z̸a̸l̸g̸o̸ ё é",
    "separators": "a\u2028b\u2029c",
    "long": "x" * 200_000,
}


Acts = list[tuple[str, int]]
_ACTS = st.lists(st.tuples(st.sampled_from(["create", "edit", "wait"]), st.integers(0, 600)), max_size=6)


class ReadingContract(Suite):
    """Pull and census."""

    def test_full_pull_reads_every_page(self, tracker: Truth, connector: Connector) -> None:
        """A pull without cursors yields every visible issue of every place, over many pages."""
        for place in tracker.places[:2]:
            for number in range(130):
                tracker.create(place, f"issue {number}")
        known = pull(connector)
        assert known.titles(tracker.visible()) == truth_titles(tracker)
        assert set(known.cursors) == set(connector.scopes())
        assert known.rejected == []

    def test_empty_tracker(self, tracker: Truth, connector: Connector) -> None:
        """A pull of a tracker without issues yields none, and what is created later is found."""
        known = pull(connector)
        assert known.issues == {}
        tracker.advance(_MINUTE)
        tracker.create(tracker.places[0], "the first")
        assert pull(connector, known).titles(tracker.visible()) == truth_titles(tracker)

    def test_pull_is_oldest_first_by_scope(self, tracker: Truth, connector: Connector) -> None:
        """An incremental pull yields the issues of a scope in the order of their last change."""
        first, second = (tracker.create(tracker.places[0], title) for title in ("a", "b"))
        known = pull(connector)
        tracker.advance(_LATER)
        tracker.edit_title(second, "b2")
        tracker.advance(_MINUTE)
        tracker.edit_title(first, "a2")
        order = [issue.ref.id for page in connector.pull(known.cursors) for issue in page.issues]
        assert [id_ for id_ in order if id_ in (first, second)][-2:] == [second, first]

    def test_incremental_pull_finds_every_kind_of_change(self, tracker: Truth, connector: Connector) -> None:
        """Titles, labels, closing, reopening and new issues all come with the next pull."""
        place = tracker.places[0]
        renamed, labelled, closed, reopened = (tracker.create(place, title) for title in "abcd")
        tracker.close(reopened)
        known = pull(connector)
        tracker.advance(_LATER)
        tracker.edit_title(renamed, "a2")
        tracker.add_label(labelled, "bug")
        tracker.close(closed)
        tracker.reopen(reopened)
        new = tracker.create(place, "e")
        known = pull(connector, known)
        assert known.issues[renamed].title == "a2"
        assert known.issues[labelled].labels == ("bug",)
        assert known.issues[closed].closed
        assert not known.issues[reopened].closed
        assert known.issues[new].title == "e"

    def test_unchanged_issues_are_not_read_again(self, tracker: Truth, connector: Connector) -> None:
        """Past the overlap an incremental pull yields only what has changed."""
        ids = [tracker.create(tracker.places[0], f"issue {number}") for number in range(20)]
        known = self._settled(tracker, connector)
        tracker.edit_title(ids[7], "changed")
        again = pull(connector, Pulled(cursors=known.cursors))
        assert set(again.issues) == {ids[7]}

    def test_idle_pull_is_cheap(self, tracker: Truth, connector: Connector) -> None:
        """Where nothing changed a pull costs at most one exchange per scope and yields no issue."""
        for number in range(150):
            tracker.create(tracker.places[0], f"issue {number}")
        known = self._settled(tracker, connector)
        before = tracker.exchanges()
        idle = pull(connector, Pulled(cursors=known.cursors))
        assert idle.issues == {}
        assert tracker.exchanges() - before <= len(connector.scopes())

    def test_overlap_catches_what_a_lagging_index_hid(self, tracker: Truth, connector: Connector) -> None:
        """An edit that the index shows two minutes late, behind the cursor, is found by a later pull."""
        need(tracker, Ability.INDEX_LAG)
        place = tracker.places[0]
        hidden, other = tracker.create(place, "hidden"), tracker.create(place, "other")
        known = self._settled(tracker, connector)
        tracker.edit_title(hidden, "edited behind the index")
        tracker.advance(_MINUTE)
        tracker.lag(2 * _MINUTE)
        known = pull(connector, known)
        tracker.lag(timedelta())
        tracker.edit_title(other, "edited in sight")
        tracker.advance(_MINUTE)
        assert pull(connector, known).issues[hidden].title == "edited behind the index"

    def test_equal_stamps_across_a_page_edge(self, tracker: Truth, connector: Connector) -> None:
        """Of 500 issues changed at the same instant none is lost, in a full and in an incremental pull."""
        ids = [tracker.create(tracker.places[0], f"issue {number}") for number in range(500)]
        known = pull(connector)
        assert set(known.issues) == tracker.visible()
        tracker.advance(_LATER)
        for id_ in ids:
            tracker.edit_title(id_, f"again {id_}")
        assert pull(connector, known).titles(ids) == truth_titles(tracker)

    def test_changes_between_pages(self, tracker: Truth, connector: Connector) -> None:
        """What changes while the pages are being read is known after the next pull at the latest."""
        ids = populate(tracker, 250)

        def meddle() -> None:
            tracker.advance(timedelta(seconds=1))
            tracker.edit_title(ids[0], "changed after it was read")
            tracker.edit_title(ids[-1], "changed before it was read")
            tracker.create(tracker.places[0], "created meanwhile")

        known = pull(connector, between=meddle)
        tracker.advance(_MINUTE)
        assert pull(connector, known).titles(tracker.visible()) == truth_titles(tracker)

    def test_deletion_between_pages_hides_no_neighbour(self, tracker: Truth, connector: Connector) -> None:
        """An issue that vanishes while the pages are being read does not make another one slip through."""
        need(tracker, Ability.DELETE)
        ids = populate(tracker, 250)

        def meddle() -> None:
            for id_ in ids[:3]:
                tracker.delete(id_)

        known = pull(connector, between=meddle)
        tracker.advance(_MINUTE)
        assert tracker.visible() <= set(pull(connector, known).issues)

    @pytest.mark.parametrize("pages", [1, 2, 3])
    def test_interrupted_pull_is_resumed(self, tracker: Truth, connect: Connect, pages: int) -> None:
        """A pull stopped after any page, resumed by a new connector from the recorded cursors, loses nothing."""
        populate(tracker, 450)
        for number in range(50):
            tracker.create(tracker.places[1], f"other {number}")
        first = connect()
        known = pull(first, stop_after=pages)
        first.close()
        tracker.advance(_LATER)
        second = connect()
        assert pull(second, known).titles(tracker.visible()) == truth_titles(tracker)
        second.close()

    def test_what_is_recalled_reads_everything(self, tracker: Truth, connect: Connect) -> None:
        """From what a connector recalls of its cursors another one reads every issue; asking costs nothing."""
        populate(tracker, 130)
        first = connect()
        known = pull(first)
        first.close()
        second, before = connect(), tracker.exchanges()
        recalled = second.recall(known.cursors)
        assert tracker.exchanges() == before
        assert set(recalled) <= set(known.cursors)
        assert second.recall(recalled) == recalled
        again = pull(second, Pulled(cursors=dict(recalled)))
        assert again.titles(tracker.visible()) == truth_titles(tracker)
        second.close()

    def test_pulled_equals_fetched(self, tracker: Truth, connector: Connector) -> None:
        """An issue looks the same whether it was pulled or fetched."""
        parent = tracker.create(tracker.places[0], "parent", labels=["bug", "goal:G-1"])
        nested = tracker.abilities & Ability.HIERARCHY
        child = tracker.create(tracker.places[0], "child", parent=parent if nested else "", labels=["goal-review"])
        known = pull(connector)
        for id_ in (parent, child):
            assert fetch_one(connector, address_of(connector, tracker, id_)) == known.issues[id_]

    def test_instants_are_utc(self, tracker: Truth, connector: Connector) -> None:
        """Instants are aware, in UTC, and a change moves ``updated`` alone."""
        id_ = tracker.create(tracker.places[0], "a")
        before = pull(connector).issues[id_]
        tracker.advance(_LATER)
        tracker.edit_title(id_, "b")
        after = pull(connector).issues[id_]
        assert before.created.tzinfo is UTC
        assert after.updated.tzinfo is UTC
        assert (before.created, before.updated + _LATER) == (after.created, after.updated)

    @pytest.mark.parametrize("name", sorted(HOSTILE_TITLES))
    def test_hostile_titles(self, tracker: Truth, connector: Connector, name: str) -> None:
        """Any title arrives whole, less NUL and lone surrogates, and sets nothing else aside."""
        id_ = tracker.create(tracker.places[0], HOSTILE_TITLES[name])
        other = tracker.create(tracker.places[0], "plain")
        known = pull(connector)
        assert known.issues[id_].title == clean(tracker.title(id_))
        assert known.issues[other].title == "plain"
        assert known.issues[id_].title.encode()
        assert "\0" not in known.issues[id_].title

    def test_parents_are_mapped(self, tracker: Truth, connector: Connector) -> None:
        """A child names its parent by id or key, through every change of parent."""
        need(tracker, Ability.HIERARCHY)
        one, two = (tracker.create(tracker.places[0], title) for title in ("one", "two"))
        child = tracker.create(tracker.places[0], "child", parent=one)
        known = pull(connector)
        self._assert_parent(tracker, known, child, one)
        tracker.advance(_LATER)
        tracker.set_parent(child, two)
        known = pull(connector, known)
        self._assert_parent(tracker, known, child, two)
        tracker.advance(_LATER)
        tracker.set_parent(child, None)
        assert pull(connector, known).issues[child].parent is None

    def test_a_parent_that_a_text_names_is_one_where_that_is_configured(
        self, tracker: Truth, connector: Connector, connect: Connect
    ) -> None:
        """As a title's beginning, in the tracker that is configured; pulled and fetched alike, and off by default."""
        hangs = Ability.HIERARCHY in tracker.abilities
        above = tracker.create(tracker.places[0], "its own parent") if hangs else ""
        child = tracker.create(tracker.places[0], "FAR-7: child", parent=above)
        if hangs:
            tracker.set_parent(child, None)
        assert pull(connector).issues[child].parent is None
        referring = connect(parent_reference={"tracker": "elsewhere", "places": ["FAR"]})
        wanted = Address("elsewhere", key="FAR-7")
        assert pull(referring).issues[child].parent == wanted
        seen = fetch_one(referring, address_of(referring, tracker, child))
        assert seen.parent == wanted
        if hangs:
            tracker.advance(_LATER)
            tracker.set_parent(child, above)
            assert fetch_one(referring, address_of(referring, tracker, child)).parent != wanted
        referring.close()

    def test_pull_requests_are_left_out_and_counted(self, tracker: Truth, connector: Connector) -> None:
        """By default a pull request is no issue: skipped in the pull, counted there, absent from the census."""
        need(tracker, Ability.PULL_REQUESTS)
        issue = tracker.create(tracker.places[0], "issue")
        request = tracker.create(tracker.places[0], "request", pull_request=True)
        known = pull(connector)
        assert set(known.issues) == {issue}
        assert known.skipped >= 1  # at least once: a page may come twice
        assert request not in self._census(connector)

    def test_census_equals_truth(self, tracker: Truth, connector: Connector) -> None:
        """The census names every visible issue once, closed ones too, with its present key, and nothing else."""
        if Capability.CENSUS not in connector.capabilities:
            pytest.skip("this connector declares no CENSUS")
        ids = [tracker.create(place, f"issue {n}") for place in tracker.places[:2] for n in range(120)]
        tracker.close(ids[0])
        if tracker.abilities & Ability.DELETE:
            tracker.delete(ids[1])
        if tracker.abilities & Ability.HIDE:
            tracker.hide(ids[2])
        before = tracker.exchanges()
        found = self._census(connector)
        assert sorted(found) == sorted(tracker.visible())
        assert all(key == tracker.key(id_) for id_, key in found.items())
        assert tracker.exchanges() - before < len(found)

    def test_census_goes_on_where_it_stopped(self, tracker: Truth, connect: Connect) -> None:
        """Taken up by another connector after every page, it names what is there throughout, and then it ends."""
        ids = [tracker.create(place, f"issue {n}") for place in tracker.places[:2] for n in range(130)]
        named: set[str] = set()
        scopes = connect().scopes()
        for scope in scopes:
            position, page = "", None
            while page is None or position:
                connector = connect()
                page = next(iter(connector.census(scope, position)))
                named |= {address.id for address in page.addresses}
                position = page.position
                connector.close()
                tracker.edit_title(ids[len(named) % len(ids)], f"edited after {len(named)}")
                tracker.create(tracker.places[0], "created meanwhile")
        assert set(ids) <= named

    def test_census_begins_anew_where_its_position_is_lost(self, tracker: Truth, connector: Connector) -> None:
        """A position that means nothing to the tracker any more leaves nothing out."""
        ids = {tracker.create(place, f"issue {n}") for place in tracker.places[:2] for n in range(3)}
        pages = [page for scope in connector.scopes() for page in connector.census(scope, "issues lost")]
        assert ids <= {address.id for page in pages for address in page.addresses}

    def test_what_has_left_the_scope_is_told_from_what_is_in_it(self, tracker: Truth, connect: Connect) -> None:
        """Of issues that can be read, ``in_scope`` names those that the scopes show."""
        inside, outside = (tracker.create(place, "issue") for place in tracker.places[:2])
        every = connect()
        issues = [fetch_one(every, address_of(every, tracker, id_)) for id_ in (inside, outside)]
        assert every.in_scope(issues) == {inside, outside}
        every.close()
        narrow = connect(**{self.places_setting: [tracker.places[0]]})
        assert narrow.in_scope(issues) == {inside}
        assert narrow.in_scope([]) == frozenset()
        narrow.close()

    places_setting = "places"
    """The setting that names the places in scope."""

    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(rounds=st.lists(st.tuples(_ACTS, st.sampled_from([1, 2, None])), min_size=1, max_size=5), during=_ACTS)
    def test_any_history_converges(
        self, tracker: Truth, connector: Connector, rounds: list[tuple[Acts, int | None]], during: Acts
    ) -> None:
        """Whatever people do between and during interrupted pulls, two whole pulls later every title is known."""
        known = Pulled()
        for acts, pages in rounds:
            self._act(tracker, acts)
            pull(connector, known, stop_after=pages)
        pull(connector, known, between=lambda: self._act(tracker, during))
        tracker.advance(_MINUTE)
        assert pull(connector, known).titles(tracker.visible()) == truth_titles(tracker)

    def _act(self, tracker: Truth, acts: Acts) -> None:
        for act, number in acts:
            ids = sorted(tracker.visible())
            if act == "create":
                tracker.create(tracker.places[number % len(tracker.places)], f"new {number}")
            elif act == "edit" and ids:
                tracker.edit_title(ids[number % len(ids)], f"edited {number} {tracker.exchanges()}")
            elif act == "wait":
                tracker.advance(timedelta(seconds=number))

    def _settled(self, tracker: Truth, connector: Connector) -> Pulled:
        """Pull until the overlap has nothing left to repeat."""
        known = pull(connector)
        for _ in range(3):
            tracker.advance(_LATER)
            known = pull(connector, known)
        return known

    def _assert_parent(self, tracker: Truth, known: Pulled, child: str, parent: str) -> None:
        address = known.issues[child].parent
        assert address is not None
        assert address.id in ("", parent)
        assert address.key in ("", tracker.key(parent))
        assert address.id or address.key

    def _census(self, connector: Connector) -> dict[str, str]:
        rows = census(connector)
        assert len(rows) == len({address.id for address in rows})
        return {address.id: address.key for address in rows}
