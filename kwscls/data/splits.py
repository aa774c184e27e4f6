"""Train, validation and test as a pure function of the manifest: never of the order of files, never of chance."""

import collections
import dataclasses
import hashlib
import os
import re

from kwscls.data.groups import CERTAIN, with_groups
from kwscls.data.manifest import SPLITS
from kwscls.errors import KwsclsError

BUCKETS = 2 ** 27
ORDERS = 50  # that are tried before a split may lack a label


@dataclasses.dataclass(frozen=True)
class Rule:
    """How recordings are split.

    Args:
        kind: "given" by the manifest; by "group", so that no speaker is in two splits; by "clip", whoever spoke; or
            "auto", the first of these that the manifest allows.
        validation, test: their shares in percent.
        group: a regular expression whose first group, found in a file's name, is the recording's group.
        test_fold, validation_fold: names of folds, where there are folds; the last one and the one before it when None.
    """

    kind: str = "auto"
    validation: float = 10
    test: float = 10
    group: str | None = None
    test_fold: str | None = None
    validation_fold: str | None = None


def split(recordings, rule=Rule()):
    """Give every recording its split.

    Args:
        recordings: a list of `Recording`; noise is passed through.
        rule: a `Rule`.

    Returns:
        recordings with `split` set, and `group` where it is known or could be told from the names; and a sentence that
        says how it was done.

    Raises:
        KwsclsError: groups are torn apart by the given splits, there are too few recordings, or the rule does not fit.
    """
    if min(rule.validation, rule.test) <= 0 or rule.validation + rule.test >= 100:
        raise KwsclsError("the shares of validation and test must leave something to each split", None,
                          "--validation 10 --test 10 is usual")
    noise = [one for one in recordings if one.noise]
    recordings, guessed = with_groups([one for one in recordings if not one.noise], rule.group)
    kind, how = rule.kind, ""
    if kind in ("auto", "given") and any(one.split for one in recordings):
        made, how = _given(recordings, rule, guessed)
    elif kind in ("auto", "given") and all(one.fold for one in recordings) and recordings:
        made, how = _by_fold(recordings, rule)
    elif kind == "given":
        raise KwsclsError("the manifest gives no splits", "--split given", "use --split group or --split clip")
    elif kind == "group" and not all(one.group for one in recordings):
        raise KwsclsError("not every recording has a group", "--split group",
                          "write a column named speaker or group, or tell with --group how names hold it")
    else:
        made, how = _drawn(recordings, rule, guessed)
    missing = [name for name in SPLITS if not any(one.split == name for one in made)]
    if missing:
        raise KwsclsError(f"too few recordings: nothing is left for {' and '.join(missing)}", None, "record more")
    return made + noise, how


def official(name, validation=10, test=10):
    """The split of a Speech Commands recording: the hash of the speaker's name decides.

    Args:
        name: a file's name; what follows `_nohash_` does not count.
        validation, test: percent.

    Source: P. Warden, "Speech Commands", arXiv:1804.03209, section 7, and the corpus' README.
    """
    speaker = re.sub(r"_nohash_.*$", "", name.rsplit("/", 1)[-1])
    percent = int(_digest(speaker), 16) % BUCKETS * 100 / (BUCKETS - 1)
    return "validation" if percent < validation else "test" if percent < validation + test else "train"


def folds(recordings, count, given=True):
    """The fold of each recording, from 0 to count - 1: given folds as they are, else whole groups, evenly spread.

    Args:
        recordings: a list of `Recording`.
        count: how many folds.
        given: whether folds that are given, if there are so many, are taken.

    Raises:
        KwsclsError: there are fewer groups than folds.
    """
    recordings, _ = with_groups(recordings)
    names = sorted({one.fold for one in recordings if one.fold}, key=natural)
    if given and len(names) == count and all(one.fold for one in recordings):
        return [names.index(one.fold) for one in recordings]
    keys = _units(recordings)
    sizes = collections.Counter(keys)
    if len(sizes) < count:
        raise KwsclsError(f"{len(sizes)} groups cannot be spread over {count} folds", None, "ask for fewer folds")
    load, place = [0] * count, {}
    for key in sorted(sizes, key=lambda key: (-sizes[key], _digest(key))):
        place[key] = min(range(count), key=load.__getitem__)
        load[place[key]] += sizes[key]
    return [place[key] for key in keys]


def shared(recordings):
    """Groups that are in several splits: name to the splits' names."""
    places = collections.defaultdict(set)
    for one in recordings:
        if one.group and one.split:
            places[one.group].add(one.split)
    return {group: sorted(splits, key=SPLITS.index) for group, splits in sorted(places.items()) if len(splits) > 1}


def flattery(torn):
    """What groups in several splits, as `shared` tells them, do to scores, and what to do about it, in words."""
    tested = {group: places for group, places in torn.items() if "test" in places}
    group, places = next(iter((tested or torn).items()))
    flattered = ("the test will flatter; python -m kwscls.prepare --split group keeps them apart" if tested else
                 "validation will flatter, the test will not")
    return f"for example {group} in {' and '.join(places)}: {flattered}"


def _given(recordings, rule, guessed):
    """The manifest's own splits; what it lacks is drawn from train."""
    torn = shared(recordings)
    if torn and guessed and guessed not in CERTAIN:  # then these are hardly speakers
        recordings = [dataclasses.replace(one, group=None) for one in recordings]
    elif torn and rule.kind == "auto":
        group, places = next(iter(torn.items()))
        raise KwsclsError(
            f"{len(torn)} speakers or groups are in several splits, for example {group} in {' and '.join(places)}, so "
            "the test would flatter", None, "python -m kwscls.prepare --split group draws the splits anew, --split given keeps them")
    recordings = [one if one.split else dataclasses.replace(one, split="train") for one in recordings]
    lacking = [name for name in ("validation", "test") if not any(one.split == name for one in recordings)]
    how = "as given"
    if lacking:
        train = [one for one in recordings if one.split == "train"]
        drawn, by = _drawn(train, rule, guessed)
        split_of = {one.path: one.split if one.split in lacking else "train" for one in drawn}
        recordings = [dataclasses.replace(one, split=split_of.get(one.path, one.split)) for one in recordings]
        how = f"as given, {' and '.join(lacking)} drawn from train {by}"
    return recordings, how


def _by_fold(recordings, rule):
    names = sorted({one.fold for one in recordings}, key=natural)
    if len(names) < 3:
        raise KwsclsError(f"{len(names)} folds are too few for train, validation and test", None, "use --split clip")
    test = str(rule.test_fold or names[-1])
    if test not in names:
        raise KwsclsError("there is no such fold", f"--test-fold {test}", f"there are {', '.join(names)}")
    validation = str(rule.validation_fold or names[names.index(test) - 1])
    if validation not in names or validation == test:
        raise KwsclsError("is no fold that is left", f"--validation-fold {validation}",
                          f"there are {', '.join(name for name in names if name != test)}")
    places = {test: "test", validation: "validation"}
    made = [dataclasses.replace(one, split=places.get(one.fold, "train")) for one in recordings]
    return made, f"by fold: {test} is test, {validation} is validation"


def _drawn(recordings, rule, guessed):
    """Splits drawn by a hash, of the group where groups are known."""
    alone, units = sum(not one.group for one in recordings), _units(recordings)
    if rule.kind != "clip" and alone < len(recordings) and len(set(units)) >= 3:
        keys = units
        how = "by group, none in two splits" + (f" (groups: {guessed})" if guessed else "")
        how += f", and by clip the {alone} without one" if alone else ""
    else:
        keys = _identities(recordings)
        how = "by clip, as asked" if rule.kind == "clip" else "by clip, as no speakers or groups are known"
        if rule.kind != "clip" and alone < len(recordings):
            how = f"by clip, as {len(set(units))} groups are too few to keep them apart"
    places, by = _places(recordings, keys, rule)
    if rule.kind == "auto" and keys is units and (unlearnt := _unlearnt(recordings, places)):
        how = f"by clip, as {len(unlearnt)} labels would have none to learn from if no group were torn apart"
        places, by = _places(recordings, _identities(recordings), rule)
    return [dataclasses.replace(one, split=place) for one, place in zip(recordings, places)], f"{how}, {by}"


def _unlearnt(recordings, places):
    """The labels that no recording of train has."""
    taught = {label for one, place in zip(recordings, places) if place == "train" for label in one.labels}
    return {label for one in recordings for label in one.labels} - taught


def _places(recordings, keys, rule):
    """The split of each recording, and how: the official hash if that suits these labels, else the best of orders."""
    total, sizes, of_key = collections.Counter(), collections.Counter(keys), collections.defaultdict(collections.Counter)
    for one, key in zip(recordings, keys):
        total.update(one.labels)
        of_key[key].update(one.labels)
    spread = collections.Counter(label for labels in of_key.values() for label in labels)
    certain = sum(max(0, len(SPLITS) - count) for count in spread.values())  # with two keys a label lacks a split in any order
    best, how = {key: official(key, rule.validation, rule.test) for key in of_key}, "by the hash of Speech Commands"
    least = _lacking(total, of_key, sizes, best, rule)
    for salt in range(ORDERS):
        if least <= certain:
            break
        ordered = _ordered(total, of_key, rule, salt)
        lacking = _lacking(total, of_key, sizes, ordered, rule)
        if lacking < least:
            best, least, how = ordered, lacking, "each label its share, in the order of a hash"
    return [best[key] for key in keys], how


def _ordered(total, of_key, rule, salt):
    """The split of each key: test, then validation is filled in the order of a salted hash, each label its share.

    Args:
        total: how many recordings each label has.
        of_key: of each key, how many recordings of each label.
        rule: a `Rule`.
        salt: of the hash.
    """
    place, left = {}, sorted(of_key, key=lambda key: _digest(f"{salt} {key}"))
    kept = collections.Counter(total)  # of each label, for train
    spread = collections.Counter(label for labels in of_key.values() for label in labels)
    for name, share in (("test", rule.test), ("validation", rule.validation)):
        want = {label: max(1, count * share / 100) for label, count in total.items()}
        have, short = collections.Counter(), len(want)  # so many labels have not their share yet
        for key in left[1:] if name == "validation" else left[2:]:
            if not short:
                break
            new = of_key[key]
            useful = sum(min(count, want[label] - have[label]) for label, count in new.items()) > sum(new.values()) / 2
            if useful and all(kept[label] > count for label, count in new.items()):
                place[key] = name
                for label, count in new.items():
                    short -= have[label] < want[label] <= have[label] + count
                    have[label] += count
                    kept[label] -= count
        for label in total:
            if have[label] or spread[label] < len(SPLITS):
                continue
            key = _smallest_with(label, [key for key in left if key not in place], of_key, total, kept)
            if key is not None:
                place[key] = name
                have.update(of_key[key])
                kept.subtract(of_key[key])
        left = [key for key in left if key not in place]
        if not have and len(left) > 1:  # each group is more than the share
            place[min(left, key=lambda key: sum(of_key[key].values()))] = name
            left = [key for key in left if key not in place]
    return {key: place.get(key, "train") for key in of_key}


def _smallest_with(label, keys, of_key, total, kept):
    """The smallest of the groups of a label that are all larger than a split's share, or None if train must keep them.

    Args:
        label: one that no group of the split has, and three or more have.
        keys: the groups that are left.
        of_key, total: as of `_ordered`.
        kept: how many recordings of each label are left for train, of which half of all must stay.
    """
    whole = [key for key in keys if of_key[key][label]
             and all(kept[said] - count >= total[said] / 2 for said, count in of_key[key].items())]
    return min(whole, key=lambda key: sum(of_key[key].values()), default=None)


def _lacking(total, of_key, sizes, place, rule):
    """What is wrong with a split, as a number: labels that a split lacks, labels that train has less than half of,
    splits that are far from their share; weighing more, labels that train lacks; and most of all, empty splits.

    Args:
        total, of_key, rule: as of `_ordered`.
        sizes: how many recordings each key has.
        place: the split of each key.
    """
    have, filled = {split: collections.Counter() for split in SPLITS}, collections.Counter()
    for key, split in place.items():
        filled[split] += sizes[key]
        found = have[split]
        for label, count in of_key[key].items():
            found[label] += count
    none = sum(len(total) - len(found) for found in have.values())
    unlearnt = len(total) - len(have["train"])
    few = sum(have["train"][label] < count / 2 for label, count in total.items())
    shares = {"validation": rule.validation, "test": rule.test}
    uneven = sum(abs(100 * filled[split] / sum(sizes.values()) - share) > share / 2 for split, share in shares.items())
    return none + few + uneven + 1000 * unlearnt + 10 ** 6 * (len(SPLITS) - len(filled))


def _units(recordings):
    """Of each recording, what no split tears apart: its group, or itself."""
    return [one.group or itself for one, itself in zip(recordings, _identities(recordings))]


def _identities(recordings):
    """What names each recording wherever their folder lies: its label, and its path without the folders of label and split."""
    top = len(os.path.commonprefix([one.path.parent.parts for one in recordings]))
    return ["/".join([";".join(one.labels), *(part for part in one.path.parts[top:-1] if part not in (one.labels[0], *SPLITS)),
                      one.path.name]) for one in recordings]


def _digest(text):
    return hashlib.sha1(text.encode("utf-8", "surrogateescape")).hexdigest()  # names may hold bytes that are no UTF-8


def natural(name):
    """A key that sorts 10 after 9."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
