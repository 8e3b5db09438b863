"""A file as UTF-8 text, in blocks of bounded size.

Reading is suspicious: NUL characters, bytes that are no text in the file's encoding, and a file that changes while it
is read stop the step. All of them mean that what was read is not what the author of the file wrote.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from unisono.connectors.files.failures import cannot_open, cannot_read, not_a_file
from unisono.model.errors import StepStop
from unisono.model.runs import Status

#: Bytes read at a time: a page of some ten thousand objects, small beside the frames made of it.
BLOCK_BYTES = 8 << 20

# Longest mark first: that of UTF-32 begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class TextFile:
    """One reading of a file. ``encoding`` is what it turned out to be: a byte order mark beats the configured one.

    The constructor opens the file and raises ``StepStop`` with a ``no-start-file-*`` status. ``watermarked``: the
    content is to have a watermark, which costs about as much as reading it.
    """

    def __init__(self, path: Path, encoding: str, *, watermarked: bool = False) -> None:
        self.path = path
        self._file = _opened(path)
        self._before = os.fstat(self._file.fileno())
        self.byte_order_mark, self.encoding = _marked_encoding(self._file, encoding)
        self._watermarked = watermarked
        self._rewind()

    def blocks(self, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
        """The text, without byte order mark, as UTF-8, from the beginning; blocks end anywhere between two characters.

        Raises ``StepStop``: ``stopped-file-error``, ``stopped-code-page-conversion``, ``stopped-file-embedded-nulls``.
        """
        self._rewind()
        decoder = codecs.getincrementaldecoder(self.encoding)()
        while True:
            raw = self._read(block_bytes)
            text = self._decoded(decoder, raw)
            self._refuse_nuls(text)
            if text:
                yield text.encode()
            if not raw:
                break
        self._refuse_change()

    @property
    def watermark(self) -> str | None:
        """Names the content read so far; asked after the last block, the whole content."""
        return f"file:{self._bytes_read}:{self._digest.hexdigest()}" if self._digest else None

    def close(self) -> None:
        self._file.close()

    def _rewind(self) -> None:
        self._file.seek(len(self.byte_order_mark))
        self._digest = hashlib.sha256(self.byte_order_mark) if self._watermarked else None
        self._bytes_read = len(self.byte_order_mark)

    def _read(self, block_bytes: int) -> bytes:
        try:
            raw = self._file.read(block_bytes)
        except OSError as error:
            raise cannot_read(self.path, error) from error
        if self._digest:
            self._digest.update(raw)
        self._bytes_read += len(raw)
        return raw

    def _decoded(self, decoder: codecs.IncrementalDecoder, raw: bytes) -> str:
        try:
            return decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            offset = self._bytes_read - len(error.object) + error.start
            raise StepStop(
                Status.STOPPED_CODE_PAGE_CONVERSION,
                f"the file {self.path} is not text in {self.encoding}: see the byte at offset {offset}",
                hint="Set the connector's encoding to the one the file is written in.",
            ) from None  # the error holds the content

    def _refuse_nuls(self, text: str) -> None:
        if "\0" in text:
            raise StepStop(
                Status.STOPPED_FILE_EMBEDDED_NULLS,
                f"the file {self.path} has NUL characters",
                hint="It may be binary, damaged, or in another encoding, such as utf-16.",
            )

    def _refuse_change(self) -> None:
        after = os.fstat(self._file.fileno())
        if (after.st_size, after.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns):
            raise StepStop(
                Status.STOPPED_FILE_ERROR,
                f"the file {self.path} changed while it was read",
                hint="Let its author write another file and rename it when it is complete.",
            )


def content_watermark(path: Path) -> str:
    """The watermark of the file's whole content. Raises ``StepStop``."""
    with _opened(path) as file:
        try:
            digest = hashlib.file_digest(file, "sha256")
            return f"file:{file.tell()}:{digest.hexdigest()}"
        except OSError as error:
            raise cannot_read(path, error) from error


def is_watermark(text: str) -> bool:
    """Whether the text is a watermark of a file's content."""
    kind, _, rest = text.partition(":")
    size, _, digest = rest.partition(":")
    return kind == "file" and size.isdecimal() and len(digest) == hashlib.sha256().digest_size * 2


def _opened(path: Path) -> io.BufferedReader:
    try:
        # Looked at first: opening a pipe would wait for somebody to write into it.
        if not stat.S_ISREG(path.stat().st_mode):
            raise not_a_file(path)
        return path.open("rb")
    except OSError as error:
        raise cannot_open(path, error) from error


def _marked_encoding(file: io.BufferedReader, configured: str) -> tuple[bytes, str]:
    """The byte order mark, which is then behind the file's position, and the encoding it means."""
    start = file.read(4)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            file.seek(len(mark))
            return mark, encoding
    file.seek(0)
    return b"", configured
