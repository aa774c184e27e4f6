"""The same sound twice: across splits it would flatter the test, within one it counts twice, under two labels one is wrong."""

import collections

from kwscls.data import convert


def without_duplicates(recordings, facts, names):
    """Leave out what is there twice, of train rather than of validation and test; and find sounds with two labels.

    Silences are all alike, so those of one split stay. So do clips of one split whose labels contradict each other: which of
    them is right is for a person to say.

    Args:
        recordings: those that could be converted, with their splits.
        facts: of each, what `convert.convert` found; a dict by the recording's path.
        names: of each, its path in the prepared folder; a dict likewise.

    Returns:
        The recordings that stay; those that were left out; and two lists of dicts with `path` and `why`: what was left
        out, and what contradicts itself, be it left out or not.
    """
    order = {split: place for place, split in enumerate(("test", "validation", "train"))}
    same = collections.defaultdict(list)
    for one in recordings:
        if not one.noise:
            same[facts[one.path]["content"]].append(one)
    dropped, duplicates, contradictions = {}, [], []
    for group in same.values():
        group.sort(key=lambda one: (order[one.split], names[one.path]))
        for other in group[1:]:
            found = {"path": names[other.path], "why": f"is the same sound as {names[group[0].path]}"}
            if other.split != group[0].split or _says_the_same(other, group[0], facts):
                dropped[other.path] = other
                duplicates.append(found)
            if other.labels != group[0].labels:
                contradictions.append(found)
    return [one for one in recordings if one.path not in dropped], list(dropped.values()), duplicates, contradictions


def _says_the_same(one, other, facts):
    """Whether two clips of the same sound have the same labels, and a sound."""
    return one.labels == other.labels and facts[one.path]["peak"] >= convert.SILENT
