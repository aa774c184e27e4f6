"""How files are named: in well-known corpora, which part is the label, and which the voice, source or place; or label and number."""

import collections
import dataclasses
import re

from kwscls.data import folder_names
from kwscls.data.manifest import Recording

MOST = 19 / 20  # of the names, or more, have to fit a form; stray files may be called otherwise
COUNTED = re.compile(r"(?P<label>\D*[^\W\d_])[\s_.\-]*\(?\d+\)?")
"""A word, or several, and a number: `fire truck (12)`."""
LEAST = 3
"""The clips that a label needs, where names alone are counted."""


@dataclasses.dataclass(frozen=True)
class Form:
    """How a corpus names its files.

    Args:
        corpus: what the corpus is called.
        what: what its groups are.
        pattern: a regular expression that fits whole stems, with the group `group`, which must not be torn apart, and
            `label` where the name holds it.
        labels: what the label's codes mean, where they are not the labels themselves.
    """

    corpus: str
    what: str
    pattern: str
    labels: dict[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self):
        return f"the {self.what} in the names of {self.corpus}"


FORMS = (
    Form("ESC", "source recordings", r"\d-(?P<group>\d+)-[A-Z]-\d+"),
    Form("UrbanSound8K", "source recordings", r"(?P<group>\d+)-(?P<label>\d)-\d+-\d+", {
        "0": "air_conditioner", "1": "car_horn", "2": "children_playing", "3": "dog_bark", "4": "drilling",
        "5": "engine_idling", "6": "gun_shot", "7": "jackhammer", "8": "siren", "9": "street_music"}),
    Form("TAU Urban Acoustic Scenes", "places", r"(?P<label>[a-z_]+)-(?P<group>[a-z]+-\d+)-\d+-\w+"),
    Form("NSynth", "instruments", r"(?P<group>(?P<label>[a-z_]+)_(?:acoustic|electronic|synthetic)_\d{3})-\d{3}-\d{3}"),
    Form("RAVDESS", "actors", r"\d\d-\d\d-(?P<label>\d\d)(?:-\d\d){3}-(?P<group>\d\d)", {
        "01": "neutral", "02": "calm", "03": "happy", "04": "sad", "05": "angry", "06": "fearful", "07": "disgust",
        "08": "surprised"}),
    Form("CREMA-D", "actors", r"(?P<group>\d{4})_[A-Z]{3}_(?P<label>[A-Z]{3})_[A-Z]{1,2}", {
        "ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}),
    Form("EmoDB", "actors", r"(?P<group>\d\d)[ab]\d\d(?P<label>[A-Z])[a-z]?", {
        "W": "anger", "L": "boredom", "E": "disgust", "A": "fear", "F": "happiness", "T": "sadness", "N": "neutral"}),
    Form("ShEMO", "speakers", r"(?P<group>[FM]\d\d)(?P<label>[AFHNSW])\d\d", {
        "A": "anger", "F": "fear", "H": "happiness", "N": "neutral", "S": "sadness", "W": "surprise"}),
    Form("SAVEE", "speakers", r"(?P<group>[A-Z]{2})_(?P<label>[a-z]{1,2})\d\d", {
        "a": "anger", "d": "disgust", "f": "fear", "h": "happiness", "n": "neutral", "sa": "sadness", "su": "surprise"}),
    Form("TESS", "actresses", r"(?P<group>[OY]A)F?_[A-Za-z]+_(?P<label>[a-z]+)", {"ps": "pleasant_surprise"}),
    Form("VocalSound", "speakers", r"(?P<group>[fm]\d{4})_\d_(?P<label>[a-z]+)"),
    Form("the ICBHI respiratory sounds", "patients", r"(?P<group>\d{3})_\w+_[A-Z][a-z]_[sm]c_\w+"),
    Form("AudioMNIST", "speakers", r"(?P<label>\d)_(?P<group>\d\d)_\d+"),
    Form("Free Spoken Digits", "speakers", r"(?P<label>\d)_(?P<group>[a-z]+)_\d+"),
)


def labelled(paths):
    """Recordings whose labels are in their names only, as a well-known corpus has them, and its `Form`; or None.

    Their folders tell no labels: they lie in one, in one for each voice (`Actor_01`), or in one for each fold (`fold1`).

    Args:
        paths: of all sound files.
    """
    some = paths[::max(1, len(paths) // 100)]
    for form in FORMS:
        if "label" not in form.pattern or 2 * len(_fitting(form, some)) < len(some):
            continue
        known = _fitting(form, paths)
        if known and len(known) >= MOST * len(paths) and _folders_tell_nothing(known):
            return [Recording(path, (form.labels.get(parts["label"], parts["label"]),), group=parts["group"],
                              fold=folder_names.fold(path.parent.name)) for path, parts in known.items()], form
    return None


def counted(paths):
    """Recordings that lie in one folder and are called by their label and a number, as in `dog_12`; else none.

    Where words of the names vary independently, as in `no_anna_3`, none of them is known to be the label.

    Args:
        paths: of all sound files.
    """
    found = {path: COUNTED.fullmatch(path.stem) for path in paths}
    sizes = collections.Counter(match["label"] for match in found.values() if match)
    labels = {label for label, clips in sizes.items() if clips >= LEAST}
    known = [Recording(path, (match["label"],)) for path, match in found.items() if match and match["label"] in labels]
    alone = len({path.parent for path in paths}) == 1
    return known if alone and len(labels) > 1 and len(known) >= MOST * len(paths) and not _crossed(labels) else []


def _crossed(labels):
    """Whether two places of several words vary independently: a word of each goes with several of the other."""
    words = [re.split(r"[\s_.\-]+", label) for label in labels]
    pairs = {(left, right) for left in range(max(map(len, words))) for right in range(left)}
    for left, right in pairs:
        both = {(some[left], some[right]) for some in words if len(some) > left}
        if all(max(collections.Counter(pair[side] for pair in both).values(), default=0) > 1 for side in (0, 1)):
            return True
    return False


def _fitting(form, paths):
    """The parts of the names that fit a form, by their paths."""
    found = {path: re.fullmatch(form.pattern, path.stem) for path in paths}
    return {path: match.groupdict() for path, match in found.items() if match}


def _folders_tell_nothing(known):
    """Whether all lie in one folder, in folders called like folds, or like the voice of all in them, beside which there may be
    some for each label, as where a corpus lies there twice."""
    folders = collections.defaultdict(list)
    for path, parts in known.items():
        folders[path.parent].append(parts)
    voices = [len({one["group"] for one in found}) == 1 and found[0]["group"] in place.name for place, found in folders.items()]
    labels = [len({one["label"] for one in found}) == 1 for found in folders.values()]
    told = any(voices) and all(voice or label for voice, label in zip(voices, labels))
    return len(folders) == 1 or told or all(folder_names.fold(path.parent.name) for path in known)
