"""Dates in the formats of .NET, by columns and one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.unit.expressions.builders import compiled, people, results

from unisono.expressions import ExpressionMistakes

_EVENING = datetime(2007, 2, 5, 21, 4, 8, 120_000, tzinfo=UTC)
_MIDNIGHT = datetime(987, 12, 25, tzinfo=UTC)

FORMATS = [
    # format, for the evening, for midnight
    ("yyyy-MM-dd", "2007-02-05", "0987-12-25"),
    ("yyyyMMddHHmmss.0Z", "20070205210408.0Z", "09871225000000.0Z"),
    ("y yy yyy yyyyy", "7 07 2007 02007", "87 87 987 00987"),
    ("M MM MMM MMMM MMMMM", "2 02 Feb February February", "12 12 Dec December December"),
    ("d dd ddd dddd ddddd", "5 05 Mon Monday Monday", "25 25 Tue Tuesday Tuesday"),
    ("H HH HHH", "21 21 21", "0 00 00"),
    ("h hh hhh t tt ttt", "9 09 09 P PM PM", "12 12 12 A AM AM"),
    ("m mm mmm s ss sss", "4 04 04 8 08 08", "0 00 00 0 00 00"),
    ("f ff fff ffff ffffff fffffff", "1 12 120 1200 120000 1200000", "0 00 000 0000 000000 0000000"),
    ("ss.F", "08.1", "00"),
    ("ss.FFFFFFF", "08.12", "00"),
    ("z zz zzz K", "+0 +00 +00:00 Z", "+0 +00 +00:00 Z"),
    ("yyyy gg", "2007 A.D.", "0987 A.D."),
    ('\'day\' d \\d "\\"d"', 'day 5 d "d', 'day 25 d "d'),
    ("%d", "5", "25"),
    ("100%d", "1005", "10025"),
    ("d", "02/05/2007", "12/25/0987"),
    ("D", "Monday, 05 February 2007", "Tuesday, 25 December 0987"),
    ("f", "Monday, 05 February 2007 21:04", "Tuesday, 25 December 0987 00:00"),
    ("G", "02/05/2007 21:04:08", "12/25/0987 00:00:00"),
    ("M", "February 05", "December 25"),
    ("O", "2007-02-05T21:04:08.1200000Z", "0987-12-25T00:00:00.0000000Z"),
    ("R", "Mon, 05 Feb 2007 21:04:08 GMT", "Tue, 25 Dec 0987 00:00:00 GMT"),
    ("s", "2007-02-05T21:04:08", "0987-12-25T00:00:00"),
    ("u", "2007-02-05 21:04:08Z", "0987-12-25 00:00:00Z"),
    ("Y", "2007 February", "0987 December"),
    ("", "", ""),
]


@pytest.mark.parametrize(("form", "evening", "midnight"), FORMATS, ids=[row[0] for row in FORMATS])
def test_a_date_is_written_as_dotnet_writes_it(form: str, evening: str, midnight: str) -> None:
    quoted = form.replace("\\", "\\\\").replace('"', '\\"')
    expression = compiled(f'FormatDateTime([hired], "{quoted}")')
    rows: list[dict[str, object]] = [{"hired": _EVENING}, {"hired": _MIDNIGHT}, {"hired": None}]
    one_by_one = [expression.evaluate(row) for row in rows]
    assert [result.value for result in one_by_one] == [evening, midnight, None]
    assert results(expression, people(*rows)) == one_by_one


WRONG = [
    ("x", "wrong format: there is no standard format x"),
    ("yyyy 'of", "wrong format: a quote is not closed"),
    ("yyyy%", "wrong format: nothing follows %"),
    ("ffffffff", "wrong format: a fraction of a second has up to 7 digits"),
]


@pytest.mark.parametrize(("form", "message"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_format_is_a_mistake_where_it_is_known_and_else_an_error(form: str, message: str) -> None:
    with pytest.raises(ExpressionMistakes, match=message):
        compiled(f'FormatDateTime([hired], "{form}")')
    expression = compiled("FormatDateTime([hired], [mail])")
    row: dict[str, object] = {"hired": _EVENING, "mail": form}
    assert expression.evaluate(row).error == f"FormatDateTime: {message}"
    assert results(expression, people(row)) == [expression.evaluate(row)]
