"""What the command says on a small company, word for word. Times, seconds and hashes are left out."""

from __future__ import annotations

import pytest
from tests.projects import TestProject
from tests.unit.cli.calls import Unisono, check_golden

_CALLS = {
    "check": ("check",),
    "schema": ("schema", "hr"),
    "search": ("search", "kim"),
    "show-metaverse": ("show", "Kim Li"),
    "show-object": ("show", "E2", "--connector", "app"),
    "why-value": ("why", "Kim Li", "title"),
    "why-metaverse": ("why", "employeeId=E3"),
    "why-disconnector": ("why", "E9"),
    "why-filtered": ("why", "R1"),
    "preview": ("preview", "E2", "--connector", "phones"),
    "plan-full": ("plan", "--full"),
    "cycle": ("cycle",),
    "errors": ("errors",),
}


@pytest.mark.parametrize("name", _CALLS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_settled_company_is_told_about(name: str, form: str, settled: TestProject, unisono: Unisono) -> None:
    words = _CALLS[name]
    call = unisono(*words, "--json") if form == "json" else unisono(*words)
    check_golden(f"{name}.{'json' if form == 'json' else 'txt'}", call.out)
    assert call.err == ""
