"""Read one page ahead, while the connected data source works on the page before."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from unisono.model.phases import Phase
from unisono.runs.profile import Profile

T = TypeVar("T")


def ahead(pages: Iterator[T], profile: Profile) -> Generator[T]:
    """The pages; the next one is made in a thread of its own while the caller has the one before.

    The maker must not depend on what the caller does with the page before the last. What it raises is raised here. Only
    waiting for a page takes the caller's time, so only that is counted in the caller's ``profile``.
    """
    making = Profile()

    def make() -> T | None:
        with making.kept(Phase.DECODE):
            return next(pages, None)

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(make)
        while True:
            with profile.waiting(making):
                page = coming.result()
            if page is None:
                return
            coming = reader.submit(make)
            yield page
