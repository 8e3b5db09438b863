"""Times in the store: ISO 8601 text in UTC with microseconds, which sorts as the times do."""

from __future__ import annotations

from datetime import UTC, datetime


def as_text(moment: datetime) -> str:
    """Raises ``ValueError`` for a time without zone: it could mean anything."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def as_time(text: str) -> datetime:
    return datetime.fromisoformat(text)
