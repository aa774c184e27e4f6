"""A prepared folder packed for large corpora: TFRecord files instead of a WAV file a clip.

    NAME/train-00000-of-00016.tfrecord ...   tf.train.Example a clip: path, samples (int16), labels, group, fold
    NAME/manifest.csv                        as of a prepared folder, with shard, offset and bytes of each clip's samples
    NAME/shards.json                         labels, counts, and of each shard its clips, bytes and SHA-256
    NAME/noise/CLIP.wav                      recordings without a class, which are few

Clips lie in the order of a hash of their names, so each shard is a fair sample of its split. The shards may lie elsewhere
(gs://bucket/NAME); the folder with the tables is then a copy on this machine.
"""

import csv
import dataclasses
import functools
import hashlib
import io
import json
import math
from pathlib import Path

from kwscls import console, files
from kwscls.data import manifest, storage
from kwscls.data.convert import HEADER, wav_header
from kwscls.errors import KwsclsError

INDEX, TABLE, REPORT = "shards.json", "manifest.csv", "report.json"
TABLES = (TABLE, REPORT, INDEX)
"""What is copied beside shards that lie elsewhere; the index last, which says that all is there."""

COLUMNS = ("path", "label", "split", "fold", "group", "seconds", "shard", "offset", "bytes")
FORM = 1
FRAME = 12  # bytes before a record in a TFRecord file: its length and that length's checksum
AROUND = FRAME + 4


@dataclasses.dataclass(frozen=True)
class Piece:
    """Where a clip's samples lie: so many bytes of a shard from an offset on."""

    shard: str
    offset: int
    bytes: int


def is_sharded(folder):
    """Whether a folder holds shards or the tables of some."""
    return (Path(folder) / INDEX).is_file()


def read_index(folder):
    """What `shards.json` of a folder says.

    Raises:
        KwsclsError: it is missing or of another form.
    """
    path = Path(folder) / INDEX
    return _index(path, path.stat().st_mtime_ns) if path.is_file() else files.read_json(path)


def place_of(folder):
    """Where the shards of a folder lie: in it, or where its tables were copied from."""
    return read_index(folder)["place"] or str(folder)


def paths_of(folder, split):
    """The shards of a split, as paths or addresses, and how many clips each holds."""
    place = place_of(folder)
    rows = [row for row in read_index(folder)["shards"] if row["split"] == split]
    return [storage.address(Path(place) / row["file"]) for row in rows], [row["clips"] for row in rows]


def home(path):
    """The sharded folder in which a clip's path lies, FOLDER/split/label/clip.wav; None for a file of its own."""
    parents = Path(path).parents
    return parents[2] if len(parents) > 2 and is_sharded(parents[2]) else None


def read_clip(path):
    """The bytes of a clip's WAV file, made of its shard's samples.

    Raises:
        KwsclsError: the folder has no such clip, or the shard cannot be read.
    """
    folder = home(path)
    name = Path(path).relative_to(folder).as_posix()
    piece = pieces(folder, name.split("/")[0]).get(name)
    if piece is None:
        raise KwsclsError("is not in the shards", path)
    shard = Path(place_of(folder)) / piece.shard
    try:
        samples = storage.read_piece(shard, piece.offset, piece.bytes)
    except OSError as error:
        raise KwsclsError("cannot be read", storage.address(shard)) from error
    return wav_header(len(samples), read_index(folder)["rate"]) + samples


def pieces(folder, split):
    """Where the clips of a split lie: paths below the folder to `Piece`."""
    table = Path(folder) / TABLE
    return _pieces(Path(folder), split, table.stat().st_mtime_ns)


def copied(address, folder):
    """Copy the tables of shards that lie elsewhere into a folder of this machine, if they changed.

    Raises:
        KwsclsError: there are no shards.
    """
    storage.require(address)
    try:
        told = storage.read(Path(address) / INDEX)
    except OSError as error:
        raise KwsclsError("holds no shards", storage.address(address),
                          "python -m kwscls.prepare --shards --out ADDRESS makes some") from error
    if not is_sharded(folder) or storage.read(Path(folder) / INDEX) != told:
        if Path(folder).exists() and not (is_sharded(folder) and files.read_json(Path(folder) / INDEX).get("place")):
            raise KwsclsError(f"exists already, where the tables of {storage.address(address)} would go", folder, "move it away")
        with files.writing_folder(folder, overwrite=True) as beside:
            for name in (*json.loads(told)["noises"], *TABLES):
                files.write_bytes(beside / name, storage.read(Path(address) / name))
    return Path(folder)


def arrange(recordings, names, sizes, megabytes):
    """Share clips out among shards: in the order of a hash of their names, each shard of a split alike many.

    Args:
        recordings: a list of `Recording`.
        names: of each, its path in the prepared folder; a dict by the recording's path.
        sizes: bytes of each clip's WAV file; a dict likewise.
        megabytes: size of a shard, about.

    Returns:
        A list of dicts, one a shard: `file`, `split`, and `rows`, each [path, labels, group, fold, seconds].
    """
    made = []
    for split in manifest.SPLITS:
        own = [one for one in recordings if one.split == split and not one.noise]
        own.sort(key=lambda one: hashlib.sha1(names[one.path].encode()).digest())
        count = math.ceil(sum(sizes[one.path] for one in own) / (megabytes * 1e6))
        for number in range(count):
            part = own[len(own) * number // count:len(own) * (number + 1) // count]
            made.append({"file": f"{split}-{number:05d}-of-{count:05d}.tfrecord", "split": split, "rows": [
                [names[one.path], list(one.labels), one.group, one.fold, one.seconds] for one in part]})
    return made


def write_shard(plan, clips, place, labels):
    """Write one shard.

    Args:
        plan: of `arrange`.
        clips: the folder or address under which the WAV files lie.
        place: the folder or address of the shards.
        labels: the names of all labels, which records hold by place.

    Returns:
        A dict: `file`, `split`, `clips`, `bytes`, `sha256` and `pieces`, for each row [offset, bytes].
    """
    import tensorflow as tf

    target, found, at = Path(place) / plan["file"], [], 0
    with storage.writing(target) as beside, tf.io.TFRecordWriter(beside) as writer:
        for name, own, group, fold, _ in plan["rows"]:
            sound = storage.read(Path(clips) / name)[HEADER:]
            marks = [labels.index(label) for label in own if label in labels]
            record = example(name, sound, marks, group, fold)
            writer.write(record)
            found.append([at + FRAME + record.rindex(sound), len(sound)])  # samples come last, and names may look like short ones
            at += AROUND + len(record)
    return {"file": plan["file"], "split": plan["split"], "clips": len(found), "bytes": storage.size(target),
            "sha256": storage.sha256(target), "pieces": found}


def example(name, sound, marks, group=None, fold=None):
    """A record: the bytes of a `tf.train.Example`.

    Args:
        name: the clip's path in the prepared folder.
        sound: its samples, the bytes of little-endian int16.
        marks: the places of its labels among those of the corpus.
        group, fold: their names, or None.
    """
    import tensorflow as tf

    def text(*values):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

    return tf.train.Example(features=tf.train.Features(feature={
        "path": text(name.encode()), "samples": text(sound), "group": text((group or "").encode()),
        "fold": text((fold or "").encode()), "labels": tf.train.Feature(int64_list=tf.train.Int64List(value=marks)),
    })).SerializeToString(deterministic=True)


def write_tables(folder, plans, made, report, lengths, noises=(), place=None):
    """Write `manifest.csv` and `shards.json` of finished shards.

    Args:
        folder: where.
        plans: of `arrange`.
        made: what `write_shard` returned for each.
        report: of the preparing.
        lengths: the training clips' lengths in seconds.
        noises: the paths of recordings of noise below the folder.
        place: where the shards lie, if that is not `folder`.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for plan, done in zip(plans, made, strict=True):
        for (name, labels, group, fold, seconds), (offset, size) in zip(plan["rows"], done["pieces"], strict=True):
            table.writerow((name, ";".join(labels), plan["split"], fold or "", group or "", f"{seconds:.4f}",
                            plan["file"], offset, size))
    files.write_text(folder / TABLE, text.getvalue())
    files.write_json(folder / INDEX, {
        "kwscls": "shards", "form": FORM, "place": place, "rate": report["rate"], "labels": sorted(report["labels"]),
        "length": nearly_longest(lengths),
        "splits": {split: {"clips": report["clips"][split], "groups": report["groups"][split],
                           "labels": {label: counts[split] for label, counts in report["labels"].items()}}
                   for split in manifest.SPLITS},
        "several_labels": report["several_labels"], "shared_groups": report["shared_groups"],
        "shards": [{key: row[key] for key in ("file", "split", "clips", "bytes", "sha256")} for row in made],
        "noises": list(noises)})


def nearly_longest(lengths):
    """A length that nineteen of twenty do not exceed."""
    return sorted(lengths)[math.ceil(0.95 * len(lengths)) - 1]


def complete(folder):
    """Whether all shards of a folder are there, as large as they were."""
    place = Path(place_of(folder))
    return all(storage.size(place / row["file"]) == row["bytes"] for row in read_index(folder)["shards"])


def verify(folder):
    """Compare every shard of a folder with its checksum.

    Raises:
        KwsclsError: one is missing or another than it was.
    """
    place, rows = Path(place_of(folder)), read_index(folder)["shards"]
    with console.progress(transient=True) as bar:
        for row in bar.track(rows, description="comparing checksums"):
            path = place / row["file"]
            if not storage.exists(path) or storage.sha256(path) != row["sha256"]:
                raise KwsclsError("is missing or not what was written", storage.address(path), "prepare the data again")


@functools.lru_cache(8)
def _index(path, changed):
    told = files.read_json(path)
    if told.get("kwscls") != "shards" or told.get("form") != FORM:
        raise KwsclsError("is not of the form of this version", path, "prepare the data again")
    return told


@functools.lru_cache(8)
def _pieces(folder, split, changed):
    with open(folder / TABLE, newline="", encoding="utf-8") as file:
        return {row["path"]: Piece(row["shard"], int(row["offset"]), int(row["bytes"]))
                for row in csv.DictReader(file) if row["split"] == split}
