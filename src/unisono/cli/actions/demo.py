"""The demonstration: make the example project, tell its story, say what to try next."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from unisono.cli import output
from unisono.cli.actions.story import Stage, tell_story
from unisono.cli.documents.start import Demonstration
from unisono.cli.example import load_project_maker, load_scenario
from unisono.cli.failures import CallMistake
from unisono.cli.progress import pause
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus
from unisono.cli.stopping import stoppable
from unisono.cli.views.start import chapter_view, demonstration_end_view
from unisono.model.secrets import Secret

PASSWORD = "CONTOSO_LDAP_PASSWORD"  # noqa: S105  # the name of a variable
BASE = "dc=contoso,dc=example"

#: ``ldapadd`` ends with the code of the last entry that was refused; 68: it exists already.
_LOADED = (0, 68)


def demo(session: Session, directory: Path, ldap: str | None) -> ExitStatus:
    _make(directory, ldap)
    there = replace(session, directory=directory, named=True)
    chapters = []
    with stoppable() as stop, there.open(stop=stop) as context:
        stage = Stage(context=context, scenario=load_scenario(), data=directory / "data", session=there)
        for chapter in tell_story(stage):
            chapters.append(chapter)
            if not session.as_json:
                pause(context.reporter)
                output.show(chapter_view(chapter), sys.stdout)
                output.end_paragraph()
    document = Demonstration(directory=str(directory), chapters=tuple(chapters), next=_next(there))
    session.emit(document, demonstration_end_view)
    return ExitStatus.SUCCESS


def _next(session: Session) -> tuple[str, ...]:
    return (
        session.command("search", "garcia"),
        session.command("why", "employeeId=100042"),
        session.command("plan", "--full"),
        session.command("history"),
    )


def _make(directory: Path, ldap: str | None) -> None:
    """The project with its data. Raises ``CallMistake`` where it cannot be made."""
    maker = load_project_maker()
    directory_server = _DirectoryServer.at(ldap) if ldap is not None else None
    try:
        if directory.exists() and any(directory.iterdir()):
            raise CallMistake(f"{directory} is not empty", hint="name a new folder: unisono demo DIR")
        if directory_server is None:
            maker.make_project(directory)
            return
        at = directory_server
        maker.make_project(directory, server=maker.LdapServer(url=at.url, base=at.base, bind_dn=at.bind_dn))
    except OSError as error:
        raise CallMistake(f"{error.filename}: {error.strerror}") from error
    directory_server.load(directory / "data" / "directory.ldif")


@dataclass(frozen=True, slots=True, kw_only=True)
class _DirectoryServer:
    """An LDAP server that takes the accounts of the first day. ``ldapadd`` is the program's path."""

    url: str
    base: str
    bind_dn: str
    password: Secret
    ldapadd: str

    @classmethod
    def at(cls, ldap: str) -> _DirectoryServer:
        """The server of an LDAP URL (RFC 4516). Raises ``CallMistake`` where something is missing."""
        url, base, bind_dn = _parsed(ldap)
        password, ldapadd = os.environ.get(PASSWORD), shutil.which("ldapadd")
        if not password:
            hint = f"it is the password of {bind_dn}"
            raise CallMistake(f"the environment variable {PASSWORD} is not set", hint=hint)
        if ldapadd is None:
            raise CallMistake("the program ldapadd is not installed", hint="Debian has it in the package ldap-utils")
        return cls(url=url, base=base, bind_dn=bind_dn, password=Secret(password), ldapadd=ldapadd)

    def load(self, ldif: Path) -> None:
        """Add the file's entries; those that exist are left as they are."""
        with tempfile.NamedTemporaryFile("w") as secret:  # only its owner can read it, unlike an argument
            secret.write(self.password.reveal())
            secret.flush()
            command = [self.ldapadd, "-x", "-c", "-H", self.url, "-D", self.bind_dn, "-y", secret.name, "-f", str(ldif)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # no shell
        if done.returncode not in _LOADED:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            message = f"the directory at {self.url} could not be filled: {reason}"
            raise CallMistake(message, hint=f"remove {ldif.parent.parent} before you try again")


def _parsed(ldap: str) -> tuple[str, str, str]:
    """The server, the base DN and the DN to bind with; the latter by the extension ``bindname`` of RFC 4516."""
    parts = urlsplit(ldap)
    if parts.scheme not in ("ldap", "ldaps", "ldapi") or not parts.netloc:
        raise CallMistake(f"{ldap!r} is not the URL of an LDAP server", hint="for example ldap://localhost")
    base = unquote(parts.path.strip("/")) or BASE
    _, _, extension = parts.query.rpartition("?")
    name, _, value = extension.removeprefix("!").partition("=")
    bind_dn = unquote(value) if name == "bindname" else f"cn=admin,{base}"
    return f"{parts.scheme}://{parts.netloc}", base, bind_dn
