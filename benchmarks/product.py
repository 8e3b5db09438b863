"""Runs of the product in a process of their own: ``python -m benchmarks.product PROJECT COMMAND …``.

- ``run CONNECTOR:PROFILE …``: run profiles, one after the other;
- ``cycle``: run the project's cycle, until nothing is pending;
- ``plan CHANGED CONNECTOR …``: plan full synchronizations with the rules of another project.

Prints a JSON document: per run its connector, status, and per step what the store's history says of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from unisono.bootstrap import open_project
from unisono.model.runs import RunResult
from unisono.runs.cycle import run_cycle
from unisono.runs.execute import run_profile
from unisono.runs.plan import plan


def main() -> None:
    project, command, *arguments = sys.argv[1:]
    results = list(_COMMANDS[command](Path(project), arguments))
    print(json.dumps(results))
    if any(result["outcome"] == "error" for result in results):
        sys.exit(3)


def _run(project: Path, arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
    with open_project(project) as context:
        for argument in arguments:
            connector, name = argument.split(":")
            definition = context.project.connector(connector)
            profile = definition.run_profile(name) if definition else None
            if profile is None:
                raise SystemExit(f"the benchmark project has no run profile {argument}")
            yield _told(run_profile(connector, profile, context))


def _cycle(project: Path, _arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
    with open_project(project) as context:
        yield from map(_told, run_cycle(context))


def _plan(project: Path, arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
    changed, *connectors = arguments
    with open_project(project, rules_from=Path(changed)) as context, plan(context, connectors, full=True) as plans:
        for one in plans:
            yield {"connector": one.connector, "outcome": "success", "changes": one.changes.height}


_COMMANDS = {"run": _run, "cycle": _cycle, "plan": _plan}


def _told(result: RunResult) -> dict[str, Any]:
    return {
        "connector": result.connector,
        "status": result.status.value,
        "outcome": result.status.outcome.value,
        "steps": [
            {
                "type": step.step.type.value,
                "status": step.status.value,
                "message": step.message,
                "seconds": (step.ended_at - step.started_at).total_seconds(),
                "phases": dict(step.phase_s),
                "counts": {f"{c.target or ''}/{c.counter.value}": c.count for c in step.counts},
            }
            for step in result.steps
        ],
    }


if __name__ == "__main__":
    main()
