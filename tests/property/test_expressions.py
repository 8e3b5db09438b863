"""Two evaluators, one truth: for any expression and any values, columns give what a single object gives."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark
from tests.unit.expressions.examples import CERTIFICATE

from unisono.expressions import Compiled, Environment, ExpressionMistakes, Result, compile_expression, fallback
from unisono.expressions.functions import FAMILIES, FUNCTIONS
from unisono.expressions.grammar import ENTRA, quoted
from unisono.expressions.kinds import BOOLEAN, NUMBER, TEXT, Kind
from unisono.expressions.portal_grammar import MIM
from unisono.expressions.registry import Form, Function, Parameter, Shape
from unisono.model.rules import Language
from unisono.model.schema import Attribute, AttributeType, PolarsType

ENVIRONMENT = Environment(
    now=datetime(2024, 2, 29, 12, 30, tzinfo=UTC), parameters={"Domain.FQDN": "example.org"}, seed=b"a run"
)

# --- values ---------------------------------------------------------------------------------------------------------


def _sid(parts: int, tail: bytes) -> bytes:
    return bytes([1, parts, 0, 0, 0, 0, 0, 5]) + tail


# Letters that are younger than Python's Unicode (unassigned there, or without a partner in the other case) are left
# out: Polars may know their other case already.
_LETTERS = st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="ƛɤꟓꟕ")
_AWKWARD = st.sampled_from(list("aAbB.,;:=\\\"'{}$-+019 \t\n\r\x00\x1c\x85\xa0\u200b\u0301ßİıſΣσςǅŉﬁ€😀𝒳"))
_KNOWN = st.sampled_from(
    [
        "42", "-7", " 42 ", "+5", "4_2", "٤٢", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "2001-01-01", "12/25/2007", "2013-01-10 4:00 PM -8", "2012-02-30", "0001-01-01 00:00 +14", "9999-12-31T23:59Z",
        "33221100-5544-7766-8899-aabbccddeeff", "{33221100-5544-7766-8899-aabbccddeeff}\n", "Um9iaW4=", "UgBvAA==",
        "C3A9", "C3", "CN=Example\\, Robin,OU=Staff,DC=example,DC=org", "dc=org", "True", "false", "red", "RED blue",
        "SMTP:robin@example.org", "\\r\\n", "a:x,b:yy,c:", "d", "m", "yyyy", "yyyyMMddHHmmss.0Z", "'at' h:mm t %", "",
    ]
)  # fmt: skip
_WORDS = st.sampled_from(
    [
        "robin",
        "McDonald",
        "IT",
        "o'neil",
        "jean-luc",
        "3com",
        "a1B",
        "ÅÄÖ",
        "Łódź",
        "straße",
        "ΣΑΣ",
        "İz",
        "李雷",
        "a_b",
        "(x)",
    ]
)
_COMPONENTS = st.sampled_from(
    ["CN=a", "CN=b\\, c", "OU= d ", "dc=org", " DC =e", "dc", "OU=f\\\\", 'CN="g,h"', "", "x=1=2", "\x01"]
)
_UTF8 = st.text(_AWKWARD, max_size=4).map(str.encode) | st.binary(max_size=4)
_COMPOSED = st.one_of(
    st.lists(_WORDS, max_size=4).map(" ".join),
    st.lists(_COMPONENTS, max_size=4).map(",".join),
    _UTF8.map(bytes.hex),
    _UTF8.map(lambda data: b64encode(data).decode()),
    st.uuids().map(str) | st.uuids().map("{{{}}}".format),
)
_TEXTS = st.one_of(st.text(_AWKWARD, max_size=8), st.text(_LETTERS, max_size=6), _KNOWN, _COMPOSED)
_NUMBERS = st.one_of(st.integers(-3, 12), st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 1 << 58))
_SIDS = st.integers(0, 7).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n).map(lambda tail: _sid(n, tail)))
_CERTIFICATES = st.sampled_from([b64decode(CERTIFICATE), CERTIFICATE.encode(), b64decode(CERTIFICATE)[:-1]])
_ZEROS = st.tuples(st.binary(max_size=8), st.integers(0, 4), st.binary(max_size=1)).map(
    lambda p: p[0] + bytes(p[1]) + p[2]
)
_BINARIES = st.one_of(st.binary(max_size=9), _ZEROS, st.binary(min_size=16, max_size=16), _SIDS, _CERTIFICATES)
_DATES = st.datetimes(timezones=st.just(UTC))

VALUES: dict[AttributeType, st.SearchStrategy[object]] = {
    AttributeType.STRING: _TEXTS,
    AttributeType.REFERENCE: _TEXTS,
    AttributeType.INTEGER: _NUMBERS,
    AttributeType.BOOLEAN: st.booleans(),
    AttributeType.BINARY: _BINARIES,
    AttributeType.DATETIME: _DATES,
}
ATTRIBUTES = {
    attribute.name: attribute
    for type_ in AttributeType
    for attribute in (
        Attribute(name=type_.value, type=type_),
        Attribute(name=f"{type_.value}2", type=type_),
        Attribute(name=f"{type_.value}s", type=type_, multivalued=True),
    )
}


@st.composite
def rows(draw: st.DrawFn, names: frozenset[str], most: int = 5) -> list[dict[str, object]]:
    """Objects with values of the named attributes, some absent, some lists empty."""
    columns = {}
    for name in sorted(names):
        value = VALUES[ATTRIBUTES[name].type]
        columns[name] = st.none() | (st.lists(value, max_size=3) if ATTRIBUTES[name].multivalued else value)
    return draw(st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=most))


# --- expressions ---------------------------------------------------------------------------------------------------


def literals(type_: AttributeType) -> st.SearchStrategy[str]:
    match type_:
        case AttributeType.STRING | AttributeType.REFERENCE:
            return _TEXTS.map(quoted)
        case AttributeType.INTEGER:
            return _NUMBERS.map(str)
        case AttributeType.BOOLEAN:
            return st.sampled_from(["True", "False"])
        case AttributeType.DATETIME:
            return st.sampled_from(["Now()", 'CDate("9999-12-31")', "DateFromNum(0)"])
        case AttributeType.BINARY:
            return st.just('CGuid("33221100-5544-7766-8899-aabbccddeeff")')


_OF_THE_KIND = {
    "c": ['"0"', '"é"'],
    "delimiter": ['","', '" "'],
    "interval": ['"d"', '"m"', '"yyyy"', '"s"'],
    "pattern": ['"a:x,b:yy,A:"', '""', '"ß:ss,€:12345678901234567890"'],
    "format": ['"yyyy-MM-dd HH:mm:ss.fff tt"', '"d/M/yy h:m:s"', "\"'y' MMMM dddd %\""],
}


@st.composite
def arguments(draw: st.DrawFn, parameter: Parameter) -> str:
    if parameter.options:
        return draw(st.sampled_from(parameter.options))
    type_ = draw(st.sampled_from(sorted(parameter.accepts)))
    several = [f"[{type_}s]"] if parameter.shape is not Shape.ONE or draw(st.integers(0, 9)) == 0 else []
    reads = st.sampled_from([f"[{type_}]", f"[{type_}2]", *several])
    known = st.sampled_from(_OF_THE_KIND.get(parameter.name, ["NULL"]))
    return draw(st.one_of(reads, reads, known, literals(type_)))


@st.composite
def calls(draw: st.DrawFn, function: Function) -> str:
    count = draw(st.integers(function.fewest, len(function.parameters)))
    return f"{function.name}({', '.join(draw(arguments(p)) for p in function.parameters[:count])})"


_CALLABLE = [f for f in chain.from_iterable(FUNCTIONS.values()) if isinstance(f, Function)]


@st.composite
def expressions(draw: st.DrawFn, kind: Kind, depth: int = 3, variables: tuple[tuple[str, Kind], ...] = ()) -> str:
    """Well-typed expressions of a kind."""

    def inner(wanted: Kind, more: tuple[tuple[str, Kind], ...] = ()) -> str:
        return draw(expressions(wanted, depth - 1, variables + more))

    assert kind.scalar
    known = [f"${name}" for name, held in variables if held == kind]
    leaves = [f"[{kind.scalar}s]"] if kind.multivalued else [f"[{kind.scalar}]", f"[{kind.scalar}2]"]
    leaf = st.sampled_from([*known * 2, *leaves * 2, "NULL"])
    if depth <= 0:
        return draw(leaf if kind.multivalued else leaf | literals(kind.scalar))
    match draw(st.sampled_from(["leaf", "call", "call", "call", "IIF", "Switch", "With", "Select", "Where"])):
        case "call":
            fitting = [f for f in _CALLABLE if f.gives == kind]
            if fitting:
                function = draw(st.sampled_from(fitting))
                given = [_argument(draw, parameter, inner) for parameter in function.parameters[: function.fewest]]
                return f"{function.name}({', '.join(given)})"
            return f"RemoveDuplicates({inner(kind)})" if kind.multivalued else f"Item({inner(kind.several)}, 1)"
        case "IIF":
            return f"IIF({inner(BOOLEAN)}, {inner(kind)}, {inner(kind)})"
        case "Switch":
            last = draw(st.sampled_from(["NULL", 'Error("last")', inner(kind)]))
            return f"Switch({inner(BOOLEAN)} && {inner(BOOLEAN)}, {inner(kind)}, {inner(BOOLEAN)}, {last})"
        case "With":
            bound = draw(st.sampled_from([TEXT, NUMBER, kind, kind.several]))
            name = draw(st.sampled_from("vw"))
            return f"With(${name}, {inner(bound)}, {inner(kind, ((name, bound),))})"
        case "Select" if kind.multivalued:
            element = draw(st.sampled_from([kind.element, TEXT]))
            name = draw(st.sampled_from("vw"))
            return f"Select(${name}, {inner(element.several)}, {inner(kind.element, ((name, element),))})"
        case "Where" if kind.multivalued:
            return f"Where($v, {inner(kind)}, {inner(BOOLEAN, (('v', kind.element),))})"
        case _:
            return draw(leaf)


def _argument(draw: st.DrawFn, parameter: Parameter, inner: Callable[[Kind], str]) -> str:
    if known := _OF_THE_KIND.get(parameter.name):
        return draw(st.sampled_from(known))
    kind = Kind(draw(st.sampled_from(sorted(parameter.accepts))))
    return inner(kind if parameter.shape is Shape.ONE else kind.several)


KINDS = [kind for type_ in AttributeType for kind in (Kind(type_), Kind(type_, multivalued=True))]


# --- the comparison ------------------------------------------------------------------------------------------------


def compiled_or_rejected(text: str) -> Compiled:
    try:
        return compile_expression(text, ATTRIBUTES, ENVIRONMENT, prefix="cs.")
    except ExpressionMistakes:
        assume(condition=False)
        raise


def assert_agreement(compiled: Compiled, objects: list[dict[str, object]], *, lazy: bool) -> None:
    """In a lazy frame there are three of each object, of which those that are alike are evaluated row by row once."""
    objects = objects * 3 if lazy else objects
    schema = {f"cs.{name}": ATTRIBUTES[name].dtype for name in sorted(compiled.attributes)} | {"id": pl.Int64}
    records = [{f"cs.{k}": v for k, v in row.items()} | {"id": i} for i, row in enumerate(objects)]
    frame = pl.DataFrame(records, schema=schema)
    parts = {"value": compiled.value, "error": compiled.error, "marker": compiled.marker}
    present = {name: part for name, part in parts.items() if part is not None}
    with patch.object(fallback, "ROWS_WORTH_COMPARING", 0 if lazy else len(objects) + 1):
        by_columns = frame.lazy().select(**present).collect() if lazy else frame.select(**present)
    assert by_columns.schema["value"] == compiled.kind.dtype
    assert [Result(**record) for record in by_columns.to_dicts()] == [
        compiled.evaluate(row, identity=i) for i, row in enumerate(objects)
    ]


_FAST = settings(max_examples=15, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


@pytest.mark.parametrize("function", _CALLABLE, ids=lambda function: function.name)
@_FAST
@given(data=st.data())
def test_a_function_gives_the_same_by_columns_and_by_rows(function: Function, data: st.DataObject) -> None:
    compiled = compiled_or_rejected(data.draw(calls(function), label="expression"))
    objects = data.draw(rows(compiled.attributes), label="objects")
    assert_agreement(compiled, objects, lazy=data.draw(st.booleans()))


_FORMS = [
    "IIF([boolean], [string], [string2])",
    'IIF([integer] > 3, Error([string]), IIF([boolean], IgnoreThisFlow, AuthoritativeNull))',
    'IIF(CNum([string]) > 1, "a", Error("small"))',
    "IIF([boolean], [strings], [string])",
    'IIF([boolean], With($v, [string], $v), IIF([boolean2], IgnoreThisFlow, [strings]))',
    'Switch([boolean], CNum([string]), [integer] = 1, 7, IsNumeric([string2]), CNum([string2]))',
    "Switch(Item([integers], 1) = 1, 1, [boolean], 2)",
    "IsPresent([string]) && CNum([string]) > 3 && Item([integers], 2) > 1",
    "[boolean] || Item([integers], 2) > 1 || [boolean2]",
    "With($v, CNum([string]), [integer] & $v)",
    "With($v, Item([strings], 1), IIF(IsNull($v), [string], $v & $v & [string2]))",
    "Select($v, [strings], UCase($v) & PCase($v))",
    "Select($v, [strings], CNum($v))",
    "Select($v, [strings], $v & [string])",
    "Select($v, [integers], IIF($v > 3, NULL, $v * $v))",
    "Select($v, [integers], [string])",
    "Select($v, [strings], With($w, Trim($v), IIF($w = \"\", NULL, $w)))",
    "Select($v, [strings], Error($v))",
    "Select($v, [strings], Count(Where($w, [strings], $w = $v)))",
    "Where($v, [strings], CNum($v) > 3)",
    "Where($v, [dates], $v > [datetime])".replace("dates", "datetimes"),
    "Where($v, [strings], [boolean])",
    "Where($v, [references], InStr($v, \"OU=\") > 0)",
    "Trim(LCase([strings])) ",
    "[integers] + 1",
    "[integers] & [string]",
    '"CN=" & [string] & "," & [integer] & [boolean] & [datetime] & [reference]',
    "[binary] & [binary2]",
    "[integer] * [integer2] - [integer] + 7",
    "[string] & NULL",
    "[string] = NULL",
    "[string] <> NULL",
    '[integer] = Error("x")',
    'Left(Error("x"), [integer])',
    "Guid() & [string]",
    "RandomNum([integer], [integer2])",
    "Select($v, [strings], $v & RandomNum(1, 9))",
    "IIF(RandomNum(0, 1) = 1, [string], Error(Guid()))",
    'ValueCount("strings") + ValueCount("string")',
    "Eq([string], [string2]) && NotEquals([integer], [integer2]) || LessThan([datetime], Now())",
    "And(LessThanOrEquals([integer], 3), Or(GreaterThan([integer], 1), Not([boolean])), GreaterThanOrEquals(1, 1))",
    "Concatenate([string], [integer], Null(), CRLF())",
    'DateTimeFormat([string], "yyyy")',
]  # fmt: skip


@pytest.mark.parametrize("text", _FORMS)
@_FAST
@given(data=st.data())
def test_a_form_or_operator_gives_the_same_by_columns_and_by_rows(text: str, data: st.DataObject) -> None:
    compiled = compile_expression(text, ATTRIBUTES, ENVIRONMENT, prefix="cs.")
    assert_agreement(compiled, data.draw(rows(compiled.attributes)), lazy=data.draw(st.booleans()))


@pytest.mark.parametrize("type_", list(AttributeType))
@pytest.mark.parametrize("operator", ["=", "<>", "<", "<=", ">", ">="])
@settings(_FAST, max_examples=8)
@given(data=st.data())
def test_a_comparison_gives_the_same_by_columns_and_by_rows(
    operator: str, type_: AttributeType, data: st.DataObject
) -> None:
    if type_ is AttributeType.BINARY and operator not in ("=", "<>"):
        return  # binaries have no order
    compiled = compile_expression(f"[{type_}] {operator} [{type_}2]", ATTRIBUTES, ENVIRONMENT, prefix="cs.")
    assert_agreement(compiled, data.draw(rows(compiled.attributes)), lazy=True)


@settings(_FAST, max_examples=120)
@given(data=st.data())
def test_any_expression_that_compiles_gives_the_same_by_columns_and_by_rows(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    compiled = compiled_or_rejected(data.draw(expressions(kind), label="expression"))
    assert_agreement(compiled, data.draw(rows(compiled.attributes)), lazy=data.draw(st.booleans()))


# --- the parser ----------------------------------------------------------------------------------------------------

_TOKENS = st.sampled_from(
    ["[mail]", "[a", "]", '"x"', '"', "\\", "%A.B%", "%", "$v", "IIF", "(", ")", ",", "&", "&&", "||", "|", "=", "<>",
     "<", ">=", "+", "-", "*", "/", "1", "&HFF", "&H", "True", "NULL", "IgnoreThisFlow", "Select", "Trim", " ", "\n"]
)  # fmt: skip
_ANY_TEXT: list[Callable[[], st.SearchStrategy[str]]] = [
    lambda: st.text(max_size=30),
    lambda: st.lists(_TOKENS, max_size=25).map("".join),
    lambda: st.tuples(st.sampled_from(KINDS).flatmap(expressions), st.text(max_size=3)).map("".join),
]


_WRITTEN = {
    Language.ENTRA: from_lark(Lark(ENTRA.rules), explicit={"NAME": st.sampled_from([*FUNCTIONS, "True", "NULL"])}),
    Language.MIM: from_lark(Lark(MIM.rules), explicit={"NAME": st.sampled_from([*FUNCTIONS, *ATTRIBUTES])}),
}


@pytest.mark.parametrize("language", list(Language))
@settings(max_examples=150)
@given(data=st.data())
def test_any_text_compiles_or_has_mistakes_with_a_place_in_it(language: Language, data: st.DataObject) -> None:
    """Texts of the grammar, texts that look like it, and any others."""
    text = data.draw(st.one_of(_WRITTEN[language], *(make() for make in _ANY_TEXT)))
    try:
        compile_expression(text, ATTRIBUTES, ENVIRONMENT, language=language, several=True)
    except ExpressionMistakes as error:
        lines = text.split("\n")
        for mistake in error.mistakes:
            assert 1 <= mistake.line <= len(lines)
            assert 1 <= mistake.column <= len(lines[mistake.line - 1]) + 1
            assert mistake.message
            assert mistake.check


@_FAST
@given(data=st.data())
def test_what_was_imported_gives_the_same_by_columns_and_by_rows(data: st.DataObject) -> None:
    text = 'IIF([string] = ImportedValue("string"), RemoveDuplicates(Trim(ImportedValue("strings"))), NULL)'
    compiled = compile_expression(text, ATTRIBUTES, ENVIRONMENT, imported=ATTRIBUTES, prefix="cs.")
    assert compiled.attributes == frozenset({"string"})
    assert compiled.imported == frozenset({"string", "strings"})
    rows_ = st.fixed_dictionaries(
        {
            "string": _TEXTS,
            "ImportedValue(string)": st.none() | _TEXTS,
            "ImportedValue(strings)": st.none() | st.lists(_TEXTS),
        }
    )
    objects = data.draw(st.lists(rows_, min_size=1, max_size=5))
    schema: dict[str, PolarsType] = {
        "cs.string": pl.String,
        "cs.ImportedValue(string)": pl.String,
        "cs.ImportedValue(strings)": pl.List(pl.String),
    }
    frame = pl.DataFrame([{f"cs.{k}": v for k, v in row.items()} for row in objects], schema=schema)
    assert frame.select(compiled.value).to_series().to_list() == [compiled.evaluate(row).value for row in objects]


def test_every_function_is_in_one_of_the_comparisons() -> None:
    forms = {member.name for family in FAMILIES for member in family.members if isinstance(member, Form)}
    compared = {name for name in forms if any(f"{name}(" in text for text in _FORMS)}
    assert forms - compared == {"ImportedValue"}  # it has a comparison of its own
