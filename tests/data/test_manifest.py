"""The manifest: tables of many habits, folders of many layouts, and clear words about what is wrong."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwscls.data.manifest import NOISE, labels_of, load, read, scan, write
from kwscls.errors import KwsclsError


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")
    return folder


def table(folder, text, name="manifest.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_by_their_usual_names(tmp_path):
    touch(tmp_path, "audio/a.wav", "audio/b.wav")
    rows = read(table(tmp_path, "filename,fold,category,src_file\na.wav,1,dog,100\nb.wav,2,rain,101\n"))
    assert [(one.path, one.labels, one.fold, one.group) for one in rows] == [
        (tmp_path / "audio/a.wav", ("dog",), "1", "100"), (tmp_path / "audio/b.wav", ("rain",), "2", "101")]


def test_esc_50_has_its_table_in_a_folder_beside(tmp_path):
    touch(tmp_path, "audio/1-1-A-0.wav", "meta/esc50.csv")
    rows = read(table(tmp_path / "meta", "filename,fold,target,category,esc10,src_file,take\n"
                      "1-1-A-0.wav,1,0,dog,True,1,A\n", "esc50.csv"))
    assert rows[0].path == tmp_path / "audio/1-1-A-0.wav" and rows[0].labels == ("dog",)


@pytest.mark.parametrize("cell", ["dog;rain", "dog | rain", '"[""dog"", ""rain""]"'])
def test_several_labels(tmp_path, cell):
    assert read(table(tmp_path, f"path,labels\na.wav,{cell}\n"))[0].labels == ("dog", "rain")


def test_json_lines(tmp_path):
    lines = [{"audio_filepath": "a.wav", "label": ["x", "y"], "duration": 1.5, "split": "dev", "speaker": 7},
             {"audio_filepath": "b.wav", "label": "x", "duration": "long", "split": "training"}]
    rows = read(table(tmp_path, "\n".join(map(json.dumps, lines)) + "\n\n", "m.jsonl"))
    assert [(one.labels, one.split, one.group, one.seconds) for one in rows] == [
        (("x", "y"), "validation", "7", 1.5), (("x",), "train", None, None)]


def test_tabs_semicolons_spaces_and_a_byte_order_mark(tmp_path):
    assert read(table(tmp_path, "\ufeffPath\tLabel \na.wav\tdog\n"))[0].labels == ("dog",)
    assert read(table(tmp_path, "path;label\na.wav;dog\n"))[0].path.name == "a.wav"


@pytest.mark.parametrize("text, message", [
    ("", "manifest.csv: lists no recordings"),
    ("path,label\n", "manifest.csv: lists no recordings"),
    ("name,label\na,b\n",
     "manifest.csv: has no column for the path; call one path, file or filename; it has name, label"),
    ("path,name\na,b\n", "manifest.csv: has no column for the label;"),
    ("path,label\na.wav,\n", "manifest.csv:2: has no label"),
    ("path,label\n,dog\n", "manifest.csv:2: has no path"),
    ("path,label,split\na.wav,dog,holdout\n", "manifest.csv:2: the split 'holdout' is none of train"),
    ("path,label\na.wav,dog\nb.wav,dog\na.wav,cat\n", "manifest.csv:4: lists a.wav again, first in line 2;"),
])
def test_bad_tables(tmp_path, text, message):
    with pytest.raises(KwsclsError) as caught:
        read(table(tmp_path, text))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_bad_json_and_bytes(tmp_path):
    with pytest.raises(KwsclsError, match=r"m.jsonl:2: is not JSON"):
        read(table(tmp_path, '{"path": "a", "label": "b"}\n{oops\n', "m.jsonl"))
    with pytest.raises(KwsclsError, match=r"m.jsonl:1: is no JSON object"):
        read(table(tmp_path, "[1]\n", "m.jsonl"))
    (tmp_path / "manifest.csv").write_bytes(bytes(range(256)))
    with pytest.raises(KwsclsError, match="cannot be read as text"):
        read(tmp_path / "manifest.csv")
    with pytest.raises(KwsclsError, match="does not exist"):
        load(tmp_path / "gone")


@settings(max_examples=200, deadline=None, database=None)
@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused(text, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for name in ("any.csv", "any.jsonl"):
        path = path.with_name(name)
        path.write_text(f"path,label\n{text}", encoding="utf-8", errors="replace")
        try:
            read(path)
        except KwsclsError:
            pass


def test_what_is_written_is_read_again(tmp_path):
    touch(tmp_path, "train/a/1.wav", "train/b/2.wav")
    rows = read(table(tmp_path, "path,label,split,fold,group,seconds\ntrain/a/1.wav,a;c,train,1,anna,0.5\n"
                                "train/b/2.wav,b,test,2,,\n"))
    write(tmp_path / "again.csv", rows)
    assert read(tmp_path / "again.csv") == rows


def test_class_folders(tmp_path):
    touch(tmp_path, "yes/a.wav", "no/anna/b.wav", "no/.hidden", "_background_noise_/hum.wav",
          "_background_noise_/README.md", ".git/x", "LICENSE")
    rows = load(tmp_path)
    assert [(one.path.name, one.labels, one.group) for one in rows] == [
        ("hum.wav", (NOISE,), None), ("b.wav", ("no",), "anna"), ("a.wav", ("yes",), None)]
    assert labels_of(rows) == ["no", "yes"]


def test_split_folders(tmp_path):
    touch(tmp_path, "train/yes/a.wav", "train/no/b.wav", "val/yes/c.wav", "Test/no/d.wav", "noise/hum.wav")
    rows = {one.path.name: (one.split, one.labels) for one in load(tmp_path)}
    assert rows == {"a.wav": ("train", ("yes",)), "b.wav": ("train", ("no",)), "c.wav": ("validation", ("yes",)),
                    "d.wav": ("test", ("no",)), "hum.wav": (None, (NOISE,))}


def test_a_class_may_be_called_test(tmp_path):
    touch(tmp_path, "test/a.wav", "rest/b.wav")
    assert {one.labels[0] for one in load(tmp_path)} == {"test", "rest"}
    assert all(one.split is None for one in load(tmp_path))


def test_the_folder_in_an_archive(tmp_path):
    touch(tmp_path, "mini/yes/a.wav", "mini/no/b.wav", "mini/README.md", "__MACOSX/mini/yes/._a.wav")
    assert {one.labels[0] for one in load(tmp_path)} == {"yes", "no"}


def test_the_lists_of_speech_commands(tmp_path):
    touch(tmp_path, "yes/a_nohash_0.wav", "yes/b_nohash_0.wav", "no/c_nohash_0.wav")
    (tmp_path / "testing_list.txt").write_text("yes/b_nohash_0.wav\n")
    (tmp_path / "validation_list.txt").write_text("no/c_nohash_0.wav\n")
    assert {one.path.name[0]: one.split for one in load(tmp_path)} == {"a": "train", "b": "test", "c": "validation"}


def test_names_by_a_pattern(tmp_path):
    touch(tmp_path, "0_george_1.wav", "1_anna_12.flac", "README.md")
    rows = scan(tmp_path, r"(?P<label>\d)_(?P<group>[a-z]+)_\d+")
    assert [(one.labels, one.group) for one in rows] == [(("0",), "george"), (("1",), "anna")]
    for pattern, message in (("(", "is no regular expression"), (r"\d", "has no group named label"),
                             ("(?P<label>x+)", "no file's name fits")):
        with pytest.raises(KwsclsError, match=message):
            scan(tmp_path, pattern)


def test_bad_folders(tmp_path):
    with pytest.raises(KwsclsError, match="holds no recordings"):
        load(tmp_path)
    touch(tmp_path, "a.wav")
    with pytest.raises(KwsclsError, match="holds recordings but no class folders.*--pattern"):
        load(tmp_path)
    touch(tmp_path / "one", "yes/a.wav")
    with pytest.raises(KwsclsError, match="there is only the label yes"):
        labels_of(load(tmp_path / "one"))
    with pytest.raises(KwsclsError, match="the label '../x' cannot name a folder"):
        labels_of(read(table(tmp_path, "path,label\na.wav,../x\nb.wav,y\n")))
