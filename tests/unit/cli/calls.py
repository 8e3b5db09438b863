"""Calls of the command as a person makes them, and what came out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"

#: Set it to write the golden files anew; then read what changed.
UPDATE = "UNISONO_WRITE_GOLDEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # Any: JSON
        return json.loads(self.out)


Unisono = Callable[..., Call]

# Of times, those of runs; a start date at midnight is a value.
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d|T(?!00:00:00(?:\.0+)?Z)\d\d:\d\d:\d\d(?:\.\d+)?Z)")
_SECONDS = re.compile(r"\d+\.\d+ s\b")
_JSON_SECONDS = re.compile(r'("seconds"|"source"|"decode"|"rules"|"store"|"target"): \d+(?:\.\d+)?')
_HASH = re.compile(r"\b[0-9a-f]{16}\b")
_FINGERPRINT = re.compile(r"\b[0-9a-f]{64}\b")


def normal(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, stands_for in (
        (_TIME, "<time>"),
        (_SECONDS, "<n> s"),
        (_JSON_SECONDS, r"\1: 0"),
        (_FINGERPRINT, "<fingerprint>"),
        (_HASH, "<hash>"),
    ):
        text = pattern.sub(stands_for, text)
    return text


def check_golden(name: str, text: str) -> None:
    """The text is what the golden file has."""
    file = GOLDEN / name
    if UPDATE in os.environ:
        file.write_text(normal(text), encoding="utf-8")
    assert normal(text) == file.read_text(encoding="utf-8")
