"""Evaluate an expression on an object, step by step."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from unisono.cli.documents.expressions import EvaluatedStep, EvaluatedValue, Evaluation
from unisono.cli.failures import CallMistake, WrittenMistake, unknown
from unisono.cli.session import Session, connector_named
from unisono.cli.status import ExitStatus
from unisono.cli.views.expressions import evaluation_view
from unisono.cli.views.parts import counted
from unisono.config import load_project, read_object
from unisono.config.check_expression import in_project
from unisono.config.checks import Check
from unisono.config.known import DN, readable_connector, readable_metaverse
from unisono.expressions import (
    Environment,
    ExpressionMistake,
    ExpressionMistakes,
    Result,
    Step,
    Trace,
    imported_name,
    trace_expression,
)
from unisono.expressions.instants import read_date
from unisono.expressions.values import Failure, Value
from unisono.model.project import Project
from unisono.model.rules import Language
from unisono.model.schema import Attribute, ObjectType


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The call: which expression, on what."""

    expression: str
    language: Language
    file: Path | None
    connector: str | None
    object_type: str | None
    parameters: tuple[str, ...]
    imported: Path | None
    several: bool
    now: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What the expression may read. ``object_type`` is all that the project knows of the object."""

    object_type: ObjectType | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    imported: Mapping[str, Attribute] | None = None  # of the target object; None: the object itself was imported
    values: Mapping[str, Value] = field(default_factory=dict)


def evaluate(session: Session, question: Question) -> ExitStatus:
    _refuse_what_is_no_text(question)
    asks_project = session.named or question.connector is not None or question.object_type is not None
    loaded = load_project(session.directory, environ=os.environ) if asks_project else None
    source = _Source()
    if loaded is not None and (question.connector is not None or question.object_type is not None):
        source = _declared(question, loaded.project)
    source = _with_imported(_with_object(source, question.file), question.imported)
    environment = _environment(question, loaded.parameters if loaded else {})
    document = _document(question, _traced(question, source, environment))
    session.emit(document, evaluation_view)
    return ExitStatus.ERRORS if document.outcome == "error" or document.warnings else ExitStatus.SUCCESS


# --- the call --------------------------------------------------------------------------------------------------------


def _refuse_what_is_no_text(question: Question) -> None:
    """Words of a command line may be any bytes; those that are no text could be neither evaluated nor shown."""
    for what, text in (("expression", question.expression), *(("parameter", each) for each in question.parameters)):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise CallMistake(f"the {what} {text!r} is not Unicode text") from None


def _environment(question: Question, parameters: Mapping[str, str]) -> Environment:
    now = _moment(question.now)
    given = dict(map(_parameter, question.parameters))
    # Chance follows from the time, so that a fixed one gives the same again.
    return Environment(now=now, parameters={**parameters, **given}, seed=now.isoformat().encode())


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        return read_date(text)
    except Failure as failure:
        raise CallMistake(f"--now {text!r}: {failure}", hint="as in 2026-01-31T08:00:00Z") from None


def _parameter(written: str) -> tuple[str, str]:
    name, equals, value = written.partition("=")
    if not (name and equals):
        raise CallMistake(f"--parameter {written!r} has no name and value", hint="as in MailDomain=contoso.com")
    return name.strip("%"), value


# --- the object ------------------------------------------------------------------------------------------------------


def _declared(question: Question, project: Project) -> _Source:
    """What an expression may read of an object type of the project: of a connector, or of the metaverse."""
    if question.connector is None:
        types = project.metaverse.schema.object_types
        readable = readable_metaverse(_type_named(question.object_type, types, "the metaverse"))
    else:
        if question.imported is not None:
            hint = "what is imported of the target is for rules whose source is the metaverse"
            raise CallMistake("--connector and --imported exclude each other", hint=hint)
        definition = connector_named(question.connector, project)
        found = _type_named(question.object_type, definition.schema.object_types, definition.name)
        readable = readable_connector(replace(found, attributes=(*found.attributes, DN)))
    if readable is None:  # it is not: the object type is there
        raise CallMistake("there is no such object type")
    return _Source(object_type=readable.object_type, attributes=readable.attributes, imported=readable.imported)


def _type_named(name: str | None, types: tuple[ObjectType, ...], where: str) -> ObjectType:
    """The object type of that name; without a name the only one."""
    if name is None and len(types) == 1:
        return types[0]
    names = [each.name for each in types]
    if name is None:
        raise CallMistake(f"which object type of {where} is meant?", hint=f"--type {' or '.join(names)}")
    found = next((each for each in types if each.name == name), None)
    if found is None:
        raise unknown(f"object type of {where}", name, names)
    return found


def _with_object(source: _Source, file: Path | None) -> _Source:
    if file is None:
        return source
    given = read_object(file, source.object_type)
    attributes = given.attributes if source.object_type is None else source.attributes
    return replace(source, attributes=attributes, values=given.values)


def _with_imported(source: _Source, file: Path | None) -> _Source:
    if file is None:
        return source
    given = read_object(file)
    values = {imported_name(name): value for name, value in given.values.items()}
    return replace(source, imported=given.attributes, values={**source.values, **values})


# --- the evaluation --------------------------------------------------------------------------------------------------


def _traced(question: Question, source: _Source, environment: Environment) -> Trace:
    try:
        return trace_expression(
            question.expression,
            source.values,
            source.attributes,
            environment,
            imported=source.imported,
            several=question.several,
            language=question.language,
        )
    except ExpressionMistakes as error:
        told = tuple(_told(mistake, question, source) for mistake in error.mistakes)
        message = f"{counted(len(told), 'mistake')} in the expression"
        raise CallMistake(message, mistakes=told, expression=question.expression) from None


def _told(mistake: ExpressionMistake, question: Question, source: _Source) -> WrittenMistake:
    told = in_project(mistake, source.object_type or ObjectType(name="", attributes=()))
    return _written(replace(told, hint=told.hint or _hint(told, question, source)), "error")


def _hint(mistake: ExpressionMistake, question: Question, source: _Source) -> str:
    """What helps here and would not in a project."""
    if mistake.check == Check.UNKNOWN_ATTRIBUTE and source.object_type is None:
        if question.file is None:
            return "--object FILE gives an object with its attributes"
        return f"if the object lacks it, {question.file.name} says so with null, or as in {{integer: null}}"
    if mistake.check == "misplaced-imported-value":
        return "--imported FILE gives the target object"
    return ""


def _written(mistake: ExpressionMistake, severity: str) -> WrittenMistake:
    return WrittenMistake(
        file=None,
        line=mistake.line,
        column=mistake.column,
        check=mistake.check,
        severity=severity,
        message=mistake.message,
        hint=mistake.hint,
    )


# --- the document ----------------------------------------------------------------------------------------------------


def _document(question: Question, trace: Trace) -> Evaluation:
    steps = _step(trace.root)
    return Evaluation(
        expression=question.expression,
        language=question.language.value,
        type=steps.type,
        multivalued=steps.multivalued,
        outcome=steps.outcome,
        value=steps.value,
        error=steps.error,
        warnings=tuple(_written(warning, "warning") for warning in trace.warnings),
        steps=steps,
    )


def _step(step: Step) -> EvaluatedStep:
    result = step.result or Result()
    return EvaluatedStep(
        expression=step.text,
        type=step.kind.scalar.value if step.kind.scalar else None,
        multivalued=step.kind.multivalued,
        outcome=_outcome(step.result),
        value=result.value,
        error=result.error,
        variable=step.variable or None,
        parts=tuple([_step(part) for part in step.parts]),
        values=tuple([EvaluatedValue(name=e.name, value=e.value, step=_step(e.step)) for e in step.values]),
        unlisted=step.unlisted,
    )


def _outcome(result: Result | None) -> str:
    if result is None:
        return "not-evaluated"
    return "error" if result.error is not None else result.marker or "value"
