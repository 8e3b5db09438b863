"""Distinguished names (RFC 4514)."""

from __future__ import annotations

import polars as pl

from unisono.expressions.kinds import TEXT
from unisono.expressions.registry import Family, Operand, number, text
from unisono.expressions.values import MOST_BYTES
from unisono.model.names import escape_dn_value, split_dn

NAMES = Family(title="Distinguished names")


def _components(dn: str) -> list[str]:
    if not dn:
        return []
    return split_dn(dn) if any(special in dn for special in '\\";') else dn.split(",")


def _value(component: str) -> str:
    name, equals, value = component.partition("=")
    return (value if equals else name).strip(" ")


#: Stands for an escaped comma while the components are taken apart.
_COMMA = "\x01"


def _plain(dn: Operand, index: int, left_out: str = "") -> pl.Expr:
    """The value of a component of DNs in which every comma separates that has no backslash before it."""
    is_plain = ~dn.expr.str.contains(rf'[";{_COMMA}]|\\\\|\A\z')
    marked = dn.expr.str.replace_all("\\,", _COMMA, literal=True)
    if left_out:
        marked = marked.str.replace_all(left_out, "")
        is_plain &= ~dn.expr.str.contains(_HARD_TO_LEAVE_OUT)
    component = marked.str.split(",").list.get(index, null_on_oob=True)
    value = component.str.replace("^[^=]*=", "").str.strip_chars(" ")
    return pl.when(is_plain).then(value.str.replace_all(_COMMA, "\\,", literal=True))


def _plain_component(dn: Operand, n: Operand) -> pl.Expr | None:
    return _plain(dn, n.value - 1) if n.constant and 1 <= n.value < _MOST_COMPONENTS else None


def _plain_component_rev(dn: Operand, n: Operand, option: Operand | None = None) -> pl.Expr | None:
    if not (n.constant and 1 <= n.value < _MOST_COMPONENTS):
        return None
    return _plain(dn, -n.value, _OF_DOMAIN if option else "")


#: Components of the domain behind others, and what is like them.
_OF_DOMAIN = r", *[dD][cC] *=[^,]*"
_HARD_TO_LEAVE_OUT = r"\A *[dD][cC] *=|(?:\A|,) *[dD][cC] *(?:,|\z)"
_MOST_COMPONENTS = 1000


@NAMES.function(
    "DNComponent",
    text("dn"),
    number("n"),
    gives=TEXT,
    common=_plain_component,
    mentions=4,
    examples=('DNComponent([manager], 1) => "Kim Sample"', 'DNComponent(CRef([dn]), 2) => "Staff"'),
)
def dn_component(dn: str, n: int) -> str | None:
    """The value of the n-th component of a DN from the left, as it is escaped there; NULL if there are fewer."""
    components = _components(dn)
    return _value(components[n - 1]) if 1 <= n <= len(components) else None


@NAMES.function(
    "DNComponentRev",
    text("dn"),
    number("n"),
    text("option", optional=True, options=("DC",)),
    gives=TEXT,
    common=_plain_component_rev,
    mentions=4,
    examples=('DNComponentRev(CRef([dn]), 1) => "org"', 'DNComponentRev(CRef([dn]), 1, "DC") => "Paris"'),
)
def dn_component_rev(dn: str, n: int, option: str = "") -> str | None:
    """The same from the right; with the option DC the components of the domain do not count."""
    components = _components(dn)
    if option == "DC":
        components = [c for c in components if c.partition("=")[0].strip(" ").lower() != "dc"]
    return _value(components[-n]) if 1 <= n <= len(components) else None


_ESCAPED = ',+"\\<>;=#'
_PLAIN = r',+"\\<>;=#\x00'
_NEEDS_NO_ESCAPE = rf"\A(?:[^=]*=)?(?:[^{_PLAIN} ](?:[^{_PLAIN}]*[^{_PLAIN} ])?)?\z"
#: Spaces at the ends of a value and zeros are escaped otherwise; nothing is escaped in the name of a type.
_HARD = r"\x00|\A | \z|\A[^=]*= "
_EASY = r'\A(?:[^=,+"\\<>;#]*=|[^=]*\z)'


def _escape(s: Operand) -> pl.Expr:
    short = pl.when(s.expr.str.len_bytes() <= MOST_BYTES // 2).then(s.expr)
    is_plain = short.str.contains(_NEEDS_NO_ESCAPE)
    is_easy = ~is_plain & short.str.contains(_EASY) & ~short.str.contains(_HARD)
    escaped = pl.when(is_easy).then(short).str.replace_many({each: "\\" + each for each in _ESCAPED})
    return pl.when(is_plain).then(short).otherwise(escaped.str.replace("\\=", "=", literal=True))


@NAMES.function(
    "EscapeDNComponent",
    text("s"),
    gives=TEXT,
    common=_escape,
    mentions=9,
    grows=True,
    examples=('EscapeDNComponent("CN=Example, Robin") => "CN=Example\\\\, Robin"',),
)
def escape_dn_component(s: str) -> str:
    """A component "type=value" with what is special in a DN escaped in its value."""
    name, equals, value = s.partition("=")
    return name + equals + escape_dn_value(value) if equals else escape_dn_value(s)
