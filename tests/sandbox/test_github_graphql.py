"""GraphQL on the sandbox's GitHub: selections, partial data, pages, mutations, and errors with status 200."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.github_site import WEB
from vindaris_sync.sandbox.github import Account

if TYPE_CHECKING:
    from tests.sandbox.github_site import Site

NODES = """
query Q($ids: [ID!]!, $deep: Boolean = true) {  # a comment
  found: nodes(ids: $ids) { __typename id ...both ... on Issue { stateReason parent @include(if: $deep) { number } } }
  rateLimit { cost remaining }
}
fragment both on Labelable {
  ... on Issue { fullDatabaseId number repository { nameWithOwner isArchived } labels(first: 5) { nodes { name } } }
}
"""


def test_issues_are_read_by_node_id_with_what_cannot_be_resolved_named(github: Site) -> None:
    """Aliases, fragments, variables, directives; a missing node is null with NOT_FOUND beside the others' data."""
    github.world.set_parent("acme/web", 2, ("acme/web", 1), actor="mia")
    github.world.add_label("acme/web", 2, "goal:G1", actor="mia")
    issue = github.get(f"{WEB}/issues/2")
    answer = github.graphql(NODES, ids=[issue["node_id"], "I_nowhere"])
    assert answer["data"]["found"] == [
        {
            "__typename": "Issue",
            "id": issue["node_id"],
            "fullDatabaseId": str(issue["id"]),
            "number": 2,
            "repository": {"nameWithOwner": "acme/web", "isArchived": False},
            "labels": {"nodes": [{"name": "goal:G1"}]},
            "stateReason": None,
            "parent": {"number": 1},
        },
        None,
    ]
    assert answer["errors"] == [
        {
            "type": "NOT_FOUND",
            "path": ["found", 1],
            "locations": [{"line": 3, "column": 3}],
            "message": "Could not resolve to a node with the global id of 'I_nowhere'",
        }
    ]
    shallow = github.graphql(NODES, ids=[issue["node_id"]], deep=False)
    assert "parent" not in shallow["data"]["found"][0]


def test_what_is_hidden_transferred_or_deleted_is_not_found(github: Site) -> None:
    """None of them is told apart from what never was."""
    ids = [github.get(f"{WEB}/issues/{number}")["node_id"] for number in (1, 2, 3)]
    github.world.transfer("acme/web", 1, "acme/api", actor="mia")
    github.world.delete_issue("acme/web", 2, actor="mia")
    query = "query($ids:[ID!]!){nodes(ids:$ids){id}}"
    assert [node is None for node in github.graphql(query, ids=ids)["data"]["nodes"]] == [True, True, False]
    github.world.hide("good", "acme/web")
    assert github.graphql(query, ids=ids)["data"]["nodes"] == [None, None, None]
    missing = github.graphql('{repository(owner:"acme",name:"web"){id}}')
    assert (missing["data"], missing["errors"][0]["type"]) == ({"repository": None}, "NOT_FOUND")


def test_connections_are_paged(github: Site) -> None:
    """First and after walk through every issue; a bound is required and at most 100."""
    query = """query($after:String){repository(owner:"acme",name:"web"){issues(first:2,after:$after,
      orderBy:{field:UPDATED_AT,direction:ASC}){totalCount nodes{number} pageInfo{hasNextPage endCursor}}}}"""
    first = github.graphql(query)["data"]["repository"]["issues"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    rest = github.graphql(query, after=first["pageInfo"]["endCursor"])["data"]["repository"]["issues"]
    assert [node["number"] for node in first["nodes"] + rest["nodes"]] == [1, 2, 3]
    assert rest["pageInfo"]["hasNextPage"] is False
    for bound, kind in (("", "MISSING_PAGINATION_BOUNDARIES"), ("(first:101)", "EXCESSIVE_PAGINATION")):
        answer = github.graphql(f'{{repository(owner:"acme",name:"web"){{issues{bound}{{totalCount}}}}}}')
        assert answer["errors"][0]["type"] == kind
    many = github.graphql("query($ids:[ID!]!){nodes(ids:$ids){id}}", ids=["x"] * 101)
    assert many["errors"][0]["type"] == "ARGUMENT_LIMIT"


def test_labels_are_added_and_removed_by_aliased_mutations(github: Site) -> None:
    """Two issues in one request; the acts are the same as over REST."""
    github.world.create_label("acme/web", "goal:G1")
    first, second = (github.get(f"{WEB}/issues/{number}")["node_id"] for number in (1, 2))
    found = github.graphql('{repository(owner:"acme",name:"web"){label(name:"GOAL:g1"){id}}}')
    label = found["data"]["repository"]["label"]["id"]
    query = """mutation($a:ID!,$b:ID!,$l:[ID!]!){
      one: addLabelsToLabelable(input:{labelableId:$a,labelIds:$l}){labelable{...on Issue{number}}}
      two: addLabelsToLabelable(input:{labelableId:$b,labelIds:$l}){clientMutationId}}"""
    assert github.graphql(query, a=first, b=second, l=[label])["data"]["one"] == {"labelable": {"number": 1}}
    assert github.numbers("labels=goal:G1") == [2, 1]
    away = "mutation($a:ID!,$l:[ID!]!){removeLabelsFromLabelable(input:{labelableId:$a,labelIds:$l}){clientMutationId}}"
    github.graphql(away, a=first, l=[label])
    assert github.numbers("labels=goal:G1") == [2]
    github.world.grant("good", Account("ron", permissions={"issues": "read", "metadata": "read"}))
    refused = github.graphql(away, a=second, l=[label])
    assert refused["errors"][0]["type"] == "FORBIDDEN"
    assert github.numbers("labels=goal:G1") == [2]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{nodes(ids:[]){id}", "Expected"),
        ("{viewer{login} ^}", "UNKNOWN_CHAR"),
        ("{viewer{shoeSize}}", "Field 'shoeSize' doesn't exist on type 'User'"),
        ("{viewer}", "must have selections"),
        ("{viewer{...gone}}", "Fragment gone was used, but not defined"),
        ("query A{viewer{login}} query B{viewer{login}}", "operation name"),
        ('{repository(owner:"acme",name:"web"){issue(number:"one"){id}}}', "invalid value"),
        ("subscription{x}", "query or mutation"),
        ("{" * 200, "Expected"),
    ],
)
def test_a_bad_document_is_answered_with_errors_and_no_data(github: Site, query: str, said: str) -> None:
    """Status 200, as GitHub does, and nothing is executed."""
    answer = github.ask("POST", "/graphql", {"query": query})
    assert answer.status_code == 200
    assert said in answer.json()["errors"][0]["message"]
    assert "data" not in answer.json()


def test_limits_of_graphql_are_its_own(github: Site) -> None:
    """A spent GraphQL hour is an error with status 200, and REST goes on."""
    github.world.grant("poor", Account("paul", limit=1))
    first = github.ask("POST", "/graphql", {"query": "{viewer{login}}"}, token="poor")
    assert first.headers["X-RateLimit-Resource"] == "graphql"
    second = github.ask("POST", "/graphql", {"query": "{viewer{login}}"}, token="poor")
    assert (second.status_code, second.json()["errors"][0]["type"]) == (200, "RATE_LIMITED")
    assert github.ask("GET", WEB, token="poor").status_code == 200
    assert github.ask("POST", "/graphql", {"query": "{viewer{login}}"}, token=None).status_code == 401
