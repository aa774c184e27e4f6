"""The checksums of an export's files: written with it, compared before it is trusted."""

import hashlib
from pathlib import Path

from kwscls import files
from kwscls.errors import KwsclsError

SUMS = "SHA256SUMS"
"""The file's name; `sha256sum -c SHA256SUMS` checks it without kwscls."""


def write(folder):
    """Write the checksum of every file in a folder."""
    folder = Path(folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / SUMS)
    files.write_text(folder / SUMS, "".join(f"{files.sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in paths))


def check(folder):
    """Compare every file of a folder with its checksum.

    Returns:
        The fingerprint of the whole: the SHA-256 of the checksums, in hexadecimal.

    Raises:
        KwsclsError: there are no checksums, or a file is missing or another one.
    """
    sums = Path(folder) / SUMS
    if not sums.is_file():
        raise KwsclsError(f"holds no {SUMS}", folder, "export the run again")
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = Path(folder) / name
        if not path.is_file():
            raise KwsclsError("is missing from the export", path, "copy it again")
        if files.sha256(path) != digest:
            raise KwsclsError(f"is not what {SUMS} says", path, "copy the export again")
    return hashlib.sha256(sums.read_bytes()).hexdigest()
