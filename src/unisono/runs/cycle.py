"""The cycle: import, synchronize, export and confirm, until nothing is pending."""

from __future__ import annotations

from collections.abc import Iterator

from unisono.connectors.contract import Support
from unisono.model.runs import RunProfile, RunResult, RunStep, StepType
from unisono.runs.context import Context
from unisono.runs.execute import run_profile
from unisono.runs.synchronize import outbound_connectors

#: Exported values can make new ones necessary; sound rules come to rest after two rounds.
ROUNDS = 4


def run_cycle(context: Context) -> Iterator[RunResult]:
    """Run the project's connectors in their order; yields each run when it ended.

    First everybody imports, then everybody synchronizes, then targets export and confirm, until nothing is pending.
    A connector whose import failed is still synchronized, with what was known of it; one that the guard holds is left.
    """
    order = context.project.cycle
    for connector in order:
        yield run_profile(connector, _import(connector, context), context)
    yield from _synchronize(order, context)
    for _ in range(ROUNDS):
        exporting = [connector for connector in order if _has_exports(connector, context)]
        if not exporting:
            return
        progressed = False
        for connector in exporting:
            exported = run_profile(connector, RunProfile(name="export", steps=(_step(StepType.EXPORT),)), context)
            yield exported
            if exported.status.ends_run:
                continue
            progressed = progressed or any(
                count.counter.value.startswith("export-") for count in exported.steps[0].counts
            )
            yield run_profile(connector, _import(connector, context), context)
        if not progressed:
            return
        yield from _synchronize(order, context)


def _step(kind: StepType) -> RunStep:
    return RunStep(type=kind)


def _import(connector: str, context: Context) -> RunProfile:
    """A delta import where the connector can and has a watermark, else a full one."""
    capabilities = context.connectors[connector].connector.capabilities
    with context.store.read() as reader:
        delta = capabilities.delta_import is Support.FULL and reader.watermark(connector) is not None
    kind = StepType.DELTA_IMPORT if delta else StepType.FULL_IMPORT
    return RunProfile(name=kind.value, steps=(_step(kind),))


def _synchronize(order: tuple[str, ...], context: Context) -> Iterator[RunResult]:
    """Synchronize until no connector has anything pending; the first time always, for disconnectors."""
    profile = RunProfile(name="delta-synchronization", steps=(_step(StepType.DELTA_SYNCHRONIZATION),))
    for connector in order:
        yield run_profile(connector, profile, context)


def _has_exports(connector: str, context: Context) -> bool:
    if connector not in outbound_connectors(context):
        return False
    with context.store.read() as reader:
        return reader.export_index(connector).height > 0
