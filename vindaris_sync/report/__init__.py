"""The reconciliation report: findings as a page, Markdown, JSON and tables. No queries here."""

from vindaris_sync.domain.findings_json import from_json, to_json
from vindaris_sync.report.markdown import to_markdown
from vindaris_sync.report.page import to_html
from vindaris_sync.report.tables import goals_csv, issues_csv
from vindaris_sync.report.write import previous, write

__all__ = ["from_json", "goals_csv", "issues_csv", "previous", "to_html", "to_json", "to_markdown", "write"]
