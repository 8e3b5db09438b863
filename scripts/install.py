"""Make ``.venv`` ready for one purpose: ``install.py runtime``, ``dev`` or ``lock``.

What is there already is left alone, so that ``make`` can call this before everything else. Everything from a package
index is checked against the hashes in ``requirements/``; nothing is fetched for building either, since the build
requirements are installed first and builds see only them. Standard library only: it runs before there is anything.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"

# In order of installation. ``dev`` holds everything of ``runtime`` in the same versions.
LOCKS = {
    "runtime": ("build.txt", "runtime.txt"),
    "dev": ("build.txt", "dev.txt"),
    "lock": ("lock.txt",),
}

# Servers that the tests start by themselves, and what compiling the LDAP library takes.
TEST_PACKAGES = (
    "slapd",
    "ldap-utils",
    "postgresql-15",
    "gcc",
    "libc6-dev",
    "libldap-dev",
    "libsasl2-dev",
    "openssl",
)


def needed_packages(purpose: str) -> list[str]:
    """Debian packages that must be there, installed or not. Only Debian's own Python comes in pieces."""
    packages = list(TEST_PACKAGES) if purpose == "dev" else []
    if sys.base_prefix == "/usr":
        if importlib.util.find_spec("ensurepip") is None:
            packages.append("python3-venv")
        if purpose == "dev" and not Path(sysconfig.get_path("include"), "Python.h").exists():
            packages.append("python3-dev")
    return packages


def missing_packages(packages: list[str]) -> list[str]:
    """Those of the packages that Debian's package manager does not hold as installed."""
    query = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *packages]
    answer = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    installed = {name for name, status in (line.split() for line in answer.splitlines()) if status == "installed"}
    return [name for name in packages if name not in installed]


def install_packages(purpose: str) -> None:
    packages = needed_packages(purpose)
    if not packages:
        return
    if shutil.which("apt-get") is None:
        say(f"no apt-get here: see to it that these, or their likes, are installed: {' '.join(packages)}")
        return
    if missing := missing_packages(packages):
        say(f"installing Debian packages: {' '.join(missing)}")
        run(*as_root(), str(ROOT / "scripts" / "install-debian-packages"), *missing)


def as_root() -> list[str]:
    """What goes before a command that only root may run."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        sys.exit("root or sudo is needed for that")
    return ["sudo"]


def make_venv() -> None:
    """A virtual environment with a Python that runs and with pip; what works is kept."""
    if not runs("pass"):
        say(f"making {VENV.name} with Python {sys.version.split()[0]}")
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
    elif not runs("import pip"):
        run(str(PYTHON), "-m", "ensurepip")


def runs(code: str) -> bool:
    """Whether the environment's Python is there and runs the code."""
    try:
        return subprocess.run([PYTHON, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install_locked(purpose: str) -> None:
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    for name in LOCKS[purpose]:
        say(f"installing requirements/{name}")
        locked = str(ROOT / "requirements" / name)
        run(*pip, "--require-hashes", "--no-deps", "--no-build-isolation", "--requirement", locked)
    if purpose != "lock":
        run(*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def fingerprint(purpose: str) -> str:
    """Changes with anything that an installation for the purpose is made of."""
    files = [ROOT / "pyproject.toml", *(ROOT / "requirements" / name for name in LOCKS[purpose])]
    return hashlib.sha256(b"\0".join([bytes(ROOT), *(file.read_bytes() for file in files)])).hexdigest()


def stamp(purpose: str) -> Path:
    return VENV / f".installed-{purpose}"


def is_installed(purpose: str) -> bool:
    """Whether the last installation for the purpose, or for one that includes it, still holds."""
    enough = [purpose, "dev"] if purpose == "runtime" else [purpose]
    return PYTHON.exists() and any(
        stamp(each).exists() and stamp(each).read_text() == fingerprint(each) for each in enough
    )


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(purpose: str) -> None:
    install_packages(purpose)
    if is_installed(purpose):
        return
    make_venv()
    stamp(purpose).unlink(missing_ok=True)
    install_locked(purpose)
    stamp(purpose).write_text(fingerprint(purpose))


if __name__ == "__main__":
    if sys.argv[1:] not in ([name] for name in LOCKS):
        sys.exit(f"usage: install.py {' | '.join(LOCKS)}")
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed with status {error.returncode}: {' '.join(map(str, error.cmd))}")
