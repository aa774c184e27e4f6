import pytest

from kwscls.data import audioset, sources
from kwscls.errors import KwsclsError

LIST = """# Segments csv created Sun Mar  5 10:54:31 2017
# num_ytids=3, num_segs=3, num_unique_labels=2, num_positive_labels=4
# YTID, start_seconds, end_seconds, positive_labels
--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"
-0DdlOuIFUI, 50.000, 60.000, "/m/09x0r"
gone_xxxxxx, 0.000, 10.000, "/t/dd00088"
"""
NAMES = 'index,mid,display_name\n0,/m/09x0r,"Speech"\n1,/t/dd00088,"Gush/splash, water"\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "balanced_train_segments.csv").write_text(LIST)
    (tmp_path / "eval_segments.csv").write_text(LIST.splitlines()[2] + '\nabcdefghijk, 5.000, 15.000, "/m/09x0r"\n')
    (tmp_path / "class_labels_indices.csv").write_text(NAMES)
    for name in ("clips/--PJHxphWEs_30.000.flac", "clips/Y-0DdlOuIFUI.wav", "clips/abcdefghijk_5000_15000.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"sound")
    return tmp_path


def test_lists_of_a_folder_give_names_splits_and_videos(folder, capsys):
    found = sources.find(folder).recordings()
    assert [(one.path.name, one.labels, one.split, one.group) for one in found] == [
        ("--PJHxphWEs_30.000.flac", ("Speech", "Gush-splash, water"), "train", "--PJHxphWEs"),
        ("Y-0DdlOuIFUI.wav", ("Speech",), "train", "-0DdlOuIFUI"),
        ("abcdefghijk_5000_15000.wav", ("Speech",), "test", "abcdefghijk")]
    assert "1 of 4 recordings" in capsys.readouterr().err


def test_one_list_is_enough(folder):
    assert len(sources.find(folder / "eval_segments.csv").recordings()) == 1


def test_what_is_wrong_is_told(folder):
    path = folder / "balanced_train_segments.csv"
    path.write_text(LIST + "too, short\n")
    with pytest.raises(KwsclsError, match="balanced_train_segments.csv:7: is no line"):
        audioset.read(path)
    path.write_text(LIST + '--PJHxphWEs, 30.0, 40.0, "/m/unknown"\n')
    with pytest.raises(KwsclsError, match="does not name the label /m/unknown"):
        audioset.read(path)
    path.write_text(LIST.splitlines()[2] + '\ngone_xxxxxx, 0.0, 10.0, "/m/09x0r"\n')
    with pytest.raises(KwsclsError, match="not one of its 1 recordings"):
        audioset.read(path)
    for damaged in (LIST.encode("utf-16"), LIST.encode() + b"\xff"):
        path.write_bytes(damaged)
        with pytest.raises(KwsclsError, match="is no CSV table in UTF-8"):
            audioset.read(path)
    (folder / "class_labels_indices.csv").unlink()
    with pytest.raises(KwsclsError, match="has no class_labels_indices.csv"):
        audioset.read(path)


def test_one_file_for_two_pieces_is_refused(folder):
    path = folder / "balanced_train_segments.csv"
    path.write_text(LIST + '-0DdlOuIFUI, 70.000, 80.000, "/t/dd00088"\n')
    with pytest.raises(KwsclsError, match="segments.csv:7: Y-0DdlOuIFUI.wav is also the recording of .*segments.csv:5"):
        audioset.read(path)


def test_a_byte_order_mark_and_names_without_a_first_line(folder):
    path = folder / "eval_segments.csv"
    path.write_text("\ufeff" + path.read_text(), encoding="utf-8")
    assert audioset.is_list(path) and len(audioset.read(path)) == 1
    (folder / "class_labels_indices.csv").write_text("0,/m/09x0r,Speech\n")
    with pytest.raises(KwsclsError, match="class_labels_indices.csv: has no columns mid and display_name"):
        audioset.read(path)
