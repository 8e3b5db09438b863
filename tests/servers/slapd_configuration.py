"""The configuration of OpenLDAP's slapd and the tree it starts with, as LDIF.

What lives here is text; ``slapd`` loads it. The server identifier is left out on purpose: with one, slapd resends
every entry once to consumers of a tree that was loaded offline.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

from tests.servers.certificates import Certificates

SUFFIX = "dc=example,dc=org"
ROOT_DN = f"cn=admin,{SUFFIX}"
ROOT_PASSWORD = "root secret"
READER_DN = f"cn=reader,ou=services,{SUFFIX}"
READER_PASSWORD = "reader secret"
PEOPLE_DN = f"ou=people,{SUFFIX}"
GROUPS_DN = f"ou=groups,{SUFFIX}"
ACCESSLOG = "cn=accesslog"


class Overlay(StrEnum):
    """What slapd is asked to do beside storing entries."""

    SYNCPROV = "syncprov"  # content synchronization, RFC 4533
    ACCESSLOG = "accesslog"  # a log of every write, with the old values
    MEMBEROF = "memberof"
    REFINT = "refint"
    PPOLICY = "ppolicy"


def configuration(directory: Path, certificates: Certificates, overlays: tuple[Overlay, ...]) -> str:
    """The whole of ``cn=config`` for databases under ``directory``."""
    log = Overlay.ACCESSLOG in overlays
    main = 2 if log else 1
    parts = [
        _GLOBAL.format(directory=directory, tls=certificates),
        _MODULES.format(modules="".join(f"\nolcModuleLoad: {name}" for name in ("back_mdb", *overlays))),
        _SCHEMA,
        _CONFIG_DATABASE.format(uid=os.getuid(), gid=os.getgid()),
        *([_LOG_DATABASE.format(directory=directory / "log")] if log else []),
        _MAIN_DATABASE.format(number=main, directory=directory / "main"),
        *(_overlay(overlay, position, main, log=log) for position, overlay in enumerate(overlays)),
    ]
    return "\n".join(parts)


def _overlay(overlay: Overlay, position: int, database: int, *, log: bool) -> str:
    name = f"{{{position}}}{overlay}"
    settings = _OVERLAYS[overlay]
    if overlay is Overlay.SYNCPROV and log:
        settings += _SESSION_LOG_ON_DISK
    return f"dn: olcOverlay={name},olcDatabase={{{database}}}mdb,cn=config\nolcOverlay: {name}\n{settings}"


_GLOBAL = """\
dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: {directory}/slapd.pid
olcTLSCACertificateFile: {tls.authority}
olcTLSCertificateFile: {tls.certificate}
olcTLSCertificateKeyFile: {tls.key}
olcTLSVerifyClient: never
"""

_MODULES = """\
dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: /usr/lib/ldap{modules}
"""

_SCHEMA = """\
dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif
include: file:///etc/ldap/schema/cosine.ldif
include: file:///etc/ldap/schema/nis.ldif
include: file:///etc/ldap/schema/inetorgperson.ldif
"""

# The account that runs the tests manages the configuration over the unix socket.
_CONFIG_DATABASE = """\
dn: olcDatabase={{0}}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {{0}}config
olcAccess: {{0}}to * by dn.exact=gidNumber={gid}+uidNumber={uid},cn=peercred,cn=external,cn=auth manage by * none
"""

_LOG_DATABASE = f"""\
dn: olcDatabase={{{{1}}}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{{{1}}}}mdb
olcDbDirectory: {{directory}}
olcSuffix: {ACCESSLOG}
olcRootDN: cn=admin,{ACCESSLOG}
olcDbMaxSize: 1073741824
olcDbNoSync: TRUE
olcDbIndex: entryCSN,objectClass,reqEnd,reqResult,reqStart,reqDN eq
olcAccess: {{{{0}}}}to * by dn.exact="{ROOT_DN}" read by dn.exact="{READER_DN}" read by * none
olcLimits: {{{{0}}}}dn.exact="{ROOT_DN}" time=unlimited size=unlimited
olcLimits: {{{{1}}}}dn.exact="{READER_DN}" time=unlimited size=unlimited
"""

# Anybody may bind and only those who did may read; only the root DN writes.
_MAIN_DATABASE = f"""\
dn: olcDatabase={{{{{{number}}}}}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{{{{{number}}}}}}mdb
olcDbDirectory: {{directory}}
olcSuffix: {SUFFIX}
olcRootDN: {ROOT_DN}
olcRootPW: {ROOT_PASSWORD}
olcDbMaxSize: 4294967296
olcDbNoSync: TRUE
olcDbIndex: objectClass eq
olcDbIndex: uid,cn,mail,employeeNumber eq
olcDbIndex: entryUUID,entryCSN eq
olcDbIndex: member,uniqueMember eq
olcAccess: {{{{0}}}}to attrs=userPassword by self write by anonymous auth by * none
olcAccess: {{{{1}}}}to * by users read by * none
olcLimits: {{{{0}}}}dn.exact="{READER_DN}" time=unlimited size=unlimited
"""

# Without the log on disk a restart forgets the deletions, and the next refresh tells what is still present instead.
_SESSION_LOG_ON_DISK = f"olcSpSessionlogSource: {ACCESSLOG}\n"

_OVERLAYS = {
    Overlay.SYNCPROV: """\
objectClass: olcOverlayConfig
objectClass: olcSyncProvConfig
olcSpCheckpoint: 100 1
olcSpSessionlog: 20000
""",
    Overlay.ACCESSLOG: f"""\
objectClass: olcOverlayConfig
objectClass: olcAccessLogConfig
olcAccessLogDB: {ACCESSLOG}
olcAccessLogOps: writes
olcAccessLogSuccess: TRUE
olcAccessLogOld: (objectClass=*)
""",
    Overlay.MEMBEROF: """\
objectClass: olcOverlayConfig
objectClass: olcMemberOf
olcMemberOfRefint: TRUE
""",
    Overlay.REFINT: f"""\
objectClass: olcOverlayConfig
objectClass: olcRefintConfig
olcRefintAttribute: member uniqueMember manager
olcRefintNothing: cn=nobody,{SUFFIX}
""",
    Overlay.PPOLICY: f"""\
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcPPolicyDefault: cn=default,ou=policies,{SUFFIX}
olcPPolicyHashCleartext: TRUE
""",
}

FIRST_ENTRIES = f"""\
dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {PEOPLE_DN}
objectClass: organizationalUnit
ou: people

dn: {GROUPS_DN}
objectClass: organizationalUnit
ou: groups

dn: ou=services,{SUFFIX}
objectClass: organizationalUnit
ou: services

dn: {READER_DN}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: reader
userPassword: {READER_PASSWORD}
"""
