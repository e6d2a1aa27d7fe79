import json

import pytest

from vindaris_sync.domain.findings import Findings
from vindaris_sync.domain.findings_json import from_json, to_json


def test_findings_survive_json(night: Findings, empty_night: Findings) -> None:
    """What is written is read back as it was, to the last field."""
    assert from_json(to_json(night)) == night
    assert from_json(to_json(empty_night)) == empty_night


def test_a_report_of_another_version_can_be_read(night: Findings) -> None:
    """Fields that are not known are ignored, and those that are missing take their defaults."""
    data = json.loads(to_json(night)) | {"invented": 1, "schema": 2}
    del data["drift"]
    data["coverage"]["invented"] = 7
    read = from_json(json.dumps(data))
    assert (read.drift, read.coverage) == ((), night.coverage)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "3", "{}", '{"schema": 1}', '{"schema": 1, "at": 5}'),
        *('{"schema": 1, "at": "2026-11-22", "goals": [3]}', '{"schema": 1, "at": "2026-11-22", "change": {}}'),
        '{"schema": 1, "at": "2026-11-22", "skipped": []}',
    ],
)
def test_what_is_no_report_is_refused(text: str) -> None:
    """Truncated, foreign and damaged documents are one kind of error."""
    with pytest.raises(ValueError, match=r"."):
        from_json(text)
