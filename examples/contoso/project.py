"""Makes a complete project of Contoso in a folder of your own: configuration, data, and on request an LDAP server.

``make_project`` is what ``unisono demo`` calls. Without an LDAP server the directory is an LDIF file.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from .directory import BASE
from .generate import GROUPS, PEOPLE, SEED, generate

_HERE = Path(__file__).parent
_ADMIN = f"cn=admin,{BASE}"
_URL = "ldap://localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapServer:
    """Where the directory lives. The password is in the environment variable ``CONTOSO_LDAP_PASSWORD``."""

    url: str
    base: str = BASE
    bind_dn: str = _ADMIN


def make_project(
    directory: Path,
    *,
    people: int = PEOPLE,
    groups: int = GROUPS,
    seed: int = SEED,
    server: LdapServer | None = None,
) -> None:
    """Write the project into ``directory``, with its data under ``data``; what is there is overwritten.

    With a ``server`` the directory's connector is the LDAP one; ``data/directory.ldif`` is then what ``ldapadd`` has to
    load into it before the first run.
    """
    for pattern in ("*.yaml", "connectors/*.yaml", "rules/*.yaml", "README.md"):
        for file in sorted(_HERE.glob(pattern)):
            _copy(file, directory / file.relative_to(_HERE))
    base = server.base if server else BASE
    for_server = server is not None
    generate(directory / "data", people=people, groups=groups, seed=seed, base=base, for_server=for_server)
    if server is not None:
        _use_server(directory, server)


def _copy(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)


def _use_server(directory: Path, server: LdapServer) -> None:
    connector = (_HERE / "variants" / "directory.yaml").read_text(encoding="utf-8")
    for usual, wanted in ((_ADMIN, server.bind_dn), (_URL, server.url), (f" {BASE}", f" {server.base}")):
        connector = connector.replace(usual, wanted)
    (directory / "connectors" / "directory.yaml").write_text(connector, encoding="utf-8")
    project = directory / "unisono.yaml"
    project.write_text(project.read_text(encoding="utf-8").replace(BASE, server.base), encoding="utf-8")
