"""A document against a shape: Pydantic's findings as mistakes with places and hints.

No message holds a value of the file: it may be a secret in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from unisono.config.checks import Check, shown, suggestion
from unisono.config.forms import Shape
from unisono.config.locate import At, Key, KeyPath
from unisono.model.errors import Mistake

S = TypeVar("S", bound=Shape)
_Finding = tuple[Check, str, str]  # check, message, hint

_OPAQUE: frozenset[KeyPath] = frozenset({("settings",)})  # inside, the connector's kind decides what may be empty


def shaped(at: At, shape: type[S]) -> tuple[S | None, tuple[Mistake, ...]]:
    """The value as ``shape`` and the mistakes in it.

    A value whose only mistakes are unknown and empty keys is given without them, so that what it says otherwise can
    be checked too.
    """
    value = at.value()
    empty = set(_empty(value, ()))
    mistakes = [_empty_mistake(at.at(*path)) for path in sorted(empty, key=str)]
    if () in empty:
        return None, tuple(mistakes)
    understood, findings = _validated(_without(value, empty), shape)
    unknown = {path for path, error in findings if error["type"] == "extra_forbidden"}
    mistakes += [_mistake(at, path, error, shape) for path, error in findings if path not in empty]
    if unknown:
        understood, _ = _validated(_without(value, empty | unknown), shape)
    return understood, tuple(mistakes)


def _validated(value: Any, shape: type[S]) -> tuple[S | None, Sequence[tuple[KeyPath, ErrorDetails]]]:
    try:
        return shape.model_validate(value), ()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    # An optional value fails twice: as what it is, and as none.
    return None, [(_path(value, detail), detail) for detail in details if detail["type"] != "none_required"]


def _empty(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    if value is None:
        yield path
    elif path not in _OPAQUE:
        for key, member in _members(value):
            yield from _empty(member, (*path, key))


def _members(value: Any) -> Iterator[tuple[Key, Any]]:
    match value:
        case dict():
            yield from value.items()
        case list():
            yield from enumerate(value)
        case _:
            return


def _without(value: Any, paths: set[KeyPath], path: KeyPath = ()) -> Any:
    """The value without what stands at the paths; an item of a list leaves the empty text, so that others stay put."""
    match value:
        case dict():
            return {k: _without(v, paths, (*path, k)) for k, v in value.items() if (*path, k) not in paths}
        case list():
            return ["" if (*path, i) in paths else _without(v, paths, (*path, i)) for i, v in enumerate(value)]
        case _:
            return value


def _path(value: Any, error: ErrorDetails) -> KeyPath:
    """The error's location as a path in the file: short forms have fewer steps than the shapes they stand for."""
    path: list[Key] = []
    here = value
    for step in error["loc"]:
        if step in dict(_members(here)):
            here = here[step]
            path.append(step)
    if error["type"] == "missing":
        path.append(error["loc"][-1])
    return tuple(path)


def _empty_mistake(at: At) -> Mistake:
    what = f"{_subject(at.path)} is empty"
    hint = "give it a value, or remove the key"
    return Mistake(check=Check.WRONG_TYPE, message=what, place=at.key_place(), hint=hint)


def _mistake(at: At, path: KeyPath, error: ErrorDetails, shape: type[Shape]) -> Mistake:
    check, message, hint = _finding(path, _subject((*at.path, *path)), error, shape)
    of_key = check is Check.UNKNOWN_KEY or error["loc"][-1:] == ("[key]",)
    place = at.key_place(*path) if of_key else at.place(*path)
    return Mistake(check=check, message=message, place=place, hint=hint)


def _finding(path: KeyPath, subject: str, error: ErrorDetails, shape: type[Shape]) -> _Finding:
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            hint = suggestion(str(path[-1]), _known_keys(shape, path[:-1]))
            return Check.UNKNOWN_KEY, f"unknown key {shown(str(path[-1]))}", hint
        case "missing":
            return Check.MISSING_KEY, f"the key {path[-1]!r} is missing", ""
        case "greater_than_equal":
            return Check.WRONG_VALUE, f"{subject} must be at least {context['ge']:g}", ""
        case "less_than_equal":
            return Check.WRONG_VALUE, f"{subject} must be at most {context['le']:g}", ""
        case "too_short" | "string_too_short":
            return Check.WRONG_VALUE, f"{subject} must not be empty", ""
        case known if known in _WANTED:
            wanted, hint = _WANTED[known]
            return Check.WRONG_TYPE, f"{subject} must be {wanted}", hint
        case own if own in _OWN_CHECKS:
            return Check(own), context["message"], context["hint"]
        case other:
            return Check.WRONG_VALUE, f"{subject} is not usable ({other})", ""


_OWN_CHECKS = frozenset(Check)
_WANTED: Mapping[str, tuple[str, str]] = {
    "string_type": ("text", "put it in quotes"),
    "int_type": ("a whole number", "write it without quotes"),
    "float_type": ("a number", "write it without quotes"),
    "bool_type": ("true or false", "write it without quotes"),
    "list_type": ("a list", "write - in front of each item"),
    "dict_type": ("a mapping of keys to values", ""),
    "model_type": ("a mapping of keys to values", ""),
    "model_attributes_type": ("a mapping of keys to values", ""),
}


def _subject(path: KeyPath) -> str:
    """How a message calls the value."""
    match path:
        case (*_, int(position)):
            return f"item {position + 1}"
        case (*_, str(key)):
            return shown(key)
        case _:
            return "the file"


def _known_keys(shape: type[Shape], path: KeyPath) -> list[str]:
    here: Any = shape  # Any: a type annotation, and annotations have no common type
    for key in path:
        here = _annotation(here, key)
    return [_alias(here, name) for name in here.model_fields] if _is_shape(here) else []


def _annotation(outer: Any, key: Key) -> Any:
    """The type of what stands at the key of a value of the type ``outer``."""
    if _is_shape(outer):
        return next(
            (_bare(field.annotation) for name, field in outer.model_fields.items() if _alias(outer, name) == key)
        )
    return _bare(get_args(outer)[-1])


def _alias(shape: type[Shape], name: str) -> str:
    return shape.model_fields[name].alias or name


def _is_shape(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Shape)


def _bare(annotation: Any) -> Any:
    """Without ``Annotated`` and ``| None``."""
    arguments = get_args(annotation)
    is_collection = get_origin(annotation) in (list, dict)
    return annotation if not arguments or is_collection else _bare(arguments[0])
