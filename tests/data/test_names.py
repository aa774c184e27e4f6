"""Corpora whose names alone hold the labels, in the folders that they are published in."""

import pytest

from kwscls.data.layouts import load
from tests.data.test_manifest import touch


@pytest.mark.parametrize("files, labels, groups", [
    (["Actor_01/03-01-05-01-02-01-01.wav", "Actor_01/03-01-01-01-02-01-01.wav", "Actor_12/03-01-08-02-02-01-12.wav"],
     ["angry", "neutral", "surprised"], ["01", "01", "12"]),  # RAVDESS
    (["Actor_01/03-01-05-01-02-01-01.wav", "Actor_12/03-01-08-02-02-01-12.wav", "by_label/angry/03-01-05-01-02-01-01.wav",
      "by_label/surprised/03-01-08-02-02-01-12.wav", "by_label/surprised/03-01-08-02-02-01-13.wav"],
     ["angry", "angry", "surprised", "surprised", "surprised"], ["01", "01", "12", "12", "13"]),  # RAVDESS sorted a second time
    (["AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_HAP_HI.wav"], ["anger", "happy"], ["1001", "1002"]),  # CREMA-D
    (["wav/03a01Fa.wav", "wav/16b10Wb.wav", "lablaut/03a01Fa.laut"], ["happiness", "anger"], ["03", "16"]),  # EmoDB
    (["OAF_angry/OAF_back_angry.wav", "YAF_pleasant_surprised/YAF_back_ps.wav"], ["angry", "pleasant_surprise"], ["OA", "YA"]),  # TESS
    (["data/01/0_01_0.wav", "data/01/7_01_49.wav", "data/60/7_60_3.wav", "data/audioMNIST_meta.txt"], ["0", "7", "7"],
     ["01", "01", "60"]),  # AudioMNIST
    (["audio/fold1/101415-3-0-2.wav", "audio/fold1/7061-6-0-0.wav", "audio/fold10/99812-1-2-0.wav"],
     ["dog_bark", "gun_shot", "car_horn"], ["101415", "7061", "99812"]),  # UrbanSound8K without its table
    (["audio/airport-barcelona-0-0-a.wav", "audio/metro_station-lisbon-1000-40000-s1.wav"], ["airport", "metro_station"],
     ["barcelona-0", "lisbon-1000"]),  # TAU Urban Acoustic Scenes
    (["f0003_0_cough.wav", "m0101_2_throatclearing.wav"], ["cough", "throatclearing"], ["f0003", "m0101"]),  # VocalSound
])
def test_labels_in_names(files, labels, groups, tmp_path, capsys):
    touch(tmp_path, *files)
    rows = load(tmp_path)
    assert sorted(zip([one.labels[0] for one in rows], [one.group for one in rows])) == sorted(zip(labels, groups))
    assert "labels as in the names of" in capsys.readouterr().err
    assert {one.fold for one in rows} == ({"1", "10"} if "fold1" in files[0] else {None})


def test_class_folders_count_more_than_names(tmp_path):
    touch(tmp_path, *(f"{place}/03-01-0{code}-01-02-01-{actor:02}.wav" for place, code in (("good", 3), ("bad", 4))
                      for actor in range(1, 25)))
    assert {(one.labels[0], one.group) for one in load(tmp_path)} == {("good", None), ("bad", None)}


def test_files_of_other_names_are_left_out_and_counted(tmp_path, capsys):
    touch(tmp_path, *(f"{actor}_DFA_{code}_XX.wav" for actor in range(1001, 1011) for code in ("ANG", "SAD", "NEU")), "mine.wav")
    assert len(load(tmp_path)) == 30
    assert "CREMA-D: anger, neutral, sad; 1 files that are called otherwise are left out" in capsys.readouterr().err
