"""A new project loads as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from unisono.config import load_project, write_template


def test_a_new_project_loads_without_mistakes_or_warnings(tmp_path: Path) -> None:
    paths = write_template(tmp_path / "new", "contoso")
    loaded = load_project(tmp_path / "new", environ={})
    assert loaded.warnings == ()
    assert loaded.project.name == "contoso"
    assert [rule.name for rule in loaded.project.rules] == ["HR person inbound"]
    assert sorted(paths) == sorted(path for path in (tmp_path / "new").rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["it's", 'a "b" {c}', "x: y # z", "true", "42", "Größe 🎼", "%a", "- b"])
def test_any_name_survives_being_written(name: str, tmp_path: Path) -> None:
    write_template(tmp_path, name)
    assert load_project(tmp_path, environ={}).project.name == name


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 129, "\x1b[31m"])
def test_a_name_that_no_project_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a project"):
        write_template(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "metaverse.yaml").write_text("mine\n", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"metaverse\.yaml"):
        write_template(tmp_path, "contoso")
    assert [path.name for path in tmp_path.iterdir()] == ["metaverse.yaml"]
    assert (tmp_path / "metaverse.yaml").read_text(encoding="utf-8") == "mine\n"
