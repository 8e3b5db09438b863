"""What the operating system's refusals mean for a run step."""

from __future__ import annotations

import errno
from pathlib import Path

from unisono.model.errors import StepStop
from unisono.model.runs import Status


def cannot_open(path: Path, error: OSError) -> StepStop:
    """The step does not start: the file is missing, not ours to open, or no file at all."""
    match error:
        case FileNotFoundError():
            return StepStop(Status.NO_START_FILE_NOT_FOUND, f"the file {path} does not exist")
        case PermissionError():
            return StepStop(Status.NO_START_FILE_ACCESS_DENIED, f"no permission to open the file {path}")
        case _:
            return StepStop(Status.NO_START_FILE_OPEN, f"the file {path} cannot be opened: {_reason(error)}")


def not_a_file(path: Path) -> StepStop:
    return StepStop(Status.NO_START_FILE_OPEN, f"{path} is not a regular file")


def cannot_read(path: Path, error: OSError) -> StepStop:
    """Reading broke off in the middle."""
    return StepStop(Status.STOPPED_FILE_ERROR, f"reading the file {path} failed: {_reason(error)}")


def cannot_write(path: Path, error: OSError) -> StepStop:
    """Writing failed; the file at its place is still the old one."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    status = Status.STOPPED_DISK_FULL if full else Status.STOPPED_EXPORT_WRITE
    return StepStop(status, f"the file {path} cannot be written: {_reason(error)}", hint="The old file is untouched.")


def cannot_keep(path: Path, reason: str, *, disk_full: bool) -> StepStop:
    """What has to be known of the file meanwhile could not be kept on disk; the file itself is as it was."""
    return StepStop(
        Status.STOPPED_DISK_FULL if disk_full else Status.STOPPED_FILE_ERROR,
        f"the temporary copy of the file {path} cannot be kept: {reason}",
        hint="It lies in the directory that TMPDIR names, or else in /var/tmp. The file itself is untouched.",
    )


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
