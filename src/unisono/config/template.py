"""The files of a new project: the smallest one that does something, with comments that say what to do next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from unisono.config.checks import shown
from unisono.config.forms import is_name

_FILES: Mapping[str, str] = {
    "unisono.yaml": """\
# The project. Everything in this folder belongs under version control, except the store.
name: {name}

# Where identities are kept: an SQLite file in this folder, or a PostgreSQL database such as
# postgresql://unisono:${{env:UNISONO_STORE_PASSWORD}}@db.example.org/unisono
store: sqlite:///unisono.db

# What differs between test and production; expressions read it as %MailDomain%.
parameters:
  MailDomain: example.org

# The order in which `unisono cycle` runs the connectors.
cycle: [hr]
""",
    "metaverse.yaml": """\
# The metaverse: what is known about a person, whichever system says so.
types:
  person:
    attributes:
      employeeId: string
      givenName: string
      sn: string
      displayName: string
      mail: string
      manager: reference
    # A person leaves the metaverse when their record leaves the HR system.
    deletion: {{any-of: [hr]}}
""",
    "connectors/hr.yaml": """\
# A connector is called like its file: hr.
kind: delimited-text
settings:
  file: data/hr.csv
  anchor: [employeeId]          # identifies a record for ever
types:
  person:
    attributes:
      employeeId: {{type: string, required: true}}
      givenName: string
      sn: string
      status: string
      manager: reference        # the employeeId of another record
    # Records for which this is true are left alone.
    filter: '[status] = "test"'

# Stop before anything happens when a run would delete more than this.
guard:
  deletes: {{percent: 5, floor: 10}}
""",
    "rules/hr-inbound.yaml": """\
# An inbound rule: from the connector hr to the metaverse.
name: HR person inbound
direction: inbound
connector: hr
types: {{connector: person, metaverse: person}}
precedence: 100                 # lower is stronger, where several rules give one attribute

# A record joins the person who has its employeeId already, or else becomes a new person.
link: project
join:
  - {{employeeId: '[employeeId]'}}

# Target attribute: source attribute, or an expression in quotes.
flows:
  employeeId: employeeId
  givenName: givenName
  sn: sn
  displayName: 'Trim([givenName] & " " & [sn])'
  mail: 'LCase([givenName] & "." & [sn] & "@" & %MailDomain%)'
  manager: manager
""",
    "data/hr.csv": """\
employeeId,givenName,sn,status,manager
1001,Robin,Example,active,
1002,Kim,Sample,active,1001
""",
}


def write(directory: Path, name: str) -> list[Path]:
    """See ``unisono.config.write_template``."""
    if not is_name(name):
        raise ValueError(f"{shown(name)} cannot be the name of a project")
    paths = [directory / file for file in _FILES]
    existing = [path for path in paths if path.exists()]
    if existing:
        raise FileExistsError(f"{existing[0]} exists already")
    for path, text in zip(paths, _FILES.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(name=json.dumps(name, ensure_ascii=False)), encoding="utf-8")
    return paths
