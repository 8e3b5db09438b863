"""The how-to for those who come from MIM and Entra Connect: its files are a project, its flows are flows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unisono.config import load_project

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "from-mim-rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
_PLACE = re.compile(r"# (\S+\.yaml)\n")
FILES = {found.group(1): block for block in BLOCKS if (found := _PLACE.match(block))}
RULES = [block for block in BLOCKS if not _PLACE.match(block)]

#: Code of the last column of the table of flows that is a flow.
FLOWS = re.findall(r"\| `(\w+: [^`]+)`[^|]*\|$", PAGE.split("\n## Flows\n")[1].split("```")[0], re.MULTILINE)
_RULE = """\
name: One flow
direction: {direction}
connector: directory
types: {{connector: person, metaverse: person}}
precedence: 900
flows:
  {flow}
"""


def project_of(directory: Path, *rules: str) -> Path:
    texts = {"unisono.yaml": "name: from-mim\n", **FILES}
    texts |= {f"rules/{number}.yaml": rule for number, rule in enumerate(rules)}
    for name, text in texts.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    return directory


def test_the_page_shows_the_files_that_its_rules_need() -> None:
    assert set(FILES) == {"metaverse.yaml", "connectors/hr.yaml", "connectors/directory.yaml"}
    assert len(RULES) == 6


def test_all_rules_of_the_page_together_are_a_project_without_mistakes(tmp_path: Path) -> None:
    assert load_project(project_of(tmp_path, *RULES), environ={}).warnings == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.split("\n")[0])
def test_each_rule_of_the_page_is_one_by_itself(rule: str, tmp_path: Path) -> None:
    assert load_project(project_of(tmp_path, rule), environ={}).warnings == ()


def test_the_table_of_flows_has_flows() -> None:
    assert len(FLOWS) == 7


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_of_the_table_can_stand_in_a_rule(flow: str, tmp_path: Path) -> None:
    direction = "inbound" if "merge" in flow else "outbound"  # what several rules give comes together in the metaverse
    rule = _RULE.format(direction=direction, flow=flow)
    assert load_project(project_of(tmp_path, rule), environ={}).warnings == ()
