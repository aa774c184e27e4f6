"""The checksums of an export's files: written with it, compared before it is trusted."""

import hashlib
from pathlib import Path

from kwscls import files
from kwscls.errors import KwsclsError

SUMS = "SHA256SUMS"
"""The file's name; `sha256sum -c SHA256SUMS` checks it without kwscls."""

LATER = (".json", ".png", ".html")
"""What an evaluation may lay beside the model afterwards, and which no checksum covers."""


def write(folder):
    """Write the checksum of every file in a folder."""
    _write(folder, {name: files.sha256(Path(folder) / name) for name in _names(folder)})


def add(folder, path):
    """Take a file that was written into an export afterwards among its checksums."""
    _write(folder, _listed(folder) | {Path(path).relative_to(folder).as_posix(): files.sha256(path)})


def check(folder):
    """Compare every file of a folder with its checksum.

    Returns:
        The fingerprint of the whole: the SHA-256 of the checksums, in hexadecimal.

    Raises:
        KwsclsError: there are no checksums, or a file is missing, another one, or without one.
    """
    sums, listed = Path(folder) / SUMS, _listed(folder)
    for name, digest in listed.items():
        path = Path(folder) / name
        if not path.is_file():
            raise KwsclsError("is missing from the export", path, "copy it again")
        if files.sha256(path) != digest:
            raise KwsclsError(f"is not what {SUMS} says", path, "copy the export again")
    for name in _names(folder):
        if name not in listed and not ("/" not in name and name.endswith(LATER)):
            raise KwsclsError(f"is not in {SUMS}", Path(folder) / name, "take it away, or copy the export again")
    return hashlib.sha256(sums.read_bytes()).hexdigest()


def _names(folder):
    """The files of an export; not what file managers leave in any folder."""
    folder = Path(folder)
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path != folder / SUMS]
    return sorted(path.as_posix() for path in found
                  if path.name not in ("Thumbs.db", "desktop.ini") and not any(part.startswith(".") for part in path.parts))


def _listed(folder):
    """The names of an export's files, and their checksums."""
    sums = Path(folder) / SUMS
    if not sums.is_file():
        raise KwsclsError(f"holds no {SUMS}", folder, "python -m kwscls.export --run RUN writes one that can be verified")
    lines = [line.partition("  ") for line in sums.read_text(encoding="utf-8").splitlines()]
    return {name: digest for digest, _, name in lines}


def _write(folder, digests):
    files.write_text(Path(folder) / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())))
