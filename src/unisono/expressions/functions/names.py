"""Distinguished names (RFC 4514)."""

from __future__ import annotations

import polars as pl

from unisono.expressions.kinds import TEXT
from unisono.expressions.registry import Family, Operand, number, text
from unisono.model.names import escape_dn_value, split_dn

NAMES = Family(title="Distinguished names")


def _components(dn: str) -> list[str]:
    if not dn:
        return []
    return split_dn(dn) if any(special in dn for special in '\\";') else dn.split(",")


def _value(component: str) -> str:
    name, equals, value = component.partition("=")
    return (value if equals else name).strip(" ")


def _plain(dn: Operand, index: int) -> pl.Expr:
    """The value of a component of DNs in which a comma always separates."""
    component = dn.expr.str.split(",").list.get(index, null_on_oob=True)
    is_plain = ~dn.expr.str.contains(r'[\\";]|\A\z')
    return pl.when(is_plain).then(component.str.replace("^[^=]*=", "").str.strip_chars(" "))


def _plain_component(dn: Operand, n: Operand) -> pl.Expr | None:
    return _plain(dn, n.value - 1) if n.constant and 1 <= n.value < _MOST_COMPONENTS else None


def _plain_component_rev(dn: Operand, n: Operand, option: Operand | None = None) -> pl.Expr | None:
    return _plain(dn, -n.value) if n.constant and 1 <= n.value < _MOST_COMPONENTS and option is None else None


_MOST_COMPONENTS = 1000


@NAMES.function(
    "DNComponent",
    text("dn"),
    number("n"),
    gives=TEXT,
    common=_plain_component,
    mentions=3,
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
    mentions=3,
    examples=('DNComponentRev(CRef([dn]), 1) => "org"', 'DNComponentRev(CRef([dn]), 1, "DC") => "Paris"'),
)
def dn_component_rev(dn: str, n: int, option: str = "") -> str | None:
    """The same from the right; with the option DC the components of the domain do not count."""
    components = _components(dn)
    if option == "DC":
        components = [c for c in components if c.partition("=")[0].strip(" ").lower() != "dc"]
    return _value(components[-n]) if 1 <= n <= len(components) else None


_PLAIN = r',+"\\<>;=#\x00'
_NEEDS_NO_ESCAPE = rf"\A(?:[^=]*=)?(?:[^{_PLAIN} ](?:[^{_PLAIN}]*[^{_PLAIN} ])?)?\z"


@NAMES.function(
    "EscapeDNComponent",
    text("s"),
    gives=TEXT,
    common=lambda s: pl.when(s.expr.str.contains(_NEEDS_NO_ESCAPE)).then(s.expr),
    mentions=2,
    grows=True,
    examples=('EscapeDNComponent("CN=Example, Robin") => "CN=Example\\\\, Robin"',),
)
def escape_dn_component(s: str) -> str:
    """A component "type=value" with what is special in a DN escaped in its value."""
    name, equals, value = s.partition("=")
    return name + equals + escape_dn_value(value) if equals else escape_dn_value(s)
