"""What is measured of each function and form: one or two typical expressions with attributes.

They are the registry's own examples where those are about attributes; for all others they stand in the table below, by
name. A test asserts that no function is without one.
"""

from __future__ import annotations

from itertools import chain

from unisono.expressions.functions import FAMILIES, certificates

#: How many of a function's own examples are measured.
_MOST_EXAMPLES = 2

#: Of functions whose examples are about constants, and of those with arguments that make a difference.
TYPICAL: dict[str, tuple[str, ...]] = {
    "IIF": ('IIF([employeeType] = "Intern", "t-" & [accountName], [accountName])',),
    "IsString": ("IsString([givenName])",),
    "IsNumeric": ("IsNumeric([employeeNumber])", "IsNumeric([fourBytes])"),
    "IsGuid": ("IsGuid([guidText])",),
    "LCase": ("LCase([displayName])",),
    "PCase": ("PCase([displayName])", "PCase([department])", "PCase([tags])"),
    "Trim": ("Trim([description])",),
    "LTrim": ("LTrim([description])",),
    "RTrim": ("RTrim([description])",),
    "Left": ("Left([displayName], 3)",),
    "Right": ("Right([displayName], 3)",),
    "Mid": ("Mid([displayName], 3, 5)", "Mid([objectGUID], 1, 2)", "Mid([objectSid], [position], 4)"),
    "MidOrEmpty": ("MidOrEmpty([displayName], 3, [small])",),
    "Word": ('Word([displayName], 2, " ")', 'Word([mail], 2, "@.")', 'Word([displayName], [position], " ")'),
    "PadLeft": ('PadLeft([employeeNumber], 10, "0")', 'PadLeft([employeeNumber], [small], "0")'),
    "PadRight": ('PadRight([employeeNumber], 10, "0")',),
    "Len": ("Len([displayName])", "Len([objectSid])"),
    "InStr": (
        'InStr([mail], "@")',
        'InStr([mail], "E", 3, vbBinaryCompare)',
        'InStr([displayName], "Å", 1, vbTextCompare)',
        "InStr([mail], [accountName])",
    ),
    "InStrRev": ('InStrRev([mail], ".")', 'InStrRev([mail], "E", -1, vbTextCompare)'),
    "Replace": ('Replace([address], "\\r\\n", ", ")', 'Replace([displayName], " ", "<nothing>")'),
    "ReplaceChars": ('ReplaceChars([displayName], "ö:oe,ß:ss,å:a")',),
    "Contains": (
        'Contains([proxyAddresses], "smtp:")',
        'Contains([proxyAddresses], "X500:", CaseInsensitive)',
        "Contains([proxyAddresses], [accountName])",
        'Contains([member], "CN=B7,DC=corp,DC=example,DC=org")',
        "Contains([member], [manager])",
    ),
    "Item": ("Item([otherPhone], 2)",),
    "ItemOrNull": ("ItemOrNull([tags], 2)",),
    "Join": ('Join([tags], ",")', 'Join([tags], " and ")'),
    "RemoveDuplicates": ("RemoveDuplicates(LCase([mixed]))",),
    "Split": ('Split([address], " ")', 'Split([address], " ", 2)'),
    "Select": ('Select($item, [otherPhone], Replace($item, "-", ""))', "Select($v, [tags], $v & [city])"),
    "With": ("With($n, Trim([displayName]), $n & Left($n, 1))",),
    "CBool": ("CBool(BitAnd([userAccountControl], 2))", "CBool([flagText])"),
    "CNum": ("CNum([employeeNumber])", "CNum([fourBytes])"),
    "CBin": ("CBin([number], 4)", "CBin([small], 2)"),
    "CStr": ("CStr([number])", "CStr([hired])"),
    "CRef": ("CRef([dn])",),
    "CDate": ("CDate([startText])",),
    "ConvertFromBase64": ("ConvertFromBase64([packed])", "ConvertFromBase64([packedUtf8], UTF8)"),
    "ConvertToBase64": ("ConvertToBase64([objectGUID])", "ConvertToBase64([displayName])"),
    "ConvertFromUTF8Hex": ("ConvertFromUTF8Hex([hexText])",),
    "ConvertToUTF8Hex": ("ConvertToUTF8Hex([displayName])",),
    "StringFromSid": ("StringFromSid([groupSid])", "StringFromSid([objectSid])"),
    "Thumbprint": ("Thumbprint([objectGUID])",),
    "Now": ("[hired] < Now()",),
    "DateAdd": ('DateAdd("d", 90, [hired])', 'DateAdd("m", 1, [hired])', 'DateAdd("d", [small], [hired])'),
    "NumFromDate": ("NumFromDate([hired])",),
    "FormatDateTime": ('FormatDateTime([hired], "yyyy-MM-dd")', 'FormatDateTime([hired], "d.M.yy H:mm t")'),
    "IsDate": ("IsDate([startText])", "IsDate([displayName])"),
    "DNComponent": ("DNComponent([manager], 1)", "DNComponent([dn], 2)"),
    "DNComponentRev": ("DNComponentRev([dn], 1)", 'DNComponentRev([dn], 1, "DC")'),
    "EscapeDNComponent": ('EscapeDNComponent("CN=" & [displayName])', 'EscapeDNComponent([sn] & ", " & [givenName])'),
    "BitAnd": ("BitAnd([userAccountControl], 2)",),
    "BitOr": ("BitOr([userAccountControl], 64)",),
    "BitNot": ("BitNot([userAccountControl])",),
    "Guid": ("Guid()",),
    "RandomNum": ("RandomNum(100, 999)",),
    "Eq": ('Eq([employeeType], "Intern")',),
    "LessThan": ("LessThan([number], [userAccountControl])",),
    "LessThanOrEquals": ("LessThanOrEquals([number], 512)",),
    "GreaterThan": ("GreaterThan([hired], [changed])",),
    "GreaterThanOrEquals": ("GreaterThanOrEquals([sn], [givenName])",),
    "And": ("And([enabled], IsPresent([mail]))",),
    "Or": ("Or([enabled], IsPresent([mail]))",),
    "Not": ("Not([enabled])",),
    "Concatenate": ('Concatenate([givenName], " ", [sn], [number])',),
    "CRLF": ("[displayName] & CRLF() & [city]",),
    "Null": ("IIF([enabled], [displayName], Null())",),
    "ProperCase": ("ProperCase([displayName])", "ProperCase([department])"),
    "DateTimeFormat": ('DateTimeFormat([startText], "yyyyMMdd")',),
    "ImportedValue": ('[displayName] = ImportedValue("displayName")',),
    "CertNameInfo": ("CertNameInfo([userCertificate], DnsName, False)",),
}


#: All but two of them take nothing but the certificate.
_OF_CERTIFICATES = {member.name for member in certificates.CERTIFICATES.members}

#: Beside the functions.
OPERATORS: dict[str, tuple[str, ...]] = {
    "&": ('[sn] & ", " & [givenName]', "[objectGUID] & [fourBytes]"),
    "+ *": ("[number] * 2 + [small]",),
    "= <": ("[sn] = [givenName]", "[hired] < [changed]"),
    "&& ||": ('[enabled] && [employeeType] = "Intern" || [number] > 7',),
}


def expressions() -> list[tuple[str, str]]:
    """Name and expression of everything that is measured, in the order of the documentation."""
    names = dict.fromkeys(member.name for family in FAMILIES for member in family.members)
    functions = {name: TYPICAL.get(name) or _examples(name) for name in names}
    return [(name, text) for name, texts in chain(functions.items(), OPERATORS.items()) for text in texts]


def _examples(name: str) -> tuple[str, ...]:
    """The registry's examples that read an attribute."""
    examples = chain.from_iterable(m.examples for family in FAMILIES for m in family.members if m.name == name)
    texts = (example.rpartition(" => ")[0] for example in examples)
    if name in _OF_CERTIFICATES:
        return (f"{name}([userCertificate])",)
    return tuple(text for text in texts if "[" in text or name == "ValueCount")[:_MOST_EXAMPLES]
