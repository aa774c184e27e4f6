"""What clips are called in a prepared folder."""

import collections
import hashlib
import re

LONGEST = 240  # bytes of a clip's stem; a mark and a suffix still fit behind it


def of(recordings):
    """Where each recording goes in the prepared folder, by its path; names that collide get a piece of a hash."""
    wanted = {one.path: f"noise/{_stem(one.path)}" if one.noise else f"{one.split}/{one.labels[0]}/{_stem(one.path)}"
              for one in recordings}
    often = collections.Counter(name.lower() for name in wanted.values())
    for path, name in wanted.items():
        ending = f"-{mark(path)}" if often[name.lower()] > 1 else ""
        wanted[path] = f"{name}{ending}.wav"
    return wanted


def _stem(path):
    """What to call a clip: its file's stem, without what tables cannot hold, and no longer than a disk takes."""
    stem = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "_", path.stem)
    return stem.encode()[:LONGEST].decode(errors="ignore")


def mark(path):
    """A short word that tells a path from others."""
    return hashlib.sha1(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
