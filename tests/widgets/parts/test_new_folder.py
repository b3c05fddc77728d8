"""A folder that is proposed is free; one that the person wrote is kept."""

import pytest
from qtpy.QtWidgets import QFileDialog

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.parts.new_folder import NewFolder, free


@pytest.fixture
def field(qtbot):
    field = NewFolder("run", label="Run folder")
    qtbot.addWidget(field.native)
    return field


def test_a_proposal_follows_until_the_person_writes(field, tmp_path):
    field.propose(tmp_path / "a")
    field.propose(tmp_path / "b")
    assert field.path() == tmp_path / "b"
    field.value = tmp_path / "mine"
    field.propose(tmp_path / "c")
    assert field.path() == tmp_path / "mine"
    (tmp_path / "mine").mkdir()
    field.propose(tmp_path / "c")
    assert field.path() == tmp_path / "c"
    field.propose(None)
    with pytest.raises(UserError, match="The run folder is empty"):
        field.path()


def test_what_exists_is_refused(field, tmp_path):
    field.value = tmp_path
    with pytest.raises(UserError, match="exists already"):
        field.path()


def test_one_chooses_the_folder_in_which_it_is_made(field, tmp_path, monkeypatch):
    (tmp_path / "there" / "run-1").mkdir(parents=True)
    asked = []

    def choose(parent, title, start):
        asked.append(start)
        return str(tmp_path / "there")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    field.value = tmp_path / "run-1"
    field.choose_btn.native.click()
    assert asked == [str(tmp_path)]
    assert field.path() == tmp_path / "there" / "run-2"
    assert field.line_edit.tooltip == str(field.path())


@pytest.mark.parametrize(
    ("name", "ending", "second"),
    [
        ("run-1", "", "run-2"),
        ("a.b-run-9", "", "a.b-run-10"),
        ("x-export", "", "x-export-2"),
        ("view.svg", ".svg", "view-2.svg"),
        ("2026-11", "", "2026-12"),
    ],
)
def test_a_free_name_counts_on(tmp_path, name, ending, second):
    assert free(tmp_path / name, ending) == tmp_path / name
    (tmp_path / name).mkdir()
    assert free(tmp_path / name, ending) == tmp_path / second
