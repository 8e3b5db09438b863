"""Whatever stands in its files, a project loads or tells its mistakes."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from unisono.config import load_project
from unisono.config.files import MAX_BYTES
from unisono.model.errors import ConfigurationError, Mistake

SOUND = Path(__file__).parent / "sound"
FILES = sorted(str(path.relative_to(SOUND)) for path in SOUND.rglob("*.yaml"))
KEYS = sorted({word.strip("{}[]:,'\" -") for path in SOUND.rglob("*.yaml") for word in path.read_text().split()})


def mistakes_in(directory: Path) -> tuple[Mistake, ...]:
    """Fails for whatever is raised that is not a ``ConfigurationError``."""
    try:
        return load_project(directory, environ={}).warnings
    except ConfigurationError as refused:
        return refused.mistakes


def check_mistakes(file: str, content: bytes) -> tuple[Mistake, ...]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SOUND, folder, dirs_exist_ok=True)
        (Path(folder) / file).write_bytes(content)
        mistakes = mistakes_in(Path(folder))
    for mistake in mistakes:
        assert mistake.check
        assert mistake.message
        assert mistake.place is not None
        assert mistake.place.line >= 1
        assert mistake.place.column >= 1
        assert len(mistake.message) < 1000
    return mistakes


# --- any bytes, any text, any structure, any edit --------------------------------------------------------------------


@given(st.sampled_from(FILES), st.binary(max_size=200))
def test_any_bytes(file: str, content: bytes) -> None:
    check_mistakes(file, content)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(KEYS),
)


def structures() -> SearchStrategy[object]:
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner),
        max_leaves=12,
    )


@given(st.sampled_from(FILES), structures())
def test_any_structure(file: str, structure: object) -> None:
    check_mistakes(file, flow(structure).encode("utf-8", "surrogatepass"))


def flow(value: object) -> str:
    """The value in YAML's flow style."""
    match value:
        case dict():
            return "{" + ", ".join(f"{quoted(str(key))}: {flow(member)}" for key, member in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case str():
            return quoted(value)
        case None:
            return "null"
        case _:
            return str(value).lower()


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A file of the sound project with one value replaced."""
    file = draw(st.sampled_from(FILES))
    text = (SOUND / file).read_text(encoding="utf-8")
    spots = [spot for spot, character in enumerate(text) if character in " [{:,'"]
    start = draw(st.sampled_from(spots)) + 1
    length = draw(st.integers(0, 12))
    return file, text[:start] + draw(st.sampled_from(KEYS) | st.text(max_size=6)) + text[start + length :]


@settings(max_examples=200)
@given(edited())
def test_any_edit(edit: tuple[str, str]) -> None:
    file, text = edit
    check_mistakes(file, text.encode("utf-8", "surrogatepass"))


# --- files that are no text ------------------------------------------------------------------------------------------


HOSTILE = [
    pytest.param(b"name: caf\xe9\n", "yaml-syntax", 1, 10, id="not UTF-8"),
    pytest.param(b"name: x\n\xff\xfe", "yaml-syntax", 2, 1, id="not UTF-8 in its second line"),
    pytest.param("name: x\n".encode("utf-16"), "yaml-syntax", 1, 1, id="UTF-16"),
    pytest.param(b"name: a\0b\n", "yaml-syntax", 1, 8, id="a NUL"),
    pytest.param(b"name: x\n#" + b"x" * MAX_BYTES, "too-large", 1, 1, id="a huge file"),
]


@pytest.mark.parametrize(("content", "check", "line", "column"), HOSTILE)
def test_a_file_that_is_no_project_file_is_refused_with_a_place(
    content: bytes, check: str, line: int, column: int
) -> None:
    (mistake,) = check_mistakes("unisono.yaml", content)
    assert mistake.place is not None
    assert (mistake.check, mistake.place.line, mistake.place.column) == (check, line, column)


def test_a_pipe_in_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    shutil.copytree(SOUND, tmp_path, dirs_exist_ok=True)
    (tmp_path / "metaverse.yaml").unlink()
    os.mkfifo(tmp_path / "metaverse.yaml")
    assert [mistake.check for mistake in mistakes_in(tmp_path)] == ["bad-path"]
