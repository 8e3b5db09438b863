"""What expressions give for one object: the facts of the language, held by both evaluators."""

from __future__ import annotations

import re

import pytest
from tests.unit.expressions.examples import ATTRIBUTES, ENVIRONMENT, OBJECT, Fails, at, by_columns, expect, frame_of

from unisono.expressions import compile_expression
from unisono.model.schema import Attribute, AttributeType

# An expression, and what it gives for the object above. A reference is the text of its DN.
EXAMPLES: list[tuple[str, object]] = [
    # --- operators
    ("2 + 5 * 3", 21),
    ("2 * (5 + 3)", 16),
    ("7 - 10", -3),
    ('"a" & "b" & "c"', "abc"),
    ('[sn] & ", " & [givenName]', "Example, Robin"),
    ("1 < 2", True),
    ("3 >= 3", True),
    ('"x" <> "y"', True),
    ("True && False", False),
    ("False || True", True),
    ("IsPresent([givenName]) || IsPresent([mail]) = False", True),
    ('IsPresent([mail]) = False && InStr([accountName], "@") = 0', True),
    ("&HFF", 255),
    # --- bits and numbers
    ("BitAnd(&HF, &HF7)", 7),
    ("BitAnd(514, 2)", 2),
    ("BitAnd(512, 2)", 0),
    ("BitAnd([userAccountControl], 512)", 512),
    ("BitOr(4, 3)", 7),
    ("BitOr(514, 64)", 578),
    ("BitOr(&HF0, &HF)", 255),
    ("IsBitSet(&HF, 4)", True),
    ("IsBitSet([userAccountControl], 2)", True),
    ("IsBitSet(512, 2)", False),
    ("RandomNum(5, 5)", 5),
    ("RandomNum(100, 999) >= 100", True),
    ("RandomNum(100, 999) <= 999", True),
    # --- conversion
    ('CBool([givenName] = "Robin")', True),
    ("CBool(5)", True),
    ("CBool(0)", False),
    ("CBool(BitAnd([userAccountControl], 2))", True),
    ('CDate("2013-01-10 4:00 PM -8")', at("2013-01-11T00:00:00Z")),
    ('CDate("2001-01-01")', at("2001-01-01T00:00:00Z")),
    ('CDate("2012-01-01 23:00:00")', at("2012-01-01T23:00:00Z")),
    ('CGuid("33221100-5544-7766-8899-aabbccddeeff")', bytes.fromhex("00112233445566778899AABBCCDDEEFF")),
    ('CGuid("{33221100-5544-7766-8899-aabbccddeeff}") = [objectGUID]', True),
    ("CGuid([guidText])", bytes.fromhex("00112233445566778899AABBCCDDEEFF")),
    ('CNum("42")', 42),
    ('CNum("-7")', -7),
    ('CNum(Mid("AB12", 3, 2)) + 1', 13),
    ('CRef("CN=App,DC=example,DC=org")', "CN=App,DC=example,DC=org"),
    ('CRef("CN=App," & %Forest.LDAP%)', "CN=App,DC=corp,DC=example,DC=org"),
    ('DNComponent(CRef("CN=App,CN=Pools," & %Forest.LDAP%), 2)', "Pools"),
    ("CStr(42)", "42"),
    ("CStr(True)", "True"),
    ("CStr([manager])", "CN=Kim Sample,OU=Staff,OU=Paris,DC=corp,DC=example,DC=org"),
    ('ConvertFromBase64("SABlAGwAbABvACAAdwBvAHIAbABkACEA")', "Hello world!"),
    ('ConvertFromBase64("SGVsbG8gd29ybGQh", UTF8)', "Hello world!"),
    ('ConvertFromBase64("Um9iaW4=", ASCII)', "Robin"),
    ('ConvertToBase64("Hello world!")', "SABlAGwAbABvACAAdwBvAHIAbABkACEA"),
    ('ConvertToBase64("Robin")', "UgBvAGIAaQBuAA=="),
    ("ConvertToBase64([objectGUID])", "ABEiM0RVZneImaq7zN3u/w=="),
    ('ConvertFromUTF8Hex("48656C6C6F20776F726C6421")', "Hello world!"),
    ('ConvertFromUTF8Hex("526F62696E")', "Robin"),
    ('ConvertFromUTF8Hex("C3A9")', "é"),
    ('ConvertToUTF8Hex("Hello world!")', "48656C6C6F20776F726C6421"),
    ('ConvertToUTF8Hex("Robin")', "526F62696E"),
    ('ConvertToUTF8Hex("é")', "C3A9"),
    ("IsGuid(StringFromGuid([objectGUID]))", True),
    ("CGuid(StringFromGuid([objectGUID])) = [objectGUID]", True),
    ('LCase(Replace(Replace(StringFromGuid([objectGUID]), "{", ""), "}", ""))', "33221100-5544-7766-8899-aabbccddeeff"),
    ("StringFromSid([objectSid])", "S-1-5-21-1111111111-2222222222-3333333333-1105"),
    ("StringFromSid([groupSid])", "S-1-5-32-544"),
    ("StringFromSid([systemSid])", "S-1-5-18"),
    ("StringFromSid([worldSid])", "S-1-1-0"),
    ("IsGuid(Guid())", True),
    ("Guid() = Guid()", False),
    ('Len(Replace(Replace(Guid(), "{", ""), "}", ""))', 36),
    # --- dates
    ("IsNull(Now())", False),
    ('DateAdd("d", 1, Now()) > Now()', True),
    ("NumFromDate(Now()) > 129699324000000000", True),
    ('DateAdd("m", 3, CDate("2001-01-01"))', at("2001-04-01T00:00:00Z")),
    ('DateAdd("d", -1, CDate("2001-01-01"))', at("2000-12-31T00:00:00Z")),
    ('DateAdd("yyyy", 1, CDate("2001-01-01"))', at("2002-01-01T00:00:00Z")),
    ('DateAdd("q", 1, CDate("2001-01-01"))', at("2001-04-01T00:00:00Z")),
    ('DateAdd("ww", 2, CDate("2001-01-01"))', at("2001-01-15T00:00:00Z")),
    ('DateAdd("h", 5, CDate("2001-01-01"))', at("2001-01-01T05:00:00Z")),
    ('DateAdd("n", 30, CDate("2001-01-01"))', at("2001-01-01T00:30:00Z")),
    ('DateAdd("s", 90, CDate("2001-01-01"))', at("2001-01-01T00:01:30Z")),
    ("DateFromNum(129699324000000000)", at("2012-01-01T23:00:00Z")),
    ("DateFromNum([lastLogonTimestamp])", at("2012-01-01T23:00:00Z")),
    ("DateFromNum(116444736000000000)", at("1970-01-01T00:00:00Z")),
    ("DateFromNum(0)", at("1601-01-01T00:00:00Z")),
    ('NumFromDate(CDate("2012-01-01 23:00:00"))', 129699324000000000),
    ('NumFromDate(CDate("1970-01-01"))', 116444736000000000),
    ("NumFromDate(DateFromNum([lastLogonTimestamp]))", 129699324000000000),
    ('FormatDateTime(CDate("12/25/2007"), "yyyy-MM-dd")', "2007-12-25"),
    ('FormatDateTime(DateFromNum(130543784930000000), "yyyyMMddHHmmss.0Z")', "20140905081453.0Z"),
    ('FormatDateTime(CDate("2001-02-03 04:05:06"), "HH:mm")', "04:05"),
    ('IsDate("2001-01-01")', True),
    ('IsDate("2013-01-10 4:00 PM -8")', True),
    ('IsDate("not a date")', False),
    # --- distinguished names
    ("DNComponent(CRef([dn]), 1)", "Robin Example"),
    ("DNComponent(CRef([dn]), 2)", "Staff"),
    ("DNComponent([manager], 1)", "Kim Sample"),
    ("DNComponent([manager], 4)", "corp"),
    ("DNComponentRev(CRef([dn]), 1)", "org"),
    ("DNComponentRev(CRef([dn]), 4)", "Paris"),
    ('DNComponentRev(CRef([dn]), 1, "DC")', "Paris"),
    ('DNComponentRev(CRef([dn]), 2, "DC")', "Staff"),
    ('EscapeDNComponent("CN=Robin Example")', "CN=Robin Example"),
    ('EscapeDNComponent("CN=Example, Robin")', "CN=Example\\, Robin"),
    ('EscapeDNComponent("CN=A+B")', "CN=A\\+B"),
    (
        'EscapeDNComponent("CN=" & [sn] & ", " & [givenName]) & "," & %Forest.LDAP%',
        "CN=Example\\, Robin,DC=corp,DC=example,DC=org",
    ),
    # --- tests
    ("IsNull([mail])", True),
    ("IsNull([givenName])", False),
    ("IsNull([description])", False),
    ("IsNull(NULL)", True),
    ("IsEmpty([description])", True),
    ("IsEmpty([givenName])", False),
    ('IsEmpty("")', True),
    ("IsEmpty([mail])", False),
    ("IsNullOrEmpty([mail])", True),
    ("IsNullOrEmpty([description])", True),
    ("IsNullOrEmpty([givenName])", False),
    ("IsPresent([givenName])", True),
    ("IsPresent([mail])", False),
    ("IsPresent([description])", False),
    ('IsString("text")', True),
    ("IsString([givenName])", True),
    ("IsString([objectGUID])", False),
    ('IsNumeric("42")', True),
    ('IsNumeric("4x2")', False),
    ("IsNumeric([givenName])", False),
    ('IsGuid("33221100-5544-7766-8899-aabbccddeeff")', True),
    ('IsGuid("{33221100-5544-7766-8899-aabbccddeeff}")', True),
    ('IsGuid("hello")', False),
    # --- multi-valued
    ('Contains([proxyAddresses], "SMTP:")', 1),
    ('Contains([proxyAddresses], "smtp:")', 2),
    ('Contains([proxyAddresses], "X500:", CaseInsensitive)', 3),
    ('Contains([proxyAddresses], "fax:")', 0),
    ('Contains([member], "CN=B,DC=corp,DC=example,DC=org")', 2),
    ('Contains([member], "CN=B")', 0),
    ("Count([proxyAddresses])", 3),
    ("Count([otherPhone])", 2),
    ('Count(Split("a,b,c,d", ","))', 4),
    ("Item([proxyAddresses], 2)", "smtp:r.example@example.org"),
    ("Item([tags], 2)", "blue"),
    ('Mid(Item([proxyAddresses], Contains([proxyAddresses], "SMTP:")), 6)', "robin@example.org"),
    ("Item([tags], 9)", Fails("index out of bounds")),
    ("ItemOrNull([tags], 2)", "blue"),
    ("ItemOrNull([tags], 9)", None),
    ('ItemOrNull([proxyAddresses], Contains([proxyAddresses], "fax:"))', None),
    ('Join([tags], ",")', "red,blue"),
    ("Join([tags])", "red blue"),
    ('Join([tags], "")', "redblue"),
    ('RemoveDuplicates(Split("a,b,a", ","))', ["a", "b"]),
    ("RemoveDuplicates(LCase([mixed]))", ["a", "b"]),
    ("RemoveDuplicates([tags])", ["red", "blue"]),
    ('Split("a,b,c", ",")', ["a", "b", "c"]),
    ('Split("abc", ",")', ["abc"]),
    (
        'Split("SMTP:robin@example.org;smtp:r.example@example.org", ";")',
        ["SMTP:robin@example.org", "smtp:r.example@example.org"],
    ),
    ('Select($item, [otherPhone], Replace($item, "-", ""))', ["+3310001", "+3310002"]),
    ("Select($t, [tags], UCase($t))", ["RED", "BLUE"]),
    ('Select($x, Split("a,b", ","), $x & "1")', ["a1", "b1"]),
    ('Where($p, [proxyAddresses], Left($p, 5) = "SMTP:")', ["SMTP:robin@example.org"]),
    ('Where($t, [tags], $t <> "red")', ["blue"]),
    ('Count(Where($t, [tags], $t = "green"))', 0),
    ('With($n, Trim(" Robin "), $n & "-" & $n)', "Robin-Robin"),
    (
        (
            'With($primary, Where($p, [proxyAddresses], Left($p, 5) = "SMTP:"), '
            "IIF(Count($primary) > 0, Item($primary, 1), NULL))"
        ),
        "SMTP:robin@example.org",
    ),
    ("With($n, Len([accountName]), IIF($n > 20, Left([accountName], 20), [accountName]))", "rexample"),
    # --- flow
    ('IIF([employeeType] = "Intern", "t-" & [accountName], [accountName])', "t-rexample"),
    ('IIF(1 = 2, "a", "b")', "b"),
    ('IIF(IsPresent([mail]), "yes", "no")', "no"),
    ('IIF(True, "ok", Error("not reached"))', "ok"),
    ('Switch([city] = "London", "English", [city] = "Rome", "Italian", [city] = "Paris", "French")', "Italian"),
    ('Switch([city] = "London", "English")', None),
    ('Switch(True, "first", True, "second")', "first"),
    ('IIF(IsPresent([accountName]), [accountName], Error("AccountName is required"))', "rexample"),
    ('IIF(IsPresent([mail]), [mail], Error("mail is missing"))', Fails("mail is missing")),
    ('Switch([city] = "London", "English", True, Error("Unknown city"))', Fails("Unknown city")),
    # --- text
    ('InStr("The quick brown fox", "quick")', 5),
    ('InStr("repEated", "e", 3, vbBinaryCompare)', 7),
    ('InStr("robin@example.org", "@")', 6),
    ('InStr("abc", "z")', 0),
    ('InStrRev("abbcdbbbef", "bb")', 7),
    ('InStrRev("a.b.c", ".")', 4),
    ('InStrRev("abc", "z")', 0),
    ('LCase("TeSt")', "test"),
    ('LCase("ABC-1")', "abc-1"),
    ("LCase([mixed])", ["a", "a", "b"]),
    ('UCase("TeSt")', "TEST"),
    ("UCase([accountName])", "REXAMPLE"),
    ("UCase([tags])", ["RED", "BLUE"]),
    ('PCase("TEsT")', "Test"),
    ('PCase(LCase("TEST"))', "Test"),
    ('PCase("robin example")', "Robin Example"),
    ('Left("Blue Sky", 3)', "Blu"),
    ('Left("Blue Sky", 0)', ""),
    ('Left("Blue Sky", -1)', "Blue Sky"),
    ('Left("ab", 5)', "ab"),
    ("Left([mail], 3)", ""),
    ('Right("Blue Sky", 3)', "Sky"),
    ('Right("Blue Sky", 0)', ""),
    ('Right("Blue Sky", -1)', "Blue Sky"),
    ('Right("ab", 5)', "ab"),
    ('Mid("Blue Sky", 3, 5)', "ue Sk"),
    ('Mid("Blue Sky", 6, 999)', "Sky"),
    ('Mid("Blue Sky", 3, 0)', ""),
    ('Mid("Blue Sky", 3, -1)', "Blue Sky"),
    ('Mid("Blue Sky", 20, 2)', "Blue Sky"),
    ('Mid("Blue Sky", 0, 2)', "Blue Sky"),
    ("Mid([mail], 1, 1)", ""),
    ('Len("Blue Sky")', 8),
    ('Len("")', 0),
    ("Len([accountName])", 8),
    ('LTrim(" Test ")', "Test "),
    ('LTrim("x ")', "x "),
    ('LTrim("   x")', "x"),
    ('RTrim(" Test ")', " Test"),
    ('RTrim("x   ")', "x"),
    ('RTrim(" x")', " x"),
    ('Trim(" Test ")', "Test"),
    ('Trim("x")', "x"),
    ('Trim(Split(" a , b ", ","))', ["a", "b"]),
    ('PadLeft("User", 10, "0")', "000000User"),
    ('PadLeft("User", 4, "0")', "User"),
    ('PadLeft("User", 2, "0")', "User"),
    ('PadLeft([mail], 5, "0")', ""),
    ('PadRight("User", 10, "0")', "User000000"),
    ('PadRight("User", 2, "0")', "User"),
    ('PadRight([mail], 5, "0")', ""),
    ('Replace("a-b-c", "-", "")', "abc"),
    ('Replace([address], "\\r\\n", ", ")', "One Way, Rome"),
    ('Replace("aaa", "b", "x")', "aaa"),
    ('ReplaceChars("Räksmörgås", %ReplaceString%)', "Raksmorgas"),
    ('ReplaceChars("it\'s", %ReplaceString%)', "its"),
    ('ReplaceChars("straße", "ß:ss")', "strasse"),
    ('ReplaceChars("Åå", "å:a")', "Åa"),
    ('Word("The quick brown fox", 3, " ")', "brown"),
    ('Word("This,string!has&many separators", 3, ",!&#")', "has"),
    ('Word("a;b", 0, ";")', ""),
    ('Word("a;b", 9, ";")', ""),
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_an_expression_gives_this_for_one_object(text: str, expected: object) -> None:
    compiled = compile_expression(text, ATTRIBUTES, ENVIRONMENT)
    expect(compiled.evaluate(OBJECT, identity=1), expected)


@pytest.mark.parametrize(("text", "expected"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_an_expression_gives_the_same_for_aframe_of(text: str, expected: object) -> None:
    compiled = compile_expression(text, ATTRIBUTES, ENVIRONMENT)
    expect(by_columns(compiled, frame_of(ATTRIBUTES, OBJECT)), expected)


_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|%[^%]*%|&H[0-9A-F]+|[A-Za-z]\w*|(?<=[(,] )-?\d+|(?<=\()-?\d+|\d+|.', re.DOTALL
)
_WORDS_IN_QUOTES = ('"DC"',)


def _with_attributes_for_literals(text: str) -> tuple[str, dict[str, object]]:
    """The expression with an attribute in place of each literal, so that nothing in it is constant."""
    values: dict[str, object] = {}

    def replaced(token: str) -> str:
        is_text = token.startswith('"') and token not in _WORDS_IN_QUOTES
        if not is_text and not re.fullmatch(r"-?\d+|&H[0-9A-F]+", token):
            return token
        literal = compile_expression(token, {}, ENVIRONMENT).evaluate({})
        values[f"literal{len(values)}"] = literal.value
        return f"[literal{len(values) - 1}]"

    return "".join(replaced(token) for token in _TOKEN.findall(text)), values


@pytest.mark.parametrize(("text", "expected"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_a_result_does_not_depend_on_what_is_constant(text: str, expected: object) -> None:
    lifted, values = _with_attributes_for_literals(text)
    attributes = ATTRIBUTES | {
        name: Attribute(name=name, type=AttributeType.INTEGER if isinstance(value, int) else AttributeType.STRING)
        for name, value in values.items()
    }
    compiled = compile_expression(lifted, attributes, ENVIRONMENT)
    expect(by_columns(compiled, frame_of(attributes, OBJECT | values)), expected)
    expect(compiled.evaluate(OBJECT | values, identity=1), expected)
