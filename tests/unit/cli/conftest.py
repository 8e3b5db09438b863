"""The command, called in this process, and a small company to call it on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.projects import TestProject, app_project
from tests.unit.cli.calls import Call, Unisono

from unisono.cli import main

_PHONES = """\
kind: delimited-text
settings: {file: phones.csv, anchor: [number]}
types:
  person:
    attributes:
      number: {type: string, required: true}
      jobTitle: string
    filter: '[jobTitle] = "Robot"'
"""
_PHONES_RULE = """\
name: Phones person
direction: inbound
connector: phones
types: {connector: person, metaverse: person}
precedence: 300
link: join
join:
  - {employeeId: '[number]'}
flows:
  title: jobTitle
"""
_HR_CSV = """\
employeeId,givenName,sn,title,startDate,manager
E1,Robin,Smith,Director,2020-01-01,
E2,Kim,Li,Clerk,2021-02-03,E1
E3,Ana,García,,2022-03-04,E1
E4,Kim,Novak,Clerk,2023-04-05,E1
"""
_PHONES_CSV = """\
number,jobTitle
E2,Switchboard
E3,Analyst
E9,Ghost
R1,Robot
"""


@pytest.fixture
def unisono(capsys: pytest.CaptureFixture[str]) -> Unisono:
    """Calls the command with some words."""

    def call(*words: str) -> Call:
        capsys.readouterr()
        status = main(words)
        out, err = capsys.readouterr()
        return Call(status=status, out=out, err=err)

    return call


def write_company(directory: Path) -> TestProject:
    """HR projects four people, phones adds two titles, an application's file gets accounts."""
    return app_project(directory).write(
        unisono_yaml="name: company\nstore: sqlite:///unisono.db\ncycle: [hr, phones, app]\n",
        connectors__phones_yaml=_PHONES,
        rules__phones_yaml=_PHONES_RULE,
        hr_csv=_HR_CSV,
        phones_csv=_PHONES_CSV,
    )


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestProject:
    """The company before its first run; commands are called from its folder."""
    monkeypatch.chdir(tmp_path)
    return write_company(tmp_path)


@pytest.fixture(scope="session")
def company_after_a_cycle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_company(tmp_path_factory.mktemp("company"))
    project.cycle()
    return project.directory


@pytest.fixture
def settled(company_after_a_cycle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestProject:
    """The company after its first cycle; commands are called from its folder."""
    shutil.copytree(company_after_a_cycle, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return TestProject(directory=tmp_path)
