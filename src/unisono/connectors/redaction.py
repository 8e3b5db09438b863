"""Keeps secrets out of texts that leave a connector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import polars as pl

from unisono.model.secrets import HIDDEN, Secret


@dataclass(frozen=True, slots=True, repr=False)
class Redaction:
    """The texts to blank out, longest first: the secrets, and how they look inside a URL."""

    texts: tuple[str, ...]

    @classmethod
    def of_settings(cls, settings: object) -> Redaction:
        found = {
            form
            for secret in _secrets(settings)
            for value in [secret.reveal()]
            for form in (value, quote(value, safe=""), quote_plus(value))
        }
        return cls(tuple(sorted(found - {""}, key=lambda text: (-len(text), text))))

    def text(self, text: str) -> str:
        for secret in self.texts:
            text = text.replace(secret, HIDDEN)
        return text

    def columns(self, frame: pl.DataFrame, *names: str) -> pl.DataFrame:
        """The frame with the named text columns clean."""
        if not self.texts:
            return frame
        clean = (pl.col(name).str.replace_many(list(self.texts), [HIDDEN] * len(self.texts)) for name in names)
        return frame.with_columns(clean)


def _secrets(value: object) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _secrets(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _secrets(member)
