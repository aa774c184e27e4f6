"""The manifest: tables of many habits, and clear words about what is wrong."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwscls.data.layouts import load
from kwscls.data.manifest import NOISE, Recording, read, write
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


def test_cells_beyond_the_header(tmp_path):
    with pytest.raises(KwsclsError, match=r"manifest.csv:3: has more cells than the first line: 'bark'; put a cell"):
        read(table(tmp_path, "path,label\na.wav,dog\nb.wav,dog,bark\n"))
    assert read(table(tmp_path, "path,label\na.wav,dog,,\n,,,\n")) == read(table(tmp_path, "path,label\na.wav,dog\n"))


def test_quotes_between_tabs_are_letters_unless_they_hold_a_cell(tmp_path):
    rows = read(table(tmp_path, 'path\tsentence\tlabel\na.wav\t"Quoted start\tcat\nb.wav\t""\tdog\nc.wav\tend"\tbird\n'))
    assert [one.labels for one in rows] == [("cat",), ("dog",), ("bird",)]
    assert read(table(tmp_path, 'path\tlabel\n"a.wav"\t"[""dog"", ""rain""]"\n'))[0].labels == ("dog", "rain")
    assert read(table(tmp_path, 'path\tsentence\tlabel\na.wav\t"he\tx"\tcat\n'))[0].labels == ("cat",)


@pytest.mark.parametrize("text, line", [("path,label\n\n\na.wav,\n", 4), ('path,label,text\na.wav,x,"1\n2"\nb.wav,,\n', 4),
                                        ("path,label\ra.wav,x\rb.wav,\r", 3)])
def test_lines_are_counted_as_editors_do(tmp_path, text, line):
    path = tmp_path / "m.CSV"
    path.write_text(text, newline="")
    with pytest.raises(KwsclsError, match=f"m.CSV:{line}: has no label"):
        read(path)


def test_rows_of_json_need_not_name_the_same(tmp_path):
    lines = ['{"path": "a.wav", "label": "x", "text": "1\u2028\u00852", "length": [1]}',
             '{"path": "b.wav", "label": "x", "split": "test"}']
    assert [(one.split, one.seconds) for one in read(table(tmp_path, "\n".join(lines), "m.jsonl"))] == [
        (None, None), ("test", None)]


@pytest.mark.parametrize("name", ["a\\u0000.wav", "\\ud800.wav"])
def test_paths_that_name_no_file(tmp_path, name):
    with pytest.raises(KwsclsError, match=r"m.jsonl:1: the path '.*' cannot name a file"):
        read(table(tmp_path, f'{{"path": "{name}", "label": "x"}}', "m.jsonl"))
    assert len(read(table(tmp_path, f"path,label\n{300 * 'x'},x\n"))) == 1


def test_noise_beside_a_label_is_no_label(tmp_path):
    rows = read(table(tmp_path, "path,labels\na.wav,background_noise;cat\nb.wav,_noise_\n"))
    assert [one.labels for one in rows] == [("cat",), (NOISE,)]


def test_the_folder_that_a_table_is_called_like_comes_first(tmp_path):
    touch(tmp_path, "train/0.wav", "test/0.wav")
    assert read(table(tmp_path, "path,label\n0.wav,cat\n", "train.csv"))[0].path == tmp_path / "train/0.wav"
    assert read(table(tmp_path, "path,label\n0.wav,cat\n", "test.csv"))[0].path == tmp_path / "test/0.wav"
    with pytest.raises(KwsclsError, match="may mean the files in test or those in train; write the folder into its paths"):
        read(table(tmp_path, "path,label\n0.wav,cat\n", "labels.csv"))


def test_splits_are_the_first_folders_of_all_paths(tmp_path):
    rows = read(table(tmp_path, "file_name,label\ntrain/0.wav,cat\ntest/0.wav,dog\n"))
    assert [one.split for one in rows] == ["train", "test"]
    rows = read(table(tmp_path, "file_name,label\ntrain/0.wav,cat\nmore/0.wav,dog\n"))
    assert [one.split for one in rows] == [None, None]


def test_columns_and_paths_as_windows_programs_write_them(tmp_path):
    rows = read(table(tmp_path, "File Name,Class-Name,Speaker ID,group\nrec\\s00\\0.wav,dog,s00,HC\n"))
    assert rows == [Recording(tmp_path / "rec/s00/0.wav", ("dog",), group="s00")]
