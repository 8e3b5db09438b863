"""A drop file gives back what was put into it, whatever the values, and is never half there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unisono.connectors.contract import ImportBatch
from unisono.model.documents import normalized
from unisono.model.errors import StepStop
from unisono.model.frames import DELETED, DISCOVERY_ERRORS
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunStep, Status, StepType
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema
from unisono.runs.dropfiles import reading
from unisono.runs.dropfiles.form import header_of
from unisono.runs.dropfiles.importing import Resumed, Written
from unisono.runs.dropfiles.writing import DropWriter

_SCALARS: dict[AttributeType, st.SearchStrategy[Any]] = {
    AttributeType.STRING: st.text(max_size=5),
    AttributeType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    AttributeType.BOOLEAN: st.booleans(),
    AttributeType.BINARY: st.binary(max_size=5),
    AttributeType.DATETIME: st.datetimes(datetime(1601, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    AttributeType.REFERENCE: st.text(max_size=5),
}
ATTRIBUTES = tuple(
    Attribute(name=f"{kind.value}{'s' if several else ''}", type=kind, multivalued=several)
    for kind in AttributeType
    for several in (False, True)
    if not (several and kind is AttributeType.BOOLEAN)
)
PERSON = ObjectType(name="person", attributes=(*ATTRIBUTES, Attribute(name="pin", export_only=True)))
DEFINITION = ConnectorDefinition(name="hr", kind="test", settings={}, schema=Schema(object_types=(PERSON,)))
STEP = RunStep(type=StepType.FULL_IMPORT)
AT = datetime(2026, 5, 4, tzinfo=UTC)
_NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5)


@st.composite
def objects(draw: st.DrawFn) -> pl.DataFrame:
    rows = []
    for anchor in draw(st.lists(_NAMES, max_size=4, unique=True)):
        row: dict[str, Any] = {"anchor": anchor, "dn": draw(_NAMES)}
        for a in ATTRIBUTES:
            scalar = _SCALARS[a.type]
            row[a.name] = draw(st.none() | (st.lists(scalar, max_size=3) if a.multivalued else scalar))
        rows.append(row)
    schema = {"anchor": pl.String, "dn": pl.String, **{a.name: a.dtype for a in PERSON.attributes}}
    frame = pl.DataFrame(rows, schema=schema)
    return frame.with_columns(normalized(a) for a in ATTRIBUTES)


class Batches:
    """A reading that gives these batches, and then perhaps breaks off."""

    watermark = "7"

    def __init__(self, *batches: ImportBatch, breaks_off: bool = False) -> None:
        self._batches = batches
        self._breaks_off = breaks_off

    def batches(self) -> Iterator[ImportBatch]:
        yield from self._batches
        if self._breaks_off:
            raise StepStop(Status.STOPPED_IMPORT_READ, "the source broke off")

    def close(self) -> None:
        pass


def written(path: Path, session: Batches) -> None:
    with DropWriter(path, header_of(STEP, DEFINITION, "f", AT)) as writer:
        for _ in Written(session, writer, DEFINITION).batches():
            pass


def resumed(path: Path) -> list[ImportBatch]:
    session = Resumed(path, STEP, DEFINITION)
    try:
        return list(session.batches())
    finally:
        session.close()


@pytest.mark.parametrize("lines", [1, 3, 50_000])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.lists(objects(), max_size=3))
def test_what_was_written_comes_back_as_it_was(
    lines: int, frames: list[pl.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE_LINES", lines)
    gone = pl.DataFrame({"anchor": ["a", None], "dn": [None, "b\n"]}, schema=dict(DELETED.columns))
    error = {"code": "parse-error", "anchor": "x", "line": 7, "message": "two\nlines"}
    errors = pl.DataFrame([error], schema=dict(DISCOVERY_ERRORS.columns))
    batches = [ImportBatch(object_type="person", objects=frame) for frame in frames]
    last = ImportBatch(object_type="person", objects=_empty(), deletions=gone, errors=errors)
    written(tmp_path / "drop", Batches(*batches, last))
    found = resumed(tmp_path / "drop")
    assert pl.concat([_empty(), *(batch.objects for batch in found)]).equals(pl.concat([_empty(), *frames]))
    assert pl.concat(batch.deletions for batch in found).equals(gone)
    assert pl.concat(batch.errors for batch in found).equals(errors)
    assert max(batch.objects.height for batch in found) <= lines


def _empty() -> pl.DataFrame:
    schema = {"anchor": pl.String, "dn": pl.String, **{a.name: a.dtype for a in PERSON.attributes}}
    return pl.DataFrame(schema=schema)


def test_a_reading_that_broke_off_leaves_the_file_of_before(tmp_path: Path) -> None:
    path = tmp_path / "drop"
    written(path, Batches())
    before = path.read_bytes()
    with pytest.raises(StepStop):
        written(path, Batches(ImportBatch(object_type="person", objects=_empty()), breaks_off=True))
    assert ([path.name for path in tmp_path.iterdir()], path.read_bytes()) == (["drop"], before)


def test_a_full_disk_leaves_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StepStop) as stop:
        written(tmp_path / "drop", Batches())
    assert (stop.value.status, list(tmp_path.iterdir())) == (Status.STOPPED_DISK_FULL, [])


def test_a_file_whose_lines_name_another_object_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drop"
    with DropWriter(path, header_of(STEP, DEFINITION, "f", AT)) as writer:
        writer.add("objects", "robot", pl.Series(["{}"]))
        writer.finish()
    with pytest.raises(StepStop) as stop:
        resumed(path)
    assert stop.value.status is Status.STOPPED_PARSING_ERRORS


def test_a_value_of_another_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drop"
    with DropWriter(path, header_of(STEP, DEFINITION, "f", AT)) as writer:
        writer.add("objects", "person", pl.Series(['{"anchor":"a","dn":"a","values":{"binary":"!"}}']))
        writer.finish()
    with pytest.raises(StepStop) as stop:
        resumed(path)
    assert stop.value.status is Status.STOPPED_PARSING_ERRORS
