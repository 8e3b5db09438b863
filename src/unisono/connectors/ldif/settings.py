"""Settings of LDIF connectors: what they mean, and what cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unisono.connectors.files.places import located, path_mistakes
from unisono.connectors.ldif.names import is_ldap_name
from unisono.connectors.registry import Setting, SettingMistake, Settings, SettingType, with_defaults
from unisono.model.schema import AttributeType, Schema

#: As the anchor: the DN itself. An object is then another one after a rename.
DN = "dn"
#: The attribute that directory servers give every entry (RFC 4530).
ENTRY_UUID = "entryUUID"


@dataclass(frozen=True, slots=True, kw_only=True)
class LdifSettings:
    """Validated settings, with files located and defaults filled in."""

    file: Path
    export_file: Path | None
    anchor: str  # an attribute, or DN
    object_classes: Mapping[str, str]  # object class → object type, most specific first
    base: str | None
    ignore_other_classes: bool
    minimum_objects: int

    @classmethod
    def of(cls, settings: Settings, schema: Schema, directory: Path) -> LdifSettings:
        """From settings without mistakes."""
        given = with_defaults(settings, SETTINGS)
        return cls(
            file=located(directory, given["file"]),
            export_file=located(directory, given["export_file"]) if given["export_file"] else None,
            anchor=given["anchor"] or _default_anchor(schema),
            object_classes=dict(given["object_classes"]),
            base=given["base"],
            ignore_other_classes=given["ignore_other_classes"],
            minimum_objects=given["minimum_objects"],
        )

    def object_class(self, object_type: str) -> str:
        """The object class of new entries of the type."""
        return next(name for name, mapped in self.object_classes.items() if mapped == object_type)


def _default_anchor(schema: Schema) -> str:
    return ENTRY_UUID if all(ENTRY_UUID in object_type for object_type in schema.object_types) else DN


SETTINGS = (
    Setting(
        name="file", type=SettingType.TEXT, required=True, summary="The file to import, in the project's directory."
    ),
    Setting(
        name="export_file",
        type=SettingType.TEXT,
        summary="The file that exports keep up to date; it may be the imported one.",
    ),
    Setting(
        name="anchor",
        type=SettingType.TEXT,
        summary="The attribute that identifies an entry, or dn; by default entryUUID where the schema has it.",
    ),
    Setting(
        name="object_classes",
        type=SettingType.TEXT_MAP,
        required=True,
        summary="Object types by object class, the most specific class first.",
    ),
    Setting(name="base", type=SettingType.TEXT, summary="Only this entry and those under it are imported."),
    Setting(
        name="ignore_other_classes",
        type=SettingType.BOOLEAN,
        default=True,
        summary="Whether entries of no named class are passed over; otherwise they are errors.",
    ),
    Setting(
        name="minimum_objects",
        type=SettingType.INTEGER,
        default=0,
        minimum=0,
        summary="A full import of fewer objects stops: the file is taken as cut off.",
    ),
)


def check(settings: Settings, schema: Schema) -> tuple[SettingMistake, ...]:
    return (
        *path_mistakes(settings, ("file", "export_file")),
        *_class_mistakes(settings, schema),
        *_anchor_mistakes(settings, schema),
        *_base_mistakes(settings),
    )


def _class_mistakes(settings: Settings, schema: Schema) -> Iterator[SettingMistake]:
    classes = settings["object_classes"]
    for name, object_type in classes.items():
        if object_type not in schema:
            message = f"the schema has no object type {object_type!r}"
            yield SettingMistake(path=("object_classes", name), message=message)
    for object_type in schema.object_types:
        if object_type.name not in classes.values():
            message = f"no object class stands for the object type {object_type.name!r}"
            yield SettingMistake(path=("object_classes",), message=message)


def _anchor_mistakes(settings: Settings, schema: Schema) -> Iterator[SettingMistake]:
    anchor = settings.get("anchor")
    if anchor is None or anchor == DN:
        return
    for object_type in schema.object_types:
        if anchor not in object_type:
            message = f"the object type {object_type.name!r} has no attribute {anchor!r}"
            yield SettingMistake(path=("anchor",), message=message)
        elif object_type[anchor].multivalued or object_type[anchor].type is not AttributeType.STRING:
            yield SettingMistake(path=("anchor",), message=f"the anchor {anchor!r} must be a single string")


def _base_mistakes(settings: Settings) -> Iterator[SettingMistake]:
    base = settings.get("base")
    if base is not None and not is_ldap_name(base):
        yield SettingMistake(
            path=("base",), message=f"{base!r} is no LDAP name", hint="for instance ou=people,dc=example"
        )
