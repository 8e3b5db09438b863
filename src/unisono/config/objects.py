"""One object from a file, to try an expression on: attributes with their values, and with their types.

Types are those of an object type, or else they are seen from the values: text, whole numbers, true and false, and lists
of one of these. A mapping names the type where no value can: ``{binary: "3q2+7w=="}``, ``{datetime: 2024-01-01}``,
``{reference: CN=…}``, ``{integer: null}``. Lists become what they are in a run: sorted, without duplicates.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from unisono.config.checks import Check, shown, suggestion
from unisono.config.files import read_text
from unisono.config.locate import Document, read_document
from unisono.config.parse import Entry, Items, Node, Scalar, Table
from unisono.expressions.instants import read_date
from unisono.expressions.kinds import WORDS
from unisono.expressions.values import LEAST_INTEGER, MOST_INTEGER, Failure, Value
from unisono.expressions.values import Scalar as OneValue
from unisono.model.errors import ConfigurationError, Mistake
from unisono.model.schema import ATTRIBUTE_NAME, Attribute, AttributeType, ObjectType

_TYPES = {type_.value: type_ for type_ in AttributeType}
_TYPE_HINT = f"a type is named as in {{binary: …}}; there are {', '.join(_TYPES)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenObject:
    """``attributes`` are all that are known, ``values`` those of the file; None where it says that there is none."""

    attributes: Mapping[str, Attribute]
    values: Mapping[str, Value]


def read(file: Path, object_type: ObjectType | None) -> GivenObject:
    """See ``unisono.config.read_object``."""
    name = str(file).encode(errors="backslashreplace").decode()
    if name != str(file):
        raise _refusal(name, [Mistake(check=Check.BAD_PATH, message="the name of the file is not Unicode text")])
    text = read_text(Path(), name, hint="name an ordinary file; a folder or a pipe is none")
    if isinstance(text, Mistake):
        raise _refusal(name, [text])
    document, faults = read_document(name, text)
    if document is None or faults:
        raise _refusal(name, faults)
    return _Reader(document, object_type).read()


def _refusal(name: str, mistakes: Iterable[Mistake]) -> ConfigurationError:
    return ConfigurationError(tuple(mistakes), subject=name)


class _Wrong(Exception):
    """Why an attribute cannot be understood, and where that is seen."""

    def __init__(self, offset: int, message: str, hint: str = "", check: Check = Check.WRONG_TYPE) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint
        self.check = check


class _Reader:
    def __init__(self, document: Document, object_type: ObjectType | None) -> None:
        self._document = document
        self._object_type = object_type
        self._declared = {a.name: a for a in object_type.attributes} if object_type else None

    def read(self) -> GivenObject:
        found: dict[str, tuple[Attribute, Value]] = {}
        mistakes: list[Mistake] = []
        for name, entry in self._entries().items():
            try:
                found[name] = self._attribute(name, entry)
            except _Wrong as wrong:
                mistakes.append(self._mistake(wrong))
        if mistakes:
            raise _refusal(self._document.file, mistakes)
        seen = {name: attribute for name, (attribute, _) in found.items()}
        return GivenObject(
            attributes=seen if self._declared is None else self._declared,
            values={name: value for name, (_, value) in found.items()},
        )

    def _entries(self) -> Mapping[str, Entry]:
        root = self._document.root
        if isinstance(root, Table):
            return root.entries
        if isinstance(root, Scalar) and root.value is None:  # an empty file
            return {}
        wrong = _Wrong(root.start, "an object is written as attributes with their values", "as in mail: a@example.org")
        raise _refusal(self._document.file, [self._mistake(wrong)])

    def _mistake(self, wrong: _Wrong) -> Mistake:
        place = self._document.place_of(wrong.offset)
        return Mistake(check=wrong.check, message=wrong.message, place=place, hint=wrong.hint)

    def _attribute(self, name: str, entry: Entry) -> tuple[Attribute, Value]:
        declared = self._known(name, entry)
        type_, node = _with_type(entry.node, declared.type if declared else None)
        if isinstance(node, Items):
            if declared and not declared.multivalued:
                raise _Wrong(node.start, f"{name!r} has one value, not a list")
            type_, values = _list_of(node, type_)
            return declared or Attribute(name=name, type=type_, multivalued=True), values
        type_, value = _one(node, type_)
        if declared and declared.multivalued and value is not None:
            return declared, [value]
        return declared or Attribute(name=name, type=type_), value

    def _known(self, name: str, entry: Entry) -> Attribute | None:
        """What is declared of the attribute; None where nothing is declared at all."""
        if self._declared is None or self._object_type is None:
            if not ATTRIBUTE_NAME.fullmatch(name):
                hint = "a letter, then letters, digits and _ . ; - up to 128 characters"
                raise _Wrong(entry.key_start, f"{shown(name)} cannot be an attribute", hint, Check.BAD_NAME)
            return None
        if name not in self._declared:
            message = f"the object type {self._object_type.name!r} has no attribute {shown(name)}"
            raise _Wrong(entry.key_start, message, suggestion(name, self._declared), Check.UNKNOWN_ATTRIBUTE)
        return self._declared[name]


def _with_type(node: Node, wanted: AttributeType | None) -> tuple[AttributeType | None, Node]:
    """The value itself, and its type where that is said here or known."""
    if not isinstance(node, Table):
        return wanted, node
    if len(node.entries) != 1 or not node.entries.keys() <= _TYPES.keys():
        raise _Wrong(node.start, "a value is text, a number, true, false, or a list of these", _TYPE_HINT)
    ((name, entry),) = node.entries.items()
    if wanted is not None and _TYPES[name] is not wanted:
        raise _Wrong(entry.key_start, f"the type is {wanted.value}, not {name}")
    if isinstance(entry.node, Table):
        raise _Wrong(entry.node.start, f"there is a value behind {name}, not one more type")
    return _TYPES[name], entry.node


def _list_of(node: Items, wanted: AttributeType | None) -> tuple[AttributeType, Value]:
    values: set[OneValue] = set()
    common = wanted
    for member in node.nodes:
        said, inner = _with_type(member, None)
        if isinstance(inner, Items):
            raise _Wrong(inner.start, "a list has no lists in it")
        type_, value = _one(inner, said or wanted)
        if value is None:
            raise _Wrong(inner.start, "a value of a list cannot be null", "leave it out")
        common = common or type_
        if type_ is not common:
            raise _Wrong(member.start, f"the values of a list have one type: {common.value}, not {type_.value}")
        values.add(value)
    return common or AttributeType.STRING, sorted(values) or None  # an empty list is no value


def _one(node: Node, wanted: AttributeType | None) -> tuple[AttributeType, OneValue | None]:
    if not isinstance(node, Scalar):
        raise _Wrong(node.start, "one value is expected here")
    type_ = wanted or _seen(node)
    if node.value is None:
        return type_, None
    match type_:
        case AttributeType.STRING | AttributeType.REFERENCE:
            return type_, node.text
        case AttributeType.BINARY:
            return type_, _binary(node)
        case AttributeType.DATETIME:
            return type_, _date(node)
        case AttributeType.INTEGER:
            return type_, _integer(node)
        case AttributeType.BOOLEAN:
            return type_, _boolean(node)


def _seen(node: Scalar) -> AttributeType:
    match node.value:
        case bool():
            return AttributeType.BOOLEAN
        case int():
            return AttributeType.INTEGER
        case float():
            raise _Wrong(node.start, "numbers are whole numbers", "put a text in quotes")
        case _:
            return AttributeType.STRING


def _integer(node: Scalar) -> int:
    if not isinstance(node.value, int) or isinstance(node.value, bool):
        raise _not(AttributeType.INTEGER, node, "write whole numbers without quotes")
    if not LEAST_INTEGER <= node.value <= MOST_INTEGER:
        raise _Wrong(node.start, "the number is beyond 64 bits")
    return node.value


def _boolean(node: Scalar) -> bool:
    if not isinstance(node.value, bool):
        raise _not(AttributeType.BOOLEAN, node, "write true or false without quotes")
    return node.value


def _binary(node: Scalar) -> bytes:
    try:
        return base64.b64decode("".join(node.text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _not(AttributeType.BINARY, node, "write binaries in base64") from None


def _date(node: Scalar) -> OneValue:
    try:
        return read_date(node.text)
    except Failure:
        raise _not(AttributeType.DATETIME, node, "write dates as 2024-01-31T08:00:00Z") from None


def _not(type_: AttributeType, node: Scalar, hint: str) -> _Wrong:
    return _Wrong(node.start, f"the value is not {WORDS[type_]}", hint)
