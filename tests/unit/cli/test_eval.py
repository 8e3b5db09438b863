"""`unisono eval`: an expression on an object, step by step; mistakes marked in its text, hostile files refused."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from tests.projects import TestProject
from tests.unit.cli.calls import Unisono, check_golden

from unisono.cli.failures import WrittenMistake
from unisono.cli.views.failures import marked_mistakes

ROBIN = """\
uid: robin
mail: null
givenName: Robin
tags: [' red', 'blue ']
salary: 42
active: true
objectGUID: {binary: ABEiM0RVZneImaq7zN3u/w==}
hired: {datetime: 2024-01-01T00:00:00Z}
manager: {reference: 'CN=Kim,DC=example'}
"""


@pytest.fixture
def robin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an object, in the folder where the command is called, which is no project."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "robin.yaml"
    file.write_text(ROBIN, encoding="utf-8")
    return file


_CALLS = {
    "value": ('IIF(IsPresent([mail]), LCase([mail]), [uid] & "@contoso.com")',),
    "error": ('With($n, Left([uid], 3), IIF(Len($n) = 3 && [active], Error("no " & $n), $n))',),
    "marker": ("IIF([salary] > 10, IgnoreThisFlow, 1 + 2)",),
    "values": ('Where($t, Trim([tags]), $t <> "red")',),
    "warning": ('IIF([hired] < Now(), Guid(), "")', "--now", "2026-01-05"),
    "parameter": ("UCase(%Domain%) & %X%", "--parameter", "Domain=contoso.com", "--parameter", "X=a=b"),
    "portal": ('IIF(Eq(givenName, "Robin"), UpperCase(uid) + CRLF(), Null())', "--language", "mim"),
}


@pytest.mark.parametrize("name", _CALLS)
@pytest.mark.parametrize("form", ["txt", "json"])
def test_an_evaluation_is_told(name: str, form: str, robin: Path, unisono: Unisono) -> None:
    words = ("eval", *_CALLS[name], "--object", "robin.yaml")
    call = unisono(*words, "--json") if form == "json" else unisono(*words)
    out = call.out
    if name == "warning":  # a GUID is another one, though the same for a time
        out = out.replace(unisono(*words, "--json").document["value"], "<guid>")
    check_golden(f"eval-{name}.{form}", out)
    assert (call.status, call.err) == (1 if name in ("error", "warning") else 0, "")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("[objectGUID]", "ABEiM0RVZneImaq7zN3u/w==", id="binary"),
        pytest.param("[hired]", "2024-01-01T00:00:00Z", id="date"),
        pytest.param("[manager]", "CN=Kim,DC=example", id="reference"),
        pytest.param("[tags]", [" red", "blue "], id="several"),
        pytest.param("[salary] + 1", 43, id="number"),
        pytest.param("[active]", True, id="boolean"),
        pytest.param("NULL", None, id="nothing"),
    ],
)
def test_a_value_in_json_is_of_its_type(expression: str, value: object, robin: Path, unisono: Unisono) -> None:
    document = unisono("eval", expression, "--object", "robin.yaml", "--json").document
    assert (document["outcome"], document["value"], document["steps"]["value"]) == ("value", value, value)


def test_without_an_object_and_a_project_constants_are_evaluated(robin: Path, unisono: Unisono) -> None:
    call = unisono("eval", "2 + 5 * 3")
    assert call.status == 0
    assert call.out.startswith("result  21\ntype    number\n")
    assert "├─" not in call.out


def test_a_result_for_several_values(robin: Path, unisono: Unisono) -> None:
    words = ("eval", 'IIF(Left([tags], 1) = " ", Trim([tags]), NULL)', "--object", "robin.yaml")
    assert unisono(*words).status == 2
    assert unisono(*words, "--several", "--json").document["value"] == ["red"]


def test_what_was_imported_comes_from_a_file_of_its_own(robin: Path, unisono: Unisono) -> None:
    Path("target.json").write_text('{"mailNickname": "bob", "salary": null}')
    words = ("eval", 'ImportedValue("mailNickname") & [uid]', "--object", "robin.yaml")
    assert unisono(*words, "--imported", "target.json", "--json").document["value"] == "bobrobin"
    assert unisono(*words).status == 2  # the object itself is what was imported, and lacks it


def test_many_values_are_listed_by_the_first_ten(robin: Path, unisono: Unisono) -> None:
    Path("many.yaml").write_text(f"tags: [{', '.join(f'v{n:02}' for n in range(25))}]")
    out = unisono("eval", "UCase([tags])", "--object", "many.yaml").out
    assert '[tags] = "v09"' in out
    assert '[tags] = "v10"' not in out
    assert out.endswith("└─ … 15 more values\n")


def test_a_long_value_is_cut_in_a_step_but_not_in_the_result(robin: Path, unisono: Unisono) -> None:
    Path("long.yaml").write_text(f"a: {'x' * 1000}")
    result, _, steps = unisono("eval", "[a]", "--object", "long.yaml").out.partition("type")
    assert "x" * 1000 in result
    assert "x" * 1000 not in steps
    assert unisono("eval", "[a]", "--object", "long.yaml", "--json").document["steps"]["value"] == "x" * 1000


def test_control_characters_are_shown_escaped(robin: Path, unisono: Unisono) -> None:
    Path("evil.yaml").write_text('a: "\\e[2J"')
    assert "\x1b" not in unisono("eval", "[a] & [a]", "--object", "evil.yaml").out


def test_no_seed_is_shown(robin: Path, unisono: Unisono) -> None:
    document = unisono("eval", "RandomNum(1, Len(Guid()))", "--json", "--now", "2026-01-05").document
    assert document["steps"]["expression"] == "RandomNum(1, Len(Guid()))"
    assert [part["expression"] for part in document["steps"]["parts"]] == ["Len(Guid())"]
    assert document["steps"]["parts"][0]["parts"][0]["parts"] == []


# --- a project -------------------------------------------------------------------------------------------------------


def test_a_connector_gives_types_and_parameters(company: TestProject, unisono: Unisono) -> None:
    company.write(unisono_yaml="name: company\nparameters: {Domain: contoso.com, Other: x}\n")
    Path("ana.yaml").write_text("givenName: 007\nstartDate: 2024-05-06\ndn: E3\n", encoding="utf-8")
    expression = 'IIF(IsNull([sn]), [givenName] & "@" & %Domain% & %Other%, [sn])'
    words = ("eval", expression, "--connector", "hr", "--type", "person", "--object", "ana.yaml", "--json")
    assert unisono(*words, "--parameter", "Other=y").document["value"] == "007@contoso.comy"
    assert unisono("eval", "CStr([dn])", *words[2:]).document["value"] == "E3"
    assert unisono("eval", "[mail]", *words[2:]).status == 2


def test_the_metaverse_gives_types_and_the_target_is_a_file_of_its_own(company: TestProject, unisono: Unisono) -> None:
    words = ("eval", 'IIF(IsNull([title]), ImportedValue("title"), [title])', "--type", "person")
    refused = unisono(*words)
    assert refused.status == 2
    assert "--imported FILE gives the target object" in refused.err
    Path("target.yaml").write_text("title: Clerk")
    assert unisono(*words, "--imported", "target.yaml", "--json").document["value"] == "Clerk"


def test_a_reference_of_the_project_cannot_be_read(company: TestProject, unisono: Unisono) -> None:
    Path("kim.yaml").write_text("employeeId: E2\nmanager: E1\n")
    call = unisono("eval", "[manager]", "--type", "person", "--object", "kim.yaml")
    assert call.status == 2
    assert "reference-flow: the reference 'manager' cannot be part of an expression" in call.err


def test_an_attribute_that_the_type_lacks_is_a_mistake_in_the_file(company: TestProject, unisono: Unisono) -> None:
    Path("kim.yaml").write_text("givenName: Kim\nsurname: Li\n")
    call = unisono("eval", "[givenName]", "--connector", "hr", "--type", "person", "--object", "kim.yaml")
    assert (call.status, call.out) == (2, "")
    check_golden("eval-file-mistake.txt", call.err)


def test_a_project_that_is_named_gives_its_parameters(company: TestProject, unisono: Unisono) -> None:
    company.write(unisono_yaml="name: company\nparameters: {Domain: contoso.com}\n")
    assert unisono("eval", "%Domain%", "--project", str(company.directory), "--json").document["value"] == "contoso.com"
    assert unisono("eval", "%Domain%").status == 2  # nothing asks for the project


def test_a_broken_project_matters_only_when_it_is_asked(company: TestProject, unisono: Unisono) -> None:
    company.write(metaverse_yaml="types: 1\n")
    assert unisono("eval", "1").status == 0
    assert unisono("eval", "1", "--type", "person").status == 2


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_all_mistakes_of_an_expression_are_marked_in_its_text(robin: Path, unisono: Unisono) -> None:
    text = 'IIF([mial] = 1,\n\tFoo("漢字", Left([uid], "x")),\n    %Domain%)'
    call = unisono("eval", text, "--object", "robin.yaml")
    assert (call.status, call.out) == (2, "")
    check_golden("eval-mistakes.txt", call.err)
    failure = unisono("eval", text, "--object", "robin.yaml", "--json")
    assert (failure.status, failure.err) == (2, "")
    check_golden("eval-mistakes.json", failure.out)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        pytest.param('"a" & [x', '  "a" & [x\n        ^\n', id="syntax"),
        pytest.param("", "  \n  ^\n", id="nothing"),
        pytest.param("1 +", "  1 +\n     ^\n", id="end"),
        pytest.param('"漢字" & [x]', '  "漢字" & [x]\n           ^\n', id="wide"),
        pytest.param('"\x1b" & [x]', '  "\\x1b" & [x]\n           ^\n', id="escaped"),
        pytest.param("(" * 60 + "[x]" + ")" * 60, f"  …{'(' * 52}[x]{')' * 23}…\n{' ' * 55}^\n", id="long"),
    ],
)
def test_the_mark_stands_below_the_place(text: str, marked: str, robin: Path, unisono: Unisono) -> None:
    err = "\n".join(line.rstrip() for line in unisono("eval", text).err.splitlines()) + "\n"
    assert "\n".join(line.rstrip() for line in marked.splitlines()) in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("--language", "cobol"), "cobol", id="language"),
        pytest.param(("--parameter", "Domain"), "has no name and value", id="parameter-without-value"),
        pytest.param(("--parameter", "=x"), "has no name and value", id="parameter-without-name"),
        pytest.param(("--parameter", "a=\udcff"), "is not Unicode text", id="parameter-of-bytes"),
        pytest.param(("--now", "soon"), "the text is not a date", id="time"),
        pytest.param(("--connector", "hrr"), "did you mean hr?", id="connector"),
        pytest.param(("--connector", "hr", "--type", "persn"), "did you mean person?", id="type"),
        pytest.param(("--type", "persn"), "did you mean person?", id="metaverse-type"),
        pytest.param(("--connector", "hr", "--imported", "x.yaml"), "exclude each other", id="two-sources"),
    ],
)
def test_a_wrong_call_gives_2(words: tuple[str, ...], said: str, company: TestProject, unisono: Unisono) -> None:
    call = unisono("eval", "1", *words)
    assert (call.status, call.out) == (2, "")
    assert said in call.err
    assert unisono("eval", "1", *words, "--json").document["error"]["kind"] == "call"


def test_on_a_narrow_terminal_the_mark_stays_below_the_place() -> None:
    mistake = WrittenMistake(file=None, line=1, column=60, check="c", severity="error", message="m", hint="")
    console = Console(width=30, file=io.StringIO(), legacy_windows=False)
    with console.capture() as captured:
        console.print(marked_mistakes("漢" * 50 + "x" * 9 + "[y]" + "z" * 50, [mistake]))
    _, line, mark = (line.rstrip() for line in captured.get().splitlines())
    assert cell_len(line) <= 30
    assert cell_len(line[: line.index("[")]) == mark.index("^")


def test_an_expression_that_is_no_text_is_refused(robin: Path, unisono: Unisono) -> None:
    call = unisono("eval", '"\udcff"', "--json")
    assert (call.status, call.document["error"]["kind"]) == (2, "call")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x00\xff\xfe", id="bytes"),
        pytest.param(b"[" * 10_000, id="deep"),
        pytest.param(b"a: " + b"x" * 5_000_000, id="large"),
        pytest.param(b"- 1\n- 2\n", id="list"),
        pytest.param(b"a: {b: {c: 1}}\n", id="nested"),
        pytest.param(b'{"a": 1.5, "b": [[]], "c": {"datetime": "x"}}', id="values"),
        pytest.param(b"a: &a [*a]\n", id="alias-of-itself"),
        pytest.param(b"a: !!python/object/apply:os.system [ls]\n", id="tag"),
    ],
)
def test_a_hostile_file_gives_2_and_its_mistakes(content: bytes, robin: Path, unisono: Unisono) -> None:
    robin.write_bytes(content)
    call = unisono("eval", "1", "--object", "robin.yaml")
    assert (call.status, call.out) == (2, "")
    assert "in robin.yaml" in call.err
    for option in ("--object", "--imported"):
        error = json.loads(unisono("eval", "1", option, "robin.yaml", "--json").out)["error"]
        assert error["kind"] == "configuration"
        assert all(mistake["file"] == "robin.yaml" for mistake in error["mistakes"])


def test_what_is_no_file_gives_2(robin: Path, unisono: Unisono) -> None:
    os.mkfifo("pipe")
    for name in ("absent.yaml", ".", "pipe", "a\udcff", "x" * 300):
        call = unisono("eval", "1", "--object", name)
        assert (call.status, call.out) == (2, "")
        assert unisono("eval", "1", "--object", name, "--json").document["error"]["mistakes"]


def test_the_deepest_expression_is_shown(robin: Path, unisono: Unisono) -> None:
    for text in ("Item(" * 98 + "[uid]" + ", 1)" * 98, "Trim(" * 98 + "[tags]" + ")" * 98):
        assert unisono("eval", text, "--object", "robin.yaml").status == 0
        assert unisono("eval", text, "--object", "robin.yaml", "--json").document["outcome"] == "value"


def test_a_long_expression_is_shown(robin: Path, unisono: Unisono) -> None:
    text = " & ".join(["Trim([uid])"] * 4_000)
    call = unisono("eval", text, "--object", "robin.yaml")
    assert call.status == 0
    assert call.out.count("Trim([uid])") > 4_000
