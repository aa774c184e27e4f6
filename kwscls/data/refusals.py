"""What cannot be prepared: recordings that would be written over, labels without a table or a clip, splits without clips."""

import re
from pathlib import Path

from kwscls.data import manifest, storage
from kwscls.errors import KwsclsError


def require_apart(source, out):
    """Refuse to write into the recordings themselves."""
    place = source.place and source.place.resolve()
    if place and (out.resolve() == place or place in out.resolve().parents):
        raise KwsclsError("lies in the recordings' own folder", out,
                          "run it in another folder, or prepare them with --out somewhere else first")


def require_outside(source, recordings, out):
    """Refuse a folder in which recordings lie: whoever replaces it loses them."""
    place = out.resolve()
    for held in (source.place, *{one.path.parent for one in recordings}):
        if held and not storage.is_remote(held) and held.resolve().is_relative_to(place):
            raise KwsclsError(f"holds the recordings that are to be prepared: {held}", out, "choose another --out")


def require_text(labels):
    """Refuse labels that no table can hold."""
    for label in labels:
        if re.search(r"[\r\ud800-\udfff]", label):
            raise KwsclsError(f"the label {label!r} is no text in UTF-8 on one line", None, "rename it")


def require_same_labels(recordings):
    """Refuse a label that is tested but not trained."""
    trained = {label for one in recordings if one.split == "train" for label in one.labels}
    for one in recordings:
        for label in one.labels:
            if not one.noise and label not in trained:
                raise KwsclsError(f"the label {label} is in {one.split} but not in train", None,
                                  "add recordings of it to train, or leave it out with python -m kwscls.prepare --labels")


def require_splits(recordings, unreadable=(), doubles=()):
    """Refuse splits that lack clips of the wanted labels, or have lost all their clips as unreadable or in another split too."""
    lacking = [split for split in manifest.SPLITS if not any(one.split == split and not one.noise for one in recordings)]
    if lacking:
        lost = [f"{Path(one['path']).name} {one['why']}" for one in unreadable[:1]]
        lost += [f"{one.path.name} is the same sound as one of another split" for one in doubles[:1]]
        raise KwsclsError(f"nothing is left for {' and '.join(lacking)}{': ' * bool(lost)}{'; '.join(lost)}", None,
                          "add recordings, or let python -m kwscls.prepare --split draw the splits anew")


def require_some(kept, unreadable, place):
    """Refuse recordings of which none can be used, as they lie in a place."""
    if not any(not one.noise for one in kept):
        first = unreadable[0]
        raise KwsclsError(f"none of the {len(unreadable)} files can be used; {Path(first['path']).name} {first['why']}",
                          place, "it should hold recordings such as WAV, FLAC, MP3 or Ogg files")
