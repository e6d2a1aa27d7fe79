"""The contract suite: what every connector must do, as tests by inheritance (needs the extra ``contract``).

    class TestMemory(ConnectorContract):
        @pytest.fixture
        def tracker(self) -> Truth: ...

        @pytest.fixture
        def connect(self, tracker: Truth) -> Connect: ...

``tracker`` is the truth (``contract_truth.Truth``): people's acts and faults. ``connect(**settings)`` returns a
connector on it. A test that needs what the tracker does not have is skipped and says so.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "vindaris_sync.sdk.contract_truth",
    "vindaris_sync.sdk.contract_reading",
    "vindaris_sync.sdk.contract_fetching",
    "vindaris_sync.sdk.contract_writing",
    "vindaris_sync.sdk.contract_creating",
    "vindaris_sync.sdk.contract_faults",
    "vindaris_sync.sdk.contract_goals",
    "vindaris_sync.sdk.contract_hearing",
    "vindaris_sync.sdk.contract_homes",
    "vindaris_sync.sdk.contract_menus",
    "vindaris_sync.sdk.contract_work_items",
)

from vindaris_sync.sdk.contract_creating import CreatingContract  # noqa: E402 - after the rewriting of asserts is set up
from vindaris_sync.sdk.contract_faults import FaultContract  # noqa: E402 - as above
from vindaris_sync.sdk.contract_fetching import FetchingContract  # noqa: E402 - as above
from vindaris_sync.sdk.contract_goals import GoalsContract  # noqa: E402 - as above
from vindaris_sync.sdk.contract_hearing import HearingContract  # noqa: E402 - as above
from vindaris_sync.sdk.contract_homes import HomeContract  # noqa: E402 - as above
from vindaris_sync.sdk.contract_menus import MenuContract  # noqa: E402 - as above
from vindaris_sync.sdk.contract_reading import ReadingContract  # noqa: E402 - as above
from vindaris_sync.sdk.contract_truth import Ability, Connect, Fault, Truth  # noqa: E402 - as above
from vindaris_sync.sdk.contract_work_items import WorkItemContract  # noqa: E402 - as above
from vindaris_sync.sdk.contract_writing import WritingContract  # noqa: E402 - as above

__all__ = ["Ability", "Connect", "ConnectorContract", "Fault", "Truth"]


class ConnectorContract(
    ReadingContract,
    FetchingContract,
    WritingContract,
    CreatingContract,
    GoalsContract,
    FaultContract,
    MenuContract,
    HomeContract,
    WorkItemContract,
    HearingContract,
):
    """All of the contract; inherit it and provide ``tracker`` and ``connect``."""
