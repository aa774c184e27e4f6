"""What lies below a folder."""

from kwscls.data import walk
from tests.data.test_manifest import touch


def test_linked_folders_are_walked_but_not_round_and_round(tmp_path):
    touch(tmp_path, "yes/anna/a.wav", "elsewhere/ben/b.wav", "yes/.hidden/c.wav", "yes/__MACOSX/d.wav")
    (tmp_path / "yes/ben").symlink_to(tmp_path / "elsewhere/ben")
    (tmp_path / "yes/anna/again").symlink_to(tmp_path / "yes")
    (tmp_path / "yes/self").symlink_to(tmp_path / "yes")
    (tmp_path / "yes/nowhere").symlink_to(tmp_path / "gone")
    assert [path.relative_to(tmp_path).as_posix() for path in walk.paths(tmp_path / "yes") if path.is_file()] == [
        "yes/anna/a.wav", "yes/ben/b.wav"]
