"""A project folder becomes a frozen project: what was written is what is meant."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from unisono.config import load_project
from unisono.config.forms import Shape
from unisono.config.load import Loaded
from unisono.model.errors import ConfigurationError
from unisono.model.guard import DEFAULT_LIMITS, ChangeKind, Limit
from unisono.model.project import DeletionRule, Deprovisioning
from unisono.model.rules import Direction, Expression, Flow, JoinCondition, LinkBehavior, MergeType, Place
from unisono.model.runs import RunStep, StepType
from unisono.model.schema import Attribute, AttributeType
from unisono.model.secrets import Secret

COMPLETE = Path(__file__).parent / "complete"
SOUND = Path(__file__).parent / "sound"
ENVIRON = {"STORE_PASSWORD": "from-the-environment"}


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_project(COMPLETE, environ=ENVIRON)


def test_the_complete_project_has_no_mistakes_and_no_warnings(loaded: Loaded) -> None:
    assert loaded.warnings == ()


def all_keys(value: Any) -> set[str]:
    match value:
        case dict():
            return set(value).union(*map(all_keys, value.values()))
        case list():
            return set[str]().union(*map(all_keys, value))
        case _:
            return set()


def test_the_complete_project_uses_every_key() -> None:
    used = set[str]().union(*(all_keys(YAML(typ="safe").load(path)) for path in COMPLETE.rglob("*.yaml")))
    assert {field.alias for shape in subclasses(Shape) for field in shape.model_fields.values()} <= used


def subclasses(shape: type[Shape]) -> set[type[Shape]]:
    below = set(shape.__subclasses__())
    return below.union(*map(subclasses, below))


# --- the project -----------------------------------------------------------------------------------------------------


def test_the_project_knows_its_name_folder_and_parameters(loaded: Loaded) -> None:
    assert (loaded.project.name, loaded.project.directory) == ("Contoso", str(COMPLETE))
    assert loaded.parameters == {"Domain.DNS": "contoso.example", "Base": "dc=contoso,dc=example"}
    assert loaded.project.cycle == ("hr", "directory", "app")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        pytest.param("", 90, id="the default"),
        pytest.param("history: {}\n", 90, id="nothing said"),
        pytest.param("history: {keep-days: 1}\n", 1, id="a day"),
        pytest.param("history: {keep-days: none}\n", None, id="for ever"),
    ],
)
def test_the_project_knows_how_long_runs_are_kept(tmp_path: Path, text: str, days: int | None) -> None:
    shutil.copytree(SOUND, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "unisono.yaml").open("a", encoding="utf-8") as file:
        file.write(text)
    assert load_project(tmp_path, environ={}).project.history_days == days


def test_the_password_of_the_store_is_in_the_secret_url_only(loaded: Loaded) -> None:
    url = "postgresql://unisono:{}@db.contoso.example/unisono"
    assert loaded.project.store == url.format("${env:STORE_PASSWORD}")
    assert loaded.store == Secret(url.format("from-the-environment"))


def test_the_file_of_the_store_is_relative_to_the_project() -> None:
    loaded = load_project(SOUND, environ={})
    assert loaded.project.store == f"sqlite:///{SOUND}/unisono.db"
    assert loaded.store == Secret(loaded.project.store)


def test_without_a_cycle_all_connectors_take_part_by_name(tmp_path: Path) -> None:
    copy(SOUND, tmp_path)
    edit(tmp_path / "unisono.yaml", "cycle: [hr, directory]\n", "")
    assert load_project(tmp_path, environ={}).project.cycle == ("directory", "hr")


def copy(source: Path, target: Path) -> None:
    for path in source.rglob("*.yaml"):
        copied = target / path.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(path.read_bytes())


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- metaverse and connectors ----------------------------------------------------------------------------------------


def test_attributes_are_read_in_short_and_long_form(loaded: Loaded) -> None:
    person = loaded.project.metaverse.schema["person"]
    assert person["employeeId"] == Attribute(name="employeeId")
    assert person["proxyAddresses"] == Attribute(name="proxyAddresses", multivalued=True)
    assert person["manager"].type is AttributeType.REFERENCE
    app = loaded.project.connector("app")
    assert app is not None
    assert app.schema["person"].attributes == (
        Attribute(name="login", required=True),
        Attribute(name="created", type=AttributeType.DATETIME, read_only=True),
        Attribute(name="pin", export_only=True),
        Attribute(name="name"),
    )


def test_deletion_rules_belong_to_metaverse_types(loaded: Loaded) -> None:
    assert loaded.project.metaverse.deletion == {
        "person": DeletionRule(any_of=("hr",)),
        "group": DeletionRule(ignoring=("directory",)),
    }


def test_a_connector_is_called_like_its_file_unless_it_says_otherwise(loaded: Loaded) -> None:
    assert [connector.name for connector in loaded.project.connectors] == ["app", "directory", "hr"]


def test_a_connector_says_how_it_filters_deprovisions_and_recalls(loaded: Loaded) -> None:
    hr, app = loaded.project.connector("hr"), loaded.project.connector("app")
    assert hr is not None
    assert app is not None
    place = Place(file="connectors/human-resources.yaml", line=23, column=14)
    assert hr.filters == {"person": Expression(text='[employeeType] = "external"', place=place)}
    assert (hr.deprovisioning, hr.recall) == (Deprovisioning.EXPLICIT_DISCONNECT, True)
    assert (app.filters, app.deprovisioning, app.recall) == ({}, Deprovisioning.DISCONNECT, False)


def test_secrets_in_settings_arrive_as_secrets_and_lists_as_tuples(loaded: Loaded) -> None:
    app = loaded.project.connector("app")
    assert app is not None
    assert app.settings["password"] == Secret("from-a-file")
    assert app.settings["url"] == "sqlite:///app.db"
    assert app.settings["tables"]["person"]["anchor"] == ("id",)


def test_given_limits_replace_the_default_ones_and_none_takes_them_away(loaded: Loaded) -> None:
    hr, app = loaded.project.connector("hr"), loaded.project.connector("app")
    assert hr is not None
    assert app is not None
    assert hr.guard.limits == {
        ChangeKind.ADDS: Limit(percent=12.5, floor=100),
        ChangeKind.UPDATES: Limit(absolute=1000),
        ChangeKind.DELETES: Limit(percent=5, floor=10, absolute=500),
        ChangeKind.REMOVED: Limit(percent=0, floor=0),
    }
    assert app.guard.limits == DEFAULT_LIMITS


def test_named_run_profiles_stand_beside_the_default_ones_and_before_them(loaded: Loaded) -> None:
    hr = loaded.project.connector("hr")
    assert hr is not None
    steps = {profile.name: profile.steps for profile in hr.run_profiles}
    assert steps == {
        "full-import": (RunStep(type=StepType.FULL_IMPORT),),
        "delta-import": (RunStep(type=StepType.DELTA_IMPORT),),
        "full-sync": (RunStep(type=StepType.FULL_SYNCHRONIZATION),),
        "delta-sync": (RunStep(type=StepType.DELTA_SYNCHRONIZATION),),
        "full": (RunStep(type=StepType.FULL_IMPORT), RunStep(type=StepType.FULL_SYNCHRONIZATION)),
        "delta": (
            RunStep(
                type=StepType.DELTA_IMPORT,
                page_objects=500,
                object_limit=10000,
                deletion_limit=20,
                error_limit=100,
                timeout_s=60,
            ),
            RunStep(type=StepType.DELTA_SYNCHRONIZATION),
        ),
        "export": (RunStep(type=StepType.EXPORT), RunStep(type=StepType.FULL_IMPORT)),
        "verify": (RunStep(type=StepType.FULL_IMPORT, verify=True),),
        "look": (RunStep(type=StepType.FULL_IMPORT, to_file="hr.jsonl"),),
        "go-on": (RunStep(type=StepType.FULL_IMPORT, resume_from_file="hr.jsonl"),),
    }


# --- rules -----------------------------------------------------------------------------------------------------------


def test_rules_come_strongest_first_from_files_with_one_or_several(loaded: Loaded) -> None:
    names = [(rule.name, rule.precedence) for rule in loaded.project.rules]
    assert names == [("HR person inbound", 100), ("Directory person outbound", 200), ("App person outbound", 300)]


def test_a_rule_says_whom_it_brings_together_and_when(loaded: Loaded) -> None:
    hr, directory, app = loaded.project.rules
    assert (hr.direction, hr.connector, hr.connector_type, hr.metaverse_type) == (
        Direction.INBOUND,
        "hr",
        "person",
        "person",
    )
    assert [(r.link, r.deprovision, r.enabled) for r in (hr, directory, app)] == [
        (LinkBehavior.PROJECT, False, True),
        (LinkBehavior.PROVISION, True, True),
        (LinkBehavior.PROVISION, False, False),
    ]
    assert hr.scope == Expression(text="[active] = True", place=rule_place(8, 9))
    assert (hr.place, directory.place) == (rule_place(1, 1), Place(file="rules/outbound.yaml", line=1, column=3))


def rule_place(line: int, column: int) -> Place:
    return Place(file="rules/hr-inbound.yaml", line=line, column=column)


def test_join_groups_keep_their_order_and_a_bare_name_is_an_attribute(loaded: Loaded) -> None:
    hr, directory, _ = loaded.project.rules
    assert hr.joins == (
        (JoinCondition(target="employeeId", source=Expression(text="[employeeId]", place=rule_place(10, 19))),),
        (
            JoinCondition(target="mail", source=Expression(text="LCase([email])", place=rule_place(11, 11))),
            JoinCondition(target="sn", source=Expression(text="[sn]", place=rule_place(12, 9))),
        ),
    )
    assert [[condition.target for condition in group] for group in directory.joins] == [["employeeId"]]


FLOWS = [
    pytest.param(Flow(target="employeeId", source="employeeId"), id="a bare name is a direct flow"),
    pytest.param(
        Flow(target="accountName", expression=Expression(text="LCase(Left([givenName], 1) & [sn])")),
        id="text with brackets is an expression",
    ),
    pytest.param(Flow(target="title", source="jobTitle"), id="a source is a direct flow"),
    pytest.param(Flow(target="company", constant="Contoso"), id="a constant text"),
    pytest.param(Flow(target="level", constant=7), id="a constant number"),
    pytest.param(Flow(target="active", constant=True), id="a constant truth"),
    pytest.param(Flow(target="mail", expression=Expression(text="LCase([email])")), id="an expression in long form"),
    pytest.param(
        Flow(target="proxyAddresses", source="aliases", merge=MergeType.MERGE_CASE_INSENSITIVE), id="merged values"
    ),
]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_is_what_its_form_says(flow: Flow, loaded: Loaded) -> None:
    found = next(f for f in loaded.project.rules[0].flows if f.target == flow.target)
    assert without_places(found) == flow


def without_places(flow: Flow) -> Flow:
    expression = replace(flow.expression, place=None) if flow.expression else None
    return replace(flow, expression=expression, place=None)


def test_outbound_flows_may_name_the_dn_apply_once_and_keep_the_target(loaded: Loaded) -> None:
    flows = {flow.target: flow for flow in loaded.project.rules[1].flows}
    assert flows["dn"].expression is not None
    assert flows["sn"].apply_once
    assert not flows["title"].allow_null
    assert (flows["uid"].apply_once, flows["uid"].allow_null) == (False, True)


# --- folders ---------------------------------------------------------------------------------------------------------


def mistakes_in(directory: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        load_project(directory, environ={})
    return [f"{m.place} {m.check}" if m.place else m.check for m in raised.value.mistakes]


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    assert mistakes_in(tmp_path / "nowhere") == ["bad-path"]


def test_an_empty_folder_lacks_both_files(tmp_path: Path) -> None:
    assert mistakes_in(tmp_path) == ["metaverse.yaml:1:1 bad-path", "unisono.yaml:1:1 bad-path"]


def test_a_folder_in_place_of_a_file_is_told_once(tmp_path: Path) -> None:
    copy(SOUND, tmp_path)
    (tmp_path / "connectors" / "hr.yaml").unlink()
    (tmp_path / "connectors" / "hr.yaml").mkdir()
    assert mistakes_in(tmp_path) == ["connectors/hr.yaml:1:1 bad-path"]


def test_a_project_without_connectors_and_rules_is_a_project(tmp_path: Path) -> None:
    (tmp_path / "unisono.yaml").write_text("name: empty\n", encoding="utf-8")
    (tmp_path / "metaverse.yaml").write_text("types: {person: {attributes: {id: string}}}\n", encoding="utf-8")
    project = load_project(tmp_path, environ={}).project
    assert (project.connectors, project.rules, project.cycle) == ((), (), ())


def test_hidden_files_and_notes_are_left_alone(tmp_path: Path) -> None:
    copy(SOUND, tmp_path)
    (tmp_path / "rules" / ".draft.yaml").write_text("not: a rule\n", encoding="utf-8")
    (tmp_path / "rules" / "README.md").write_text("About the rules.\n", encoding="utf-8")
    assert load_project(tmp_path, environ={}).warnings == ()


# --- kinds of connectors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        pytest.param("delimited-text", "{file: a.csv, anchor: [id], encoding: undefined}", id="an encoding"),
        pytest.param("sql", "{url: 'postgresql://[::1/x', tables: {person: {table: t, anchor: [id]}}}", id="a URL"),
        pytest.param("ldap", "{url: 'ldap://[x', base: dc=example}", id="an address"),
    ],
)
def test_a_setting_that_no_library_can_parse_is_a_mistake(kind: str, settings: str, tmp_path: Path) -> None:
    copy(SOUND, tmp_path)
    text = f"kind: {kind}\nsettings: {settings}\ntypes: {{person: {{attributes: {{id: string}}}}}}\n"
    (tmp_path / "connectors" / "new.yaml").write_text(text, encoding="utf-8")
    (mistake, *_) = mistakes_in(tmp_path)
    assert mistake.startswith("connectors/new.yaml:2:")
    assert mistake.endswith("bad-setting")


def test_a_kind_whose_library_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "unisono.connectors.sql", None)  # the import fails as without the library
    with pytest.raises(ConfigurationError) as raised:
        load_project(COMPLETE, environ=ENVIRON)
    (mistake,) = raised.value.mistakes
    assert (mistake.check, str(mistake.place)) == ("missing-library", "connectors/app.yaml:1:7")


# --- cost ------------------------------------------------------------------------------------------------------------


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = (
        "import sys, unisono.config; print([m for m in ('polars', 'pydantic', 'ruamel', 'lark') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout == "[]\n"


def test_a_project_of_ten_connectors_and_fifty_rules_loads_in_half_a_second(tmp_path: Path) -> None:
    copy(SOUND, tmp_path)
    edit(tmp_path / "unisono.yaml", "cycle: [hr, directory]\n", "")
    connector = (SOUND / "connectors" / "hr.yaml").read_text(encoding="utf-8")
    rule = (SOUND / "rules" / "hr-inbound.yaml").read_text(encoding="utf-8")
    for number in range(8):
        (tmp_path / "connectors" / f"hr{number}.yaml").write_text(connector, encoding="utf-8")
    for number in range(48):
        text = rule.replace("name: HR", f"name: {number}").replace("precedence: 100", f"precedence: {1000 + number}")
        (tmp_path / "rules" / f"{number}.yaml").write_text(text, encoding="utf-8")
    seconds = []
    for _ in range(4):  # the first imports libraries and kinds; the best of the others is the least disturbed
        started = time.process_time()
        project = load_project(tmp_path, environ={}).project
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.5
    assert (len(project.connectors), len(project.rules)) == (10, 50)
