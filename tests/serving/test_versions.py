"""Which version answers while a folder changes."""

import types

import pytest

from kwscls.errors import KwsclsError
from kwscls.serving.versions import Versions, find, name_of


def put(folder, content="good"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_text(content)


def load(folder, version):
    if (folder / "saved_model.pb").read_text() != "good":
        raise KwsclsError("is damaged", folder)
    return types.SimpleNamespace(folder=folder, version=version)


def test_what_a_folder_holds(tmp_path):
    put(tmp_path / "run" / "saved_model")
    put(tmp_path / "words" / "2")
    put(tmp_path / "words" / "10")
    (tmp_path / "words" / "11").mkdir()  # nothing in it yet
    put(tmp_path / "words" / ".12.tmp")
    assert find(tmp_path / "run") == {1: tmp_path / "run" / "saved_model"}
    assert sorted(find(tmp_path / "words")) == [2, 10]
    assert find(tmp_path / "words" / "10") == {10: tmp_path / "words" / "10"}
    assert find(tmp_path / "nothing") == {}
    for folder in ("words", "words/10", "run/saved_model"):
        assert name_of(tmp_path / folder) == folder.split("/")[0]


def test_the_newest_answers_and_a_broken_one_changes_nothing(tmp_path):
    put(tmp_path / "1")
    versions = Versions(tmp_path, load)
    first = versions.current
    assert first.version == 1
    put(tmp_path / "3", "bad")
    versions.refresh()
    assert versions.current is first and "is damaged" in versions.broken[3]
    assert [row["state"] for row in versions.status()] == ["END", "AVAILABLE"]
    put(tmp_path / "2")
    versions.refresh()
    assert versions.current.version == 2
    (tmp_path / "3" / "saved_model.pb").unlink()
    put(tmp_path / "3")
    versions.refresh()
    assert versions.current.version == 3 and not versions.broken
    (tmp_path / "3" / "saved_model.pb").unlink()
    versions.refresh()
    assert versions.current.version == 2


def test_a_version_that_is_still_being_copied_is_tried_again(tmp_path):
    """Its graph arrives before its weights."""
    def whole(folder, version):
        if not (folder / "variables" / "variables.index").exists():
            raise KwsclsError("holds no weights", folder)
        return load(folder, version)

    for version in ("1", "2"):
        put(tmp_path / version)
    (tmp_path / "1" / "variables").mkdir()
    (tmp_path / "1" / "variables" / "variables.index").touch()
    versions = Versions(tmp_path, whole)
    assert versions.current.version == 1
    (tmp_path / "2" / "variables").mkdir()
    (tmp_path / "2" / "variables" / "variables.index").touch()
    versions.refresh()
    assert versions.current.version == 2


def test_a_folder_that_empties_leaves_the_last_one_answering(tmp_path):
    put(tmp_path / "1")
    versions = Versions(tmp_path, load)
    (tmp_path / "1" / "saved_model.pb").unlink()
    versions.refresh()
    assert versions.current.version == 1


def test_folders_that_cannot_be_served(tmp_path):
    with pytest.raises(KwsclsError, match="does not exist"):
        Versions(tmp_path / "none", load)
    with pytest.raises(KwsclsError, match="holds no SavedModel"):
        Versions(tmp_path, load)
    put(tmp_path / "1", "bad")
    with pytest.raises(KwsclsError, match="is damaged"):
        Versions(tmp_path, load)
