"""The runtime around a connector: nothing gets through it that the engine's side would have to distrust."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.connectors.boundary import ANCHOR_LIMIT, as_sets
from unisono.connectors.contract import (
    Capabilities,
    ExportBatch,
    ExportOperation,
    ImportBatch,
    ImportRequest,
    PartialSend,
)
from unisono.connectors.runtime import Runtime
from unisono.model.documents import normalized
from unisono.model.errors import StepStop
from unisono.model.frames import DELETED, EXPORT_RESULTS, EXPORTED
from unisono.model.names import DnStyle
from unisono.model.phases import Phase, heard_by
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType, PolarsType, Schema
from unisono.model.secrets import Secret

PERSON = ObjectType(
    name="person",
    attributes=(
        Attribute(name="name"),
        Attribute(name="tags", multivalued=True),
        Attribute(name="password", export_only=True),
    ),
)
SCHEMA = Schema(object_types=(PERSON,))
SETTINGS = {"password": Secret("p@ss word"), "nested": [{"key": Secret("k3y")}]}
FULL = ImportRequest(full=True)


@dataclass
class ScriptedConnector:
    """A fake: gives the batches and results that a test wants, or raises its exception where the test wants it."""

    batches: list[ImportBatch] = field(default_factory=list)
    results: Callable[[ExportBatch], pl.DataFrame] | None = None
    failure: Exception | None = None
    fails_at: str = "batches"
    capabilities: Capabilities = field(default_factory=Capabilities)
    closed: int = 0

    def maybe_fail(self, place: str) -> None:
        if self.failure is not None and place == self.fails_at:
            raise self.failure

    def discover_schema(self) -> Schema:
        self.maybe_fail("discover_schema")
        return SCHEMA

    def open_import(self, request: ImportRequest) -> ScriptedSession:  # noqa: ARG002 - the contract's
        self.maybe_fail("open_import")
        return ScriptedSession(self)

    def open_export(self) -> ScriptedSession:
        self.maybe_fail("open_export")
        return ScriptedSession(self)


@dataclass
class ScriptedSession:
    connector: ScriptedConnector

    def batches(self) -> Iterator[ImportBatch]:
        yield from self.connector.batches
        self.connector.maybe_fail("batches")

    @property
    def watermark(self) -> str | None:
        return "here"

    def send(self, batch: ExportBatch) -> pl.DataFrame:
        self.connector.maybe_fail("send")
        assert self.connector.results is not None
        return self.connector.results(batch)

    def finish(self) -> None:
        self.connector.maybe_fail("finish")

    def close(self) -> None:
        self.connector.closed += 1


def runtime(connector: ScriptedConnector, **options: Any) -> Runtime:
    definition = ConnectorDefinition(name="HR", kind="test", settings=SETTINGS, schema=SCHEMA)
    return Runtime(connector, definition, **options)


def objects(*rows: dict[str, Any]) -> pl.DataFrame:
    schema: dict[str, PolarsType] = dict.fromkeys(("anchor", "dn", "name"), pl.String)
    schema["tags"] = pl.List(pl.String)
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def person_batch(frame: pl.DataFrame, **parts: pl.DataFrame) -> ImportBatch:
    return ImportBatch(object_type="person", objects=frame, **parts)


def imported(connector: ScriptedConnector) -> list[ImportBatch]:
    with runtime(connector).open_import(FULL) as session:
        return list(session.batches())


# --- import ----------------------------------------------------------------------------------------------------------


def test_objects_come_out_complete_ordered_and_normalized() -> None:
    frame = objects({"anchor": "1", "dn": "ignored", "name": "Ann", "tags": ["b", "a", "b", None]})
    frame = frame.with_columns(more=pl.lit("x")).select("more", "tags", "name", "dn", "anchor")
    [batch] = imported(ScriptedConnector(batches=[person_batch(frame)]))
    assert batch.objects.to_dicts() == [{"anchor": "1", "dn": "1", "name": "Ann", "tags": ["a", "b"], "password": None}]
    assert batch.objects.columns == ["anchor", "dn", "name", "tags", "password"]


def test_no_value_and_an_empty_text_stay_two_things() -> None:
    frame = objects({"anchor": "1", "name": ""}, {"anchor": "2"})
    [batch] = imported(ScriptedConnector(batches=[person_batch(frame)]))
    assert batch.objects["name"].to_list() == ["", None]


def test_an_empty_set_is_no_value() -> None:
    frame = objects({"anchor": "1", "tags": []}, {"anchor": "2", "tags": [None]}, {"anchor": "3", "tags": [""]})
    [batch] = imported(ScriptedConnector(batches=[person_batch(frame)]))
    assert batch.objects["tags"].to_list() == [None, None, [""]]


@pytest.mark.parametrize(
    ("row", "style", "code"),
    [
        pytest.param({"anchor": None, "dn": "x"}, DnStyle.GENERIC, "missing-anchor-component", id="no anchor"),
        pytest.param({"anchor": "", "dn": "x"}, DnStyle.GENERIC, "missing-anchor-component", id="empty anchor"),
        pytest.param({"anchor": "é" * 601, "dn": "x"}, DnStyle.GENERIC, "anchor-too-long", id="endless anchor"),
        pytest.param({"anchor": "1"}, DnStyle.LDAP, "missing-dn", id="no DN"),
        pytest.param({"anchor": "1", "dn": ""}, DnStyle.LDAP, "missing-dn", id="empty DN"),
        pytest.param({"anchor": "1", "dn": "é" * 4097}, DnStyle.LDAP, "invalid-dn", id="endless DN"),
        pytest.param({"anchor": "1\0", "dn": "x"}, DnStyle.LDAP, "invalid-dn", id="NUL in the anchor"),
        pytest.param({"anchor": "1", "dn": "\0"}, DnStyle.LDAP, "invalid-dn", id="NUL in the DN"),
    ],
)
def test_an_object_that_no_connector_space_can_hold_is_an_error(row: dict[str, Any], style: DnStyle, code: str) -> None:
    good = {"anchor": "é" * ANCHOR_LIMIT, "dn": "cn=good"}
    connector = ScriptedConnector(batches=[person_batch(objects(good, row))], capabilities=Capabilities(dn_style=style))
    [batch] = imported(connector)
    assert batch.objects["dn"].to_list() == ["cn=good"]
    assert batch.errors["code"].to_list() == [code]
    assert batch.errors["message"].str.len_chars().max() < 100  # type: ignore[operator]  # of an integer column


def test_a_deletion_of_nobody_is_an_error() -> None:
    deletions = pl.DataFrame(
        {"anchor": ["1", None, None, ""], "dn": [None, "cn=2", None, None]}, schema=DELETED.columns
    )
    [batch] = imported(ScriptedConnector(batches=[person_batch(objects(), deletions=deletions)]))
    assert batch.deletions.rows() == [("1", None), (None, "cn=2")]
    assert batch.errors["code"].to_list() == ["missing-anchor-component"] * 2


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param(person_batch(objects().drop("name")), id="attribute missing"),
        pytest.param(person_batch(objects().with_columns(pl.col("name").cast(pl.Int64))), id="attribute mistyped"),
        pytest.param(person_batch(objects().drop("anchor")), id="anchor missing"),
        pytest.param(ImportBatch(object_type="printer", objects=objects()), id="unknown object type"),
        pytest.param(person_batch(objects(), errors=pl.DataFrame({"code": ["x"]})), id="errors incomplete"),
    ],
)
def test_a_connector_that_breaks_the_contract_is_stopped(batch: ImportBatch) -> None:
    with pytest.raises(StepStop) as stop:
        imported(ScriptedConnector(batches=[batch]))
    assert stop.value.status is Status.STOPPED_EXTENSION_DLL_EXCEPTION


LISTS = st.lists(st.none() | st.lists(st.none() | st.text(max_size=3), max_size=4), max_size=8)


@given(LISTS)
def test_the_fast_normal_form_of_sets_is_that_of_the_model(lists: list[list[str | None] | None]) -> None:
    series = pl.Series("tags", lists, dtype=pl.List(pl.String))
    obvious = series.to_frame().select(normalized(PERSON["tags"]).alias("tags")).to_series()
    assert as_sets(series).to_list() == obvious.to_list()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (AttributeType.INTEGER, [3, -1, 3]),
        (AttributeType.BOOLEAN, [True, False]),
        (AttributeType.BINARY, [b"\xff", b"", b"\x00"]),
    ],
)
def test_sets_of_every_type_have_a_normal_form(kind: AttributeType, values: list[Any]) -> None:
    dtype = Attribute(name="x", type=kind, multivalued=True).dtype
    assert as_sets(pl.Series([values, None], dtype=dtype)).to_list() == [sorted(set(values)), None]


# --- failures --------------------------------------------------------------------------------------------------------

PLACES = ["discover_schema", "open_import", "open_export", "batches", "send", "finish"]


def call(connector: ScriptedConnector, place: str) -> None:
    around = runtime(connector)
    match place:
        case "discover_schema":
            around.discover_schema()
        case "open_import" | "batches":
            with around.open_import(FULL) as session:
                list(session.batches())
        case _:
            with around.open_export() as export:
                export.send(entries(1))
                export.finish()


@pytest.mark.parametrize("place", PLACES)
def test_an_unknown_exception_stops_the_step_and_says_what_it_was(place: str) -> None:
    connector = ScriptedConnector(failure=KeyError("colour"), fails_at=place, results=accepted)
    with pytest.raises(StepStop, match="HR failed: KeyError: 'colour'") as stop:
        call(connector, place)
    assert stop.value.status is Status.STOPPED_EXTENSION_DLL_EXCEPTION
    assert "maybe_fail" in stop.value.__notes__[0]


@pytest.mark.parametrize("place", PLACES)
def test_a_stop_of_the_connector_keeps_what_it_says(place: str) -> None:
    failure = StepStop(Status.NO_START_CONNECTION, "no answer", hint="try again", connection="failed-connection")
    with pytest.raises(StepStop) as stop:
        call(ScriptedConnector(failure=failure, fails_at=place, results=accepted), place)
    told = stop.value
    assert (told.status, told.message, told.hint, told.connection) == (
        Status.NO_START_CONNECTION,
        "no answer",
        "try again",
        "failed-connection",
    )


@pytest.mark.parametrize(
    "failure",
    [
        ValueError("cannot connect with p@ss word"),
        ValueError("postgresql://me:p%40ss%20word@host and k3y"),
        ValueError("p%40ss+word"),
        StepStop(Status.NO_START_CREDENTIALS, "p@ss word is wrong", hint="k3y"),
    ],
)
@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_in_any_text_of_a_failure(failure: Exception, place: str) -> None:
    with pytest.raises(StepStop) as stop:
        call(ScriptedConnector(failure=failure, fails_at=place, results=accepted), place)
    texts = f"{stop.value} {stop.value.hint} {stop.value.__notes__} {stop.value.__cause__} {stop.value.__context__}"
    assert not any(secret in texts for secret in ("p@ss word", "p%40ss", "k3y"))


def test_a_session_is_closed_once_also_after_a_failure() -> None:
    connector = ScriptedConnector(failure=KeyError("x"))
    session = runtime(connector).open_import(FULL)
    with pytest.raises(StepStop), session:
        list(session.batches())
    session.close()
    assert connector.closed == 1


def test_time_in_the_connector_is_that_of_the_source_and_of_normal_forms_that_of_decoding() -> None:
    heard: list[Phase] = []

    @contextmanager
    def listener(phase: Phase) -> Iterator[None]:
        heard.append(phase)
        yield

    around = runtime(ScriptedConnector(batches=[person_batch(objects({"anchor": "1"}))]))
    with heard_by(listener), around.open_import(FULL) as session:
        list(session.batches())
    source, decode = Phase.SOURCE, Phase.DECODE
    assert heard == [source, source, source, decode, source, source]  # open, batches, one, none, close


# --- export ----------------------------------------------------------------------------------------------------------


def entries(*ids: int) -> ExportBatch:
    frame = pl.DataFrame(
        {"id": ids, "anchor": None, "dn": "x", "new_dn": None, "changed": [[] for _ in ids]},
        schema=EXPORTED.columns,
    )
    return ExportBatch(object_type="person", operation=ExportOperation.DELETE, entries=frame)


def results(*rows: tuple[int, str | None], message: str | None = None) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={"id": pl.Int64, "code": pl.String}, orient="row")
    return pl.concat([EXPORT_RESULTS.empty(), frame.with_columns(message=pl.lit(message, pl.String))], how="diagonal")


def accepted(batch: ExportBatch) -> pl.DataFrame:
    return results(*((id_, None) for id_ in batch.entries["id"]))


def sent(connector: ScriptedConnector, batch: ExportBatch) -> pl.DataFrame:
    with runtime(connector).open_export() as session:
        return session.send(batch)


@pytest.mark.parametrize(
    ("given_results", "codes"),
    [
        pytest.param(results((3, None), (1, "x"), (2, None)), ["x", None, None], id="in another order"),
        pytest.param(results((1, None)), [None, "unexpected-error", "unexpected-error"], id="some forgotten"),
        pytest.param(results(), ["unexpected-error"] * 3, id="all forgotten"),
        pytest.param(
            results((1, None), (1, "x"), (2, "y"), (2, None), (3, None), (3, None)), ["x", "y", None], id="repeated"
        ),
    ],
)
def test_every_entry_has_exactly_one_result(given_results: pl.DataFrame, codes: list[str | None]) -> None:
    told = sent(ScriptedConnector(results=lambda _batch: given_results), entries(1, 2, 3))
    assert told["id"].to_list() == [1, 2, 3]
    assert told["code"].to_list() == codes


def test_a_result_for_nobody_stops_the_step() -> None:
    with pytest.raises(StepStop, match="entry 9") as stop:
        sent(ScriptedConnector(results=lambda _batch: results((9, None))), entries(1))
    assert stop.value.status is Status.STOPPED_EXTENSION_DLL_EXCEPTION


def test_no_secret_is_in_a_result() -> None:
    given_results = results((1, "cd-error"), message="bound with p@ss word")
    told = sent(ScriptedConnector(results=lambda _batch: given_results), entries(1))
    assert told["message"].to_list() == ["bound with ***"]


def test_a_broken_connection_gives_the_results_that_are_known() -> None:
    failure = PartialSend(results((2, None)))
    failure.__cause__ = StepStop(Status.STOPPED_CONNECTIVITY, "lost k3y")
    with pytest.raises(PartialSend) as partial:
        sent(ScriptedConnector(failure=failure, fails_at="send"), entries(1, 2))
    assert partial.value.results["id"].to_list() == [2]
    cause = partial.value.__cause__
    assert isinstance(cause, StepStop)
    assert (cause.status, cause.message) == (Status.STOPPED_CONNECTIVITY, "lost ***")
