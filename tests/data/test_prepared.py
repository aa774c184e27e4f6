"""What a prepared folder says: labels from the manifest, files from the class folders."""

import numpy as np
import pytest

from kwscls.data.prepared import label_marks, label_names, shared_groups, split_clips
from kwscls.errors import KwsclsError
from tests.conftest import write_wav


def test_shared_speakers_are_told(tmp_path):
    rows = ["path,label,split,group"]
    for split, group in (("train", "anna"), ("train", "bert"), ("test", "anna")):
        write_wav(tmp_path / split / "no" / f"{group}.wav", np.zeros(100))
        rows.append(f"{split}/no/{group}.wav,no,{split},{group}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    assert shared_groups(tmp_path) == {"anna": ["train", "test"]}


def test_labels_are_those_of_the_manifest_or_of_the_folder(tmp_path):
    for name in ("a", "b"):
        write_wav(tmp_path / "train" / "no" / f"{name}.wav", np.zeros(100))
    (tmp_path / "manifest.csv").write_text("path,label,split\ntrain/no/a.wav,no;yes,train\n")
    clips = split_clips(tmp_path / "train")
    assert [clip.labels for clip in clips] == [("no", "yes"), ("no",)] and label_names(clips) == ["no", "yes"]
    assert label_marks(clips, ["yes", "no"]).tolist() == [[True, True], [False, True]]
    with pytest.raises(KwsclsError, match="does not know: yes; it knows no"):
        label_marks(clips, ["no"], tmp_path)
