"""Write the reference pages that come from the code. The tests compare, so a page cannot fall behind unnoticed."""

from __future__ import annotations

from pathlib import Path

from unisono.cli.page import cli_page
from unisono.diagnosis.page import codes_page
from unisono.expressions.reference import page as expressions_page

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"

PAGES = {"cli.md": cli_page, "codes.md": codes_page, "expressions.md": expressions_page}

if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")
