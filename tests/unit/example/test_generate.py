"""The generated company: what the connected systems of the example hold on the first day."""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from examples.contoso.generate import generate
from examples.contoso.names import ASCII, REGIONS
from examples.contoso.people import account_name, make_people

FILES = ("hr.csv", "phones.db", "directory.ldif", "app.db")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("contoso")
    generate(directory)
    return directory


@pytest.fixture(scope="module")
def hr(data: Path) -> pl.DataFrame:
    return pl.read_csv(data / "hr.csv", infer_schema=False)


@pytest.fixture(scope="module")
def entries(data: Path) -> dict[str, Mapping[str, list[str]]]:
    return dict(_entries(data / "directory.ldif"))


def test_the_same_seed_gives_the_same_company(data: Path, tmp_path: Path) -> None:
    generate(tmp_path)
    for name in ("hr.csv", "directory.ldif"):
        assert (tmp_path / name).read_bytes() == (data / name).read_bytes()
    assert _rows(tmp_path / "phones.db", "subscriber") == _rows(data / "phones.db", "subscriber")


def test_another_seed_gives_another_company(data: Path, tmp_path: Path) -> None:
    generate(tmp_path, seed=99)
    assert (tmp_path / "hr.csv").read_bytes() != (data / "hr.csv").read_bytes()


def test_generating_again_replaces_what_was_there(tmp_path: Path) -> None:
    generate(tmp_path, people=200, groups=3)
    generate(tmp_path, people=220, groups=4)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(FILES)
    assert pl.read_csv(tmp_path / "hr.csv").height == 220


def test_a_company_too_small_for_the_scenario_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 200 people"):
        generate(tmp_path, people=199)


def test_a_thousand_people_and_sixty_groups(hr: pl.DataFrame, entries: dict[str, Mapping[str, list[str]]]) -> None:
    groups = [entry for entry in entries.values() if "groupOfNames" in entry["objectClass"]]
    assert (hr.height, len(groups)) == (1000, 60)


def test_employee_numbers_and_addresses_are_unique(hr: pl.DataFrame) -> None:
    assert hr["employeeId"].is_unique().all()
    assert hr["email"].drop_nulls().str.to_lowercase().is_unique().all()


@pytest.mark.parametrize("kind", ["’", "'", "-", " ", ",", "ß", "ø", "ę", "ễ"], ids=lambda kind: f"U+{ord(kind):04X}")
def test_surnames_hold_what_identity_systems_stumble_over(hr: pl.DataFrame, kind: str) -> None:
    assert hr["sn"].str.contains(kind, literal=True).any()


def test_everybody_reports_to_somebody_and_nobody_to_themselves(hr: pl.DataFrame) -> None:
    managers = dict(hr.select("employeeId", "manager").iter_rows())
    assert [person for person, manager in managers.items() if manager is None] == [hr["employeeId"][0]]
    for person in managers:
        chain = list(_chain_of_command(person, managers))
        assert len(chain) == len(set(chain))


def test_every_letter_of_a_name_has_a_spelling_in_ascii() -> None:
    letters = {letter for region in REGIONS for name in (*region.given, *region.surnames) for letter in name.lower()}
    assert {letter for letter in letters if not letter.isascii()} <= ASCII.keys()


@pytest.mark.parametrize(
    ("surname", "account"),
    [
        pytest.param("Smith", "smith.7", id="plain"),
        pytest.param("García Márquez", "garcia-marquez.7", id="two words"),
        pytest.param("Schäfer-Lenz", "schafer-lenz.7", id="double name"),
        pytest.param("O’Connor", "oconnor.7", id="typographic apostrophe"),
        pytest.param("Carter, Jr.", "carter-jr.7", id="comma and dot"),
        pytest.param("Straßburger", "strassburger.7", id="one letter becomes two"),
        pytest.param("Trần Lê", "tran-le.7", id="two marks on one letter"),
    ],
)
def test_account_names_are_plain_ascii(surname: str, account: str) -> None:
    person = pl.DataFrame({"sn": [surname], "employeeId": ["7"]})
    assert person.select(account_name()).item() == account


def test_account_names_of_all_people_are_different_and_plain(hr: pl.DataFrame) -> None:
    names = hr.select(account_name()).to_series()
    assert names.is_unique().all()
    assert names.str.contains(r"^[a-z-]+\.[0-9]+$").all()


def test_most_people_have_an_account_and_externals_have_none(
    hr: pl.DataFrame, entries: dict[str, Mapping[str, list[str]]]
) -> None:
    numbered = {entry["employeeNumber"][0] for entry in entries.values() if "employeeNumber" in entry}
    assert 0.8 * hr.height < len(numbered) < hr.height
    assert numbered.isdisjoint(hr.filter(employeeType="external")["employeeId"])


def test_accounts_without_employee_number_are_known_by_their_address_or_belong_to_nobody(
    hr: pl.DataFrame, entries: dict[str, Mapping[str, list[str]]]
) -> None:
    addresses = set(hr["email"].drop_nulls())
    unnumbered = [e for e in entries.values() if "inetOrgPerson" in e["objectClass"] and "employeeNumber" not in e]
    legacy = [entry["mail"][0] for entry in unnumbered if "mail" in entry]
    assert legacy
    assert {address.lower() for address in legacy} <= addresses
    assert not addresses.intersection(legacy)  # they are spelled with other capitals
    assert len(unnumbered) > len(legacy)  # service accounts


def test_references_in_the_directory_lead_to_its_entries(entries: dict[str, Mapping[str, list[str]]]) -> None:
    for entry in entries.values():
        assert entries.keys() >= {*entry.get("manager", ()), *entry.get("member", ())}


def test_the_telephone_database_disagrees_knows_strangers_and_fills_gaps(data: Path, hr: pl.DataFrame) -> None:
    with closing(sqlite3.connect(data / "phones.db")) as phones:
        titles = dict(phones.execute("SELECT employee_number, job_title FROM subscriber"))
    in_hr = dict(hr.select("employeeId", "title").iter_rows())
    assert titles.keys() - in_hr.keys()
    assert any(in_hr[person] and titles.get(person) not in (None, in_hr[person]) for person in in_hr)
    assert any(in_hr[person] is None and titles.get(person) for person in in_hr)


def test_the_application_is_empty(data: Path) -> None:
    assert [_rows(data / "app.db", table) for table in ("account", "access_group", "membership")] == [[], [], []]


def test_the_directory_stands_under_the_base_that_was_asked_for(tmp_path: Path) -> None:
    generate(tmp_path, people=200, base="dc=example,dc=org")
    assert all(dn.endswith("dc=example,dc=org") for dn, _ in _entries(tmp_path / "directory.ldif"))


def test_people_are_made_under_the_managers_that_are_given() -> None:
    assert set(make_people(20, seed=1, managers=["7", "8"])["manager"]) == {"7", "8"}


def _chain_of_command(person: str, managers: Mapping[str, str | None]) -> Iterator[str]:
    above: str | None = person
    while above is not None:
        yield above
        above = managers[above]
        if above == person:
            pytest.fail(f"{person} reports to {person}")


def _rows(database: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608


def _entries(file: Path) -> Iterator[tuple[str, Mapping[str, list[str]]]]:
    """A reader of unfolded LDIF, apart from the product's."""
    for record in file.read_text("ascii").removeprefix("version: 1\n\n").split("\n\n"):
        entry: dict[str, list[str]] = {}
        for line in record.strip().splitlines():
            name, mark, value = re.fullmatch(r"([A-Za-z]+):(:?) (.*)", line).groups()  # type: ignore[union-attr]
            entry.setdefault(name, []).append(base64.b64decode(value).decode() if mark else value)
        (dn,) = entry.pop("dn")
        yield dn, entry
