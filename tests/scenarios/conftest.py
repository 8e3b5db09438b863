"""What scenarios share: the company that they happen in, see ``company``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.company import Company
from tests.scenarios.memory import SYSTEMS

from unisono.connectors import registry


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """HR and a directory, both empty, with rules between them; nothing has run."""
    monkeypatch.setitem(registry._PACKAGES, "memory", "tests.scenarios.memory")
    made = Company(tmp_path)
    yield made
    made.close()
    SYSTEMS.clear()
