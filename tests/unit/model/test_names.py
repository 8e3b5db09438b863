"""Which names are one name."""

from __future__ import annotations

import polars as pl
import pytest

from unisono.model.names import KEY_BYTES, DnStyle, Naming, dn_key, escape_dn_value, ldap_dn_key, unescape_dn_value

SAME = [
    pytest.param("CN=Ann, OU=Staff", "cn=ann,ou=staff", id="case and space"),
    pytest.param("cn=Smith\\, J,dc=x", "cn=Smith\\2C J,dc=x", id="spelling of an escape"),
    pytest.param('cn="Smith, J",dc=x', "cn=Smith\\, J,dc=x", id="quotes"),
    pytest.param("uid=d+cn=d,dc=x", "cn=d+uid=d,dc=x", id="order of values in one part"),
    pytest.param("cn=\\C3\\A9,dc=x", "cn=é,dc=x", id="hex pairs of UTF-8"),
]
DIFFERENT = [
    pytest.param("cn=a\\,b", "cn=a,b=", id="a comma that is escaped"),
    pytest.param("cn=a\\\\2Cb", "cn=a\\2Cb", id="an escaped backslash before hex digits"),
    pytest.param("cn=a\\+b", "cn=a+b=", id="a plus that is escaped"),
]


def keys(*names: str) -> list[str]:
    return pl.DataFrame({"dn": names}).select(dn_key("dn", DnStyle.LDAP)).to_series().to_list()


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_that_differ_in_spelling_are_one(one: str, other: str) -> None:
    assert len(set(keys(one, other))) == 1
    assert ldap_dn_key(one) == ldap_dn_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_names_that_differ_in_meaning_are_two(one: str, other: str) -> None:
    assert len(set(keys(one, other))) == 2


def test_names_without_structure_are_compared_exactly() -> None:
    frame = pl.DataFrame({"dn": ["A", "a"]})
    assert frame.select(dn_key("dn", DnStyle.GENERIC)).to_series().to_list() == ["A", "a"]


@pytest.mark.parametrize(
    "value", ["a,b", " lead", "trail ", "#hash", 'q"uote', "back\\slash", "plus+", "nul\0", "é", " "]
)
def test_an_escaped_value_is_read_back(value: str) -> None:
    assert unescape_dn_value(escape_dn_value(value)) == value


def test_a_new_object_is_named_by_its_anchor() -> None:
    naming = Naming(attributes=("id",), prefix="CN=", suffix=",OBJECT=person", escaped=True)
    frame = pl.DataFrame({"@id": ["1", "a,b", None]})
    expected = ["CN=1,OBJECT=person", "CN=a\\,b,OBJECT=person", None]
    assert frame.select(naming.expression("@")).to_series().to_list() == expected


def test_a_long_key_is_its_beginning_and_a_digest_and_stays_different_from_others() -> None:
    names = pl.DataFrame({"dn": ["cn=" + "x" * 3000, "cn=" + "x" * 3001, "CN=" + "X" * 3000, "cn=short", None]})
    keys = names.select(dn_key("dn", DnStyle.LDAP))["dn"].to_list()
    assert keys[0] == keys[2] != keys[1]
    assert all(len(key.encode()) <= KEY_BYTES for key in keys[:4])
    assert keys[3:] == ["cn=short", None]
