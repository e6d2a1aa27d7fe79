"""The demo's company after its week, with a page that is served and a daemon that stands still: always the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vindaris_sync.cli.demo_stage import Stage, staged
from vindaris_sync.cli.demo_story import tell
from vindaris_sync.web.page import Page
from vindaris_sync.web.server import serving


@dataclass(frozen=True, slots=True)
class Larkmoor:
    """The company, and where its page is."""

    stage: Stage
    url: str

    def places(self) -> dict[str, str]:
        """Return the addresses of every page that people open, by name."""
        report = self.stage.app.store.last_report()
        assert report is not None
        day, [issue] = Path(report.path).stem, self.stage.app.store.find(self.stage.company.named["guest"])
        record = self.stage.app.store.view_records([issue])[issue]
        return {
            "inbox": "/inbox",
            "by priority": "/inbox?sort=priority",
            "backlog": "/inbox?backlog=1",
            "searched": f"/inbox/goals?pick={record.ref}&q=order",
            "goals": "/goals",
            "goal": "/goals/GROWTH",
            "goal in the past": f"/trace?q=GROWTH&at={day}",
            "trace": f"/trace?q={self.stage.company.named['doors']}",
            "reports": "/reports",
            "report": f"/reports/{day}",
            "whole report": f"/reports/{day}/whole",
            "operations": "/operations",
            "error": "/goals/NONE",
        }


@contextmanager
def larkmoor(folder: Path) -> Iterator[Larkmoor]:
    """Serve the company's page from ``folder``."""
    with staged(folder) as stage:
        tell(stage)
        with serving(Page(stage.app.context, stage.app.channels, stage.app.config)) as url:
            yield Larkmoor(stage, url)
