"""What file connectors share: files are read suspiciously and replaced as a whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from unisono.connectors.files.failures import cannot_open, cannot_write
from unisono.connectors.files.reading import TextFile, content_watermark, is_watermark
from unisono.connectors.files.replacing import replace_file
from unisono.connectors.files.values import GENERALIZED_FORMATS, is_date_format, texts, typed, typed_lists
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import AttributeType

PATH = Path("people.csv")

# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FileNotFoundError(errno.ENOENT, "no such file"), Status.NO_START_FILE_NOT_FOUND),
        (PermissionError(errno.EACCES, "denied"), Status.NO_START_FILE_ACCESS_DENIED),
        (IsADirectoryError(errno.EISDIR, "is a directory"), Status.NO_START_FILE_OPEN),
        (OSError(errno.EMFILE, "too many open files"), Status.NO_START_FILE_OPEN),
    ],
)
def test_what_keeps_a_file_from_being_opened_has_a_status(error: OSError, status: Status) -> None:
    assert cannot_open(PATH, error).status is status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(errno.ENOSPC, "no space"), Status.STOPPED_DISK_FULL),
        (OSError(errno.EDQUOT, "quota"), Status.STOPPED_DISK_FULL),
        (OSError(errno.EIO, "input/output error"), Status.STOPPED_EXPORT_WRITE),
        (PermissionError(errno.EACCES, "denied"), Status.STOPPED_EXPORT_WRITE),
    ],
)
def test_what_keeps_a_file_from_being_written_has_a_status(error: OSError, status: Status) -> None:
    assert cannot_write(PATH, error).status is status


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("block_bytes", [1, 3, 1000])
def test_blocks_of_any_size_give_the_whole_text(tmp_path: Path, encoding: str, block_bytes: int) -> None:
    path = tmp_path / "file"
    path.write_bytes("Jörg, Zoë\n".encode(encoding))
    file = TextFile(path, encoding)
    assert b"".join(file.blocks(block_bytes)).decode() == "Jörg, Zoë\n"
    file.close()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StepStop) as stop:
        TextFile(tmp_path / "pipe", "utf-8")
    assert stop.value.status is Status.NO_START_FILE_OPEN


def test_a_file_that_grows_while_it_is_read_stops_the_step(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one\n")
    file = TextFile(path, "utf-8")
    blocks = file.blocks()
    next(blocks)
    path.write_text("one\ntwo\n")
    with pytest.raises(StepStop, match="changed while it was read") as stop:
        list(blocks)
    assert stop.value.status is Status.STOPPED_FILE_ERROR
    file.close()


def test_a_file_that_is_replaced_while_it_is_read_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    file = TextFile(path, "utf-8")
    replace_file(path, [b"new"])
    assert list(file.blocks()) == [b"old"]
    file.close()


def test_broken_text_is_told_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes("é".encode() * 10 + b"\xff")
    file = TextFile(path, "utf-8")
    with pytest.raises(StepStop, match="offset 20"):
        list(file.blocks(3))
    file.close()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_can_be_read_again_from_its_beginning(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(mark + b"content")
    file = TextFile(path, "utf-8", watermarked=True)
    next(file.blocks(3))
    assert [b"".join(file.blocks(4)), b"".join(file.blocks(5))] == [b"content"] * 2
    assert file.watermark == content_watermark(path)
    file.close()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_watermark_is_the_same_however_it_is_taken(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(mark + b"content")
    file = TextFile(path, "utf-8", watermarked=True)
    list(file.blocks(2))
    file.close()
    assert file.watermark == content_watermark(path)
    assert is_watermark(content_watermark(path))


@pytest.mark.parametrize("text", ["", "file", "file:x:y", "file:1:abc", f"usn:1:{'0' * 64}"])
def test_other_texts_are_no_watermarks(text: str) -> None:
    assert not is_watermark(text)


# --- replacing -------------------------------------------------------------------------------------------------------


def test_a_failure_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError(errno.EIO, "input/output error")

    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(StepStop) as stop:
        replace_file(path, broken())
    assert stop.value.status is Status.STOPPED_EXPORT_WRITE
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_content_that_cannot_be_made_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise StepStop(Status.STOPPED_DISK_FULL, "no space for temporary files")

    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(StepStop, match="no space for temporary files"):
        replace_file(path, broken())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    replace_file(tmp_path / "link", [b"new"])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_directory_that_is_gone_stops_the_export(tmp_path: Path) -> None:
    with pytest.raises(StepStop) as stop:
        replace_file(tmp_path / "gone" / "file", [b"new"])
    assert stop.value.status is Status.STOPPED_EXPORT_WRITE


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20240229120000Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("20240229120000.5Z", datetime(2024, 2, 29, 12, 0, 0, 500000, tzinfo=UTC)),
        ("20240229120000+0200", datetime(2024, 2, 29, 10, tzinfo=UTC)),
        ("202402291200Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("20230229120000Z", None),
        ("20240229120000", None),
    ],
)
def test_generalized_time_is_understood(text: str, value: datetime | None) -> None:
    column = typed(pl.Series([text]), AttributeType.DATETIME, GENERALIZED_FORMATS)
    assert column.values.to_list() == [value]


@pytest.mark.parametrize("text", ["+12024-01-01T00:00:00Z", "0000-01-01", "-0001-01-01"])
def test_years_that_no_calendar_here_has_are_refused(text: str) -> None:
    column = typed(pl.Series([text]), AttributeType.DATETIME)
    assert column.bad is not None
    assert column.bad.to_list() == [True]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (AttributeType.INTEGER, [0, -1, 2**63 - 1, -(2**63), None]),
        (AttributeType.BOOLEAN, [True, False, None]),
        (AttributeType.BINARY, [b"", b"\x00\xff", None]),
        (AttributeType.DATETIME, [datetime(1, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, 3, 4, 5, 678901, UTC), None]),
    ],
)
def test_values_become_texts_and_values_again(kind: AttributeType, values: list[object]) -> None:
    written = texts(pl.Series(values, strict=True), kind)
    again = typed(written, kind)
    assert again.values.to_list() == values
    assert again.bad is None


def test_a_list_with_one_bad_text_is_bad_and_its_neighbours_are_not() -> None:
    column = typed_lists(pl.Series([["1"], ["2", "x"], None, ["3", "4"]]), AttributeType.INTEGER)
    assert column.bad is not None
    assert column.bad.to_list() == [False, True, False, False]
    assert column.values.to_list()[3] == [3, 4]


@pytest.mark.parametrize(
    ("text", "is_format"),
    [("%d.%m.%Y", True), ("%Y-%m-%dT%H:%M:%S", True), ("%d.%m.", False), ("dd.mm.yyyy", False), ("", False)],
)
def test_a_date_format_can_write_and_read_a_day(text: str, is_format: bool) -> None:
    assert is_date_format(text) is is_format
