"""The fast evaluator: a checked tree as Polars expressions, for all objects of a frame at once.

Each node becomes a ``Column``: its value, and apart from it the error and the marker, so that one object's error never
touches another and an error in a branch that was not chosen never counts. What has no columnar definition is
evaluated row by row (``fallback``) inside the same expression.

Polars does not notice by itself that value and error share their parts, unless it optimizes a lazy frame; and an
expression that repeats its operands doubles at every level. Therefore the size of a column's expression is known, and
a part that grew too large is evaluated row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from unisono.expressions import fallback, typed
from unisono.expressions.folding import folded
from unisono.expressions.instants import EARLIEST, LATEST
from unisono.expressions.kinds import Kind
from unisono.expressions.registry import Operand, Outcome, Parameter, Shape
from unisono.expressions.rowwise import UNNAMED_ERROR
from unisono.expressions.values import IDENTITY, LIST_TOO_LONG, MOST_BYTES, MOST_LIST_BYTES, TOO_LONG, imported_name
from unisono.model.schema import AttributeType

_MOST_SIZE = 4000  # parts of an expression
_MOST_GROWTH = 4  # functions within each other whose results can be longer than their arguments
_ROW_BY_ROW_SIZE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A node for a whole frame. Where ``error`` is set, ``value`` and ``marker`` say nothing."""

    value: pl.Expr
    error: pl.Expr | None = None  # None: cannot fail
    marker: pl.Expr | None = None  # None: never marked
    null_on_error: bool = False  # whether ``value`` is null there by itself
    size: int = 1
    growth: int = 0


class _NeedsRows(Exception):
    """A part inside a list reads what is outside of it, or is too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """The columns of a frame: an attribute's is ``prefix`` and its name, ``identity`` tells the rows apart."""

    prefix: str = ""
    identity: str = "id"


def compile_node(node: typed.Node, naming: Naming) -> Column:
    """The node over a frame with columns of these names.

    A value that is the same for all objects is a literal: it need not have the height of the frame.
    """
    return _Compiler(naming, {}).compile(node)


class _Compiler:
    """``slots`` are the variables' columns; inside a list there are no attributes."""

    def __init__(self, naming: Naming, slots: Mapping[int, Column], *, in_list: bool = False) -> None:
        self._naming = naming
        self._slots = slots
        self._in_list = in_list

    def compile(self, node: typed.Node) -> Column:
        column = self._compile(node)
        if column.size > _MOST_SIZE or column.growth > _MOST_GROWTH:
            return self._row_by_row(node)
        return column

    def _compile(self, node: typed.Node) -> Column:
        match node:
            case typed.Constant(kind=kind, value=value):
                return Column(value=pl.lit(value, dtype=kind.dtype))
            case typed.Mark(marker=marker):
                return Column(value=_null(node), marker=pl.lit(marker.value))
            case typed.Read() | typed.Imported() | typed.Identity():
                return self._read(node)
            case typed.Variable():
                return self._variable(node)
            case typed.Call():
                return self._call(node)
            case typed.Logic():
                return self._logic(node)
            case typed.Choose():
                return self._choose(node)
            case typed.Fail():
                return self._fail(node)
            case typed.Let():
                return self._let(node)
            case typed.Each():
                return self._each(node)
            case typed.Filter():
                return self._filter(node)

    def _read(self, node: typed.Read | typed.Imported | typed.Identity) -> Column:
        if self._in_list:
            raise _NeedsRows
        if isinstance(node, typed.Identity):
            return Column(value=pl.col(self._naming.identity))
        value = pl.col(self._naming.prefix + str(_key(node)))
        if node.kind.scalar is AttributeType.DATETIME:
            # A column can hold instants beyond the calendar; dates as text and Python's dates end with it.
            if node.kind.multivalued:
                value = value.list.eval(_in_calendar(pl.element())).list.drop_nulls()
            else:
                value = _in_calendar(value)
        return Column(value=value)

    def _variable(self, node: typed.Variable) -> Column:
        if node.slot not in self._slots:
            raise _NeedsRows  # bound outside the list that is being compiled
        return self._slots[node.slot]

    # --- calls ------------------------------------------------------------------------------------------------------

    def _call(self, node: typed.Call) -> Column:
        if any(map(_is_wrong, node.function.parameters, node.arguments)):
            return self._row_by_row(node)  # definitions for columns rely on their constants
        columns = [self.compile(argument) for argument in node.arguments]
        operands = [_operand(a, c) for a, c in zip(node.arguments, columns, strict=True)]
        value, error, null_on_error = self._outcome(node, operands)
        for parameter, column in zip(node.function.parameters, columns, strict=False):
            null_on_error &= column.error is None or (column.null_on_error and not parameter.takes_null)
        return Column(
            value=value,
            error=_first([column.error for column in columns] + [error]),
            null_on_error=null_on_error and len(columns) <= len(node.function.parameters),
            size=1 + node.function.mentions * sum(column.size for column in columns),
            growth=int(node.function.grows) + max((column.growth for column in columns), default=0),
        )

    def _outcome(self, node: typed.Call, operands: list[Operand]) -> tuple[pl.Expr, pl.Expr | None, bool]:
        """Value, own error, and whether the value is null where that error is set."""
        function = node.function
        if all(operand.constant for operand in operands):
            column = self.compile(_of_constants(node, operands))
            return column.value, column.error, True
        outcome = _by_columns(node, operands)
        if outcome is None:
            return *fallback.call(node, operands), True
        if isinstance(outcome, Outcome):
            message = f"{function.name}: {outcome.message}"
            return outcome.value, pl.when(outcome.failed).then(pl.lit(message)), outcome.null_if_failed
        if function.grows:
            too_long = outcome.str.len_bytes() > MOST_BYTES
            return outcome, pl.when(too_long).then(pl.lit(f"{function.name}: {TOO_LONG}")), False
        return outcome, None, True

    def _row_by_row(self, node: typed.Node) -> Column:
        if self._in_list:
            raise _NeedsRows
        inputs: dict[str | int, pl.Expr] = {
            _key(part): self._read(part).value
            for part in typed.walk(node)
            if isinstance(part, typed.Read | typed.Imported | typed.Identity)
        }
        inputs |= {slot: self._slots[slot].value for slot in typed.free_slots(node)}
        value, error, marker = fallback.node(node, inputs)
        size = _ROW_BY_ROW_SIZE + sum(self._slots[slot].size for slot in typed.free_slots(node))
        return Column(value=value, error=error, marker=marker, null_on_error=True, size=size, growth=1)

    # --- logic and flow ---------------------------------------------------------------------------------------------

    def _logic(self, node: typed.Logic) -> Column:
        columns = [self.compile(operand) for operand in node.operands]
        size = 2 * sum(column.size for column in columns)
        if size > _MOST_SIZE:
            return self._row_by_row(node)  # before errors within errors are put together
        truths = [_truth(o, c) for o, c in zip(node.operands, columns, strict=True)]
        error: pl.Expr | None = None
        for column, truth in zip(reversed(columns), reversed(truths), strict=True):
            later = None if error is None else pl.when(truth if node.every else ~truth).then(error)
            error = _first([column.error, later])
        value = pl.all_horizontal(truths) if node.every else pl.any_horizontal(truths)
        return _of_parts(columns, value=value, error=error, size=size)

    def _choose(self, node: typed.Choose) -> Column:
        conditions = [self.compile(condition) for condition, _ in node.cases]
        results = [self.compile(result) for _, result in node.cases] + [self.compile(node.otherwise)]
        truths = [_truth(case[0], c) for case, c in zip(node.cases, conditions, strict=True)]
        chosen = _chosen(truths, [result.error for result in results])
        value = _chosen(truths, [result.value for result in results])
        fine = all(condition.error is None for condition in conditions)
        column = _of_parts(
            [*conditions, *results],
            value=_null(node) if value is None else value,
            error=_first([condition.error for condition in conditions] + [chosen]),
            size=3 * sum(c.size for c in conditions) + sum(result.size for result in results),
        )
        null_on_error = fine and all(result.error is None or result.null_on_error for result in results)
        return replace(
            column, marker=_chosen(truths, [result.marker for result in results]), null_on_error=null_on_error
        )

    def _fail(self, node: typed.Fail) -> Column:
        message = self.compile(node.message)
        text = message.value.cast(pl.String)
        named = pl.when(text != "").then(text).otherwise(pl.lit(UNNAMED_ERROR))
        column = _of_parts(
            [message], value=_null(node), error=_first([message.error, named]), size=1 + 2 * message.size
        )
        return replace(column, null_on_error=True)

    def _let(self, node: typed.Let) -> Column:
        bound = self.compile(node.bound)
        slots = {**self._slots, node.slot: replace(bound, error=None)}
        body = _Compiler(self._naming, slots, in_list=self._in_list).compile(node.body)
        return replace(
            body,
            error=_first([bound.error, body.error]),
            null_on_error=bound.error is None and body.null_on_error,
            size=bound.size + body.size,
        )

    # --- lists ------------------------------------------------------------------------------------------------------

    def _each(self, node: typed.Each) -> Column:
        return self._over_values(node, node.body, lambda values, result: values.list.eval(result).list.drop_nulls())

    def _filter(self, node: typed.Filter) -> Column:
        return self._over_values(node, node.condition, lambda values, result: values.list.filter(result))

    def _over_values(
        self, node: typed.Each | typed.Filter, body: typed.Node, combine: Callable[[pl.Expr, pl.Expr], pl.Expr]
    ) -> Column:
        if self._in_list:
            raise _NeedsRows
        values = self.compile(node.values)
        if node.values.kind.scalar is None or body.kind.scalar is None:
            return self._row_by_row(node)  # lists without a type
        try:
            slots = {node.slot: Column(value=pl.element())}
            inner = _Compiler(self._naming, slots, in_list=True).compile(body)
        except _NeedsRows:
            return self._row_by_row(node)
        error = None
        if inner.error is not None:
            error = values.value.list.eval(_per_element(inner.error)).list.drop_nulls().list.first()
        value = combine(values.value, _per_element(inner.value))
        too_long = None
        if isinstance(node, typed.Each) and typed.can_outgrow(node):
            too_long = pl.when(_bytes_together(value, node.kind) > MOST_LIST_BYTES).then(pl.lit(LIST_TOO_LONG))
        size = 1 + 2 * values.size + (1 if too_long is None else 2) * inner.size
        return _of_parts([values, inner], value=value, error=_first([values.error, error, too_long]), size=size)


def _key(node: typed.Read | typed.Imported | typed.Identity) -> str | int:
    """What the evaluator of single objects calls it."""
    match node:
        case typed.Read(attribute=attribute):
            return attribute
        case typed.Imported(attribute=attribute):
            return imported_name(attribute)
        case typed.Identity():
            return IDENTITY


def _by_columns(node: typed.Call, operands: Sequence[Operand]) -> pl.Expr | Outcome | None:
    """What the function's columnar definition gives; None where the call has to be evaluated row by row."""
    function = node.function
    pairs = list(zip(function.parameters, operands, strict=False))
    constants = [(p, o) for p, o in pairs if o.constant]
    if any(o.value is None and not p.takes_null for p, o in constants):
        return _null(node)
    if function.columnar is None or any(p.shape is Shape.MANY for p, _ in constants):
        return None
    return function.columnar(*operands)


def _is_wrong(parameter: Parameter, argument: typed.Node) -> bool:
    """Whether the parameter refuses the constant: one that follows from the time, as others are mistakes."""
    if parameter.check is None or not isinstance(argument, typed.Constant) or argument.value is None:
        return False
    return parameter.check(argument.value) is not None


def _of_constants(node: typed.Call, operands: Sequence[Operand]) -> typed.Node:
    """What the call gives for arguments that are always NULL, though it takes the objects to see their errors."""
    arguments = tuple(typed.Constant(kind=operand.kind, value=operand.value) for operand in operands)
    return folded(replace(node, arguments=arguments))


def _operand(node: typed.Node, column: Column) -> Operand:
    if node.kind.scalar is None:
        return Operand(kind=node.kind, expr=column.value, constant=True, value=None)
    if isinstance(node, typed.Constant):
        return Operand(kind=node.kind, expr=column.value, constant=True, value=node.value)
    return Operand(kind=node.kind, expr=column.value)


def _of_parts(parts: Sequence[Column], *, value: pl.Expr, error: pl.Expr | None, size: int) -> Column:
    growth = max((part.growth for part in parts), default=0)
    return Column(value=value, error=error, size=size, growth=growth)


def _null(node: typed.Node) -> pl.Expr:
    return pl.lit(None, dtype=node.kind.dtype)


def _truth(node: typed.Node, column: Column) -> pl.Expr:
    """A condition without nulls."""
    return pl.lit(value=False) if node.kind.scalar is None else column.value.fill_null(value=False)


def _first(messages: Sequence[pl.Expr | None]) -> pl.Expr | None:
    """The first message that is set."""
    present = [message for message in messages if message is not None]
    return pl.coalesce(present) if len(present) > 1 else next(iter(present), None)


def _chosen(truths: Sequence[pl.Expr], results: Sequence[pl.Expr | None]) -> pl.Expr | None:
    """The result that belongs to the first true condition, the last one if none is true."""
    if all(result is None for result in results):
        return None
    *first, chosen = (pl.lit(None) if result is None else result for result in results)
    for truth, result in zip(reversed(truths), reversed(first), strict=True):
        chosen = pl.when(truth).then(result).otherwise(chosen)
    return chosen


def _bytes_together(values: pl.Expr, kind: Kind) -> pl.Expr:
    element = pl.element()
    lengths = element.bin.size() if kind.scalar is AttributeType.BINARY else element.str.len_bytes()
    return values.list.eval(lengths.cast(pl.Int64)).list.sum()


def _per_element(result: pl.Expr) -> pl.Expr:
    """A result inside a list for each element, also where it is the same for all."""
    return pl.when(pl.element().is_not_null()).then(result)


def _in_calendar(instant: pl.Expr) -> pl.Expr:
    return pl.when(instant.is_between(EARLIEST, LATEST)).then(instant)
