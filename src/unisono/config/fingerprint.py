"""The fingerprint of a project: equal for configurations that behave alike.

It covers what a run does with data. Names and descriptions of the project, places in files, comments, order of
files, attributes and flows, short or long forms, and rules that are not enabled do not count. Secrets count by their
references: the value behind one may change at any time without the configuration changing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from unisono.model.project import ConnectorDefinition, DeletionRule, Metaverse
from unisono.model.rules import Expression, Flow, Language, Rule
from unisono.model.runs import RunProfile
from unisono.model.schema import Attribute, ObjectType

_FORMAT = "unisono-configuration-1"


def fingerprint(
    *,
    metaverse: Metaverse,
    connectors: Sequence[ConnectorDefinition],
    written_settings: Mapping[str, Mapping[str, Any]],
    rules: Sequence[Rule],
    parameters: Mapping[str, str],
    cycle: Sequence[str],
) -> str:
    """SHA-256 in hexadecimal. ``written_settings`` are the connectors' settings as the files have them, by name."""
    content = {
        "format": _FORMAT,
        "schema": _normal(metaverse.schema),
        "deletion": _normal({name: rule for name, rule in metaverse.deletion.items() if rule != DeletionRule()}),
        **({"equal": sorted(metaverse.equal)} if metaverse.equal else {}),
        "connectors": {c.name: {**_normal(c), "settings": _normal(written_settings[c.name])} for c in connectors},
        "rules": _normal([rule for rule in rules if rule.enabled]),
        "parameters": dict(parameters),
        "cycle": list(cycle),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


#: Things that are found by name, so that their order says nothing.
_UNORDERED = (Attribute, ObjectType, Rule, Flow, RunProfile)
_UNCOUNTED = frozenset({"place", "settings"})


def _normal(value: Any) -> Any:  # Any: a value of ``model`` to the value of JSON that stands for it
    if isinstance(value, Expression):
        text = value.text.strip()
        return text if value.language is Language.ENTRA else {value.language.value: text}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _normal(getattr(value, f.name)) for f in fields(value) if f.name not in _UNCOUNTED}
    if isinstance(value, Mapping):
        return {str(key): _normal(member) for key, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        members = [_normal(member) for member in value]
        return sorted(members, key=json.dumps) if value and isinstance(value[0], _UNORDERED) else members
    return int(value) if isinstance(value, float) and value.is_integer() else value
