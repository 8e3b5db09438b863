"""Objects: what a search finds, and everything that is known of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Values = dict[str, Any]  # Any: values of JSON, by attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaverseHit:
    """``matched``: an attribute that has the text, as ``name=value``; null when the id is the text."""

    id: int
    object_type: str
    title: str
    matched: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceHit:
    """An object of a connector space in brief. Operations are null where nothing is pending."""

    id: int
    connector: str
    object_type: str
    anchor: str | None
    dn: str
    state: str  # normal, explicit, filtered
    mv_id: int | None
    link_kind: str | None  # join, projection, provisioning, joiner
    link_rule: str | None
    import_operation: str | None  # add, update, delete, delete-add
    export_operation: str | None  # add, update, delete
    unconfirmed_operation: str | None
    import_error: str | None  # code of the last synchronization error


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """``complete`` is false where the limit cut the list of a space."""

    text: str
    metaverse: tuple[MetaverseHit, ...]
    objects: tuple[SpaceHit, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeValue:
    """A value of a metaverse object with its lineage: the rule, and the run that wrote it."""

    attribute: str
    value: Any  # Any: a value of JSON
    rule: str | None
    run: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """``name``: the title or DN of the target.

    ``state``: synchronized; in a connector space also pending import add or delete, pending export add or delete,
    unconfirmed add or delete.
    """

    attribute: str
    id: int
    name: str
    state: str
    rule: str | None = None
    run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaverseObject:
    id: int
    object_type: str
    title: str
    attributes: tuple[AttributeValue, ...]
    references: tuple[Reference, ...]
    connectors: tuple[SpaceHit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownError:
    """An object error of a latest run of the connector."""

    run: int
    category: str
    code: str
    attribute: str | None
    rule: str | None
    message: str
    cd_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change document: attributes that get a value, and attributes that lose theirs."""

    set: Values
    clear: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceObject:
    """An object of a connector space with its layers; a layer is null when the object does not have it."""

    object: SpaceHit
    title: str | None  # of its metaverse object
    obsolete: bool
    new_dn: str | None
    hologram: Values | None
    pending_import: Values | None
    pending_export: Change | None
    unconfirmed_export: Change | None
    references: tuple[Reference, ...]
    errors: tuple[KnownError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Exactly one of both is set."""

    metaverse: MetaverseObject | None = None
    object: SpaceObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one flow offers to one attribute."""

    attribute: str
    rule: str
    precedence: int
    connector: str
    cs_id: int
    dn: str
    value: str | None
    verdict: str  # wins, not precedent, no value, out of scope, or error: …


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A value of a metaverse object, where it comes from and what it beat; for a null value, why there is none."""

    attribute: str
    value: Any  # Any: a value of JSON; of a reference the targets' titles
    rule: str | None
    run: int | None
    offers: tuple[Offer, ...]  # strongest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A rule that could concern the object. ``scope``: its expression, null for every object."""

    rule: str
    direction: str  # inbound, outbound
    connector: str
    link: str  # join, project, provision, none
    scope: str | None
    in_scope: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One join group tried: what the object looked for, and how many metaverse objects fulfil the whole group."""

    rule: str
    group: int  # in the rule, from 1
    attribute: str  # of the metaverse
    value: str | None  # in the form in which joins compare; null: the object has none
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyMetaverse:
    """``outbound``: which rules would give the object a connector, or keep it up to date."""

    id: int
    object_type: str
    title: str
    origins: tuple[Origin, ...]
    outbound: tuple[Scope, ...]
    connectors: tuple[SpaceHit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyObject:
    """``reasons``: sentences, the deciding one first."""

    object: SpaceHit
    title: str | None
    reasons: tuple[str, ...]
    filtered: bool  # whether the connector filter matches
    scopes: tuple[Scope, ...]
    trials: tuple[Trial, ...]
    errors: tuple[KnownError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Exactly one of both is set."""

    metaverse: WhyMetaverse | None = None
    object: WhyObject | None = None
