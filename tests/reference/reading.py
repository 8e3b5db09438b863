"""Differences between two states, and generated worlds, as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.reference.worlds import Round
from unisono.model.project import Project
from unisono.model.rules import Rule

State = Mapping[str, object]


def differences(real: State, obvious: State) -> list[str]:
    """One line per entry that only one side has, or that the sides have differently."""
    lines: list[str] = []
    for section in real:
        here, there = real[section], obvious[section]
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            lines += _entries(section, here, there)
        elif isinstance(here, set) and isinstance(there, set):
            lines += [f"{section}: only real    {one}" for one in sorted(here - there)]
            lines += [f"{section}: only obvious {one}" for one in sorted(there - here)]
        elif here != there:
            lines.append(f"{section}: real {here}, obvious {there}")
    return lines


def _entries(section: str, here: Mapping[str, object], there: Mapping[str, object]) -> list[str]:
    lines = []
    for name in sorted({*here, *there}):
        real, obvious = here.get(name, "nothing"), there.get(name, "nothing")
        if real != obvious:
            lines.append(f"{section}: {name}")
            lines += [f"    real    {_short(real, obvious)}", f"    obvious {_short(obvious, real)}"]
    return lines


def _short(one: object, other: object) -> object:
    """Of two records only the fields that differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {name: one.get(name) for name in sorted({*one, *other}) if one.get(name) != other.get(name)}
    return one


def described(project: Project, history: list[Round]) -> str:
    """The world in a few lines: rules, connectors, and what the sources showed in each round."""
    lines = [_rule(rule) for rule in project.rules]
    for definition in project.connectors:
        filters = {kind: expression.text for kind, expression in definition.filters.items()}
        kept = "" if definition.recall else ", no recall"
        lines.append(f"{definition.name}: filter {filters}, deprovisioning {definition.deprovisioning}{kept}")
    lines.append(f"deletion: {dict(project.metaverse.deletion)}")
    for number, one in enumerate(history, 1):
        lines.append(f"round {number}, {'full' if one.full else 'delta'}, shuffle {one.shuffle}")
        for connector, shown in one.shown.items():
            lines += [f"    {connector}/{anchor}: {shown[anchor]}" for anchor in sorted(shown)] or [
                f"    {connector}: empty"
            ]
    return "\n".join(lines)


def _rule(rule: Rule) -> str:
    flows = [
        f"{flow.source or (flow.expression.text if flow.expression else repr(flow.constant))}→{flow.target}"
        + (" null" if flow.allow_null else "")
        + (" once" if flow.apply_once else "")
        + ("" if str(flow.merge) == "update" else f" {flow.merge}")
        for flow in rule.flows
    ]
    joins = [[f"{condition.source.text}={condition.target}" for condition in group] for group in rule.joins]
    scope = rule.scope.text if rule.scope else "always"
    end = ", deprovisions" if rule.deprovision else ""
    head = f"{rule.precedence} {rule.name} ({rule.connector}): {rule.link} if {scope}"
    return f"{head}; joins {joins}; {'; '.join(flows)}{end}"
