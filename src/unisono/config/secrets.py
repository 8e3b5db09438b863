"""Secret references: ``${env:NAME}`` and ``${file:path}`` to ``Secret``, and secrets that stand in clear.

What is resolved here is never shown: findings name the variable or file, not its content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unisono.config.checks import Check, shown, suggestion
from unisono.model.secrets import Secret

MAX_SECRET_BYTES = 64 * 1024

_REFERENCE = re.compile(r"\$\{([^{}]*)(\}?)")
_SCHEMES = ("env", "file")
_HINT = "write ${env:NAME} or ${file:path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a reference."""

    check: Check
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """Where references are looked up: ``environ`` for variables, ``directory`` for relative paths of files."""

    directory: Path
    environ: Mapping[str, str]

    def resolve(self, text: str) -> tuple[str | Secret, tuple[Finding, ...]]:
        """The text as it is when it has no reference, else a secret with each reference replaced by what it names.

        With findings, the secret is one that nobody uses: there is one, so nothing else needs to miss it.
        """
        matches = list(_REFERENCE.finditer(text))
        if not matches:
            return text, ()
        values = [self._value(match) for match in matches]
        findings = tuple(value for value in values if isinstance(value, Finding))
        if findings:
            return Secret("?"), findings
        pieces = _REFERENCE.sub("\0", text).split("\0")  # a project's texts have no NUL
        joined = [piece + value for piece, value in zip(pieces, [*map(str, values), ""], strict=True)]
        return Secret("".join(joined)), ()

    def _value(self, reference: re.Match[str]) -> str | Finding:
        content, closing_brace = reference.groups()
        scheme, colon, name = content.partition(":")
        if not closing_brace or not colon or not name:
            return Finding(check=Check.SECRET_REFERENCE, message="a secret reference that is not complete", hint=_HINT)
        match scheme:
            case "env":
                return self._variable(name)
            case "file":
                return self._file(name)
            case _:
                message = f"unknown kind of secret reference {shown(scheme)}"
                return Finding(check=Check.SECRET_REFERENCE, message=message, hint=suggestion(scheme, _SCHEMES))

    def _variable(self, name: str) -> str | Finding:
        value = self.environ.get(name)
        if value:
            return value
        state = "is not set" if value is None else "is empty"
        return Finding(
            check=Check.SECRET_MISSING,
            message=f"the environment variable {shown(name)} {state}",
            hint="set it where Unisono is started",
        )

    def _file(self, name: str) -> str | Finding:
        path = self.directory / name
        try:
            if not path.is_file():
                return _unusable(name, "does not exist")
            with path.open("rb") as stream:
                content = stream.read(MAX_SECRET_BYTES + 1)
        except OSError as error:
            return _unusable(name, f"cannot be read: {error.strerror}")
        if len(content) > MAX_SECRET_BYTES:
            return _unusable(name, f"is larger than {MAX_SECRET_BYTES // 1024} KiB")
        return _secret_text(name, content)


def _secret_text(name: str, content: bytes) -> str | Finding:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return _unusable(name, "is not UTF-8 text")
    return text.removesuffix("\n").removesuffix("\r") or _unusable(name, "is empty")


def _unusable(name: str, state: str) -> Finding:
    hint = "a relative path starts at the project"
    return Finding(check=Check.SECRET_MISSING, message=f"the secret file {shown(name)} {state}", hint=hint)


# --- secrets in clear ------------------------------------------------------------------------------------------------

_SECRET_NAME = re.compile(r"(?:^|[-_ .])(?:password|passphrase|pwd|secret|token)$", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_PASSWORD_IN_LIST = re.compile(r"(?:^|[\s;?&])(?:password|pwd)\s*=\s*[^\s;&]", re.IGNORECASE)  # connection strings


def is_secret_in_clear(name: str, text: str) -> bool:
    """Whether a setting's plain text is, or has in it, what should be a secret reference."""
    if not text or _REFERENCE.search(text):
        return False
    return any(
        (_SECRET_NAME.search(name), has_password(text), _PASSWORD_IN_LIST.search(text)),
    )


def has_password(url: str) -> bool:
    """Whether a password stands in the URL, and not a reference to one."""
    found = _PASSWORD_IN_URL.search(url)
    return found is not None and not _REFERENCE.search(url)
