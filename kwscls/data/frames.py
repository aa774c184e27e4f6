"""Recordings whose labels have a beginning and an end: the table of segments, and the label of each frame.

The table is a CSV file with the columns `path,start,end,label` and, if wanted, `split`:

    path,start,end,label,split
    talk_1.wav,0.00,0.42,silence,train
    talk_1.wav,0.42,0.97,yes,train

Times are in seconds; paths are relative to the table. What no segment covers has no label, and neither counts in
training nor in the scores.
"""

import csv
import dataclasses
import hashlib
import tempfile
from pathlib import Path

import numpy as np

from kwscls.data.convert import convert, read_wav
from kwscls.data.manifest import SEGMENTS, SPLITS
from kwscls.data.order import Indexed
from kwscls.errors import KwsclsError

NOTHING = -1
"""The target of frames without a label: padding, and what no segment covers."""


@dataclasses.dataclass(frozen=True)
class Segment:
    """A label from `start` to `end`, in seconds."""

    start: float
    end: float
    label: str


@dataclasses.dataclass(frozen=True)
class Talk:
    """A recording and its segments, in order of time; `split` is "train", "validation" or "test"."""

    path: Path
    segments: tuple[Segment, ...]
    split: str


def is_table(path):
    """Whether a path is a table of segments: a CSV file whose first line names the columns, in whatever encoding."""
    path = Path(path)
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
        try:
            return set(SEGMENTS) <= set(next(csv.reader(file), ()))
        except csv.Error:  # Python 3.10 takes no zeros, of which UTF-16 is full
            return False


def read(path):
    """The recordings of a table of segments, sorted by path.

    Where the table has no splits, a hash of each recording's path puts it into "train" (8 of 10), "validation" or
    "test".

    Raises:
        KwsclsError: a row is not as it should be, segments of a recording overlap, or a recording stands in two
            splits.
    """
    path = Path(path)
    found, splits = {}, {}
    for where, row in _rows(path):
        if not row["path"] or not row["label"]:
            raise KwsclsError("a path or a label is missing", where)
        name, segment = row["path"], Segment(*_times(row, where), row["label"])
        split = row.get("split") or _drawn(name)
        if split not in SPLITS:
            raise KwsclsError("is no split", f"{where}: {split}", f"known are {', '.join(SPLITS)}")
        if splits.setdefault(name, split) != split:
            raise KwsclsError(f"{name} stands in two splits", where)
        found.setdefault(name, []).append(segment)
    if not found:
        raise KwsclsError("has no rows", path)
    return [Talk(path.parent / name, _in_order(found[name], f"{path}: {name}"), splits[name]) for name in sorted(found)]


def _rows(path):
    """The rows of a table, each with its place for errors."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        try:
            return [(f"{path}, line {rows.reader.line_num}", row) for row in rows]
        except (UnicodeDecodeError, csv.Error) as error:
            raise KwsclsError(f"is no CSV table in UTF-8 ({error})", path) from error


def _times(row, where):
    try:
        start, end = float(row["start"]), float(row["end"])
    except (TypeError, ValueError) as error:
        raise KwsclsError(f"{row['start']!r} to {row['end']!r} are no seconds", where) from error
    if not 0 <= start < end < float("inf"):
        raise KwsclsError(f"a segment cannot last from {start:g} s to {end:g} s", where)
    return start, end


def _in_order(segments, where):
    ordered = tuple(sorted(segments, key=lambda one: one.start))
    for one, other in zip(ordered, ordered[1:]):
        if other.start < one.end - 1e-9:
            raise KwsclsError(f"{one.label} until {one.end:g} s and {other.label} from {other.start:g} s overlap",
                              where)
    return ordered


def _drawn(name):
    place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % 10
    return {8: "validation", 9: "test"}.get(place, "train")


def frame_targets(segments, labels, frames, frame_step, frame_length, sample_rate, offset=0, samples=None):
    """The label of each frame of a clip: that of the segment in which the frame's middle lies.

    Args:
        segments: of the recording.
        labels: names in the order of the logits.
        frames: how many frames the model gives.
        frame_step: samples from frame to frame.
        frame_length: samples that a frame sees.
        sample_rate: in Hz.
        offset: the sample of the recording with which the clip begins.
        samples: samples of the clip that are real; all when None.

    Returns:
        int32 [frames], places in `labels`, or `NOTHING`.
    """
    middles = np.arange(frames) * frame_step + frame_length / 2  # in samples of the clip
    seconds = (offset + middles) / sample_rate
    targets = np.full(frames, NOTHING, np.int32)
    for segment in segments:
        targets[(seconds >= segment.start) & (seconds < segment.end)] = labels.index(segment.label)
    if samples is not None:
        targets[middles >= samples] = NOTHING
    return targets


class FrameClips(Indexed):
    """Clips of equal length with a target for each frame, reachable by index as `pipeline.Clips` are.

    Each recording is cut into clips one behind the other; the last one is filled up with zeros.

    Args:
        talks: `Talk`s.
        labels: names in the order of the logits.
        samples: a clip's length.
        sample_rate: in Hz.
        frames, frame_step, frame_length: of the model that answers, see `frame_targets`.

    Attributes:
        labels: the names of the labels.
        names: list of str [clips], the recording that each clip is of.
        waveforms: int16 [clips, samples].
        targets: int32 [clips, frames].

    Raises:
        KwsclsError: a label is not among `labels`, a recording cannot be read, or there is none.
    """

    def __init__(self, talks, labels, samples, sample_rate, frames, frame_step, frame_length):
        self.labels, self.samples = list(labels), samples
        unknown = sorted({segment.label for talk in talks for segment in talk.segments} - set(self.labels))
        if unknown:
            raise KwsclsError(f"there are segments of {', '.join(unknown)}", None,
                              f"known are {', '.join(self.labels)}")
        waveforms, targets, self.names = [], [], []
        for talk, sound in decoded(talks, sample_rate):
            for offset in range(0, len(sound), samples):
                piece = sound[offset:offset + samples]
                self.names.append(str(talk.path))
                waveforms.append(np.pad(piece, (0, samples - len(piece))))
                targets.append(frame_targets(talk.segments, self.labels, frames, frame_step, frame_length, sample_rate,
                                             offset, len(piece)))
        if not targets:
            raise KwsclsError("there are no recordings in a split of the table")
        self.waveforms, self.targets = np.stack(waveforms), np.stack(targets)

    def __len__(self):
        return len(self.targets)

    def batch(self, indices):
        """Waveforms float32 [batch, samples] and targets int32 [batch, frames] of int indices [batch]."""
        import tensorflow as tf

        waveforms = tf.cast(tf.gather(self.waveforms, indices), tf.float32) / 32768
        return waveforms, tf.gather(self.targets, indices)


def decoded(talks, sample_rate):
    """Pairs of each talk and its samples, int16 [samples] at `sample_rate` in Hz.

    Raises:
        KwsclsError: a recording cannot be read.
    """
    with tempfile.TemporaryDirectory() as room:
        wav = Path(room) / "talk.wav"
        for talk in talks:
            if why := convert(talk.path, wav, sample_rate).get("why"):
                raise KwsclsError(why, talk.path)
            yield talk, read_wav(wav)
