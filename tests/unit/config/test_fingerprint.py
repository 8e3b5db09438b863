"""The fingerprint changes with what a run does, and with nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from unisono.config import load_project

COMPLETE = Path(__file__).parent / "complete"
HR = "connectors/human-resources.yaml"
APP = "connectors/app.yaml"
IN = "rules/hr-inbound.yaml"
OUT = "rules/outbound.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(COMPLETE, tmp_path, dirs_exist_ok=True)
    return tmp_path


def fingerprint(directory: Path, stored: str = "x") -> str:
    return load_project(directory, environ={"STORE_PASSWORD": stored, "OTHER": "y"}).project.fingerprint


def edit(directory: Path, file: str, old: str, new: str) -> None:
    path = directory / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, file
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_fingerprint_is_a_sha_256_and_does_not_depend_on_where_the_project_stands(project: Path) -> None:
    assert len(fingerprint(project)) == 64
    assert fingerprint(project) == fingerprint(COMPLETE)


CHANGING = [
    pytest.param("metaverse.yaml", "phone: string", "fax: string", id="an attribute of the metaverse"),
    pytest.param("metaverse.yaml", "level: integer", "level: {type: integer, multivalued: true}", id="several values"),
    pytest.param("metaverse.yaml", "precedence: equal", "precedence: ranked", id="equal precedence"),
    pytest.param("metaverse.yaml", "ignoring:", "any-of:", id="a deletion rule"),
    pytest.param("unisono.yaml", "contoso.example\n  Base", "contoso.test\n  Base", id="a parameter"),
    pytest.param("unisono.yaml", "[hr, directory, app]", "[hr, app, directory]", id="the order of the cycle"),
    pytest.param(HR, "data/hr.csv", "data/all.csv", id="a setting"),
    pytest.param(HR, '"external"', '"extern"', id="a filter"),
    pytest.param(APP, "recall: false", "recall: true", id="recall"),
    pytest.param(HR, "explicit-disconnect", "delete", id="deprovisioning"),
    pytest.param(HR, "absolute: 500", "absolute: 501", id="a limit of the guard"),
    pytest.param(HR, "error-limit: 100", "error-limit: 101", id="a limit of a run profile"),
    pytest.param(HR, "required: true, ", "", id="an attribute of a connector"),
    pytest.param(APP, "${file:secrets/app}", "${env:OTHER}", id="where a secret stands"),
    pytest.param(IN, "'[active] = True'", "'[active] = False'", id="a scope"),
    pytest.param(IN, "precedence: 100", "precedence: 101", id="a precedence"),
    pytest.param(IN, "  - mail: LCase([email])\n    sn: sn\n", "  - mail: LCase([email])\n  - sn: sn\n", id="groups"),
    pytest.param(IN, "{constant: 7}", "{constant: 8}", id="a constant"),
    pytest.param(OUT, ", allow-null: false", "", id="an option of a flow"),
    pytest.param(OUT, "enabled: false", "enabled: true", id="a rule that becomes enabled"),
]


@pytest.mark.parametrize(("file", "old", "new"), CHANGING)
def test_what_changes_behaviour_changes_the_fingerprint(file: str, old: str, new: str, project: Path) -> None:
    edit(project, file, old, new)
    assert fingerprint(project) != fingerprint(COMPLETE)


NOT_CHANGING = [
    pytest.param("unisono.yaml", "name: Contoso", "name: Fabrikam", id="the project's name"),
    pytest.param("unisono.yaml", "description: The", "description: All", id="a description"),
    pytest.param("unisono.yaml", "keep-days: 30", "keep-days: 60", id="how long runs are kept"),
    pytest.param("unisono.yaml", "db.contoso.example", "db2.contoso.example", id="where the store is"),
    pytest.param("unisono.yaml", "# A project", "\n\n# This project", id="a comment and the lines below it"),
    pytest.param(
        "metaverse.yaml", "givenName: string\n      sn: string", "sn: string\n      givenName: string", id="order"
    ),
    pytest.param("metaverse.yaml", "title: string", "title: {type: string}", id="the long form"),
    pytest.param(HR, "percent: 5,", "percent: 5.0,", id="the spelling of a number"),
    pytest.param(HR, "description: A contract", "description: Some contract", id="a description of a type"),
    pytest.param(
        IN,
        "  givenName: givenName\n  sn: {source: sn, description: As in the contract.}\n",
        "  sn: sn\n  givenName: givenName\n",
        id="the order of flows",
    ),
    pytest.param(IN, "title: {source: jobTitle}", "title: jobTitle", id="a short flow"),
    pytest.param(IN, ">-\n    LCase(Left([givenName], 1) & [sn])", "LCase(Left([givenName], 1) & [sn])", id="style"),
    pytest.param(OUT, "Right([employeeId], 4)", "Right([employeeId], 6)", id="a rule that is not enabled"),
]


@pytest.mark.parametrize(("file", "old", "new"), NOT_CHANGING)
def test_what_changes_no_behaviour_keeps_the_fingerprint(file: str, old: str, new: str, project: Path) -> None:
    edit(project, file, old, new)
    assert fingerprint(project) == fingerprint(COMPLETE)


def test_the_value_of_a_secret_keeps_the_fingerprint(project: Path) -> None:
    (project / "secrets" / "app").write_text("another one\n", encoding="utf-8")
    assert fingerprint(project, stored="changed") == fingerprint(COMPLETE)


def test_the_files_that_hold_rules_and_connectors_may_be_called_otherwise(project: Path) -> None:
    (project / HR).rename(project / "connectors" / "zz.yaml")
    (project / IN).rename(project / "rules" / "zz.yaml")
    assert fingerprint(project) == fingerprint(COMPLETE)
