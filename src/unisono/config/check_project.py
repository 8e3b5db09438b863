"""Names that one file gives and another uses: connectors in the cycle and in deletion rules, and their own names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from unisono.config.checks import Check, suggestion
from unisono.config.documents import ConnectorShape, MetaverseShape, ProjectShape
from unisono.config.forms import CONNECTOR_NAME_HINT, is_connector_name
from unisono.config.locate import At, KeyPath
from unisono.config.read import Found
from unisono.config.secrets import has_password
from unisono.model.errors import Mistake


def project_mistakes(found: Found[ProjectShape], connectors: Iterable[str]) -> Iterator[Mistake]:
    if found.shape is None:
        return
    cycle = found.shape.cycle or []
    yield from _unknown_connectors(cycle, ("cycle",), found.at, connectors)
    for position, name in enumerate(cycle):
        if name in cycle[:position]:
            message = f"{name!r} stands twice in the cycle"
            yield Mistake(check=Check.DUPLICATE_NAME, message=message, place=found.at.place("cycle", position))
    for name, text in found.shape.parameters.items():
        if "${" in text:
            yield Mistake(
                check=Check.SECRET_REFERENCE,
                message=f"the parameter {name!r} cannot be a secret: rules carry parameters into the store",
                place=found.at.place("parameters", name),
                hint="secrets stand in the settings of connectors and in the URL of the store",
            )
    if has_password(found.shape.store):
        message, hint = (
            "the URL of the store holds a password in clear",
            "write ${env:NAME} or ${file:path} in its place",
        )
        yield Mistake(check=Check.SECRET_IN_CLEAR, message=message, place=found.at.place("store"), hint=hint)


def metaverse_mistakes(found: Found[MetaverseShape], connectors: Iterable[str]) -> Iterator[Mistake]:
    types = found.shape.types if found.shape else {}
    for name, shape in types.items():
        if shape.deletion:
            path = ("types", name, "deletion")
            yield from _unknown_connectors(shape.deletion.any_of, (*path, "any-of"), found.at, connectors)
            yield from _unknown_connectors(shape.deletion.ignoring, (*path, "ignoring"), found.at, connectors)


def connector_name_mistakes(connectors: Iterable[tuple[str, Found[ConnectorShape]]]) -> Iterator[Mistake]:
    """Connectors that are called alike, ignoring case, or after a file that cannot name one."""
    first: dict[str, str] = {}
    for name, found in connectors:
        file = found.at.document.file
        other = first.setdefault(name.casefold(), file)
        if other != file:
            message, hint = f"another connector is called {name!r}", f"it stands in {other}"
            yield Mistake(check=Check.DUPLICATE_NAME, message=message, place=found.at.place("name"), hint=hint)
        if not is_connector_name(name) and found.at.at("name").value() is None:
            message = f"{name!r} cannot be the name of a connector"
            yield Mistake(check=Check.BAD_NAME, message=message, place=found.at.place(), hint=CONNECTOR_NAME_HINT)


def _unknown_connectors(names: Iterable[str], path: KeyPath, at: At, connectors: Iterable[str]) -> Iterator[Mistake]:
    known = set(connectors)
    for position, name in enumerate(names):
        if name not in known:
            message, hint = f"there is no connector {name!r}", suggestion(name, known)
            yield Mistake(check=Check.UNKNOWN_CONNECTOR, message=message, place=at.place(*path, position), hint=hint)
