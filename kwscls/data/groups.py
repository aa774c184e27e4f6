"""What no split may tear apart: the speaker or source of each recording, told from the names of files."""

import collections
import dataclasses
import re

from kwscls.data.names import FORMS, MOST
from kwscls.errors import KwsclsError

BEFORE = "the part of the names before _nohash_"
BESIDE = "what the names hold beside label and number"
SOURCE = "the recordings from which, as their names say, they were cut"
CERTAIN = (BEFORE, SOURCE, *map(str, FORMS))
"""Guesses that are known to be right; others may be wrong where given splits contradict them."""

CUT = re.compile(r"(.+\.(?:aac|aiff?|flac|m4a|mp[34]|oga|ogg|opus|wav|webm|wma))[_\-. ]*\d+", re.IGNORECASE)
"""What programs call the numbered pieces of a recording: `party.mp3_12.wav`."""

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def with_groups(recordings, pattern=None):
    """Recordings with their groups, from the manifest, a pattern or else their names; and how that was guessed.

    Where a few stray files are called otherwise than the rest, they have no group.

    Raises:
        KwsclsError: the pattern is none, or does not fit a name.
    """
    if pattern:
        return [dataclasses.replace(one, group=_matched(one, pattern)) for one in recordings], None
    if not recordings or any(one.group for one in recordings):
        return recordings, None
    for groups, what in _guesses(recordings):
        known = sum(group is not None for group in groups)
        if known >= MOST * len(groups) and _telling(recordings, groups, what):
            return [dataclasses.replace(one, group=group) for one, group in zip(recordings, groups)], what
    cut = [CUT.fullmatch(one.path.stem) for one in recordings]
    if any(cut):  # pieces may lie among whole recordings
        return [dataclasses.replace(one, group=found and found[1]) for one, found in zip(recordings, cut)], SOURCE
    return recordings, None


def _guesses(recordings):
    """Groups that names may tell, the best guess first: a list, a group or None for each recording, and what it takes them from."""
    stems = [one.path.stem for one in recordings]
    for form in FORMS:
        yield [found and found["group"] for found in (re.fullmatch(form.pattern, stem) for stem in stems)], str(form)
    yield [stem.split("_nohash_")[0] if "_nohash_" in stem else None for stem in stems], BEFORE
    words, labels = [_words(stem) for stem in stems], [one.labels[0] for one in recordings]
    yield [_beside_label(some, label) for some, label in zip(words, labels)], BESIDE
    words = [[word.casefold() for word in some[:-1]] for some in words]  # the last word counts the takes
    for place in range(max(map(len, words))):
        before = _before_voices(words, labels, place)
        yield [_at(some, place + (_at(some, place) in before)) for some in words], \
            f"word {place + 1} of the names{', or the next where that tells the label' if before else ''}"


def _at(words, place):
    return words[place] if place < len(words) else None


def _before_voices(words, labels, place):
    """Words at a place of the names that tell the label, and stand before the voice: `eight_anna` among `ben_eight`.

    Most words there are of several labels; these are of one label each, and several such words follow them.

    Args:
        words: of each name.
        labels: the label of each.
        place: counted from 0.
    """
    said, followers = collections.defaultdict(set), collections.defaultdict(set)
    for some, label in zip(words, labels):
        for word in some:
            said[word].add(label)
    here = [_at(some, place) for some in words]
    if 2 * sum(len(said[word]) > 1 for word in here if word) < len(words):
        return set()
    for some in words:
        if len(some) > place + 1 and len(said[some[place]]) == 1 and len(said[some[place + 1]]) > 1:
            followers[some[place]].add(some[place + 1])
    return {word for word, found in followers.items() if len(found) > 1}


def _matched(one, pattern):
    try:
        found = re.search(pattern, one.path.name)
        group = found and (found.groupdict().get("group") or found.group(1))
    except (re.error, IndexError) as error:
        raise KwsclsError(f"is no regular expression with a group ({error})", f"--group {pattern}",
                          "put the speaker's part into parentheses, as in '^([^_]+)_'") from error
    if not group:
        raise KwsclsError(f"does not find a group in {one.path.name}", f"--group {pattern}")
    return group


def _words(stem):
    """The words of a file's name; a UUID is one."""
    whole = re.sub(UUID, lambda found: found[0].replace("-", ""), stem)
    return [word for word in re.split(r"[_\-. ]+", whole) if word]


def _beside_label(words, label):
    if len(words) < 3 or label not in words or not words[-1].isdigit():
        return None
    words = list(words)
    words.remove(label)
    return "_".join(words[:-1]) or None


def _telling(recordings, groups, what):
    """Whether guessed groups look like speakers or sources.

    There are three or more. If the names hold the label too, most groups have several labels. If only a place in the
    names speaks for them, there are five or more, most clips share theirs with another, none has more than a third of
    the clips, and most labels come from three or more.
    """
    labels, sizes, sources = collections.defaultdict(set), collections.Counter(groups), collections.defaultdict(set)
    for one, group in zip(recordings, groups):
        if group:
            labels[group].add(one.labels[0])
            sources[one.labels[0]].add(group)
    del sizes[None]
    if len(labels) < 3 or what in CERTAIN:
        return len(labels) >= 3
    if what == BESIDE:
        return sum(len(said) > 1 for said in labels.values()) > len(labels) / 2
    clips = sum(sizes.values())
    return (len(sizes) >= 5 and sum(size for size in sizes.values() if size > 1) > clips / 2
            and max(sizes.values()) <= clips / 3 and sum(len(found) >= 3 for found in sources.values()) > len(sources) / 2)
