"""Every request of the Jira connector is one that Jira Cloud's published specification allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.conformance.specs import Allowed, Conformance, jira_cloud_spec
from tests.contract.jira_truth import TOKEN, JiraTruth
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.homes import Page, Rewrite
from vindaris_sync.domain.menus import Fate, Offer, decide
from vindaris_sync.domain.models import Address, Change, Write
from vindaris_sync.sandbox.core import Service
from vindaris_sync.sdk.contract_truth import census, pull, shown
from vindaris_sync.sdk.creating import Creates
from vindaris_sync.sdk.protocol import Connector

_ALLOWED = (
    Allowed("GET", r"/mypermissions$", 404, "a project that is not to be seen"),
    Allowed("GET", r"/editmeta$", 404, "an issue that is not to be seen"),
)


def _write(connector: Connector, *changes: Change) -> None:
    known = pull(connector).issues.values()
    connectors = [Write(Address(connector.name, i.ref.id, i.key), changes, shown(connector, i)) for i in known]
    for count in (1, len(connectors)):
        list(connector.write(connectors[:count]))


def _use(truth: JiraTruth, connector: JiraConnector) -> None:
    """Ask everything that a connector can be asked, with answers of every kind."""
    epic = truth.create("APP", "epic")
    ids = [truth.create("APP", f"issue {number}", parent=epic) for number in range(5)]
    connector.check()
    known = pull(connector)
    truth.advance(timedelta(minutes=20))
    on = connector.layout().surfaces
    _write(connector, Change(on[0], ("NEW-1",)), Change(on[1], ("G-1",)), Change(on[-1], (on[-1].id,)))
    _write(connector, Change(on[0], (), ("NEW-1",)), Change(on[1], ("G-2",), ("G-1",)))
    pull(connector, known)
    census(connector)
    truth.delete(ids[0])
    truth.alice.move(ids[1], "OPS")
    list(connector.fetch([Address(connector.name, id_, f"APP-{n}") for n, id_ in enumerate(ids, 2)]))
    connector.defined("APP", on[0], ["G-1"])
    field = {on[0].key: "G-1"}
    above, who = Address(connector.name, epic), truth.world.user("ana").email
    draft = Draft("d-1", "APP", "Task", "Born", "because", ("goal:G-1",), field, above, who)
    connector.create(draft)
    assert isinstance(connector, Creates)
    connector.drafted("APP", ["d-1"], datetime(2026, 1, 1, tzinfo=UTC))
    connector.form(draft)
    _keep_goals(truth, connector, Address(connector.name, epic, "APP-1"))
    truth.alice.lock_project("APP", TOKEN)
    _write(connector, Change(on[1], ("G-3",)))


def _keep_goals(truth: JiraTruth, connector: JiraConnector, home: Address) -> None:
    """Publish goals, rewrite one's home, and hang work below it, as child and as linked issue."""
    truth.world.add_context(truth.goal, "another one", [truth.world.projects[next(iter(truth.world.projects))]])
    for status in (Status.ACTIVE, Status.ABANDONED):
        goals = [Offer(1, "G-77", (), "New", status, private=False), Offer(2, "G-1", (), "Old", status, private=False)]
        for menu in connector.menus():
            assert all(each.fate is Fate.DONE for each in connector.offer(menu, decide(menu, goals, {}).changes))
    connector.rewrite(Rewrite(home, None, Page("G-1: Grow", ("Status: active",))))
    task = truth.create("APP", "task", parent=home.id)
    truth.set_parent(task, None)
    for id_ in (task, truth.create("APP", "another epic")):
        child = Address(connector.name, id_, truth.key(id_))
        assert connector.attach(child, home).fate is Fate.DONE
        assert connector.detach(child, home).fate is Fate.DONE


def test_every_request_is_in_the_specification() -> None:
    """Paths, parameters and bodies are those of the specification, over the whole life of a connector."""
    recorders: list[Conformance] = []

    def around(service: Service) -> Conformance:
        recorders.append(Conformance(service, jira_cloud_spec(), allowed=_ALLOWED))
        return recorders[0]

    with JiraTruth(cloud=True, around=around).serving() as truth:
        truth.account.admin = True
        connector = truth.connect()
        _use(truth, connector)
        connector.close()
    asked = {f"{method} {path.removeprefix('/rest/api/3')}" for method, path, _ in recorders[0].operations}
    assert asked >= {
        "GET /serverInfo",
        "GET /myself",
        "GET /field",
        "GET /mypermissions",
        "POST /search/jql",
        "POST /issue/bulkfetch",
        "POST /changelog/bulkfetch",
        "POST /bulk/issues/fields",
        "GET /bulk/queue/{taskId}",
        "PUT /issue/{issueIdOrKey}",
        "GET /issue/{issueIdOrKey}",
        "GET /issue/{issueIdOrKey}/editmeta",
        "GET /field/{fieldId}/context",
        "POST /field/{fieldId}/context/{contextId}/option",
        "POST /issue",
        "GET /project/{projectIdOrKey}",
        "GET /user/assignable/search",
        "GET /issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
        "PUT /issue/{issueIdOrKey}/properties/{propertyKey}",
        "GET /field/{fieldId}/context/{contextId}/option",
        "GET /field/{fieldId}/context/projectmapping",
        "PUT /field/{fieldId}/context/{contextId}/option",
        "PUT /field/{fieldId}/context/{contextId}/option/move",
        "POST /issueLink",
        "DELETE /issueLink/{linkId}",
    }
    requests = [violation for violation in recorders[0].violations if violation.side == "request"]
    assert requests == []
    recorders[0].verify()
