"""What formulas of the MIM portal give for one object, written as they are there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.expressions.examples import ENVIRONMENT, OBJECT, Fails, by_columns, expect, frame_of

from unisono.expressions import compile_expression
from unisono.model.rules import Language
from unisono.model.schema import Attribute, AttributeType

PERSON: dict[str, object] = {
    "firstName": "Robin",
    "lastName": "Example",
    "alias": "rexample",
    "employeeType": "Intern",
    "salary": 90000,
    "flags": 514,
    "startDate": "12/25/2007",
    "email": None,
    **{name: OBJECT[name] for name in ("objectSid", "groupSid", "systemSid")},
}
_OTHER_TYPES = {
    **dict.fromkeys(("salary", "flags"), AttributeType.INTEGER),
    **dict.fromkeys(("objectSid", "groupSid", "systemSid"), AttributeType.BINARY),
}
ATTRIBUTES = {name: Attribute(name=name, type=_OTHER_TYPES.get(name, AttributeType.STRING)) for name in PERSON}

# A formula, and what it gives for the object above.
EXAMPLES: list[tuple[str, object]] = [
    ('firstName + " " + lastName', "Robin Example"),
    ('"a" + "b" + "c"', "abc"),
    ('"t-" + alias', "t-rexample"),
    ('UpperCase("test")', "TEST"),
    ("UpperCase(alias)", "REXAMPLE"),
    ('UpperCase("a-1b")', "A-1B"),
    ('LowerCase("TeSt")', "test"),
    ("LowerCase(firstName)", "robin"),
    ('LowerCase("ABC 1")', "abc 1"),
    ('ProperCase("TEsT")', "Test"),
    ('ProperCase("robin example")', "Robin Example"),
    ('ProperCase(" TEsT")', " Test"),
    ('ProperCase("TEST")', "Test"),
    ('ProperCase("$TEsT")', "$Test"),
    ('LTrim(" Test ")', "Test "),
    ('LTrim("x ")', "x "),
    ('LTrim("  x")', "x"),
    ('RTrim(" Test ")', " Test"),
    ('RTrim("x  ")', "x"),
    ('RTrim(" x")', " x"),
    ('Trim(" Test ")', "Test"),
    ('Trim("x")', "x"),
    ('Trim("  a b ")', "a b"),
    ('RightPad("User", 10, "0")', "User000000"),
    ('RightPad("User", 4, "0")', "User"),
    ('RightPad("User", 2, "0")', "User"),
    ('LeftPad("User", 10, "0")', "000000User"),
    ('LeftPad("User", 4, "0")', "User"),
    ('LeftPad("42", 5, "0")', "00042"),
    ("BitOr(2, 512)", 514),
    ("BitOr(4, 3)", 7),
    ("BitOr(2, flags)", 514),
    ("BitAnd(2, 514)", 2),
    ("BitAnd(2, 512)", 0),
    ("BitAnd(512, flags)", 512),
    ('DateTimeFormat("12/25/2007", "yyyy-MM-dd")', "2007-12-25"),
    ('DateTimeFormat("2001-02-03", "yyyyMMdd")', "20010203"),
    ('DateTimeFormat(startDate, "MM")', "12"),
    ("ConvertSidToString(objectSid)", "S-1-5-21-1111111111-2222222222-3333333333-1105"),
    ("ConvertSidToString(groupSid)", "S-1-5-32-544"),
    ("ConvertSidToString(systemSid)", "S-1-5-18"),
    ('ConvertStringToGuid("33221100-5544-7766-8899-aabbccddeeff")', bytes.fromhex("00112233445566778899AABBCCDDEEFF")),
    ('ConvertStringToGuid("00000000-0000-0000-0000-000000000000")', bytes.fromhex("00000000000000000000000000000000")),
    ('ConvertStringToGuid("hello")', Fails("ConvertStringToGuid: the text is not a GUID")),
    ('ReplaceString("a-b-c", "-", "_")', "a_b_c"),
    ('ReplaceString("aaa", "a", "b")', "bbb"),
    ('ReplaceString("abc", "x", "y")', "abc"),
    ('Word("Test;of%function;", 3, ";$&%")', "function"),
    ('Word("Test;;Function", 2, ";")', ""),
    ('Word("Test;of%function;", 0, ";$&%")', ""),
    ('Left("Robin Example", 3)', "Rob"),
    ('Left("Robin Example", 0)', ""),
    ('Left("Robin Example", -1)', "Robin Example"),
    ('Right("Robin Example", 3)', "ple"),
    ('Right("Robin Example", 0)', ""),
    ('Right("ab", 5)', "ab"),
    ('Mid("Robin Example", 3, 5)', "bin E"),
    ('Mid("Robin Example", 3, -1)', ""),
    ('Mid("Robin Example", 99, 2)', "Robin Example"),
    ('Mid("Robin Example", 0, 2)', "Robin Example"),
    ("CRLF()", "\r\n"),
    ('"a" + CRLF() + "b"', "a\r\nb"),
    ("firstName + CRLF() + lastName", "Robin\r\nExample"),
    ("RandomNum(5, 5)", 5),
    ("GreaterThanOrEquals(RandomNum(0, 999), 0)", True),
    ("LessThanOrEquals(RandomNum(0, 999), 999)", True),
    ('EscapeDNComponent("CN=Robin Example")', "CN=Robin Example"),
    ('EscapeDNComponent("CN=Example, Robin")', "CN=Example\\, Robin"),
    ('EscapeDNComponent("CN=A+B")', "CN=A\\+B"),
    ("Null()", None),
    ('IIF(Eq(firstName, "Alex"), "y", Null())', None),
    ("IIF(IsPresent(email), email, Null())", None),
    ('IIF(Eq(employeeType, "Intern"), "t-" + alias, alias)', "t-rexample"),
    ('IIF(Eq(employeeType, "Staff"), "t-" + alias, alias)', "rexample"),
    ('IIF(LessThan(salary, 100000), "B", "A")', "B"),
    ('Eq(employeeType, "Intern")', True),
    ('Eq(employeeType, "Staff")', False),
    ('Eq(alias, "rexample")', True),
    ('NotEquals(employeeType, "Contractor")', True),
    ('NotEquals(employeeType, "Intern")', False),
    ('NotEquals(alias, "other")', True),
    ("LessThan(salary, 100000)", True),
    ("LessThan(salary, 90000)", False),
    ("LessThan(1, 2)", True),
    ("LessThanOrEquals(salary, 90000)", True),
    ("LessThanOrEquals(salary, 10)", False),
    ("LessThanOrEquals(2, 2)", True),
    ("GreaterThan(salary, 100000)", False),
    ("GreaterThan(salary, 10)", True),
    ("GreaterThan(2, 2)", False),
    ("GreaterThanOrEquals(salary, 90000)", True),
    ("GreaterThanOrEquals(salary, 100000)", False),
    ("GreaterThanOrEquals(2, 2)", True),
    ("IsPresent(firstName)", True),
    ("IsPresent(email)", False),
    ('IIF(IsPresent(email), "yes", "no")', "no"),
    # --- what the portal's users know beside those
    ("Concatenate(firstName, salary, true)", "Robin90000True"),
    ('And(Eq(alias, "rexample"), Or(false, IsPresent(firstName)), Not(IsPresent(email)))', True),
    ("BitAnd(BitNot(2), flags)", 512),
    ('Mid("Robin Example", 3, BitNot(0))', ""),
    ('Mid("Robin Example", 3, flags)', "bin Example"),
    ('"CONTOSO\\" + alias', "CONTOSO\\rexample"),
    ('"\\\\server\\home\\" + alias', "\\\\server\\home\\rexample"),
    ('Mid("Robin Example", 3, BitAnd(1, flags))', ""),
    ("BitAnd(0x202, flags)", 514),
    ('GreaterThan(Contains(alias, "REX", CaseInsensitive), 0)', True),
    ('InStr(alias, "E", 3, vbTextCompare)', 8),
    ("Domain", "contoso"),
    ("IsPresent(Guid())", True),
]
_ENVIRONMENT = replace(ENVIRONMENT, parameters={"Domain": "contoso"})


@pytest.mark.parametrize(("text", "expected"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_a_formula_gives_this_for_one_object_and_for_a_frame(text: str, expected: object) -> None:
    compiled = compile_expression(text, ATTRIBUTES, _ENVIRONMENT, language=Language.MIM)
    expect(compiled.evaluate(PERSON, identity=1), expected)
    expect(by_columns(compiled, frame_of(ATTRIBUTES, PERSON)), expected)


def test_a_word_has_the_characters_that_names_of_attributes_may_have() -> None:
    attributes = {
        name: Attribute(name=name) for name in ("a.b", "msDS-cloudExtensionAttribute1", "userCertificate;binary")
    }
    text = " + ".join(attributes)
    values = dict.fromkeys(attributes, "x")
    assert compile_expression(text, attributes, ENVIRONMENT, language=Language.MIM).evaluate(values).value == "xxx"
