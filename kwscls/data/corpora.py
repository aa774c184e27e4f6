"""The corpora that are known by name: where each comes from, its licence, its labels and how it is split."""

import contextlib
import dataclasses
import difflib
import sys
from pathlib import Path
from typing import Any

from kwscls.errors import KwsclsError

EMBEDDED = Path(__file__).parents[2] / "data"
"""Where the repository keeps its own corpus."""

EIGHT = ("down", "go", "left", "no", "right", "stop", "up", "yes")
TEN = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
THIRTY = ("bed", "bird", "cat", "dog", "down", "eight", "five", "four", "go", "happy", "house", "left", "marvin",
          "nine", "no", "off", "on", "one", "right", "seven", "sheila", "six", "stop", "three", "tree", "two", "up",
          "wow", "yes", "zero")
THIRTY_FIVE = tuple(sorted(THIRTY + ("backward", "follow", "forward", "learn", "visual")))
DIGITS = tuple("0123456789")
ESC10 = ("chainsaw", "clock_tick", "crackling_fire", "crying_baby", "dog", "helicopter", "rain", "rooster", "sea_waves",
         "sneezing")


@dataclasses.dataclass(frozen=True)
class Corpus:
    """A corpus by name.

    Args:
        title: what it is, in a few words.
        licence: its licence.
        citation: what to cite.
        url: the archive to download; none for the embedded corpus.
        file: what the downloaded archive is called.
        sha256: the archive's checksum as published. Where nobody publishes one, it is computed when the corpus is first
            prepared and kept in the report.
        clips: how many clips were published, 0 where only a part of the archive is taken.
        labels: the labels that are taken, all where empty.
        table: the table in the archive that gives labels and folds, where it has one.
        pattern: how names hold the label, where there are no class folders.
        unknown, silence: percent of clips to make for the labels `_unknown_` and `_silence_`, per split.
    """

    title: str
    licence: str
    citation: str
    url: str | None = None
    file: str | None = None
    sha256: str | None = None
    clips: int = 0
    labels: tuple[str, ...] = ()
    table: str | None = None
    pattern: str | None = None
    unknown: float = 0
    silence: float = 0


_COMMANDS: dict[str, Any] = {
    "licence": "CC BY 4.0",
    "citation": "P. Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, arXiv:1804.03209, 2018"}
_V1 = Corpus("30 English words by 1,881 speakers", url="https://storage.googleapis.com/download.tensorflow.org/data/"
             "speech_commands_v0.01.tar.gz", file="speech_commands_v0.01.tar.gz",
             sha256="743935421bb51cccdb6bdd152e04c5c70274e935c82119ad7faeec31780d811d",
             clips=64727, labels=THIRTY, **_COMMANDS)
_V2 = Corpus("35 English words by 2,618 speakers", url="https://storage.googleapis.com/download.tensorflow.org/data/"
             "speech_commands_v0.02.tar.gz", file="speech_commands_v0.02.tar.gz",
             sha256="af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
             clips=105829, labels=THIRTY_FIVE, **_COMMANDS)
_ESC = Corpus("50 environmental sounds of 5 s in 5 folds", "CC BY-NC 3.0 (ESC-10: CC BY 3.0)",
              "K. J. Piczak, ESC: Dataset for Environmental Sound Classification, ACM Multimedia 2015, "
              "doi:10.1145/2733373.2806390", "https://github.com/karolpiczak/ESC-50/archive/master.zip",
              "ESC-50-master.zip", clips=2000, table="meta/esc50.csv")


def _part(whole, title, labels, **changes):
    return dataclasses.replace(whole, title=title, labels=labels, clips=0, **changes)


CORPORA = {
    "spoken_words": Corpus(
        "eight English words by 69 synthetic voices, embedded in the repository", "CC0 1.0",
        "kwscls, data/spoken_words/README.md", clips=1656, labels=EIGHT),
    "mini_speech_commands": Corpus(
        "eight words of Speech Commands, 1,000 clips each", clips=8000, labels=EIGHT, **_COMMANDS,
        url="https://storage.googleapis.com/download.tensorflow.org/data/mini_speech_commands.zip",
        file="mini_speech_commands.zip"),
    "speech_commands_v0.01": _V1,
    "speech_commands_v0.01-8": _part(_V1, "the eight words of mini_speech_commands in v0.01", EIGHT),
    "speech_commands_v0.01-12": _part(_V1, "ten words, unknown and silence of v0.01", TEN, unknown=10, silence=10),
    "speech_commands_v0.02": _V2,
    "speech_commands_v0.02-8": _part(_V2, "the eight words of mini_speech_commands in v0.02", EIGHT),
    "speech_commands_v0.02-12": _part(_V2, "ten words, unknown and silence of v0.02", TEN, unknown=10, silence=10),
    "esc50": _ESC,
    "esc10": _part(_ESC, "ten classes of ESC-50", ESC10),
    "fsdd": Corpus(
        "spoken digits by 6 speakers at 8 kHz", "CC BY-SA 4.0",
        "Z. Jackson and others, Free Spoken Digit Dataset, doi:10.5281/zenodo.1342401",
        "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz",
        "free-spoken-digit-dataset-1.0.10.tar.gz", clips=3000,
        labels=DIGITS, pattern=r"(?P<label>\d)_(?P<group>[^_/]+)_\d+\.\w+$"),
}


def corpus(name):
    """The corpus of a name.

    Raises:
        KwsclsError: there is none of this name.
    """
    if name not in CORPORA:
        near = difflib.get_close_matches(name, CORPORA, n=1)
        raise KwsclsError("is neither a folder, a manifest nor a corpus", name,
                          f"did you mean {near[0]}?" if near else f"corpora are {', '.join(CORPORA)}")
    return CORPORA[name]


def recordings(name, folder):
    """The recordings of a corpus, in a folder that holds what its archive holds.

    Args:
        name: a name in `CORPORA`.
        folder: the unpacked archive, or a folder with a manifest.

    Raises:
        KwsclsError: this is not the corpus' layout.
    """
    from kwscls.data import folder_tables, layouts, manifest

    entry, folder = corpus(name), Path(folder)
    if folder_tables.manifest_in(folder):
        return layouts.load(folder)
    if entry.table:
        tables = sorted(folder.glob(entry.table)) or sorted(folder.glob(f"*/{entry.table}"))
        if not tables:
            raise KwsclsError(f"has no {entry.table}, so it is not {name}", folder, "name its folder or archive")
        return manifest.read(tables[0])
    if entry.pattern:
        return layouts.scan(folder, entry.pattern)
    return layouts.scan(folder)


def download(name, cache=None):
    """The archive of a corpus, downloaded once and checked.

    Args:
        name: a name in `CORPORA`.
        cache: the folder to keep it in, below `datasets`; that of Keras (`~/.keras`) when None.

    Raises:
        KwsclsError: it cannot be had, or is not what was published.
    """
    from kwscls import console

    console.quiet_tensorflow()
    import keras

    entry = corpus(name)
    if entry.url is None:
        raise KwsclsError("belongs to the repository, which is not here", name, "install kwscls from its checkout")
    console.say(f"{name}: downloading {entry.url} (once; licence {entry.licence})")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # its progress is no answer
            return Path(keras.utils.get_file(entry.file, entry.url, file_hash=entry.sha256, cache_dir=cache))
    except Exception as error:  # get_file raises bare Exception for a dead connection, ValueError for a wrong checksum
        reason = str(error).splitlines()[0][:200]
        raise KwsclsError(f"cannot be downloaded ({reason})", name,
                          f"get {entry.url} yourself and pass --source ARCHIVE") from error
