"""A server as a child process: where it lives, when it is ready, how it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, ClassVar, Self

LOOPBACK = "127.0.0.1"

_READY_TIMEOUT_S = 30
_STOP_TIMEOUT_S = 20
_POLL_S = 0.01
_LOG_TAIL = 3000  # characters
_DIRECTORY = re.compile(r"unisono-[a-z]+-(\d+)-")
# Debian keeps servers out of the path of ordinary users.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/lib/postgresql/15/bin"))


class NotInstalled(Exception):
    """A program is missing; ``str()`` is the line that installs it."""


class ServerFailed(Exception):
    """A program of the server ended badly; ``str()`` holds the end of what it printed."""


def program(name: str, *, packages: str) -> str:
    """The program's path. Raises ``NotInstalled``, which names the Debian packages."""
    path = shutil.which(name, path=_PATH)
    if path is None:
        raise NotInstalled(f"{name} is not installed: apt-get install {packages}")
    return path


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What the command printed. Raises ``ServerFailed`` unless it ends with 0."""
    ended = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=cwd)
    if ended.returncode:
        printed = (ended.stdout + ended.stderr)[-_LOG_TAIL:]
        raise ServerFailed(f"{command[0]} ended with {ended.returncode}\n{printed}")
    return ended.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def accepts_connections(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def own_directory(kind: str, parent: Path | None = None) -> Path:
    """A new directory for a server of this kind; removes what killed test runs left behind."""
    parent = parent or Path(tempfile.gettempdir())
    for left in parent.glob(f"unisono-{kind}-*"):
        owner = _DIRECTORY.match(left.name)
        if owner and not _is_running(int(owner[1])):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"unisono-{kind}-{os.getpid()}-", dir=parent))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def run_as(account: str | None) -> tuple[str, ...]:
    """Options of ``setpriv`` that change to the account; None: stay who we are."""
    return (f"--reuid={account}", f"--regid={account}", "--clear-groups") if account else ()


class Server(ABC):
    """An ephemeral server. A subclass prepares its files in the constructor and says how to start it.

    Its directory is made in ``parent``, or where such files go; the account that it runs as must be able to get there.
    ``start`` returns when the server answers; after ``stop`` or ``kill`` it may be started again, with the same files
    and the same ports. Leaving the context removes everything.
    """

    kind: ClassVar[str]
    packages: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, parent: Path | None = None) -> None:
        self.directory = own_directory(self.kind, parent)
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """Program and arguments of the server in the foreground."""

    @property
    def environment(self) -> Mapping[str, str]:
        return {}

    @property
    def account(self) -> str | None:
        """The account that it runs as where that must not be the account of the tests."""
        return None

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers; asked again and again after the start."""

    @property
    def pid(self) -> int:
        """The server's first process, while it runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """The end of what the server printed."""
        return (self.directory / "server.log").read_text(errors="replace")[-_LOG_TAIL:]

    def start(self) -> None:
        """Start and wait until it answers. Raises ``ServerFailed`` with the end of the log."""
        self._log = (self.directory / "server.log").open("ab")
        self._process = subprocess.Popen(
            [str(word) for word in (*self._dying_with_us(), *self.command)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=self.directory,
            env={**os.environ, **self.environment},
            start_new_session=True,
        )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """End it in its own orderly way; by force when that takes too long."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End it and its children at once, without a chance to tidy up."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def _dying_with_us(self) -> tuple[str, ...]:
        # setpriv asks the kernel to signal the server when the test run dies, however it dies. The same by
        # ``preexec_fn`` would fork a process that has threads.
        setpriv = program("setpriv", packages="util-linux")
        death = f"--pdeathsig={self.stop_signal.name.removeprefix('SIG')}"
        return (setpriv, *run_as(self.account), death, "--")

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"{self.kind} did not start\n{self.log}")
            time.sleep(_POLL_S)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_TIMEOUT_S)
        with suppress(ProcessLookupError):  # its children, and itself where it did not listen
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        if self._log is not None:
            self._log.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._end(signal.SIGKILL)  # nothing of it will be read again
        shutil.rmtree(self.directory, ignore_errors=True)
