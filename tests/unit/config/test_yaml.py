"""YAML is read without surprises, and hostile YAML is refused in time and with a place."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unisono.config.locate import At, Document, read_document
from unisono.config.parse import MAX_DEPTH, MAX_NODES


def mistakes(text: str) -> list[tuple[str, int, int]]:
    _, found = read_document("f.yaml", text)
    return [(m.check, m.place.line, m.place.column) for m in found if m.place]


def document(text: str) -> Document:
    found, faults = read_document("f.yaml", text)
    assert found is not None
    assert faults == ()
    return found


def value(text: str) -> Any:
    return At(document=document(text)).value()


# --- values ----------------------------------------------------------------------------------------------------------

SCALARS = [
    ("true", True),
    ("False", False),
    ("yes", "yes"),
    ("off", "off"),
    ("null", None),
    ("~", None),
    ("", None),
    ("42", 42),
    ("-7", -7),
    ("0", 0),
    ("007", "007"),
    ("0x1F", "0x1F"),
    ("12345678901234567890123", "12345678901234567890123"),
    ("12.5", 12.5),
    ("1e3", "1e3"),
    (".inf", ".inf"),
    ("2020-01-01", "2020-01-01"),
    ("'42'", "42"),
    ('"tr\\u00fce"', "trüe"),
    ("it's", "it's"),
]


@pytest.mark.parametrize(("written", "meant"), SCALARS, ids=[written or "nothing" for written, _ in SCALARS])
def test_a_scalar_means_what_it_looks_like(written: str, meant: object) -> None:
    found = value(f"key: {written}\n")["key"]
    assert (found, type(found)) == (meant, type(meant))


def test_keys_are_text_whatever_they_look_like() -> None:
    assert value("1: a\ntrue: b\nnull: c\n") == {"1": "a", "true": "b", "null": "c"}


def test_an_alias_is_what_it_names() -> None:
    assert value("a: &x [1, {b: 2}]\nc: *x\n") == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_a_byte_order_mark_and_any_line_end_are_read() -> None:
    assert value("a: 1\r\nb: 2\rc: 3\n") == {"a": 1, "b": 2, "c": 3}


# --- places ----------------------------------------------------------------------------------------------------------

PLACES = """\
name: x
types:
  person: {kind: &anchor long, list: [one, two]}
  group:
    - text
"""


@pytest.mark.parametrize(
    ("path", "key_at", "value_at"),
    [
        pytest.param(("name",), (1, 1), (1, 7), id="a plain value"),
        pytest.param(("types",), (2, 1), (3, 3), id="a mapping starts at its first key"),
        pytest.param(("types", "person", "kind"), (3, 12), (3, 26), id="a value behind its anchor"),
        pytest.param(("types", "person", "list", 1), (3, 44), (3, 44), id="an item has no key"),
        pytest.param(("types", "group", 0), (5, 7), (5, 7), id="an item of a block"),
        pytest.param(("types", "person", "missing"), (3, 11), (3, 11), id="what is missing stands around it"),
        pytest.param(("types", "group", 7, "x"), (5, 5), (5, 5), id="so does what is missing below"),
        pytest.param((), (1, 1), (1, 1), id="the whole"),
    ],
)
def test_a_value_and_its_key_know_where_they_stand(
    path: tuple[str | int, ...], key_at: tuple[int, int], value_at: tuple[int, int]
) -> None:
    at = At(document=document(PLACES)).at(*path)
    assert (at.key_place().line, at.key_place().column) == key_at
    assert (at.place().line, at.place().column) == value_at


CHARACTERS = [
    pytest.param("k: abXc\n", id="plain"),
    pytest.param("k:   'abXc'\n", id="in single quotes"),
    pytest.param("k: 'it''s X'\n", id="behind two single quotes"),
    pytest.param('k: "a\\"b \\u0041 \\n X"\n', id="behind escapes in double quotes"),
    pytest.param("k:\n  a b\n  c X\n", id="plain over two lines"),
    pytest.param("k: 'a b\n\n  c X'\n", id="quoted over three lines"),
    pytest.param('k: "a b\\\n   c X"\n', id="behind an escaped line end"),
    pytest.param("k: |\n  a b\n   c\n  X\n", id="literal"),
    pytest.param("k: >-  # why\n  a b\n  c\n\n   X\n", id="folded"),
    pytest.param("k: &a !!str abX\n", id="behind a tag"),
    pytest.param("? k\n: 'aX'\n", id="with an explicit key"),
    pytest.param("[{k: aXc}]\r\n", id="in a flow"),
    pytest.param("k: ä🎼X\n", id="behind wide characters"),
]


@pytest.mark.parametrize("text", CHARACTERS)
def test_a_character_of_a_value_is_found_in_the_file(text: str) -> None:
    found, _ = read_document("f.yaml", text)
    assert found is not None
    at = At(document=found).at(*([0, "k"] if text.startswith("[") else ["k"]))
    before = at.value()[: at.value().index("X")]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    place = at.character_place(line, column)
    lines = text.replace("\r\n", "\n").split("\n")
    assert lines[place.line - 1][place.column - 1] == "X"


def test_a_character_behind_the_end_is_the_end() -> None:
    at = At(document=document("k: 'abc'\n")).at("k")
    assert at.character_place(1, 4).column == 8
    assert at.character_place(9, 9).column == 8
    assert At(document=document("k: ''\n")).at("k").character_place(1, 1).column == 4


# --- hostile texts ---------------------------------------------------------------------------------------------------

LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{n}: &n{n} [*{p}, *{p}]\n" for p, n in zip(["a", *(f"n{i}" for i in range(60))], range(60), strict=False)
)
HOSTILE = [
    pytest.param(LAUGHS, "too-large", id="billion laughs"),
    pytest.param("a: &a [*a]\n", "yaml-syntax", id="an alias inside its own anchor"),
    pytest.param("[" * 100_000, "too-large", id="lists in lists"),
    pytest.param("{a: " * 10_000, "too-large", id="mappings in mappings"),
    pytest.param("- " * 10_000, "too-large", id="block lists in block lists"),
    pytest.param("? " * 10_000, "yaml-syntax", id="keys in keys"),
    pytest.param("- a\n" * (2 * MAX_NODES), "too-large", id="more values than anybody writes"),
    pytest.param("a: !!python/object/apply:os.system [echo]\n", "yaml-syntax", id="a Python object"),
    pytest.param("a: !!binary aGk=\n", "yaml-syntax", id="a binary"),
    pytest.param("!custom {a: 1}\n", "yaml-syntax", id="a tag of one's own"),
    pytest.param("a: 1\na: 2\n", "duplicate-key", id="a key twice"),
    pytest.param("a: 1\n'a': 2\n", "duplicate-key", id="a key twice, once in quotes"),
    pytest.param("a: \0\n", "yaml-syntax", id="a NUL"),
    pytest.param('a: "\\0"\n', "yaml-syntax", id="an escaped NUL"),
    pytest.param('a: "\\ud800"\n', "yaml-syntax", id="half a character"),
    pytest.param('a: "\\UFFFFFFFF"\n', "yaml-syntax", id="a character that does not exist"),
    pytest.param("a: \x1b[31m\n", "yaml-syntax", id="a terminal escape"),
    pytest.param("%YAML 99999999999999999999.1\n---\na: 1\n", "yaml-syntax", id="a version that does not exist"),
    pytest.param("%TAG ! tag:evil,\n---\n!x a\n", "yaml-syntax", id="a tag directive"),
    pytest.param("a: 1\n---\na: 2\n", "yaml-syntax", id="two documents"),
    pytest.param("[a, b]: c\n", "yaml-syntax", id="a list as a key"),
    pytest.param("&a [x]: 1\n", "yaml-syntax", id="a list with an anchor as a key"),
    pytest.param("a: &a [x]\n*a : 1\n", "yaml-syntax", id="an alias of a list as a key"),
    pytest.param("a: 'never closed\n", "yaml-syntax", id="a quote that is never closed"),
    pytest.param("a: b: c\n", "yaml-syntax", id="two colons in a line"),
    pytest.param("a\n" * 100, "", id="one long text"),
]


@pytest.mark.parametrize(("text", "check"), HOSTILE)
def test_hostile_text_is_refused_in_time(text: str, check: str) -> None:
    started = time.process_time()
    found = mistakes(text)
    assert time.process_time() - started < 20
    assert {name for name, _, _ in found} == ({check} if check else set())


def test_nesting_within_bounds_is_read_and_one_level_more_is_not() -> None:
    assert mistakes("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    assert mistakes("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)) == [("too-large", 1, MAX_DEPTH + 1)]
    nested = "a: &a " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert mistakes(f"{nested}\nb: [*a]\n") == [("too-large", 2, 5)]


def test_all_duplicate_keys_and_tags_are_told_at_once() -> None:
    text = "a: 1\na: 2\nb: !x {c: 1, c: 2}\n"
    assert mistakes(text) == [("duplicate-key", 2, 1), ("yaml-syntax", 3, 4), ("duplicate-key", 3, 14)]


PIECES = st.text(alphabet="ab01 \n\t:-?[]{},&*!|>'\"%@`#\\.~<=\r\x00\x85\u2028\ufeff\ud7ff🎼", max_size=60)


@given(PIECES)
@example('"\\xZZ"')
@example("%YAML 1.x")
@example("a: |9\n x")
@example("&")
@example("? &a\n: *a")
def test_any_text_gives_a_document_or_a_mistake(text: str) -> None:
    found, faults = read_document("f.yaml", text)
    assert found is not None or faults
    for mistake in faults:
        assert mistake.place is not None
        assert mistake.place.line >= 1
        assert mistake.place.column >= 1
