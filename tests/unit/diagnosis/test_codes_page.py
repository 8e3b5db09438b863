"""The reference page of codes is the table, and nothing but the table."""

from __future__ import annotations

from pathlib import Path

from unisono.diagnosis import all_codes
from unisono.diagnosis.page import codes_page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "codes.md"


def test_the_page_in_the_documentation_is_the_one_that_the_table_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == codes_page(), (
        "docs/reference/codes.md is old; `make reference` writes it"
    )


def test_every_code_stands_on_the_page() -> None:
    page = codes_page()
    assert [code for code in all_codes() if f"`{code}`" not in page] == []
