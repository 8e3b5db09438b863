"""Progress on the terminal: which step, how many objects, how fast. Shown after a second, gone at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import Progress as Bars
from rich.progress import ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

#: What ends earlier than this is not worth a line that flashes.
PATIENCE_S = 1.0


class Progress:
    """A ``Reporter``. ``pause`` before results are printed: the line must not stand among them."""

    def __init__(self) -> None:
        self._line: _Patient | None = None

    def step(self, connector: str, description: str) -> None:
        self.pause()
        self._line = _Patient(f"{connector} {description}")
        self._line.start()

    def advance(self, objects: int, what: str) -> None:
        if self._line is None:
            self.step("", what)
        if self._line is not None:
            self._line.update(self._line.task_ids[0], advance=objects, what=what)

    def pause(self) -> None:
        """Take the line away; the next step shows a new one."""
        if self._line is not None:
            self._line.stop()
            self._line = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()


class _Rate(ProgressColumn):
    """``12,000 objects imported, 4,000/s``; nothing before the first object."""

    def render(self, task: Task) -> Text:
        if not task.completed:
            return Text("")
        rate = f", {task.speed:,.0f}/s" if task.speed else ""
        return Text(f"{task.completed:,.0f} {task.fields['what']}{rate}")


class _Patient(Bars):
    """A line about one step on standard error that is empty for the first second."""

    def __init__(self, description: str) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), _Rate(), TimeElapsedColumn())
        super().__init__(
            *columns, console=Console(file=sys.stderr), transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self.add_task(description, total=None, what="")

    def get_renderables(self) -> Iterable[RenderableType]:
        if all((task.elapsed or 0) >= PATIENCE_S for task in self.tasks):
            yield from super().get_renderables()


def pause(reporter: object) -> None:
    """Let results be printed, where the reporter is one that shows something."""
    if isinstance(reporter, Progress):
        reporter.pause()
