"""Generated worlds: small schemas, rules of many shapes, and histories of what the sources show."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.reference.objects import Image
from unisono.model.project import ConnectorDefinition, DeletionRule, Deprovisioning, Metaverse, Project
from unisono.model.rules import Direction, Expression, Flow, JoinCondition, LinkBehavior, MergeType, Rule
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

_ATTRIBUTES = (
    Attribute(name="id"),
    Attribute(name="mail"),
    Attribute(name="title"),
    Attribute(name="tags", multivalued=True),
    Attribute(name="manager", type=AttributeType.REFERENCE, multivalued=True),
)
PERSON = ObjectType(name="person", attributes=_ATTRIBUTES)
SCHEMA = Schema(object_types=(PERSON,))

_SCOPES = st.sampled_from([None, None, '[title] <> "x"', "IsPresent([mail])", '[title] = "chief"'])
_FILTERS = st.sampled_from([None, None, None, '[title] = "x"'])
_JOINS = st.sampled_from([("id",), ("mail",), ("id", "mail"), ("mail", "id")])


_MARKED = (
    Flow(target="title", expression=Expression(text='IIF([title] = "x", IgnoreThisFlow, [title])')),
    Flow(target="title", expression=Expression(text='IIF([title] = "clerk", AuthoritativeNull, [title])')),
)


def _expression(text: str | None) -> Expression | None:
    return Expression(text=text) if text else None


def _join_groups(names: tuple[str, ...]) -> tuple[tuple[JoinCondition, ...], ...]:
    return tuple((JoinCondition(source=Expression(text=f"[{name}]"), target=name),) for name in names)


@st.composite
def inbound_rules(draw: st.DrawFn, connector: str, precedence: int, link: LinkBehavior) -> Rule:
    """A rule with the values in some of its flows, expressions that may fail among them."""
    title = draw(
        st.sampled_from(
            [
                Flow(target="title", source="title"),
                Flow(target="title", expression=Expression(text="UCase([title])")),
                Flow(target="title", expression=Expression(text='IIF([title] = "bad", Error("bad"), [title])')),
                *_MARKED,
            ]
        )
    )
    merge = draw(st.sampled_from([MergeType.UPDATE, MergeType.MERGE]))
    flows = [
        Flow(target="id", source="id"),
        Flow(target="mail", source="mail"),
        title,
        Flow(target="tags", source="tags", merge=merge),
        Flow(target="manager", source="manager"),
    ]
    chosen = draw(st.lists(st.sampled_from(flows), min_size=1, max_size=5, unique_by=lambda flow: flow.target))
    return Rule(
        name=f"{connector} in",
        direction=Direction.INBOUND,
        connector=connector,
        connector_type="person",
        metaverse_type="person",
        precedence=precedence,
        link=link,
        scope=_expression(draw(_SCOPES)),
        joins=_join_groups(draw(_JOINS)),
        flows=tuple(chosen),
    )


@st.composite
def outbound_rules(draw: st.DrawFn, connector: str, precedence: int) -> Rule:
    flows = [
        Flow(target="mail", source="mail", allow_null=draw(st.booleans())),
        draw(st.sampled_from([Flow(target="title", source="title"), *_MARKED])),
        Flow(target="tags", source="tags", apply_once=draw(st.booleans())),
        Flow(target="manager", source="manager"),
    ]
    chosen = draw(st.lists(st.sampled_from(flows), max_size=4, unique_by=lambda flow: flow.target))
    name = Flow(target="dn", expression=Expression(text='IIF(IsPresent([id]), "cn=" & [id], NULL)'))
    return Rule(
        name=f"{connector} out",
        direction=Direction.OUTBOUND,
        connector=connector,
        connector_type="person",
        metaverse_type="person",
        precedence=precedence,
        link=draw(st.sampled_from([LinkBehavior.PROVISION, LinkBehavior.PROVISION, LinkBehavior.JOIN])),
        scope=_expression(draw(_SCOPES)),
        joins=draw(st.sampled_from([(), _join_groups(("id",))])),
        flows=(name, *chosen),
        deprovision=draw(st.booleans()),
    )


@st.composite
def further_rules(draw: st.DrawFn) -> list[Rule]:
    """A rule that only flows beside those that link; and a second outbound one, which may link and deprovision too."""
    title = draw(st.sampled_from([Flow(target="title", constant="guest"), *_MARKED]))
    inbound = draw(inbound_rules(draw(st.sampled_from(["hr", "directory"])), 50, LinkBehavior.NONE))
    outbound = replace(draw(outbound_rules(draw(st.sampled_from(["app", "directory"])), 500)), name="further out")
    flowing = replace(outbound, link=LinkBehavior.NONE, joins=(), flows=(title,))
    rules = [replace(inbound, name="further in", joins=()), draw(st.sampled_from([flowing, outbound]))]
    return draw(st.sampled_from([[], [], rules]))


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """HR projects; the directory joins or projects, and is written to; the application is only written to."""
    merging = draw(st.booleans())
    strong, weak = draw(st.sampled_from([(100, 200), (200, 100)]))
    directory_link = draw(st.sampled_from([LinkBehavior.JOIN, LinkBehavior.PROJECT]))
    rules = [
        draw(inbound_rules("hr", strong, LinkBehavior.PROJECT)),
        draw(inbound_rules("directory", weak, directory_link)),
        draw(outbound_rules("directory", 300)),
        draw(outbound_rules("app", 400)),
        *draw(further_rules()),
    ]
    return Project(
        name="generated",
        directory="",
        store="",
        metaverse=Metaverse(schema=SCHEMA, deletion=draw(_DELETIONS)),
        connectors=tuple(draw(connectors(name, merging=merging)) for name in ("app", "directory", "hr")),
        rules=tuple(_one_merge(rule, merging=merging) for rule in rules),
        cycle=("hr", "directory", "app"),
        fingerprint="",
    )


_DELETIONS = st.sampled_from(
    [{}, {"person": DeletionRule(any_of=("hr",))}, {"person": DeletionRule(ignoring=("directory", "app"))}]
)


def _one_merge(rule: Rule, *, merging: bool) -> Rule:
    """All rules merge an attribute in the same way, as the configuration demands."""
    merge = MergeType.MERGE if merging else MergeType.UPDATE
    flows = tuple(replace(flow, merge=merge) if flow.target == "tags" else flow for flow in rule.flows)
    return replace(rule, flows=flows)


@st.composite
def connectors(draw: st.DrawFn, name: str, *, merging: bool) -> ConnectorDefinition:
    """Merged values have one lineage for all of them, so none can stay behind alone; such worlds always recall."""
    condition = draw(_FILTERS) if name != "app" else None
    return ConnectorDefinition(
        name=name,
        kind="generated",
        settings={},
        schema=SCHEMA,
        filters={"person": Expression(text=condition)} if condition else {},
        deprovisioning=draw(st.sampled_from(list(Deprovisioning))),
        recall=merging or draw(st.sampled_from([True, True, False])),
    )


_IDS = st.sampled_from([None, "1", "2", "3", "4"])
_MAILS = st.sampled_from([None, "", "a", "A", "b", "c"])
_TITLES = st.sampled_from([None, "clerk", "chief", "x", "bad"])
_TAGS = st.lists(st.sampled_from(["p", "q", "r"]), max_size=3, unique=True).map(sorted)


@st.composite
def contents(draw: st.DrawFn, connector: str) -> dict[str, tuple[str, Image, dict[str, list[str]]]]:
    """What a source shows: anchor → (DN, values, references), with values that collide often."""
    anchors = draw(st.lists(st.sampled_from(["k1", "k2", "k3", "k4", "k5"]), max_size=5, unique=True))
    # References name their targets as the same snapshot does. A name that a shown object had before is not used: it
    # would be nobody's or that object's, as the referrer is staged after or before it (engine specification §7.2).
    names = {anchor: _dn(connector, anchor) + draw(st.sampled_from(["", "", "-moved"])) for anchor in anchors}
    shown = {}
    for anchor in anchors:
        values = {"id": draw(_IDS), "mail": draw(_MAILS), "title": draw(_TITLES), "tags": draw(_TAGS) or None}
        image: Image = {name: value for name, value in values.items() if value is not None}
        targets = draw(st.lists(st.sampled_from(["k1", "k2", "k3", "k9"]), max_size=2, unique=True))
        named = sorted(names.get(target, _dn(connector, target)) for target in targets)
        shown[anchor] = (names[anchor], image, {"manager": named} if named else {})
    return shown


def _dn(connector: str, anchor: str) -> str:
    return f"ou={connector}-{anchor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Some sources are imported, in some order of objects; then every connector synchronizes."""

    shown: dict[str, dict[str, tuple[str, Image, dict[str, list[str]]]]]
    shuffle: int
    full: bool


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    sources = draw(st.lists(st.sampled_from(["hr", "directory"]), min_size=1, max_size=2, unique=True))
    shown = {name: draw(contents(name)) for name in sources}
    return Round(shown=shown, shuffle=draw(st.integers(0, 1000)), full=draw(st.booleans()))
