"""The checks of a project: stable ids, and how a mistake suggests what was meant.

An id is API, like an error code: never renamed. ``docs/reference/project.md`` has a line for each, and the tests a
broken project.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import StrEnum

_SHOWN_CHARACTERS = 60
_SHOWN_NAMES = 12


class Check(StrEnum):
    """What found a mistake."""

    # files
    BAD_PATH = "bad-path"
    IGNORED_FILE = "ignored-file"  # a warning
    TOO_LARGE = "too-large"
    YAML_SYNTAX = "yaml-syntax"
    DUPLICATE_KEY = "duplicate-key"
    # keys and values
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    WRONG_TYPE = "wrong-type"
    WRONG_VALUE = "wrong-value"
    BAD_NAME = "bad-name"
    UNKNOWN_RUN_PROFILE_STEP = "unknown-run-profile-step"
    # names that lead nowhere, or to two places
    DUPLICATE_NAME = "duplicate-name"
    DUPLICATE_PRECEDENCE = "duplicate-precedence"
    UNKNOWN_CONNECTOR = "unknown-connector"
    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_ATTRIBUTE = "unknown-attribute"
    # connectors
    UNKNOWN_KIND = "unknown-kind"
    MISSING_LIBRARY = "missing-library"
    UNKNOWN_SETTING = "unknown-setting"
    BAD_SETTING = "bad-setting"
    SECRET_REFERENCE = "secret-reference"  # noqa: S105 - the name of a check
    SECRET_MISSING = "secret-missing"  # noqa: S105 - the name of a check
    SECRET_IN_CLEAR = "secret-in-clear"  # noqa: S105 - the name of a check
    # rules
    EXPRESSION_SYNTAX = "expression-syntax"
    EXPRESSION_TYPE = "expression-type"
    FLOW_TYPE = "flow-type"
    REFERENCE_FLOW = "reference-flow"
    JOIN_REFERENCE = "join-reference"
    JOIN_WITHOUT_LINK = "join-without-link"  # a warning
    MERGE_CONFLICT = "merge-conflict"
    MERGE_WITHOUT_RECALL = "merge-without-recall"
    WRONG_DIRECTION = "wrong-direction"
    PROVISION_WITHOUT_DN = "provision-without-dn"
    PROJECT_WITHOUT_JOIN = "project-without-join"  # a warning


def shown(text: str) -> str:
    """The text in quotes, cut where it is too long to be read in a message."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…")


def suggestion(name: str, known: Iterable[str]) -> str:
    """A hint: the known name that is nearest, or the known names."""
    names = sorted(known)
    same = [candidate for candidate in names if candidate.lower() == name.lower()]
    close = same or difflib.get_close_matches(name[:_SHOWN_CHARACTERS], names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return ""
    rest = ", …" if len(names) > _SHOWN_NAMES else ""
    return f"known: {', '.join(names[:_SHOWN_NAMES])}{rest}"
