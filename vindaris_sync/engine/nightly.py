"""The nightly run: every tracker compared in full, the findings written as a report, the teams told in short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import structlog

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.comparison import after
from vindaris_sync.domain.findings import DriftRow, Findings, NotChecked
from vindaris_sync.domain.findings_json import from_json, to_json
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.trends import night_of
from vindaris_sync.engine.compare import compare
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.findings import gather_findings
from vindaris_sync.engine.relay import relay
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.report.write import write
from vindaris_sync.store.passes import ReportFacts

log = structlog.get_logger("vindaris_sync.nightly")


@dataclass(frozen=True, slots=True)
class ReportPlace:
    """Where reports go, how many are kept, in which time zone they speak, and whether all trackers are read again."""

    directory: Path
    keep: int = 90
    timezone: str = "UTC"


def run_nightly(
    context: Context, channels: Mapping[str, Channel], place: ReportPlace, day: date, *, full: bool = True
) -> Findings:
    """Compare (unless not ``full``), report and tell, once per local ``day``; a killed run is begun again whole."""
    store = context.store
    store.begin_run("nightly", day, context.now())
    drift, not_checked = (
        _compare_all(context) if full else ([], [NotChecked("all trackers", "no comparison was asked")])
    )
    findings = make_report(context, place, day, drift, not_checked)
    store.announce(Announce("", "", Kind.NIGHTLY, day.isoformat(), context.now()), now=context.now())
    store.end_run("nightly", day, context.now())
    relay(context, channels)
    log.info("nightly", day=day.isoformat(), drift=sum(row.found for row in drift), not_checked=len(not_checked))
    return findings


def _compare_all(context: Context) -> tuple[list[DriftRow], list[NotChecked]]:
    results = [compare(context, name) for name in context.trackers]
    return [row for each in results for row in each.drift], [row for each in results for row in each.not_checked]


def make_report(
    context: Context, place: ReportPlace, day: date, drift: list[DriftRow], not_checked: list[NotChecked]
) -> Findings:
    """Gather the findings, lay them beside the last report's, write them in every format, and keep them."""
    last = context.store.last_report()
    former = from_json(last.findings) if last else None
    findings = gather_findings(context, former.at if former else None, place.timezone, drift, not_checked)
    findings = after(former, findings)
    path = write(findings, place.directory, place.keep)
    context.store.put_report(ReportFacts(context.now(), day, to_json(findings), str(path), night_of(findings)))
    return findings
