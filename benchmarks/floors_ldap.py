"""Floor of exporting to LDAP: a client that has its entries ready and adds them, with requests in flight.

``python -m benchmarks.floors_ldap POPULATION URL BASE``; the account and its password are in the environment
(``ACCOUNT``, ``PASSWORD``).
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import ldap
import polars as pl

ACCOUNT, PASSWORD = "UNISONO_BENCHMARK_ACCOUNT", "UNISONO_BENCHMARK_PASSWORD"
_WINDOW = 64  # requests that wait for an answer, as the product's connector has them
_CLASSES = [b"top", b"person", b"organizationalPerson", b"inetOrgPerson"]
_COLUMNS = {
    "employeeId": "uid",
    "displayName": "cn",
    "sn": "sn",
    "givenName": "givenName",
    "email": "mail",
    "employeeNumber": "employeeNumber",
    "employeeType": "employeeType",
    "title": "title",
    "department": "departmentNumber",
    "city": "l",
    "telephoneNumber": "telephoneNumber",
    "mobile": "mobile",
    "room": "roomNumber",
    "manager": "manager",
}

Entry = tuple[str, list[tuple[str, list[bytes]]]]


def main() -> None:
    population, url, base = sys.argv[1:]
    connection = ldap.initialize(url)
    connection.simple_bind_s(os.environ[ACCOUNT], os.environ[PASSWORD])
    waiting: deque[int] = deque()
    for dn, attributes in list(_entries(Path(population), base)):
        waiting.append(connection.add_ext(dn, attributes))
        if len(waiting) >= _WINDOW:
            connection.result(waiting.popleft())
    for request in waiting:
        connection.result(request)
    connection.unbind_s()


def _entries(population: Path, base: str) -> Iterator[Entry]:
    people = pl.read_csv(population / "hr.csv", infer_schema=False).select(
        "employeeId",
        pl.concat_str("givenName", pl.lit(" "), "sn").alias("displayName"),
        "sn",
        "givenName",
        "email",
        pl.col("employeeId").alias("employeeNumber"),
        "employeeType",
        "title",
        "department",
        "city",
        pl.lit("+49 221 00000000").alias("telephoneNumber"),
        pl.lit("+49 170 00000000").alias("mobile"),
        pl.lit("R12.123").alias("room"),
        pl.concat_str(pl.lit("uid="), "manager", pl.lit(f",{base}")).alias("manager"),
    )
    for person in people.rename(_COLUMNS).iter_rows(named=True):
        values = [(name, [value.encode()]) for name, value in person.items() if value is not None]
        yield f"uid={person['uid']},{base}", [("objectClass", _CLASSES), *values]


if __name__ == "__main__":
    main()
