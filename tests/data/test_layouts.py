"""Folders of many layouts: labels, splits and groups from names of folders and files, and from tables among them."""

import pytest

from kwscls.data.layouts import load, scan
from kwscls.data.manifest import NOISE, labels_of, read
from kwscls.errors import KwsclsError
from tests.data.test_manifest import table, touch


def test_esc_50_has_its_table_in_a_folder_beside(tmp_path):
    touch(tmp_path, "audio/1-1-A-0.wav", "meta/esc50.csv")
    rows = read(table(tmp_path / "meta", "filename,fold,target,category,esc10,src_file,take\n"
                      "1-1-A-0.wav,1,0,dog,True,1,A\n", "esc50.csv"))
    assert rows[0].path == tmp_path / "audio/1-1-A-0.wav" and rows[0].labels == ("dog",)


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


def found(folder):
    return {one.path.relative_to(folder).as_posix(): (one.split, one.labels[0], one.group) for one in load(folder)}


def test_a_flat_test_beside_class_folders_is_left_out(tmp_path, capsys):
    touch(tmp_path, "train/cat/a.wav", "train/dog/b.wav", "test/c.wav")
    assert found(tmp_path) == {"train/cat/a.wav": ("train", "cat", None), "train/dog/b.wav": ("train", "dog", None)}
    assert "test: holds recordings but no class folders, and is left out" in capsys.readouterr().err


def test_split_folders_with_their_sounds_in_one_more_folder(tmp_path, capsys):
    touch(tmp_path, "train/audio/yes/a.wav", "train/audio/no/b.wav", "train/audio/_background_noise_/hum.wav", "train/README.md",
          "test/audio/clip_0.wav", "test/audio/clip_1.wav")  # as Kaggle's competition has Speech Commands
    assert found(tmp_path) == {"train/audio/yes/a.wav": ("train", "yes", None), "train/audio/no/b.wav": ("train", "no", None),
                               "train/audio/_background_noise_/hum.wav": (None, NOISE, None)}
    assert "test: holds recordings but no class folders, and is left out" in capsys.readouterr().err


def test_tables_in_split_folders(tmp_path):
    for split in ("train", "test"):
        touch(tmp_path / split, "a.wav", "b.wav")
        table(tmp_path / split, "file_name,label\na.wav,cat\nb.wav,dog\n", "metadata.csv")
    assert found(tmp_path) == {f"{split}/{name}.wav": (split, label, None)
                               for split in ("train", "test") for name, label in (("a", "cat"), ("b", "dog"))}


def test_splits_without_labels_are_no_labels(tmp_path):
    touch(tmp_path, "train/a.wav", "test/b.wav")
    with pytest.raises(KwsclsError, match="holds recordings but no class folders"):
        load(tmp_path)


def test_a_class_may_be_called_train(tmp_path):
    touch(tmp_path, "bus/s1/a.wav", "train/s1/b.wav", "train/s2/c.wav", "noise/d.wav")
    assert found(tmp_path) == {"bus/s1/a.wav": (None, "bus", "s1"), "train/s1/b.wav": (None, "train", "s1"),
                               "train/s2/c.wav": (None, "train", "s2"), "noise/d.wav": (None, "noise", None)}


def test_splits_beside_classes_are_refused(tmp_path):
    touch(tmp_path, "train/cat/a.wav", "test/cat/b.wav", "docs/c.txt")
    assert len(load(tmp_path)) == 2
    touch(tmp_path, "more/c.wav")
    with pytest.raises(KwsclsError, match="holds test, train as if they were splits, but also more"):
        load(tmp_path)


def test_splits_within_class_folders(tmp_path):
    touch(tmp_path, "cat/train/a.wav", "cat/val/b.wav", "dog/test/c.wav", "dog/train/anna/d.wav")
    assert found(tmp_path) == {"cat/train/a.wav": ("train", "cat", None), "cat/val/b.wav": ("validation", "cat", None),
                               "dog/test/c.wav": ("test", "dog", None), "dog/train/anna/d.wav": ("train", "dog", "anna")}


def test_what_class_folders_may_be_called(tmp_path):
    touch(tmp_path, "licence/licence_0.wav", "licence/LICENCE", "yes /readme.wav")
    assert found(tmp_path) == {"licence/licence_0.wav": (None, "licence", None), "yes /readme.wav": (None, "yes", None)}


def test_lists_of_splits_that_are_no_utf_8(tmp_path):
    touch(tmp_path, "yes/a.wav", "no/b.wav", "validation_list.txt")
    (tmp_path / "testing_list.txt").write_bytes(b"yes/caf\xe9.wav\n")
    with pytest.raises(KwsclsError, match="no text in UTF-8"):
        load(tmp_path)


def test_urban_sound_8k_lies_in_folders_of_folds(tmp_path):
    top = touch(tmp_path / "UrbanSound8K", "audio/fold1/a.wav", "audio/fold2/b.wav", "metadata/x", "FREESOUNDCREDITS.txt")
    table(top / "metadata", "slice_file_name,fold,classID,class\na.wav,1,0,siren\nb.wav,2,1,dog_bark\n", "UrbanSound8K.csv")
    rows = load(tmp_path)  # the folder in the folder, and the table beside audio
    assert [(one.path, one.labels, one.fold) for one in rows] == [
        (top / "audio/fold1/a.wav", ("siren",), "1"), (top / "audio/fold2/b.wav", ("dog_bark",), "2")]
    assert read(top / "metadata/UrbanSound8K.csv") == rows


def test_a_manifest_in_an_archives_folder(tmp_path):
    touch(tmp_path, "mini/a.wav", "mini/b.wav")
    table(tmp_path / "mini", "path,label\na.wav,cat\nb.wav,dog\n")
    assert found(tmp_path / "mini") == {"a.wav": (None, "cat", None), "b.wav": (None, "dog", None)}
    assert load(tmp_path) == load(tmp_path / "mini")


def test_fsd50k_has_its_tables_in_a_folder_of_their_own(tmp_path, capsys):
    top = touch(tmp_path / "in", *(f"FSD50K.dev_audio/{number}.wav" for number in range(4)), "FSD50K.eval_audio/9.wav",
                "FSD50K.doc/README.md")
    table(touch(top, "FSD50K.ground_truth/x") / "FSD50K.ground_truth", "fname,labels,mids,split\n" + "".join(
        f'{number},"Bark,Dog,Wild_animals","/m/1,/m/2,/m/3",{"val" if number == 3 else "train"}\n' for number in range(4)), "dev.csv")
    table(top / "FSD50K.ground_truth", 'fname,labels,mids\n9,Rain,/m/4\n', "eval.csv")
    table(top / "FSD50K.ground_truth", "0,Bark,/m/1\n", "vocabulary.csv")
    table(touch(top, "FSD50K.metadata/collection/x") / "FSD50K.metadata/collection", "fname,labels,mids\n0,Purr,/m/7\n",
          "collection_dev.csv")
    rows = load(tmp_path / "in")
    assert [(one.path.name, one.split) for one in rows] == [
        ("0.wav", "train"), ("1.wav", "train"), ("2.wav", "train"), ("3.wav", "validation"), ("9.wav", "test")]
    assert rows[0].labels == ("Bark", "Dog", "Wild_animals") and rows[4].labels == ("Rain",)
    assert "labels and splits as dev.csv, eval.csv say" in capsys.readouterr().err


def test_fsd_kaggle_2018(tmp_path):
    top = touch(tmp_path, "FSDKaggle2018.audio_train/a.wav", "FSDKaggle2018.audio_train/b.wav", "FSDKaggle2018.audio_test/c.wav",
                "FSDKaggle2018.meta/x")
    table(top / "FSDKaggle2018.meta", "fname,label,manually_verified\na.wav,Cello,1\nb.wav,Bus,0\n", "train_post_competition.csv")
    table(top / "FSDKaggle2018.meta", "fname,label,usage\nc.wav,Bus,Public\n", "test_post_competition_scoring_clips.csv")
    assert {(one.path.name, one.labels, one.split) for one in load(top)} == {
        ("a.wav", ("Cello",), "train"), ("b.wav", ("Bus",), "train"), ("c.wav", ("Bus",), "test")}


def test_tables_elsewhere_that_are_not_meant(tmp_path):
    touch(tmp_path, "yes/a.wav", "no/b.wav", "docs/x.md")
    table(tmp_path / "docs", "file,label\na.wav,17\nb.wav,18\n", "old.csv")
    assert {one.labels[0] for one in load(tmp_path) if one.path.suffix == ".wav"} == {"yes", "no"}
    assert {one.labels[0] for one in load(tmp_path, label_column="label")} == {"17", "18"}  # as asked
    touch(tmp_path / "two", "audio_a/1.wav", "audio_b/1.wav", "meta/x.md")  # which 1.wav?
    table(tmp_path / "two/meta", "file,label\n1.wav,cat\n", "all.csv")
    assert {one.labels[0] for one in load(tmp_path / "two") if one.path.suffix == ".wav"} == {"audio_a", "audio_b"}


def test_parts_of_long_recordings_told_in_a_folder_apart(tmp_path):
    touch(tmp_path, "audio/a.wav", "audio/b.wav", "annotations/x.md")
    table(tmp_path / "annotations", "file,start,end,label\na.wav,0,1,cat\na.wav,1,2,dog\nb,0,2,dog\n", "all.csv")
    assert found(tmp_path) == {"audio/a@0.000-1.000.wav": (None, "cat", "a.wav"), "audio/a@1.000-2.000.wav": (None, "dog", "a.wav"),
                               "audio/b@0.000-2.000.wav": (None, "dog", "b.wav")}


def test_a_table_of_another_machines_files(tmp_path):
    touch(tmp_path, "audio/a.wav", "audio/b.wav", "meta/x.md")
    table(tmp_path / "meta", "path,label\n/home/anna/all/a.wav,cat\n/home/anna/all/b.wav,dog\n", "all.csv")
    assert found(tmp_path) == {"audio/a.wav": (None, "cat", None), "audio/b.wav": (None, "dog", None)}
    table(tmp_path / "meta", "path,label\n/home/anna/all/c.wav,cat\n/home/anna/all/d.wav,dog\n", "all.csv")
    with pytest.raises(KwsclsError, match="there is only the label audio"):
        labels_of([one for one in load(tmp_path) if one.path.suffix == ".wav"])


def test_a_table_in_a_folder_beside_recordings_without_folders(tmp_path):
    touch(tmp_path, "a.wav", "b.wav", "meta/x")
    table(tmp_path / "meta", "file,label\na,cat\nb,dog\nc,cow\n", "all.csv")
    assert [(one.path, one.labels[0]) for one in load(tmp_path)][:2] == [(tmp_path / "a.wav", "cat"), (tmp_path / "b.wav", "dog")]


def test_tables_named_like_splits(tmp_path, capsys):
    touch(tmp_path, "dataset/yes/a.wav", "dataset/yes/b.wav", "dataset/no/c.wav", "images/plot.jpg", "background_noise/hum.wav")
    for name, clip in (("train", "yes/a"), ("val", "yes/b"), ("test", "no/c")):
        table(tmp_path, f"file,class\ndataset/{clip}.wav,{clip.split('/')[0]}\n", f"{name}.csv")
    assert found(tmp_path) == {
        "dataset/yes/a.wav": ("train", "yes", None), "dataset/yes/b.wav": ("validation", "yes", None),
        "dataset/no/c.wav": ("test", "no", None), "background_noise/hum.wav": (None, NOISE, None)}
    assert "labels and splits as test.csv, train.csv, val.csv say" in capsys.readouterr().err
    table(tmp_path, "file,class\ndataset/yes/a.wav,yes\n", "test.csv")
    with pytest.raises(KwsclsError, match="lists a.wav, which is in test.csv too"):
        load(tmp_path)
    table(tmp_path, "file,lines\ndataset/yes/a.wav,12\n", "train.csv")  # now it tells no labels, so the folders do
    assert found(tmp_path)["dataset/no/c.wav"] == (None, "no", None)


def test_a_table_beside_a_folder_of_any_name(tmp_path):
    touch(tmp_path, "audio_train/a.wav", "audio_train/b.wav", "audio_test/c.wav")
    table(tmp_path, "fname,label\na.wav,Bark\nb.wav,Meow\n", "train.csv")
    table(tmp_path, "fname\nc.wav\n", "test.csv")
    assert found(tmp_path) == {"audio_train/a.wav": ("train", "Bark", None), "audio_train/b.wav": ("train", "Meow", None)}
    touch(tmp_path / "other", "sounds/a.wav", "sounds/b.wav")
    table(tmp_path / "other", "filename,category\na.wav,dog\nb.wav,cat\n", "list.csv")
    assert found(tmp_path / "other") == {"sounds/a.wav": (None, "dog", None), "sounds/b.wav": (None, "cat", None)}


def test_stray_tables_do_not_take_the_place_of_class_folders(tmp_path):
    touch(tmp_path, "yes/a.wav", "no/b.wav")
    table(tmp_path, "path,label\nyes/a.wav,17\n", "features.csv")
    (tmp_path / "train.csv").write_bytes(b"\xff\xfe\x00n\x00o")
    assert {one.labels[0] for one in load(tmp_path)} == {"yes", "no"}


def test_class_folders_among_folders_without_sounds(tmp_path):
    touch(tmp_path, "audio/yes/a.wav", "audio/no/b.wav", "audio/all.wav", "docs/plot.png", "code/run.py", "_noise_/hum.wav",
          "lib/engine.so")
    assert found(tmp_path) == {"audio/yes/a.wav": (None, "yes", None), "audio/no/b.wav": (None, "no", None),
                               "_noise_/hum.wav": (None, NOISE, None)}
    touch(tmp_path, "phone/yes/c.m4a")
    (tmp_path / "phone/yes/c.m4a").write_bytes(b"\0\0\0\x1cftypM4A ")  # a sound: then the folders are labels
    assert {one.labels[0] for one in load(tmp_path)} == {"audio", "code", "docs", "lib", "phone", NOISE}


def test_the_only_folder_with_sounds_among_programs(tmp_path):
    touch(tmp_path, "data/drums/kick/kick (1).wav", "data/drums/snare/a.wav", "src/run.py", "app/main.ts")
    assert {one.labels[0] for one in load(tmp_path)} == {"kick", "snare"}
    touch(tmp_path / "flat", "data/clips/one.wav", "src/main.ts")
    with pytest.raises(KwsclsError, match="there is only the label clips"):
        labels_of(load(tmp_path / "flat"))


def test_files_that_are_called_by_their_label_and_a_number(tmp_path, capsys):
    touch(tmp_path, *(f"data/all/{name}.wav" for name in ("dog_1", "dog_2", "dog-3", "fire truck (12)", "fire truck 2", "fire truck3")),
          "src/main.ts", "data/_background_noise_/hum.wav")
    rows = load(tmp_path)
    assert [one.labels[0] for one in rows] == [*3 * ["dog"], *3 * ["fire truck"], NOISE]
    assert "labels as the names begin, before a number: dog, fire truck" in capsys.readouterr().err
    touch(tmp_path / "beside", *(f"sounds/{name}{take}.wav" for name in ("cat", "dog") for take in range(3)), "src/main.ts")
    assert {one.labels[0] for one in load(tmp_path / "beside")} == {"cat", "dog"}


@pytest.mark.parametrize("names", [
    ["dog_{take}"],
    ["yes_anna_{take}", "no_anna_{take}", "yes_ben_{take}", "no_ben_{take}"],  # the label is one of two words
    ["spk1_{take}", "spk2_{take}"],  # people
    ["2024-05-0{take}_1", "2024-05-0{take}_2"],
    ["dog_{take}", "x{take}a", "y{take}b"],
])
def test_names_that_do_not_say_which_word_is_the_label(tmp_path, names):
    touch(tmp_path, *(f"{name.format(take=take)}.wav" for name in names for take in range(4)))
    with pytest.raises(KwsclsError, match="holds recordings but no class folders.*--pattern"):
        load(tmp_path)


def test_free_spoken_digits_lie_in_one_folder(tmp_path):
    touch(tmp_path, *(f"{digit}_{who}_{take}.wav" for digit in (0, 7) for who in ("jackson", "theo") for take in range(3)))
    assert {(one.labels, one.group) for one in load(tmp_path)} == {((digit,), who) for digit in "07" for who in ("jackson", "theo")}


@pytest.mark.parametrize("name", ["metadata.csv", "speakers.tsv"])
@pytest.mark.parametrize("start", ["", "{folder}/", "./audio/{folder}/"])
def test_speakers_in_a_table_beside_class_folders(tmp_path, capsys, name, start):
    touch(tmp_path, *(f"audio/{label}/{label}{take}.wav" for label in ("no", "yes") for take in range(4)), "docs/notes.txt")
    rows = [f"{start.format(folder=label)}{label}{take}.wav{{mark}}Hm{{mark}}s{take}\n" for label in ("no", "yes") for take in range(3)]
    mark = "\t" if name.endswith("tsv") else ","
    table(tmp_path, "filename{mark}transcript{mark}speaker_id\n".format(mark=mark) + "".join(rows).format(mark=mark), name)
    assert {(one.path.name, one.labels[0], one.group) for one in load(tmp_path)} == {
        (f"{label}{take}.wav", label, f"s{take}" if take < 3 else None) for label in ("no", "yes") for take in range(4)}
    told = capsys.readouterr().err
    assert f"speaker_id as {name} says, for 6 of 8 recordings" in told
    assert ("metadata.csv: has no column for the label; the folders tell them" in told) == (name == "metadata.csv")


def test_bird_clef_has_soundscapes_without_labels_beside_its_clips(tmp_path):
    touch(tmp_path, "train_audio/abc/XC1.ogg", "train_audio/def/XC2.ogg", "train_soundscapes/H1.ogg", "test_soundscapes/readme.txt")
    table(tmp_path, "primary_label,filename\nabc,abc/XC1.ogg\ndef,def/XC2.ogg\n", "train_metadata.csv")
    table(tmp_path, "row_id,abc,def\nH1_5,0,0\n", "sample_submission.csv")
    assert {one.labels[0] for one in load(tmp_path)} == {"abc", "def"}


def test_a_table_of_speakers_that_cannot_be_read_is_left_alone(tmp_path):
    touch(tmp_path, "no/1.wav", "yes/2.wav")
    (tmp_path / "speakers.csv").write_bytes("file,speaker\n1.wav,Zoë\n2.wav,Åsa\n".encode("latin-1"))
    assert {one.group for one in load(tmp_path)} == {None}


def test_tables_that_do_not_tell_whose_recordings_these_are(tmp_path):
    touch(tmp_path, "no/1.wav", "no/2.wav", "yes/1.wav", "yes/2.wav")
    table(tmp_path, "file,speaker\n1.wav,anna\n2.wav,ben\n", "speakers.csv")  # which 1.wav?
    assert {one.group for one in load(tmp_path)} == {None}
    table(tmp_path, "file,speaker\nno/1.wav,anna\nno/2.wav,ben\nyes/1.wav,ben\nyes/2.wav,ben\n", "speakers.csv")
    assert {one.group for one in load(tmp_path)} == {"anna", "ben"}
    table(tmp_path, "file,speaker\nno/1.wav,cleo\n", "more.csv")
    assert {one.group for one in load(tmp_path)} == {None}


def test_words_about_split_folders_are_no_manifests(tmp_path):
    touch(tmp_path, "train/yes/a.wav", "train/no/b.wav", "test/yes/c.wav", "test/no/d.wav")
    table(tmp_path / "train", "key,value\nlicence,CC0\n", "metadata.csv")
    assert {(one.labels[0], one.split) for one in load(tmp_path)} == {
        (label, split) for label in ("yes", "no") for split in ("train", "test")}
    table(tmp_path / "train", "name,word\na.wav,yes\n", "manifest.csv")
    with pytest.raises(KwsclsError, match="manifest.csv: has no column for the path"):
        load(tmp_path)


def test_metadata_without_labels_beside_recordings_without_folders(tmp_path):
    touch(tmp_path, "audio/a.wav", "audio/b.wav")
    table(tmp_path, "filename,speaker_id\na.wav,1\nb.wav,2\n", "metadata.csv")
    with pytest.raises(KwsclsError, match="has no column for the label.*--label-column; it has filename, speaker_id"):
        load(tmp_path)


@pytest.mark.parametrize("data", ["data", "Dataset", "corpus_cleaned_data", "train_audio"])
def test_a_projects_data_among_other_sounds(tmp_path, capsys, data):
    touch(tmp_path, f"{data}/cry/a.wav", f"{data}/laugh/b.wav", f"{data}/_noise_/hum.wav", "simulation/c.mp3", "code/run.py",
          "uploads/d.wav")
    assert found(tmp_path) == {f"{data}/cry/a.wav": (None, "cry", None), f"{data}/laugh/b.wav": (None, "laugh", None),
                               f"{data}/_noise_/hum.wav": (None, NOISE, None)}
    assert f"labels as the folders in {data} say: cry, laugh; what lies beside it, in code, simulation, uploads, is left out" \
        in capsys.readouterr().err


@pytest.mark.parametrize("other", ["recordings/c.wav", "phone/laugh/c.wav", "phone/x/c.wav phone/y/c.wav", "test/c.wav"])
def test_a_folder_called_data_beside_what_may_be_labels_or_data(tmp_path, other):
    touch(tmp_path, "data/cry/a.wav", "data/laugh/b.wav", *other.split())
    assert {one.labels[0] for one in load(tmp_path)} == {"data", other.split("/")[0]}


def test_folders_that_hold_most_clips_are_no_speakers(tmp_path):
    touch(tmp_path, *(f"{word}/en/{clip}.wav" for word in ("hey", "you") for clip in range(5)), "hey/es/x.wav", "you/de/y.wav")
    assert {one.group for one in load(tmp_path)} == {None}


def test_it_is_said_which_of_two_folders_are_the_labels(tmp_path, capsys):
    touch(tmp_path, *(f"{who}/{word}/{take}.wav" for who in ("anna", "ben", "cleo") for word in ("no", "yes") for take in "ab"))
    load(tmp_path)
    told = capsys.readouterr().err
    assert "anna, ben, cleo are taken for the labels; if no, yes are, python -m kwscls.prepare --pattern " \
        "'(?P<group>[^/]+)/(?P<label>[^/]+)/' takes them" in told
    rows = load(tmp_path, "(?P<group>[^/]+)/(?P<label>[^/]+)/")
    assert {(one.labels, one.group) for one in rows} == {((word,), who) for who in ("anna", "ben", "cleo") for word in ("no", "yes")}
    touch(tmp_path / "words", *(f"{word}/{who}/a.wav" for who in "abcd" for word in ("no", "yes")))
    load(tmp_path / "words")
    assert "are taken" not in capsys.readouterr().err


def test_the_column_of_the_labels_may_be_named(tmp_path, capsys):
    top = tmp_path / "cv-corpus/en"  # as Common Voice has it
    touch(top, *(f"clips/{number}.mp3" for number in range(8)))
    for name, numbers in (("train", range(4)), ("dev", range(4, 6)), ("test", range(6, 8)), ("validated", range(8))):
        rows = [f"s{number}\t{number}.mp3\tHello!\t{('male', 'female', '')[number % 3]}\n" for number in numbers]
        table(top, "client_id\tpath\tsentence\tGender\n" + "".join(rows), f"{name}.tsv")
    rows = load(tmp_path / "cv-corpus", label_column="gender")
    assert sorted((one.path.stem, one.labels[0], one.split, one.group) for one in rows) == [
        ("0", "male", "train", "s0"), ("1", "female", "train", "s1"), ("3", "male", "train", "s3"), ("4", "female", "validation", "s4"),
        ("6", "male", "test", "s6"), ("7", "female", "test", "s7")]
    assert "train.tsv: 1 of 4 rows have no Gender and are left out" in capsys.readouterr().err
    assert len(load(top / "validated.tsv", label_column="GENDER ")) == 6
    with pytest.raises(KwsclsError, match="holds no table, or several, that list recordings and have the column age"):
        load(top, label_column="age")
    with pytest.raises(KwsclsError, match="validated.tsv: has no column age; it has client_id, path, sentence, Gender"):
        load(top / "validated.tsv", label_column="age")


def test_a_named_column_comes_before_class_folders_and_usual_names(tmp_path):
    touch(tmp_path, "mono/a.wav", "multi/b.wav")
    words = table(tmp_path, "file,label,accent\nmono/a.wav,yes,kerry\nmulti/b.wav,no,cork\n", "words.csv")
    assert {one.labels[0] for one in load(tmp_path)} == {"mono", "multi"}
    assert {one.labels[0] for one in load(tmp_path, label_column="accent")} == {"kerry", "cork"}
    with pytest.raises(KwsclsError, match="names hold the labels or a column does"):
        load(tmp_path, "(?P<label>.)", "accent")
    table(tmp_path, "file,accent\nmono/a.wav,\n", "words.csv")
    with pytest.raises(KwsclsError, match="has nothing in the column accent"):
        load(words, label_column="accent")


def test_tables_beside_the_only_folder(tmp_path, capsys):
    touch(tmp_path, "audio/s0/a.wav", "audio/s1/b.wav")
    table(tmp_path, "path,label,speaker\naudio/s0/a.wav,yes,anna\n", "train.csv")
    table(tmp_path, "path,label,speaker\naudio/s1/b.wav,no,ben\n", "test.csv")
    assert found(tmp_path) == {"audio/s0/a.wav": ("train", "yes", "anna"), "audio/s1/b.wav": ("test", "no", "ben")}
    assert "labels and splits as test.csv, train.csv say" in capsys.readouterr().err


def test_a_table_of_speakers_beside_the_only_folder(tmp_path):
    touch(tmp_path, "audio/dog/a.wav", "audio/cat/b.wav")
    table(tmp_path, "file,speaker\naudio/dog/a.wav,anna\naudio/cat/b.wav,ben\n", "index.csv")
    assert found(tmp_path) == {"audio/dog/a.wav": (None, "dog", "anna"), "audio/cat/b.wav": (None, "cat", "ben")}


def test_esc_50_with_its_table_above_two_folders(tmp_path):
    touch(tmp_path, "audio/audio/1-1-A-0.wav", "audio/audio/2-1-A-1.wav")
    table(tmp_path, "filename,fold,category,src_file\n1-1-A-0.wav,1,dog,1\n2-1-A-1.wav,2,rain,2\n", "esc50.csv")
    assert {(one.path.name, one.labels[0], one.fold) for one in load(tmp_path)} == {
        ("1-1-A-0.wav", "dog", "1"), ("2-1-A-1.wav", "rain", "2")}


def test_splits_and_windows_paths_in_a_table_beside_class_folders(tmp_path, capsys):
    touch(tmp_path, "dog/a.wav", "dog/b.wav", "cat/a.wav", "cat/c.wav")
    table(tmp_path, "File Name,Speaker ID,Set\ndog\\a.wav,1,Train\ndog\\b.wav,2,Test\ncat\\a.wav,1,Train\ncat\\c.wav,3,Train\n",
          "info.csv")
    assert found(tmp_path) == {"dog/a.wav": ("train", "dog", "1"), "dog/b.wav": ("test", "dog", "2"),
                               "cat/a.wav": ("train", "cat", "1"), "cat/c.wav": ("train", "cat", "3")}
    assert "Speaker ID and Set as info.csv says, for 4 of 4 recordings" in capsys.readouterr().err


def test_splits_of_a_table_that_has_no_training_part_are_not_taken(tmp_path):
    touch(tmp_path, "dog/a.wav", "cat/b.wav")
    table(tmp_path, "file,set,speaker\ndog/a.wav,A,1\ncat/b.wav,test,2\n", "info.csv")
    assert found(tmp_path) == {"dog/a.wav": (None, "dog", "1"), "cat/b.wav": (None, "cat", "2")}


def test_labels_of_a_table_that_the_folders_contradict_are_told(tmp_path, capsys):
    touch(tmp_path, "anna/1/a.wav", "ben/1/b.wav")
    table(tmp_path, "file,word\nanna/1/a.wav,yes\nben/1/b.wav,no\n", "labels.csv")
    assert {label for _, label, _ in found(tmp_path).values()} == {"anna", "ben"}
    assert "its column word is not used, as the folders tell other labels; python -m kwscls.prepare --label-column word takes it" \
        in capsys.readouterr().err


def test_folders_of_whom_one_holds_most_are_told(tmp_path, capsys):
    touch(tmp_path, *(f"{word}/anna/{take}.wav" for word in ("no", "yes") for take in range(6)),
          *(f"{word}/{who}/a.wav" for word in ("no", "yes") for who in ("ben", "carl")))
    assert {group for _, _, group in found(tmp_path).values()} == {None}
    assert "anna holds most of the clips, so anna, ben, carl are not taken for speakers; if they are" in capsys.readouterr().err
