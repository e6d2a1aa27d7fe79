"""An invented company at work: Larkmoor Provisions, two Jira projects, two GitHub repositories and a chat.

In four lines::

    clock = StoryClock(datetime.now(UTC) - timedelta(days=210))
    company = Company(clock)
    company.found(today)
    with Server(company.services, clock=clock) as server: ...
"""

from vindaris_sync.sandbox.company.clock import StoryClock
from vindaris_sync.sandbox.company.company import Company
from vindaris_sync.sandbox.company.desks import Desk, GithubDesk, JiraDesk

__all__ = ["Company", "Desk", "GithubDesk", "JiraDesk", "StoryClock"]
