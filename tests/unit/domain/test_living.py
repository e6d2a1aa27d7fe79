from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.living import (
    Continue,
    Edit,
    Living,
    Nothing,
    Post,
    Resolve,
    Seek,
    Step,
    advanced,
    begun,
    gone,
    next_step,
    not_sent,
)
from vindaris_sync.domain.messages import Content, Item, Kind, Subject, compose
from vindaris_sync.domain.quiet import WEEKDAYS, Hours

BERLIN = Hours(ZoneInfo("Europe/Berlin"), days=WEEKDAYS)
AUCKLAND = Hours(ZoneInfo("Pacific/Auckland"), days=WEEKDAYS)
FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SUBJECT = Subject("Growth", Kind.UNLINKED)


def _content(*numbers: int, now: datetime = FRIDAY) -> Content:
    return compose(SUBJECT, [Item(f"i{n}", f"APP-{n}", f"Title {n}") for n in numbers], now)


def _lived(living: Living | None, content: Content, now: datetime, *, editable: bool = True) -> tuple[Step, Living]:
    step = next_step(living, content, now, BERLIN, editable=editable)
    return step, advanced(living, step, content, f"C1:{now.timestamp()}", now)


def test_a_first_issue_opens_an_episode_and_the_last_one_ends_it() -> None:
    """Post, edit, resolve; then nothing until a new episode posts under another key."""
    first, living = _lived(None, _content(1), FRIDAY)
    second, living = _lived(living, _content(1, 2), FRIDAY + timedelta(minutes=5))
    third, living = _lived(living, _content(), FRIDAY + timedelta(minutes=9))
    fourth, living = _lived(living, _content(), FRIDAY + timedelta(minutes=10))
    fifth, living = _lived(living, _content(3), FRIDAY + timedelta(minutes=20))
    assert isinstance(first, Post)
    assert second == Edit(f"C1:{FRIDAY.timestamp()}")
    assert third == Resolve(f"C1:{FRIDAY.timestamp()}")
    assert fourth == Nothing("nothing to say")
    assert isinstance(fifth, Post)
    assert fifth.key != first.key
    assert (living.episode, living.part, living.open) == (2, 1, True)


def test_an_unchanged_list_is_left_alone() -> None:
    """No edit is made that nobody could see."""
    _, living = _lived(None, _content(1), FRIDAY)
    assert next_step(living, _content(1), FRIDAY + timedelta(hours=1), BERLIN) == Nothing("unchanged")


def test_the_first_addition_of_a_working_day_starts_a_new_message() -> None:
    """An edit notifies nobody, so Monday's first addition is posted, and Monday's second is an edit."""
    _, living = _lived(None, _content(1), FRIDAY)
    monday = FRIDAY + timedelta(days=3)
    step, living = _lived(living, _content(1, 2), monday)
    assert isinstance(step, Continue)
    assert step.reference == f"C1:{FRIDAY.timestamp()}"
    again, living = _lived(living, _content(1, 2, 3), monday + timedelta(hours=1))
    assert isinstance(again, Edit)
    assert (living.episode, living.part) == (1, 2)


def test_a_message_of_a_clock_that_was_ahead_does_not_keep_days_from_beginning() -> None:
    """Posted two years from now, it is of another day: what is added is posted and notifies (fault 14)."""
    _, living = _lived(None, _content(1), FRIDAY + timedelta(days=730))
    step, living = _lived(living, _content(1, 2), FRIDAY)
    assert isinstance(step, Continue)
    again, _ = _lived(living, _content(1, 2, 3), FRIDAY + timedelta(hours=1))
    assert isinstance(again, Edit)


def test_a_removal_on_a_new_day_is_an_edit() -> None:
    """Only additions are worth a notification."""
    _, living = _lived(None, _content(1, 2), FRIDAY)
    step, _ = _lived(living, _content(1), FRIDAY + timedelta(days=3))
    assert isinstance(step, Edit)


def test_an_addition_at_the_weekend_is_announced_on_monday() -> None:
    """On a day off it is edited in quietly and still counts as new on the next working day."""
    _, living = _lived(None, _content(1), FRIDAY)
    saturday, living = _lived(living, _content(1, 2), FRIDAY + timedelta(days=1))
    sunday, living = _lived(living, _content(1, 2), FRIDAY + timedelta(days=2))
    monday, living = _lived(living, _content(1, 2), FRIDAY + timedelta(days=3))
    assert saturday == Edit(f"C1:{FRIDAY.timestamp()}", unannounced=True)
    assert sunday == Nothing("unchanged")
    assert isinstance(monday, Continue)


def test_a_working_day_is_the_teams_own() -> None:
    """Late on Sunday in UTC it is Monday in Auckland."""
    _, living = _lived(None, _content(1), FRIDAY)
    sunday = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    assert isinstance(next_step(living, _content(1, 2), sunday, AUCKLAND), Continue)
    assert isinstance(next_step(living, _content(1, 2), sunday, BERLIN), Edit)


def test_a_channel_that_cannot_edit_hears_only_of_what_was_added_or_resolved() -> None:
    """A new age or note is no message; an addition, a removal and the end are one each."""
    first, living = _lived(None, _content(1), FRIDAY, editable=False)
    same = next_step(living, _content(1, now=FRIDAY + timedelta(days=5)), FRIDAY, BERLIN, editable=False)
    added, living = _lived(living, _content(1, 2), FRIDAY, editable=False)
    gone, living = _lived(living, _content(), FRIDAY, editable=False)
    assert same == Nothing("nothing was added or resolved")
    keys = {step.key for step in (first, added, gone) if isinstance(step, Post)}
    assert len(keys) == 3
    assert not living.open
    assert next_step(living, _content(), FRIDAY, BERLIN, editable=False) == Nothing("nothing to say")


def test_a_deleted_message_is_posted_anew_only_while_something_is_open() -> None:
    """A person who deletes a message wanted it away, unless there is still something to do."""
    _, living = _lived(None, _content(1), FRIDAY)
    anew, again = _lived(gone(living), _content(1), FRIDAY)
    assert isinstance(anew, Post)
    assert (again.part, again.open) == (2, True)
    nothing, ended = _lived(gone(living), _content(), FRIDAY)
    assert nothing == Nothing("deleted by a person")
    assert (ended.episode, ended.open) == (1, False)


def test_what_may_have_been_sent_is_looked_for_before_anything_else_is_done() -> None:
    """Found, it is the newest message of its episode and no key is used again; not found, the attempt is forgotten."""
    post = next_step(None, _content(1), FRIDAY, BERLIN)
    assert isinstance(post, Post)
    living = begun(None, post, FRIDAY)
    assert next_step(living, _content(1), FRIDAY, BERLIN) == post
    seek = next_step(living, _content(), FRIDAY, BERLIN)
    assert seek == Seek(post.key, "")
    found = advanced(living, seek, _content(), "C1:2", FRIDAY)
    assert (found.episode, found.part, found.open, found.attempt) == (1, 1, False, "")
    assert advanced(living, seek, _content(), "", FRIDAY) == Living()


def test_an_attempt_is_remembered_from_its_first_try() -> None:
    """A message that may have been sent is looked for from the first attempt on."""
    step = next_step(None, _content(1), FRIDAY, BERLIN)
    assert isinstance(step, Post)
    first = begun(None, step, FRIDAY)
    second = begun(first, step, FRIDAY + timedelta(hours=1))
    assert (second.attempt, second.attempted) == (step.key, FRIDAY)
    assert not_sent(second, FRIDAY + timedelta(hours=1)).attempt == step.key
    assert not_sent(first, FRIDAY).attempt == ""


def test_another_message_is_another_attempt() -> None:
    """What was tried for one message says nothing of the next."""
    first = begun(None, Post("a"), FRIDAY)
    assert begun(first, Post("b"), FRIDAY + timedelta(hours=1)).attempted == FRIDAY + timedelta(hours=1)


@given(st.lists(st.tuples(st.sets(st.integers(0, 5)), st.integers(0, 60))), st.booleans())
def test_one_step_is_always_enough(history: list[tuple[set[int], int]], editable: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever happened before, after one step nothing is left to do at the same instant (L3)."""
    living, now = None, FRIDAY
    for numbers, hours in history:
        now += timedelta(hours=hours)
        content = _content(*sorted(numbers))
        _, living = _lived(living, content, now, editable=editable)
        assert isinstance(next_step(living, content, now, BERLIN, editable=editable), Nothing)
        assert living.open is bool(numbers)
