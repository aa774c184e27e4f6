"""Speakers and sources that names of files tell."""

from pathlib import Path

import pytest

from kwscls.data.groups import with_groups
from kwscls.data.manifest import Recording
from kwscls.data.splits import split
from tests.data.test_splits import clips


@pytest.mark.parametrize("what,stems,groups", [
    ("ESC", ["1-100032-A-0", "1-100032-B-0", "2-100210-A-36", "5-9032-A-0"], ["100032", "100032", "100210", "9032"]),
    ("UrbanSound8K", ["100032-3-0-0", "100263-2-0-117", "9031-3-1-0"], ["100032", "100263", "9031"]),
    ("TAU Urban Acoustic Scenes", ["airport-barcelona-0-0-a", "metro_station-lisbon-1000-40000-s1", "tram-paris-9-1-b"],
     ["barcelona-0", "lisbon-1000", "paris-9"]),
    ("NSynth",
     ["bass_synthetic_033-022-050", "bass_synthetic_033-023-050", "synth_lead_synthetic_004-066-100", "reed_acoustic_037-068-127"],
     ["bass_synthetic_033", "bass_synthetic_033", "synth_lead_synthetic_004", "reed_acoustic_037"]),
    ("RAVDESS", ["03-01-05-01-02-01-12", "03-01-06-01-02-01-24", "03-02-01-01-01-02-01"], ["12", "24", "01"]),
    ("CREMA-D", ["1001_DFA_ANG_XX", "1001_IEO_HAP_HI", "1040_ITH_SAD_X", "1091_TIE_NEU_XX"], ["1001", "1001", "1040", "1091"]),
    ("EmoDB", ["03a01Fa", "16b10Wb", "08a02Na", "08a02N"], ["03", "16", "08", "08"]),
    ("Free Spoken Digits", ["0_jackson_0", "7_theo_12", "9_theo_49", "9_lucas_0"], ["jackson", "theo", "theo", "lucas"]),
    ("SAVEE", ["DC_a01", "JE_sa15", "KL_n30", "JK_su09"], ["DC", "JE", "KL", "JK"]),
    ("ShEMO", ["F21S05", "M02F01", "F03S02", "M54W01"], ["F21", "M02", "F03", "M54"]),
    ("VocalSound", ["f0003_0_cough", "m0101_2_throatclearing", "f0004_0_sigh"], ["f0003", "m0101", "f0004"]),
    ("the ICBHI respiratory sounds", ["101_1b1_Al_sc_Meditron", "102_1b1_Ar_sc_Meditron", "226_1b1_Pl_mc_LittC2SE"],
     ["101", "102", "226"]),
])
def test_groups_in_the_names_of_known_corpora(what, stems, groups):
    found, how = with_groups([Recording(Path(f"/x/label/{stem}.wav"), ("label",)) for stem in stems])
    assert [one.group for one in found] == groups and how.endswith(f"in the names of {what}")


def test_names_that_tell_nothing_are_not_taken_for_speakers():
    for name in ("{label}_{take}.wav", "{group}.wav", "take {take} of {group}.wav",
                 "{label}_{label}{group}_{take}.wav"):
        assert with_groups(clips(name=name))[1] is None


@pytest.mark.parametrize("form, what", [
    ("{label}/{number:08d}_NO_{take:02d}", "word 1 of the names"),  # Arabic Speech Commands
    ("{label}/SM{number}_F{take}_A0{take}", "word 1 of the names"),  # URDU
    ("{label}/neg-04{day}-{number}-cough-m-{take}", "word 3 of the names"),
    ("{label}/{number}.{take}", "word 1 of the names"),
])
def test_speakers_at_a_place_in_the_names(form, what):
    recordings = [Recording(Path("/x") / (form.format(label=label, number=number, take=take, day=number % 4) + ".wav"), (label,))
                  for label in ("neg", "pos") for number in range(80, 92) for take in range(5)]
    made, how = with_groups(recordings)
    assert how == what and len({one.group for one in made}) == 12
    strays = [Recording(Path(f"/x/pos/mine{number}.wav"), ("pos",)) for number in range(5)]
    made, _ = with_groups(recordings + strays)
    assert {one.group for one in made[-5:]} == {None} and len({one.group for one in made}) == 13
    assert with_groups(recordings + 3 * strays)[1] is None


def test_voices_before_and_after_the_label():
    voices = [f"{first}{second}" for first in ("Anna", "Ben", "Cleo", "Dora") for second in "xyz"]
    orders = ("{word}_{low}_{take}", "{voice}_{word}_{take}", "{voice}_{word}_{take}")
    recordings = [Recording(Path(f"/x/{label}") / (orders[number % 3].format(word=word, voice=voice, low=voice.lower(), take=take)
                                                   + ".wav"), (label,))
                  for label, words in (("aat", ("aat", "ath")), ("dui", ("dui", "duey")))
                  for number, voice in enumerate(voices) for word in words for take in range(3)]
    recordings.append(Recording(Path("/x/aat/Emma_aat_1.wav"), ("aat",)))  # said one word only
    made, how = with_groups(recordings)
    assert how == "word 1 of the names, or the next where that tells the label"
    assert {one.group for one in made} == {"emma", *map(str.lower, voices)}


def test_patients_have_one_label_each():
    recordings = [Recording(Path(f"/x/{label}/p{label}{patient}_{what}_{take}.wav"), (label,))
                  for label in ("ill", "well") for patient in range(9) for what in ("cough", "vowel") for take in range(3)]
    made, how = with_groups(recordings)
    assert how == "word 1 of the names" and len({one.group for one in made}) == 18


@pytest.mark.parametrize("form", [
    "{label}/{label}_{number}", "{label}/2024_{take}_{number}", "{label}/{uuid}",
    "{label}/indoor{third}_{number}",
])
def test_words_that_are_no_speakers(form):
    recordings = [Recording(Path("/x") / (form.format(label="abc"[number % 3], number=number, take=number % 4, third=number // 3 % 3,
                                                      uuid=f"{number:08x}-0000-4{number % 7:03x}-a000-{number:012x}") + ".wav"),
                            ("abc"[number % 3],)) for number in range(240)]
    assert with_groups(recordings)[1] is None


def test_given_splits_that_contradict_a_place_in_the_names_stand():
    recordings = [Recording(Path(f"/x/{label}/{number}_{take}.wav"), (label,), ("train", "validation", "test")[take % 3])
                  for label in "ab" for number in range(10) for take in range(6)]
    made, how = split(recordings)
    assert how == "as given" and {one.group for one in made} == {None}


def test_pieces_know_the_recording_they_were_cut_from():
    stems = ["V=0_30.mp3_18", "V=0_30.mp3_19", "margot.m4a_3", "Louise.M4A (4)", "Louise.M4A-5", "bell", "siren", "rain", "wav_3"]
    made, how = with_groups([Recording(Path(f"/x/cry/{stem}.wav"), ("cry",)) for stem in stems])
    assert [one.group for one in made] == ["V=0_30.mp3", "V=0_30.mp3", "margot.m4a", None, "Louise.M4A", *4 * [None]]
    assert how == "the recordings from which, as their names say, they were cut"
