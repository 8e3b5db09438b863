"""Conversion between types. What cannot be converted is an error of the object, not NULL."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import polars as pl

from unisono.expressions.functions.encoded import (
    GUID,
    guid_bytes,
    guid_text,
    number_of,
    sid_text,
    text_of_base64,
    text_of_hex,
)
from unisono.expressions.instants import EARLIEST, LATEST, read_date
from unisono.expressions.kinds import BINARY, BOOLEAN, DATE, NUMBER, REFERENCE, TEXT
from unisono.expressions.operators import printed
from unisono.expressions.registry import Family, Operand, Outcome, Parameter, anything, binary, number, text
from unisono.expressions.values import LEAST_INTEGER, MOST_INTEGER, WHITE_SPACE, Failure, Scalar, text_of
from unisono.model.schema import AttributeType

CONVERSION = Family(title="Conversion")

_NO_BOOLEAN = "the text is neither True nor False nor a number"
_NO_NUMBER = "the text is not a whole number of 64 bits"
_NO_BINARY_NUMBER = "the binary is not a number of 64 bits"
_NO_GUID_TEXT = "the text is not a GUID"
_NO_GUID = "the binary is not a GUID"
_NO_UTF8_HEX = "the text is not the hexadecimal form of UTF-8 text"
_INTEGER = re.compile(r"[+-]?[0-9]+")
_MOST_DIGITS = 19


def _c_bool(x: Operand) -> pl.Expr | Outcome:
    match x.kind.scalar:
        case AttributeType.BOOLEAN:
            return x.expr.fill_null(value=False)
        case AttributeType.INTEGER:
            return (x.expr != 0).fill_null(value=False)
        case _:
            word = x.expr.str.strip_chars().str.to_lowercase()
            written = pl.when(word == "true").then(pl.lit(value=True)).when(word == "false").then(pl.lit(value=False))
            value = written.otherwise(_integers(x.expr) != 0)
            failed = x.expr.is_not_null() & value.is_null()
            return Outcome(
                value=pl.when(x.expr.is_null()).then(pl.lit(value=False)).otherwise(value),
                failed=failed,
                message=_NO_BOOLEAN,
            )


@CONVERSION.function(
    "CBool",
    Parameter(
        name="x",
        accepts=frozenset({AttributeType.BOOLEAN, AttributeType.INTEGER, AttributeType.STRING}),
        takes_null=True,
    ),
    gives=BOOLEAN,
    columnar=_c_bool,
    mentions=4,
    fails=True,
    examples=("CBool(BitAnd([userAccountControl], 2)) => True", "CBool(0) => False"),
)
def c_bool(x: Scalar | None) -> bool:
    """True for true, for a number other than 0 and for such a text; False for NULL."""
    if not isinstance(x, str):
        return bool(x)
    word = x.strip(WHITE_SPACE).lower()
    if word in ("true", "false"):
        return word == "true"
    try:
        return c_num(x) != 0
    except Failure:
        raise Failure(_NO_BOOLEAN) from None


def _integers(s: pl.Expr) -> pl.Expr:
    """The numbers in texts, null where there is none."""
    return s.str.strip_chars().cast(pl.Int64, strict=False)


def _or_failed(argument: pl.Expr, value: pl.Expr, message: str) -> Outcome:
    """A value that is null where the argument is NULL or cannot be converted."""
    return Outcome(value=value, failed=argument.is_not_null() & value.is_null(), message=message)


def _c_num(x: Operand) -> pl.Expr | Outcome:
    match x.kind.scalar:
        case AttributeType.INTEGER:
            return x.expr
        case AttributeType.BINARY:
            return _or_failed(x.expr, number_of(x.expr), _NO_BINARY_NUMBER)
        case _:
            return _or_failed(x.expr, _integers(x.expr), _NO_NUMBER)


@CONVERSION.function(
    "CNum",
    Parameter(name="x", accepts=frozenset({AttributeType.STRING, AttributeType.BINARY, AttributeType.INTEGER})),
    gives=NUMBER,
    columnar=_c_num,
    fails=True,
    mentions=4,
    examples=('CNum("42") => 42', 'CNum(Mid("AB12", 3, 2)) + 1 => 13'),
)
def c_num(x: str | bytes | int) -> int:
    """The number that a text writes in decimal, or a binary as little-endian bytes without a sign."""
    if isinstance(x, int):
        return x
    if isinstance(x, bytes):
        return _from_bytes(x)
    written = x.strip(WHITE_SPACE)
    digits = written.lstrip("+-").lstrip("0")
    if not _INTEGER.fullmatch(written) or len(digits) > _MOST_DIGITS:
        raise Failure(_NO_NUMBER)
    value = int(digits or "0") * (-1 if written.startswith("-") else 1)
    if not LEAST_INTEGER <= value <= MOST_INTEGER:
        raise Failure(_NO_NUMBER)
    return value


def _from_bytes(x: bytes) -> int:
    digits = x.rstrip(b"\0")
    value = int.from_bytes(digits[:_MOST_BYTES_OF_NUMBER], "little")
    if not x or len(digits) > _MOST_BYTES_OF_NUMBER or value > MOST_INTEGER:
        raise Failure(_NO_BINARY_NUMBER)
    return value


_MOST_BYTES_OF_NUMBER = 8


def _wrong_length(length: int) -> str | None:
    return None if 1 <= length <= _MOST_BYTES_OF_NUMBER else "the length must be from 1 to 8 bytes"


@CONVERSION.function(
    "CBin",
    number("number"),
    number("length", check=_wrong_length),
    gives=BINARY,
    fails=True,
    examples=("CBin(258, 4) => 0x02010000",),
)
def c_bin(value: int, length: int) -> bytes:
    """A number as so many bytes, the least significant first; an error if it needs more."""
    try:
        return value.to_bytes(length, "little", signed=value < 0)
    except OverflowError:
        raise Failure("the number does not fit in so many bytes") from None


@CONVERSION.function(
    "CStr",
    anything("x"),
    gives=TEXT,
    columnar=lambda x: None if x.kind == BINARY else printed(x),
    fails=True,
    examples=('CStr(42) => "42"', 'CStr(True) => "True"'),
)
def c_str(x: Scalar) -> str:
    """A number, boolean, reference or date as text; a binary is an error."""
    if isinstance(x, bytes):
        raise Failure("a binary is no text; ConvertToBase64(…) makes one of it")
    return text_of(x)


@CONVERSION.function(
    "CRef",
    text("s"),
    gives=REFERENCE,
    columnar=lambda s: s.expr,
    examples=('CRef("CN=App,DC=example,DC=org") => ref:"CN=App,DC=example,DC=org"',),
)
def c_ref(s: str) -> str:
    """A DN as a reference; whether there is such an object is seen when it is exported."""
    return s


#: How most dates are written: a pattern, and the directives for a whole column.
_COMMON_DATES = (
    (r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z", "%Y-%m-%d"),
    (r"\A[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-5][0-9]\z", "%Y-%m-%d %H:%M:%S"),
    (r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]Z\z", "%Y-%m-%dT%H:%M:%SZ"),
)


def common_date(s: Operand) -> pl.Expr:
    def read(pattern: str, form: str) -> pl.Expr:
        date = s.expr.str.to_datetime(form, strict=False, time_unit="us").dt.replace_time_zone("UTC")
        return pl.when(s.expr.str.contains(pattern) & date.is_between(EARLIEST, LATEST)).then(date)

    return pl.coalesce(read(pattern, form) for pattern, form in _COMMON_DATES)


@CONVERSION.function(
    "CDate",
    Parameter(name="s", accepts=frozenset({AttributeType.STRING, AttributeType.DATETIME})),
    gives=DATE,
    columnar=lambda s: s.expr if s.kind == DATE else None,
    common=common_date,
    fails=True,
    mentions=10,
    examples=('CDate("2013-01-10 4:00 PM -8") => 2013-01-11T00:00:00Z',),
)
def c_date(s: str | datetime) -> datetime:
    """The date of a text: yyyy-mm-dd or m/d/yyyy, then time and zone where wanted; without a zone it is UTC."""
    return s if isinstance(s, datetime) else read_date(s)


# --- encodings -----------------------------------------------------------------------------------------------------

_ENCODINGS = {"Unicode": "utf-16-le", "ASCII": "ascii", "UTF8": "utf-8"}


def _from_base64(s: Operand, encoding: Operand | None = None) -> pl.Expr | None:
    """Of UTF-16 columns cannot make text."""
    return text_of_base64(s.expr) if encoding and encoding.value == "UTF8" else None


@CONVERSION.function(
    "ConvertFromBase64",
    text("s"),
    text("encoding", optional=True, options=tuple(_ENCODINGS)),
    gives=TEXT,
    common=_from_base64,
    mentions=4,
    fails=True,
    examples=('ConvertFromBase64("SGVsbG8gd29ybGQh", UTF8) => "Hello world!"',),
)
def convert_from_base64(s: str, encoding: str = "Unicode") -> str:
    """The text that base64 encodes, in UTF-16 (Unicode, the default), ASCII or UTF8."""
    try:
        return base64.b64decode(s, validate=True).decode(_ENCODINGS[encoding])
    except (binascii.Error, ValueError):
        raise Failure(f"the text is not base64 of {encoding} text") from None


@CONVERSION.function(
    "ConvertToBase64",
    Parameter(name="x", accepts=frozenset({AttributeType.STRING, AttributeType.REFERENCE, AttributeType.BINARY})),
    gives=TEXT,
    columnar=lambda x: x.expr.bin.encode("base64") if x.kind == BINARY else None,
    grows=True,
    examples=(
        'ConvertToBase64([objectGUID]) => "ABEiM0RVZneImaq7zN3u/w=="',
        'ConvertToBase64("Robin") => "UgBvAGIAaQBuAA=="',
    ),
)
def convert_to_base64(x: str | bytes) -> str:
    """A binary in base64, or a text in base64 of UTF-16."""
    return base64.b64encode(x if isinstance(x, bytes) else x.encode("utf-16-le")).decode("ascii")


@CONVERSION.function(
    "ConvertFromUTF8Hex",
    text("s"),
    gives=TEXT,
    columnar=lambda s: _or_failed(s.expr, text_of_hex(s.expr), _NO_UTF8_HEX),
    mentions=5,
    fails=True,
    examples=('ConvertFromUTF8Hex("C3A9") => "é"',),
)
def convert_from_utf8_hex(s: str) -> str:
    """The text whose UTF-8 bytes the hexadecimal digits are."""
    try:
        return binascii.unhexlify(s).decode("utf-8")
    except (binascii.Error, ValueError):
        raise Failure(_NO_UTF8_HEX) from None


@CONVERSION.function(
    "ConvertToUTF8Hex",
    text("s"),
    gives=TEXT,
    columnar=lambda s: s.expr.cast(pl.Binary).bin.encode("hex").str.to_uppercase(),
    grows=True,
    examples=('ConvertToUTF8Hex("é") => "C3A9"',),
)
def convert_to_utf8_hex(s: str) -> str:
    """The UTF-8 bytes of a text in hexadecimal digits, which are safe inside a DN."""
    return s.encode().hex().upper()


# --- identifiers ---------------------------------------------------------------------------------------------------

_IS_GUID = re.compile(GUID.replace(r"\z", r"\Z"))


def is_guid_text(s: str) -> bool:
    """With or without braces."""
    return _IS_GUID.match(s) is not None


@CONVERSION.function(
    "CGuid",
    text("s"),
    gives=BINARY,
    columnar=lambda s: _or_failed(s.expr, guid_bytes(s.expr), _NO_GUID_TEXT),
    mentions=5,
    fails=True,
    aliases=("ConvertStringToGuid",),
    examples=("CGuid([guidText]) => 0x00112233445566778899AABBCCDDEEFF",),
)
def c_guid(s: str) -> bytes:
    """The 16 bytes of a GUID, with or without braces; the first three groups are little-endian."""
    if not is_guid_text(s):
        raise Failure(_NO_GUID_TEXT)
    return UUID(s).bytes_le


@CONVERSION.function(
    "StringFromGuid",
    binary("b"),
    gives=TEXT,
    columnar=lambda b: _or_failed(b.expr, guid_text(b.expr), _NO_GUID),
    mentions=5,
    fails=True,
    examples=('StringFromGuid([objectGUID]) => "33221100-5544-7766-8899-aabbccddeeff"',),
)
def string_from_guid(b: bytes) -> str:
    """The 16 bytes of a GUID as text, in lower case and without braces."""
    if len(b) != 16:
        raise Failure(_NO_GUID)
    return str(UUID(bytes_le=b))


@CONVERSION.function(
    "StringFromSid",
    binary("b"),
    gives=TEXT,
    common=lambda b: sid_text(b.expr),
    mentions=20,
    fails=True,
    aliases=("ConvertSidToString",),
    examples=('StringFromSid([groupSid]) => "S-1-5-32-544"',),
)
def string_from_sid(b: bytes) -> str:
    """A security identifier as text."""
    if len(b) < 8 or len(b) != 8 + 4 * b[1]:
        raise Failure("the binary is not a security identifier")
    parts = [b[0], int.from_bytes(b[2:8], "big")]
    parts += [int.from_bytes(b[i : i + 4], "little") for i in range(8, len(b), 4)]
    return "S-" + "-".join(map(str, parts))


@CONVERSION.function(
    "Thumbprint",
    binary("b"),
    gives=BINARY,
    examples=("Thumbprint([objectGUID]) => 0xA8FAED6ABBF35C12A4B26E40F6FEB19D736D90045C83B9F9A31F638D323E6811",),
)
def thumbprint(b: bytes) -> bytes:
    """The SHA-256 hash of a key, as key credentials hold it ([MS-ADTS] 2.2.20.6)."""
    return sha256(b).digest()
