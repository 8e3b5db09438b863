"""The reference page of the language, written from the registry. ``docs/reference/expressions.md`` is its output."""

from __future__ import annotations

from collections.abc import Iterator

from unisono.expressions.functions import FAMILIES
from unisono.expressions.kinds import Kind
from unisono.expressions.operators import OPERATORS
from unisono.expressions.registry import Family, Form, Function, Parameter, Shape

_LANGUAGE = """\
# Expressions

The rule language. Its words, and most of its behaviour, are those of Entra Connect Sync; formulas of the MIM portal can
stay [as they are written there](#formulas-of-the-mim-portal). This page is generated from the functions themselves;
each example is a test. `unisono eval` shows what an expression gives, and each step on the way.

```
IIF(IsPresent([mail]), LCase([mail]), [uid] & "@contoso.com")
```

## Words

| | |
| --- | --- |
| `[name]` | An attribute of the object, NULL where it is absent. Names are case-sensitive; `[dn]` is the DN. |
| `%Name%` | A parameter of the environment, a text. |
| `"text"` | A text. `\\\\` is one backslash, `\\"` a quote; any other backslash stands for itself. |
| `42`, `-7`, `&H1F` | A number: 64 bits, whole, decimal or hexadecimal. |
| `True`, `False`, `NULL`, `CRLF` | Constants. |
| `Name(a, b)` | A call; function names are case-sensitive. |
| `$name` | A variable of `Select`, `Where` or `With`. |
| `AuthoritativeNull` | As a result: no value, and no weaker rule may contribute one. |
| `IgnoreThisFlow` | As a result: as if the rule were absent; the present value stays. |

An expression has at most 64 KiB and is nested at most 100 levels deep. A text or binary as a result has at most 1 MiB,
all that `Select` gives at most 64 MiB, and lists within lists are evaluated for at most 100,000 values of one object.

## Operators

Operators of one level are evaluated strictly from left to right (`2 + 5 * 3` is 21); the levels below bind weaker.
There is no division, and `= False` says not.

| Level | Operators | Operands | NULL and edges |
| --- | --- | --- | --- |
"""

_VALUES = """
Texts are compared exactly, so case counts.

## Values

- Types are text, number (64 bits), boolean, binary, date (UTC, to the microsecond) and reference (the text of a DN,
  which goes wherever a text goes). A wrong type is a mistake in the rule, found before anything runs; a value that
  cannot be converted is an error of that one object.
- NULL is the absent value. An argument that is NULL makes the result NULL unless the function says otherwise.
- A function of a single value that is given several is called with each of them; results that are NULL drop out:
  `Trim([proxyAddresses])`. At most one argument may have several values.
- Where the result goes to an attribute with several values, a whole expression may treat one attribute with several
  values as if it had one, as in `IIF(Left([tags], 1) = "x", Mid([tags], 2), NULL)`: it is evaluated for each of them,
  and gives nothing where there is none. One that also asks about all of them, with `Count` or `Item` say, is a mistake.
- Positions and indexes count from 1, and 0 means *not found*.
- Case is that of the Unicode version of the installation; letters younger than that have no other case.
- What is not deterministic (`Now`, `Guid`, `RandomNum`) is the same for an object, a place in the rules and a step.

## Formulas of the MIM portal

With `language: mim` in a rule, its scope, join conditions and flows are read as the MIM portal writes formulas:

```
IIF(Eq(employeeType, "Intern"), "t-" + alias, alias)
```

| | |
| --- | --- |
| `name` | An attribute; if there is none of that name, a parameter. |
| `true`, `false` | Booleans, unless an attribute has that name. |
| `a + b` | Joins texts, as `Concatenate(a, b)` does. There are no other operators. |
| `"text"` | A text. A backslash is a backslash, as in `"CONTOSO\\" + alias`; no quote stands inside. |
| `42`, `-7`, `0x1F` | A number. |
| `CaseInsensitive` | Words that an argument wants stand there as they are. |
| `Mid(s, start, n)` | Empty where `n` is negative, as `MidOrEmpty`. Every other function is the one below. |

`Select`, `Where` and `With` cannot be written so, for want of `$name`. Filters, join rules and flows of MIM and of
Entra Connect, operator by operator: [from their rules to these](../how-to/from-mim-rules.md).
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _LANGUAGE.rstrip("\n")
    for level, (operators, operands, edges) in zip((1, 1, 2, 2, 3), OPERATORS, strict=True):
        yield f"| {level} | {operators.replace('|', chr(92) + '|')} | {operands} | {edges} |"
    yield _VALUES.rstrip("\n")
    for family in FAMILIES:
        yield from _family(family)
    yield ""


def _family(family: Family) -> Iterator[str]:
    yield f"\n## {family.title}"
    for member in sorted(family.members, key=lambda member: member.name):
        yield f"\n### {member.signature}\n"
        yield member.summary
        yield "\n" + " ".join(_facts(member))
        yield "\n```\n" + "\n".join(member.examples) + "\n```"


def _facts(member: Function | Form) -> Iterator[str]:
    """What it takes and gives, and what else it is called."""
    if isinstance(member, Function) and member.parameters:
        yield f"Takes {', '.join(f'`{parameter.name}` {_wants(parameter)}' for parameter in member.parameters)}."
    yield f"Gives {_given(member)}."
    if isinstance(member, Form) and not member.deterministic:
        yield "Not deterministic."
    if member.aliases:
        yield f"Also called {', '.join(f'`{alias}`' for alias in member.aliases)}."


def _given(member: Function | Form) -> str:
    if isinstance(member, Form):
        return member.gives
    return str(member.gives) if isinstance(member.gives, Kind) else _DEPENDS


_DEPENDS = "values of the type that it is given"


def _wants(parameter: Parameter) -> str:
    several = " (several values)" if parameter.shape is Shape.MANY else ""
    options = " or ".join(f"`{option}`" for option in parameter.options)
    return (options or parameter.wants) + several
