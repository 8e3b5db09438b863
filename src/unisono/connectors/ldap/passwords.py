"""Which attributes are passwords: never read, never shown, not sent over an open connection."""

from __future__ import annotations

from unisono.model.schema import Attribute

_PASSWORDS = frozenset({"userpassword", "unicodepwd"})


def is_password(attribute: str) -> bool:
    return attribute.lower() in _PASSWORDS


def is_secret(attribute: Attribute) -> bool:
    """Whether its values must not show in any text; what is never imported counts as such."""
    return attribute.export_only or is_password(attribute.name)
