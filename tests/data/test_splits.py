"""Splits: the published lists, disjoint speakers, every label everywhere, and nothing that depends on order."""

import collections
import hashlib
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwscls.data.manifest import SPLITS, Recording
from kwscls.data import splits as room
from kwscls.data.splits import Rule, flattery, folds, natural, official, shared, split
from kwscls.errors import KwsclsError

# Speakers as they stand in the corpus' published testing_list.txt and validation_list.txt (v0.01, v0.02).
TESTED = "bb05582b 97f4c236 f2e59fea fdb5155e dc75148d 3f170018 0bac8a71 893705bb 37fc5d97 c7dc7278 4c6167ca".split()
VALIDATED = "8b775397 2643992f 060cd039 f5e5e8b0 dbb40d24 d57febf0 6a27a9bf 099d52ad bdee441c 7c1d8533".split()


def clips(labels="ab", groups=20, takes=1, name="{group:08x}_nohash_{take}.wav"):
    return [Recording(Path(f"/x/{label}/{name.format(group=group, take=take, label=label)}"), (label,))
            for label in labels for group in range(groups) for take in range(takes)]


def table(recordings):
    return collections.Counter((one.labels[0], one.split) for one in recordings)


def test_official_split_is_that_of_the_published_lists():
    assert {official(f"right/{name}_nohash_3.wav") for name in TESTED} == {"test"}
    assert {official(f"{name}_nohash_0.wav") for name in VALIDATED} == {"validation"}


@given(name=st.text("0123456789abcdef", min_size=8, max_size=8), validation=st.integers(1, 40), test=st.integers(1, 40))
def test_official_split_against_another_way_to_count(name, validation, test):
    bucket = int.from_bytes(hashlib.sha1(name.encode()).digest()[-4:], "big") & (2 ** 27 - 1)
    percent = 100 * (bucket / 134217727)
    expected = "validation" if percent < validation else "test" if percent < validation + test else "train"
    assert official(f"{name}_nohash_1.wav", validation, test) == expected


def test_speech_commands_are_split_by_the_official_hash():
    made, how = split([Recording(Path(f"/x/{label}/{name}_nohash_0.wav"), (label,))
                       for label in "ab" for name in TESTED + VALIDATED + [f"{number:08x}" for number in range(900)]])
    assert how == ("by group, none in two splits (groups: the part of the names before _nohash_), "
                   "by the hash of Speech Commands")
    assert all(one.split == official(one.path.name) for one in made)


@settings(deadline=None)
@given(labels=st.integers(2, 6), groups=st.integers(3, 40), takes=st.integers(1, 3), seed=st.integers(0, 99))
def test_no_group_is_in_two_splits_and_order_does_not_matter(labels, groups, takes, seed):
    given_ = clips("abcdef"[:labels], groups, takes)
    made, _ = split(given_)
    assert not shared(made)
    assert set(table(made)) == {(label, name) for label in "abcdef"[:labels] for name in SPLITS}
    shuffled = random.Random(seed).sample(given_, len(given_))
    assert {one.path: one.split for one in split(shuffled)[0]} == {one.path: one.split for one in made}


def test_small_folders_keep_every_label_in_every_split():
    for count in (3, 4, 7, 30):
        made, how = split(clips("abc", count, name="recording_{group}.wav"))
        assert how.startswith("by clip, as no speakers or groups are known")
        assert len(table(made)) == 9 and min(table(made).values()) >= 1


def test_shares():
    made, _ = split(clips("ab", 500), Rule(validation=20, test=30))
    counts = collections.Counter(one.split for one in made)
    assert abs(counts["validation"] - 200) < 40 and abs(counts["test"] - 300) < 50


def test_speakers_are_told_from_names_beside_label_and_number():
    recordings = [Recording(Path(f"/x/{word}_{who}_{take}.wav"), (word,))
                  for word in ("uno", "due", "tre") for who in ("george", "theo", "anna", "lucas") for take in range(3)]
    made, how = split(recordings)
    assert "what the names hold beside label and number" in how and not shared(made)
    assert {one.group for one in made} == {"george", "theo", "anna", "lucas"}


def test_groups_by_a_pattern():
    made, how = split(clips(name="{group}-x-{take}.wav", takes=2), Rule(group=r"^(\d+)-"))
    assert how.startswith("by group") and made[0].group == "0" and not shared(made)
    for pattern, message in (("(", "is no regular expression"), (r"\d+", "is no regular expression with a group"),
                             ("(z+)", "does not find a group in 00000000_nohash_0.wav")):
        with pytest.raises(KwsclsError, match=message):
            split(clips(), Rule(group=pattern))


def test_given_splits_stay_and_what_lacks_is_drawn_from_train():
    recordings = [Recording(one.path, one.labels, "test" if number % 4 == 0 else "train")
                  for number, one in enumerate(clips(name="{group}.wav"))]
    made, how = split(recordings)
    assert how.startswith("as given, validation drawn from train")
    assert [one.split == "test" for one in made] == [one.split == "test" for one in recordings]
    assert {one.split for one in made} == set(SPLITS)


def test_torn_speakers_are_refused_and_the_ways_out_work():
    recordings = [Recording(one.path, one.labels, SPLITS[number % 3]) for number, one in enumerate(clips(takes=3))]
    with pytest.raises(KwsclsError, match="20 speakers or groups are in several splits.*--split group.*--split given"):
        split(recordings)
    assert not shared(split(recordings, Rule("group"))[0])
    kept, how = split(recordings, Rule("given"))
    assert how == "as given" and len(shared(kept)) == 20


def test_folds():
    recordings = [Recording(one.path, one.labels, fold=str(1 + number % 5))
                  for number, one in enumerate(clips(groups=10))]
    made, how = split(recordings)
    assert how == "by fold: 5 is test, 4 is validation"
    place = {"5": "test", "4": "validation"}
    assert all(one.split == place.get(one.fold, "train") for one in made)
    made, how = split(recordings, Rule(test_fold="1"))
    assert how == "by fold: 1 is test, 5 is validation"
    assert folds(recordings, 5) == [int(one.fold) - 1 for one in recordings]
    for rule, message in ((Rule(test_fold="9"), "there is no such fold"),
                          (Rule(validation_fold="5"), "is no fold that is left")):
        with pytest.raises(KwsclsError, match=message):
            split(recordings, rule)


def test_folds_by_group_are_even_and_whole():
    recordings = clips(groups=23, takes=2)
    places = folds(recordings, 5)
    of_group = collections.defaultdict(set)
    for one, place in zip(recordings, places):
        of_group[one.path.name.split("_")[0]].add(place)
    assert all(len(found) == 1 for found in of_group.values())
    counts = collections.Counter(places)
    assert sorted(counts) == list(range(5)) and max(counts.values()) - min(counts.values()) <= 4
    with pytest.raises(KwsclsError, match="4 groups cannot be spread over 5 folds"):
        folds(clips("ab", 4), 5)


@pytest.mark.parametrize("recordings, rule, message", [
    (clips("ab", 1, name="{group}.wav"), Rule(), "too few recordings"),
    (clips(), Rule("given"), "gives no splits"),
    (clips(name="{group}.wav"), Rule("group"), "not every recording has a group"),
    (clips(), Rule(validation=60, test=40), "must leave something"),
    (clips(), Rule(test=0), "must leave something"),
])
def test_what_cannot_be_split(recordings, rule, message):
    with pytest.raises(KwsclsError, match=message):
        split(recordings, rule)


@pytest.mark.parametrize("counts", [(2, 2), (1, 9), (2, 40), (3, 3, 3), (1, 2, 3, 50)])
def test_train_gets_a_clip_of_every_label_first(counts):
    made, _ = split([Recording(Path(f"label{label}/{clip}.wav"), (f"label{label}",))
                     for label, count in enumerate(counts) for clip in range(count)])
    assert {one.labels for one in made if one.split == "train"} == {(f"label{label}",) for label in range(len(counts))}
    assert {one.split for one in made} == {"train", "validation", "test"}


def test_one_clip_without_a_speaker_leaves_the_others_apart():
    recordings = [Recording(Path(f"/x/{label}/{speaker}{take}.wav"), (label,), group=f"s{speaker}")
                  for label in "ab" for speaker in range(12) for take in range(4)] + [Recording(Path("/x/a/stray.wav"), ("a",))]
    made, how = split(recordings)
    assert not shared(made) and how.startswith("by group, none in two splits, and by clip the 1 without one")


def test_clips_of_one_name_in_several_folders_are_several():
    recordings = [Recording(Path(f"/x/{speaker}/{label}/{take}.wav"), (label,))
                  for speaker in range(10) for label in "ab" for take in range(2)]
    made, _ = split(recordings, Rule("clip", 20, 20))
    assert 6 <= sum(one.split == "test" for one in made) <= 10 and len(table(made)) == 6
    assert sorted(collections.Counter(folds(recordings, 4)).values()) == [10, 10, 10, 10]
    moved = [Recording(Path("/elsewhere/train") / one.path.relative_to("/x"), one.labels) for one in recordings]
    assert [one.split for one in split(moved, Rule("clip", 20, 20))[0]] == [one.split for one in made]


def test_draws_stay_what_they_were():
    made, how = split(clips("abc", 40, name="recording_{group}.wav"), Rule(validation=7, test=13))
    told = "".join(f"{one.path.parent.name}{one.path.stem}{one.split}" for one in made)
    assert how.endswith("in the order of a hash") and hashlib.sha1(told.encode()).hexdigest()[:8] == "0dfdb41b"


@pytest.mark.parametrize("rare, most", [(1, 0), (2, room.ORDERS - 1)])
def test_no_more_orders_are_tried_where_none_can_be_better(monkeypatch, rare, most):
    tried, real = [], room._ordered
    monkeypatch.setattr(room, "_ordered", lambda *words: tried.append(words) or real(*words))
    split(clips("abc", 200, name="{group}.wav") + clips("d", rare, name="r{group}.wav"))
    assert len(tried) <= most


def test_many_labels_and_a_rare_one_take_no_longer_than_their_clips(monkeypatch):
    monkeypatch.setattr(room, "ORDERS", 3)
    recordings = [Recording(Path(f"/x/{label}/{clip}.wav"), (str(label),)) for label in range(600) for clip in range(50)]
    start = time.process_time()
    split(recordings + [Recording(Path(f"/x/rare/{clip}.wav"), ("rare",)) for clip in range(2)])
    assert time.process_time() - start < 5


def test_names_beyond_ascii():
    assert sorted(["10", "²", "9"], key=natural) == ["9", "10", "²"]
    latin = [Recording(Path(f"/x/{one.labels[0]}/caf\udce9{one.path.name}"), one.labels) for one in clips(name="{group}.wav")]
    assert {one.split for one in split(latin)[0]} == set(SPLITS)


def test_labels_whose_groups_are_large_are_in_every_split():
    spoken = {"a": {"anger": 22, "joy": 6}, "b": {"anger": 28, "joy": 4}, "c": {"anger": 2, "joy": 12}, "d": {"anger": 48, "joy": 2},
              **{f"speaker{number}": {"joy": 8, "calm": 9} for number in range(9)}}
    made, how = split([Recording(Path(f"/x/{label}/{who}_{take}.wav"), (label,), group=who)
                       for who, said in spoken.items() for label, count in said.items() for take in range(count)])
    assert set(table(made)) == {(label, place) for place in SPLITS for label in ("anger", "joy", "calm")}
    assert table(made)["anger", "train"] >= 50 and not shared(made)


@pytest.mark.parametrize("groups", [1, 2])
def test_labels_are_learnt_even_if_each_has_but_one_group(groups):
    recordings = [Recording(Path(f"/x/{label}/{label}{take % groups}.mp3_{take}.wav"), (label,))
                  for label in "abcd" for take in range(40)]
    made, how = split(recordings)
    assert {label for label, place in table(made) if place == "train"} == set("abcd")
    torn = "by clip, as 2 labels would have none to learn from if no group were torn apart, "
    assert how.startswith(torn if groups == 1 else "by group, none in two splits (groups: the recordings from which")
    assert len(shared(made)) == (4 if groups == 1 else 0)
    assert not shared(split(recordings, Rule("group"))[0])


def test_what_torn_groups_flatter():
    learnt, tested = {"anna": ["train", "validation"]}, {"ben": ["train", "test"]}
    assert flattery(learnt) == "for example anna in train and validation: validation will flatter, the test will not"
    assert flattery(learnt | tested) == ("for example ben in train and test: the test will flatter; "
                                         "python -m kwscls.prepare --split group keeps them apart")


@pytest.mark.parametrize("speakers, learnt", [(4, 0.5), (5, 0.6)])
def test_few_speakers_who_say_everything_leave_most_to_train(speakers, learnt):
    made, _ = split([Recording(Path(f"/x/{label}/spk{who}_{take}.wav"), (label,), group=f"spk{who}")
                     for label in "abcdefghij" for who in range(speakers) for take in range(3)])
    shares = collections.Counter(one.split for one in made)
    assert shares["train"] == learnt * len(made) and set(shares) == set(SPLITS) and not shared(made)


def test_one_speaker_of_most_clips_is_learnt_from():
    spoken = {"anna": 6, "ben": 2, "carl": 2}
    made, _ = split([Recording(Path(f"/x/{label}/{who}_{take}.wav"), (label,), group=who)
                     for label in "abc" for who, count in spoken.items() for take in range(count)])
    assert {one.group for one in made if one.split == "train"} == {"anna"} and {one.split for one in made} == set(SPLITS)
