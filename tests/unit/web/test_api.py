"""The JSON API: what programs read of reviews, goals, traces, reports and operations, and how they answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from tests.unit.web.document import conforms
from tests.unit.web.site import CHEAP, Site, open_site
from tests.unit.web.test_inbox import HOSTILE, ask, asks, change, elsewhere, record
from tests.unit.web.test_reports import keep_reports
from vindaris_sync.domain.models import Provenance
from vindaris_sync.engine.pausing import pauses
from vindaris_sync.store.tokens import Token
from vindaris_sync.web.access import Role, digest
from vindaris_sync.web.api.faults import PACE
from vindaris_sync.web.passwords import Passwords

SECRET = "vindaris_of_a_program"


def read(site: Site, path: str, *, status: int = 200, scope: str = "admin") -> Any:
    """Ask as a program, and return what it is told; the document says so, too."""
    answer = site.get(f"/api/v1{path}", headers=shown(site, scope))
    assert answer.status_code == status, answer.text
    if not path.endswith(".json"):
        conforms(site.browser.application, answer)
    return answer.json()


def say(  # noqa: PLR0913 - what is sent, and what is expected
    site: Site, path: str, body: Any, *, status: int = 200, scope: str = "admin", once: str = ""
) -> Any:
    """Send something as a program, and return what it is told."""
    headers = {"idempotency-key": once} if once else {}
    answer = site.browser.ask("POST", f"/api/v1{path}", json=body, headers={**shown(site, scope), **headers})
    assert answer.status_code == status, answer.text
    conforms(site.browser.application, answer)
    return answer.json()


def shown(site: Site, scope: str = "admin") -> dict[str, str]:
    """Return the header of a program whose token has this scope."""
    secret = f"{SECRET}_{scope}"
    if site.app.store.token_of(digest(secret), site.clock()) is None:
        site.app.store.add_token(Token(f"bot-{scope}", scope, site.clock(), None, None), digest(secret))
    return {"authorization": f"Bearer {secret}"}


def is_problem(answer: Response, status: int) -> bool:
    """Return whether it is a problem document (RFC 9457) of this status."""
    told = answer.json()
    return (answer.status_code, told["status"]) == (status, status) and answer.headers["content-type"] == (
        "application/problem+json"
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def test_reviews_are_told_with_what_is_needed_to_answer_them(site: Site) -> None:
    """As the inbox shows them: whose, why, since when, and candidates with their evidence."""
    [key] = ask(site, "Checkout by invoice")
    [review] = read(site, "/reviews")["reviews"]
    assert (review["key"], review["team"], review["issue"]["place"]) == (key, "Growth", "APP")
    [question] = review["questions"]
    assert (question["reason"], question["opened"], question["confirmable"]) == (
        "unlinked", "2026-03-02T09:01:00Z", False,
    )  # fmt: skip
    assert review["candidates"][0]["key"] == "CHECKOUT"
    assert review["candidates"][0]["evidence"][0]["text"] == "its title names the goal"
    assert read(site, f"/reviews/{key}") == review
    assert read(site, f"/reviews/{review['name'].replace(':', '%3A')}") == review
    assert read(site, f"/reviews/{key}/candidates")["candidates"] == review["candidates"]


def test_lists_come_a_page_at_a_time(site: Site) -> None:
    """Each entry once, to the last page; a cursor that no page gave is refused."""
    keys = ask(site, *(f"Something {n}" for n in range(5)))
    found, cursor = [], ""
    while cursor is not None:
        page = read(site, f"/reviews?limit=2&cursor={cursor}")
        assert len(page["reviews"]) <= 2
        found += [each["key"] for each in page["reviews"]]
        cursor = page["next"]
    assert sorted(found) == sorted(keys)
    for path in ("/reviews?cursor=x", "/goals?cursor=nope", "/goals/GROW/work?cursor=9.9"):
        assert "leads nowhere" in read(site, path, status=422)["detail"]


def test_reviews_are_chosen_as_in_the_inbox(site: Site) -> None:
    """By team, reason and goal; one that is not known is refused with those that are."""
    ask(site, "Serves nothing")
    assert read(site, "/reviews?team=Growth&reason=unlinked")["reviews"]
    assert read(site, "/reviews?reason=goal_changed")["reviews"] == []
    assert read(site, "/reviews?goal=GROW")["reviews"] == []
    for query in ("team=Nobody", "reason=nope", "goal=NOPE"):
        assert read(site, f"/reviews?{query}", status=422)["advice"]


def test_a_changed_goal_is_told_word_by_word(site: Site) -> None:
    """What went and what came, since the revision that the link was confirmed against."""
    [key] = ask(site, "For the business", label="goal:CHECKOUT")
    change(site, "Faster checkout", "Safer checkout")
    [question] = read(site, f"/reviews/{key}")["questions"]
    assert (question["goal"], question["since_revision"], question["confirmable"]) == ("CHECKOUT", 1, True)
    [changed] = question["changes"]
    assert ("old", "Faster") in {(each["kind"], each["text"].strip()) for each in changed["pieces"]}


def test_goals_are_told_with_work_and_revisions(site: Site) -> None:
    """The tree in order, output of each with what is below, and one goal in full."""
    [key] = ask(site, "For the checkout", label="goal:CHECKOUT")
    goals = read(site, "/goals")
    assert [(each["key"], each["parent"], each["depth"]) for each in goals["goals"]] == [
        ("GROW", "", 0), ("CHECKOUT", "GROW", 1),
    ]  # fmt: skip
    assert goals["goals"][0]["below"] == {"open": 1, "closed": 0, "inherited": 0, "done": 0.0}
    first = read(site, "/goals?limit=1")
    assert (first["next"], first["total"]) == ("GROW", 2)
    assert [each["key"] for each in read(site, "/goals?limit=1&cursor=GROW")["goals"]] == ["CHECKOUT"]
    assert [each["key"] for each in read(site, "/goals?words=faster")["goals"]] == ["CHECKOUT"]
    [issue] = read(site, "/goals/CHECKOUT/work")["issues"]
    assert (issue["key"], issue["state"]) == (key, "linked")
    one = read(site, "/goals/checkout")
    assert (one["key"], one["revision"], one["goal"]["own"]["open"]) == ("CHECKOUT", 1, 1)
    assert [each["revision"] for each in one["revisions"]] == [1]
    assert [each["key"] for each in read(site, "/search/goals?words=check")["candidates"]] == ["CHECKOUT"]
    assert read(site, "/goals/NOPE", status=404)["status"] == 404


def test_traces_are_told_now_and_as_of_a_date(site: Site) -> None:
    """An issue upwards, a goal downwards; a name that means nothing is 404, a date that is none 422."""
    [key] = ask(site, "For the checkout", label="goal:CHECKOUT")
    issue = read(site, f"/trace?name={key}")
    assert (issue["kind"], issue["state"], issue["goals"][0]["key"]) == ("issue", "linked", "CHECKOUT")
    assert issue["goals"][0]["parents"][0]["key"] == "GROW"
    assert issue["history"][0]["at"].endswith("Z")
    goal = read(site, "/trace?name=goal:GROW")
    assert (goal["kind"], goal["totals"]["issues"], goal["work"][0]["key"]) == ("goal", 1, key)
    assert read(site, f"/trace?name={key}&at=2026-03-01")["links"] == []
    assert read(site, f"/trace?name={key}&at=2026-03-02")["goals"][0]["title"] == "Faster checkout"
    assert read(site, "/trace?name=NOPE-1", status=404)["detail"]
    assert read(site, f"/trace?name={key}&at=tomorrow", status=422)["advice"]


def test_operations_are_told_in_words_and_numbers(site: Site) -> None:
    """Trackers, coverage, and what waits."""
    ask(site, "Serves nothing")
    [tracker] = read(site, "/trackers")["trackers"]
    assert (tracker["name"], tracker["state"], tracker["last_pass"]["outcome"]) == ("mem", "working", "ok")
    assert tracker["meaning"]
    assert read(site, "/trackers/mem")["open"] == tracker["open"]
    assert read(site, "/trackers/nope", status=404)
    assert read(site, "/coverage")["coverage"]["unlinked"] == 1
    waiting = read(site, "/outbox?limit=1")
    assert (waiting["total"], len(waiting["alerts"])) == (2, 1)
    assert read(site, "/quarantine") == {"total": 0, "items": []}
    assert read(site, "/running") == {"works": []}


def test_private_goals_are_told_to_whoever_may_read_the_page(site: Site) -> None:
    """They are private to the organisation, and the page is its own."""
    assert read(site, "/goals/GROW", scope="read")["visibility"] == "private"
    assert read(site, "/goals/GROW", scope="read")["title"] == "Grow the business"


def test_what_strangers_wrote_comes_as_they_wrote_it(site: Site) -> None:
    """In JSON, which no browser takes for a page."""
    ask(site, HOSTILE)
    answer = site.get("/api/v1/reviews", headers=shown(site))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>" in answer.json()["reviews"][0]["title"]


# --- answering --------------------------------------------------------------------------------------------------------


def test_an_answer_links_and_stands_on_the_issue_after_the_next_pass(site: Site) -> None:
    """It is known who decided and how; the daemon is told to carry it out."""
    [key] = ask(site, "Checkout by invoice")
    seen = read(site, f"/reviews/{key}")["seen"]
    body = {"say": "link", "reviews": [{"name": key, "seen": seen}], "goals": ["CHECKOUT"], "candidate": True}
    [decided] = say(site, "/answers", body)["decided"]
    assert (decided["key"], decided["before"], decided["after"], decided["answered"]) == (
        key, [], ["CHECKOUT"], ["unlinked"],
    )  # fmt: skip
    [link] = record(site, key).links
    assert (link.provenance, link.who) == (Provenance.ACCEPTED, "token bot-admin")
    assert site.page.context.nudges.take_decided()
    site.pull()
    assert site.tracker.issue(record(site, key).ref.id).labels == ("goal:CHECKOUT",)
    assert next(each.how for each in site.app.store.history(limit=9) if each.event == "linked") == "api"


def test_each_saying_does_what_it_says(site: Site) -> None:
    """Exempt with a reason, unlink, confirm."""
    exempt, linked, changed = ask(site, "Office", "Linked", "Changed")
    say(site, "/answers", {"say": "exempt", "reviews": [{"name": exempt}], "why": "rent"})
    assert asks(site, exempt) == []
    for key in (linked, changed):
        say(site, "/answers", {"say": "link", "reviews": [{"name": key}], "goals": ["CHECKOUT"]})
    say(site, "/answers", {"say": "unlink", "reviews": [{"name": linked}]})
    assert record(site, linked).explicit == ()
    change(site, "Faster checkout", "Safer checkout")
    assert asks(site, changed) == ["goal_changed"]
    say(site, "/answers", {"say": "confirm", "reviews": [{"name": changed}]})
    assert asks(site, changed) == []


def test_of_two_the_second_hears_what_the_first_decided(site: Site) -> None:
    """Nothing is changed, and who decided what stands in the problem."""
    [key] = ask(site, "Checkout by invoice")
    seen = read(site, f"/reviews/{key}")["seen"]
    elsewhere(site, key, "GROW")
    body = {"say": "link", "reviews": [{"name": key, "seen": seen}], "goals": ["CHECKOUT"]}
    problem = say(site, "/answers", body, status=409)
    assert "ben linked it to GROW" in problem["detail"]
    assert (problem["refused"][0]["key"], problem["refused"][0]["who"]) == (key, "ben")
    assert [each.goal for each in record(site, key).links] == [site.app.store.goal_book().by_key["grow"]]


def test_many_are_answered_at_once_and_those_that_cannot_be_are_told(site: Site) -> None:
    """One transaction; where none could be answered, it is an error."""
    keys = ask(site, "One", "Two")
    body = {"say": "link", "reviews": [{"name": each} for each in (*keys, "NOPE-1")], "goals": ["GROW"]}
    result = say(site, "/answers", body)
    assert [each["key"] for each in result["decided"]] == keys
    assert "NOPE-1" in result["refused"][0]["detail"]
    body["reviews"] = [{"name": "NOPE-1"}]
    assert say(site, "/answers", body, status=422)["refused"][0]["advice"]


def test_an_idempotency_key_lets_the_same_request_count_once(site: Site) -> None:
    """What is sent again answers as it did; another token, or another body, is another request."""
    [key] = ask(site, "Checkout by invoice")
    body = {"say": "link", "reviews": [{"name": key}], "goals": ["CHECKOUT"]}
    first = say(site, "/answers", body, once="k-1")
    site.clock.on(minutes=1)
    assert say(site, "/answers", body, once="k-1") == first
    told = len([each for each in site.app.store.history(limit=50) if each.event == "linked"])
    assert say(site, "/answers", body, scope="decide", once="k-1")["answer"] != first["answer"]
    other = {**body, "goals": ["GROW"]}
    assert say(site, "/answers", other, once="k-1")["decided"][0]["after"] == ["GROW"]
    assert told == 1
    say(site, "/answers", body, status=422, once="k" * 201)


def test_an_answer_is_taken_back_for_ten_minutes(site: Site) -> None:
    """By its number; it is in the list of those that can be, and not twice."""
    [key] = ask(site, "Checkout by invoice")
    number = say(site, "/answers", {"say": "link", "reviews": [{"name": key}], "goals": ["GROW"]})["answer"]
    [recent] = read(site, "/answers")["answers"]
    assert (recent["answer"], recent["first"], recent["count"]) == (number, key, 1)
    assert recent["until"] == "2026-03-02T09:11:00Z"
    assert say(site, f"/answers/{number}/undo", None)["decided"][0]["after"] == []
    assert asks(site, key) == ["unlinked"]
    assert read(site, "/answers")["answers"] == []
    assert "taken it back already" in say(site, f"/answers/{number}/undo", None, status=409)["detail"]
    assert say(site, "/answers/1/undo", None, status=422)["advice"] == "decide anew"


def test_mutes_are_made_listed_and_ended(site: Site) -> None:
    """About exactly one team, goal or issue, with a reason and an end within a year."""
    [key] = ask(site, "Nobody need hear")
    until = "2026-03-10T20:00:00+02:00"
    made = say(site, "/mutes", {"issue": key, "until": until, "why": "waits"}, status=201)
    assert (made["until"], made["why"], made["who"]) == ("2026-03-10T18:00:00Z", "waits", "token bot-admin")
    say(site, "/mutes", {"goal": "GROW", "until": until, "why": "waits"}, status=201)
    say(site, "/mutes", {"team": "Growth", "until": until, "why": "waits"}, status=201)
    held = read(site, "/mutes")["mutes"]
    assert [each["about"] for each in held] == [str(record(site, key).ref), "goal:GROW", "team:Growth"]
    for body in (
        {"until": until, "why": "w"}, {"issue": key, "goal": "GROW", "until": until, "why": "w"},
        {"issue": key, "until": until, "why": " "}, {"issue": key, "until": "2030-01-01T00:00:00Z", "why": "w"},
        {"issue": key, "until": 1772500000, "why": "w"}, {"issue": key, "until": "2026-03-10", "why": "w"},
        {"issue": key, "until": "0001-01-01T00:00:00+14:00", "why": "w"}, {"team": "None", "until": until, "why": "w"},
    ):  # fmt: skip
        say(site, "/mutes", body, status=422)
    path = f"/api/v1/mutes/{made['id']}"
    left = site.browser.ask("DELETE", path, headers=shown(site)).json()["mutes"]
    assert [each["about"] for each in left] == ["goal:GROW", "team:Growth"]
    assert is_problem(site.browser.ask("DELETE", path, headers=shown(site)), 404)


def test_trackers_are_paused_and_resumed(site: Site) -> None:
    """Until an instant, or until resumed; the daemon heeds it at once."""
    told = say(site, "/trackers/mem/pause", {"until": "2026-03-02T12:00:00Z", "why": "moving"})
    assert (told["state"], told["paused"]["until"], told["paused"]["why"]) == (
        "paused", "2026-03-02T12:00:00Z", "moving",
    )  # fmt: skip
    assert site.app.context.trackers["mem"].conduct.paused
    assert say(site, "/trackers/mem/pause", {"until": "2026-03-01T12:00:00Z"}, status=422)
    assert say(site, "/trackers/nope/pause", {}, status=404)
    assert say(site, "/trackers/mem/resume", None)["paused"] is None
    assert pauses(site.app.store, site.clock()) == {}


# --- who, and what goes wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "path", "body", "status"),
    [
        ("read", "/answers", {"say": "confirm", "reviews": [{"name": "X-1"}]}, 403),
        ("read", "/mutes", {"team": "Growth", "until": "2026-03-03T00:00:00Z", "why": "w"}, 403),
        ("decide", "/trackers/mem/pause", {}, 403),
        ("decide", "/trackers/mem/resume", None, 403),
        ("decide", "/answers", {"say": "confirm", "reviews": [{"name": "X-1"}]}, 422),
    ],
)
def test_a_tokens_scope_bounds_what_it_may_do(site: Site, scope: str, path: str, body: Any, status: int) -> None:
    """Reading, deciding, everything."""
    assert say(site, path, body, status=status, scope=scope)["status"] == status


def test_a_browser_needs_its_forms_token_to_change_something(site: Site) -> None:
    """A session, or being on the machine, is what another site could use; a bearer token it cannot."""
    assert is_problem(site.browser.ask("POST", "/api/v1/trackers/mem/pause", json={}), 403)
    token = {"x-csrf-token": site.browser.token()}
    assert site.browser.ask("POST", "/api/v1/trackers/mem/pause", json={}, headers=token).status_code == 200
    foreign = {**token, "origin": "https://evil.example"}
    assert is_problem(site.browser.ask("POST", "/api/v1/trackers/mem/resume", headers=foreign), 403)


def test_every_error_is_a_problem_document(site: Site) -> None:
    """What is no JSON, not JSON, too much, not there, not allowed, not understood; nothing sent is repeated."""
    where, headers = "/api/v1/answers", shown(site)
    asked = site.browser.ask
    json_headers = {**headers, "content-type": "application/json"}
    assert is_problem(asked("POST", where, content=b"{", headers=json_headers), 400)
    assert is_problem(asked("POST", where, content=b"{}", headers={**headers, "content-type": "text/xml"}), 415)
    assert is_problem(asked("POST", where, content=b" " * (2 << 20), headers=json_headers), 413)
    assert is_problem(asked("POST", where, json={"say": "<script>"}, headers=headers), 422)
    not_so = asked("PUT", where, headers=headers)
    assert is_problem(not_so, 405)
    assert not_so.headers["allow"] == "GET, POST"
    assert is_problem(asked("GET", "/api/v1/nope", headers=headers), 404)
    assert is_problem(asked("GET", "/api/v1/reviews?limit=9999", headers=headers), 422)
    unknown = asked("GET", "/api/v1/reviews", headers={"authorization": "Bearer wrong"})
    assert is_problem(unknown, 401)
    assert unknown.headers["www-authenticate"] == "Bearer"
    body = {"say": "confirm", "reviews": [{"name": "X-1"}], "seen": 1}
    assert "seen" in asked("POST", where, json=body, headers=headers).json()["detail"]


def test_text_that_is_none_is_refused(site: Site) -> None:
    """Halves of a character, which no database keeps."""
    body = json.dumps({"say": "exempt", "reviews": [{"name": "X-1"}], "why": "\ud800"}).encode()
    headers = {**shown(site), "content-type": "application/json"}
    assert is_problem(site.browser.ask("POST", "/api/v1/answers", content=body, headers=headers), 422)


def test_whoever_asks_too_often_waits(site: Site) -> None:
    """One token does not slow down another; a minute later it goes on."""
    headers = shown(site)
    for _ in range(PACE):
        assert not site.browser.application.state.pace.wait("token token bot-admin")
    answer = site.get("/api/v1/running", headers=headers)
    assert is_problem(answer, 429)
    assert 0 < int(answer.headers["retry-after"]) <= 61
    assert read(site, "/running", scope="read")
    site.clock.on(minutes=1)
    assert read(site, "/running")


def test_the_description_is_whole_and_readable_by_whoever_may_read(site: Site) -> None:
    """Each operation has a stable name, a sentence, and the problems that it may answer with; references lead."""
    told = read(site, "/openapi.json", scope="read")
    names = [each["operationId"] for path in told["paths"].values() for each in path.values()]
    assert len(names) == len(set(names)) > 20
    assert {"list_reviews", "add_answer", "get_goal", "pause_tracker"} <= set(names)
    for path, operations in told["paths"].items():
        assert path.startswith("/api/v1/")
        for operation in operations.values():
            assert operation["description"], path
            assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys()
            assert "{" in json.dumps(operation["responses"]["200" if "200" in operation["responses"] else "201"])
    text = json.dumps(told)
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in told["components"]["schemas"]
    assert "http" not in text.replace("https://json-schema", "").replace('"type": "http"', "")


def test_a_nights_report_is_told_whole(site: Site) -> None:
    """Its figures in the list and in the trends, its findings by date."""
    ask(site, "Serves nothing")
    keep_reports(site)
    found = read(site, "/reports?limit=2")
    assert [each["date"] for each in found["reports"]] == ["2026-03-02", "2026-03-01"]
    [last] = read(site, f"/reports?limit=2&cursor={found['next']}")["reports"]
    assert read(site, "/trends")["nights"] == [last, *found["reports"][::-1]]
    assert read(site, "/reports/2026-03-02")["coverage"]["unlinked"] == 1
    assert read(site, "/reports/2025-03-01", status=404)
    assert read(site, "/reports/1772500000", status=422)
    assert read(site, "/reports?cursor=0", status=422)


def test_without_a_role_that_decides_reading_goes_on(tmp_path: Path) -> None:
    """Whoever works at the machine may read where ``without_login`` says so, and no more."""
    with open_site(tmp_path, 'without_login = "read"') as site:
        site.pull()
        assert site.get("/api/v1/goals").status_code == 200
        token = {"x-csrf-token": site.browser.token()}
        assert is_problem(site.browser.ask("POST", "/api/v1/trackers/mem/pause", json={}, headers=token), 403)


def test_a_stranger_is_told_nothing(tmp_path: Path) -> None:
    """Neither data nor the description; with a login configured, being on the machine is not enough."""
    Passwords(tmp_path / "passwords", CHEAP).put("ada", Role.READ, "x" * 12)
    with open_site(tmp_path, 'passwords = "passwords"') as site:
        for operation in read(site, "/openapi.json")["paths"]:
            answer = site.get(re.sub(r"\{[^}]*\}", "1", operation), headers={"accept": "text/html"})
            assert answer.status_code in {401, 405}, operation
            assert is_problem(answer, answer.status_code)
        assert is_problem(site.get("/api/v1/openapi.json"), 401)
