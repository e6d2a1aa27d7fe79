"""A Jira look-alike: one world, served as Jira Cloud or as Jira Data Center.

In five lines::

    world = World(clock)
    world.add_project("APP")
    world.add_account("token", "bot@acme.example")
    key = Person(world, world.user("alice")).create_issue("APP", "Faster checkout")
    with Server({"/jira": JiraCloud(world)}) as server: ...   # or JiraDataCenter(world)
"""

from vindaris_sync.sandbox.jira.load import load
from vindaris_sync.sandbox.jira.model import LABELS, MULTI_SELECT, SELECT, TEXT, Account
from vindaris_sync.sandbox.jira.people import Person
from vindaris_sync.sandbox.jira.quota import Quota
from vindaris_sync.sandbox.jira.refusal import Refusal
from vindaris_sync.sandbox.jira.service import Jira, JiraCloud, JiraDataCenter
from vindaris_sync.sandbox.jira.world import World

__all__ = [
    "LABELS",
    "MULTI_SELECT",
    "SELECT",
    "TEXT",
    "Account",
    "Jira",
    "JiraCloud",
    "JiraDataCenter",
    "Person",
    "Quota",
    "Refusal",
    "World",
    "load",
]
