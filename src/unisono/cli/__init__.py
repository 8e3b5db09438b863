"""The command line: parses calls, does what they ask for, and shows it as text or JSON.

    commands    what is typed: arguments, options, help texts
    actions     what is done; each gives a document and an exit status
    documents   frozen values that are also the shapes of the JSON output
    views       documents as text for people

``unisono --help`` reads the commands only. What is heavy is imported by the action that needs it.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `unisono` and return its exit status; ``arguments`` without the program's name (default: the process's)."""
    from unisono.cli.program import run

    return run(arguments)
