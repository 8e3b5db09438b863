"""Makes the connected systems of Contoso: ``python -m examples.contoso.generate [--people N] [--groups N] DIRECTORY``.

The same arguments give the same files, byte for byte where the format allows it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .directory import BASE, make_accounts, write_directory
from .groups import make_groups
from .people import make_people
from .systems import write_app, write_hr, write_phones

PEOPLE, GROUPS = 1000, 60
SEED = 16  # HR and the telephone database disagree on 100042, whom the documentation asks about
FEWEST_PEOPLE = 200


def generate(
    directory: Path,
    *,
    people: int = PEOPLE,
    groups: int = GROUPS,
    seed: int = SEED,
    base: str = BASE,
    for_server: bool = False,
) -> None:
    """Write ``hr.csv``, ``phones.db``, ``directory.ldif`` and ``app.db`` into ``directory``, replacing older ones.

    ``base`` is the DN under which the directory's entries stand; ``for_server`` writes them as ``ldapadd`` takes them.
    Raises ``ValueError`` for fewer than 200 people: the scenario could not find somebody for each of its changes.
    """
    if people < FEWEST_PEOPLE:
        raise ValueError(f"Contoso has at least {FEWEST_PEOPLE} people")
    directory.mkdir(parents=True, exist_ok=True)
    for database in ("phones.db", "app.db"):
        (directory / database).unlink(missing_ok=True)
    everybody = make_people(people, seed=seed)
    accounts = make_accounts(everybody, seed=seed + 1)
    members = everybody.join(accounts, on="employeeId", how="semi")
    write_hr(directory / "hr.csv", everybody)
    write_phones(directory / "phones.db", everybody, seed=seed + 2)
    teams = make_groups(groups, members, seed=seed + 3)
    write_directory(directory / "directory.ldif", accounts, teams, base=base, for_server=for_server)
    write_app(directory / "app.db")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="generate", description="Make the connected systems of Contoso.")
    parser.add_argument("directory", type=Path, help="where the files are written")
    parser.add_argument("--people", type=int, default=PEOPLE, help="default: %(default)s")
    parser.add_argument("--groups", type=int, default=GROUPS, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=SEED, help="default: %(default)s")
    parser.add_argument("--base", default=BASE, help="DN of the directory's subtree; default: %(default)s")
    parser.add_argument("--for-server", action="store_true", help="write directory.ldif for ldapadd")
    chosen = parser.parse_args(arguments)
    generate(**vars(chosen))


if __name__ == "__main__":
    main()
