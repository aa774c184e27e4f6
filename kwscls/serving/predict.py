"""Asking a bundle about recordings of any format, rate and length."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from kwscls.data import decode, headers, manifest, parts, shards, storage, walk
from kwscls.data.manifest import SPLITS, SUFFIXES
from kwscls.data.prepared import read_bytes
from kwscls.dsp import wav
from kwscls.dsp.resample import resample
from kwscls.errors import KwsclsError
from kwscls.serving import runtimes


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a model hears in one recording.

    Args:
        path: the file, or "-".
        scores: float32 [labels], the mean over the windows.
        windows: (start, end, scores float32 [labels]) of each window, times in seconds.
        frames: (times float32 [frames], scores float32 [frames, labels]) of a frame model, else None.
        embedding: float32 [width], what the head reads, the mean over windows and frames; None where it is not asked for.
        error: why there is no answer, in one line, else None.
    """

    path: str
    scores: np.ndarray | None = None
    windows: tuple = ()
    frames: tuple | None = None
    embedding: np.ndarray | None = None
    error: str | None = None


def predict(bundle, sources, hop=None, batch_size=64):
    """Answer about the recordings that sources name, see `recordings`; the other arguments, and what comes, as of `answers`."""
    yield from answers(bundle, recordings(sources), hop, batch_size)


def answers(bundle, paths, hop=None, batch_size=64, embedding=False):
    """Answer about recordings, in order, with bounded memory.

    A recording longer than a clip is heard in overlapping windows; the last one ends with the recording.

    Args:
        bundle: a `serving.bundle.Loaded`.
        paths: files, addresses, clips in shards; "-" is a recording on standard input.
        hop: seconds from window to window; half a clip when None.
        batch_size: windows answered at once.
        embedding: whether answers bring the embedding too.

    Yields:
        An `Answer` a recording; one that cannot be read carries an error instead of scores.

    Raises:
        KwsclsError: hop is not above zero.
    """
    if hop is not None and not hop > 0:
        raise KwsclsError("must be above zero", f"--hop {hop:g}")
    step = round(hop * bundle.sample_rate) if hop else bundle.samples // 2
    waiting, held = [], 0
    for path in paths:
        try:
            waveform = read(path, bundle.sample_rate)
        except KwsclsError as error:
            yield from _answers(bundle, waiting, batch_size, embedding)
            waiting, held = [], 0
            yield Answer(path, error=str(error))
            continue
        starts = window_starts(len(waveform), bundle.samples, max(step, 1))
        waiting.append((path, waveform, starts))
        held += len(starts)
        if held >= batch_size:
            yield from _answers(bundle, waiting, batch_size, embedding)
            waiting, held = [], 0
    yield from _answers(bundle, waiting, batch_size, embedding)


def recordings(sources):
    """The recordings that sources name: files as they are, folders searched, the rows of manifests and shards, "-" kept.

    Raises:
        KwsclsError: a source does not exist, or a folder holds no recordings.
    """
    for source in sources:
        if Path(source).suffix in (".csv", ".jsonl"):
            yield from (storage.address(row.path) for row in manifest.read(Path(source)))
        elif source == "-" or storage.is_remote(source) or Path(source).is_file() or Path(source).is_fifo():
            yield source
        elif shards.is_sharded(source):
            yield from (str(Path(source) / name) for split in SPLITS for name in shards.pieces(source, split))
        elif Path(source).is_dir():
            found = [str(path) for path in walk.paths(source) if path.suffix.lower() in SUFFIXES]
            if not found:
                raise KwsclsError("holds no recordings", source, f"known are {', '.join(sorted(SUFFIXES))}")
            yield from found
        else:
            raise KwsclsError("does not exist", source)


def read(path, sample_rate):
    """The waveform of a recording, float32 [samples] at `sample_rate` Hz.

    Raises:
        KwsclsError: it is empty or cannot be decoded.
    """
    where = "standard input" if path == "-" else path
    file, stretch = (path, None) if path == "-" else parts.parted(path)
    contents = sys.stdin.buffer.read() if path == "-" else read_bytes(storage.address(file))
    waveform, rate = _decode_wav(contents, where) if headers.kind_of(contents) == "WAV" else _decode(contents, where)
    if not len(waveform):
        raise KwsclsError("holds no samples", where)
    waveform = parts.cut(waveform, int(rate), stretch, where)
    if rate == sample_rate:
        return waveform
    try:
        return resample(waveform, int(rate), sample_rate).numpy()
    except tf.errors.InvalidArgumentError as error:  # a header may claim any rate
        raise KwsclsError(runtimes.reason(error.message), where) from error


def _decode_wav(contents, where):
    """Waveform and rate of a WAV file, by the export's own reader, which also reads a recording that was cut off; by that of
    training where the other refuses an encoding."""
    try:
        waveform, rate = wav.decode(contents)
        return waveform.numpy(), rate.numpy()
    except tf.errors.InvalidArgumentError as error:
        try:
            return _decode(contents, where)
        except KwsclsError:
            raise KwsclsError(runtimes.reason(error.message), where) from error


def _decode(contents, where):
    sound = decode.decode_bytes(contents, where)
    return sound.waveform, sound.rate


def window_starts(length, samples, step):
    """The first samples of the windows that a waveform is heard in; the last window ends with it.

    Args:
        length: of the waveform, in samples.
        samples: of a window.
        step: samples from window to window.
    """
    return [0] if length <= samples else [*range(0, length - samples, step), length - samples]


def windows(cut, samples, batch_size):
    """The windows of waveforms, float32 [batch_size or fewer, samples] at a time; a shorter waveform is padded with zeros.

    Args:
        cut: pairs of a waveform, float32 [length], and the starts of its windows.
        samples: of a window.
        batch_size: windows at a time.
    """
    places = [(waveform, start) for waveform, starts in cut for start in starts]
    for at in range(0, len(places), batch_size):
        found = [waveform[start:start + samples] for waveform, start in places[at:at + batch_size]]
        yield np.stack([np.pad(window, (0, samples - len(window))) for window in found])


def _answers(bundle, waiting, batch_size, embedding):
    """Answers about recordings: (path, waveform, starts of windows) each."""
    if not waiting:
        return
    scores, seen = [], []
    for batch in windows([one[1:] for one in waiting], bundle.samples, batch_size):
        scores.append(bundle.scores(batch))
        if embedding:
            seen.append(bundle.answer("embedding", waveform=batch)["embedding"])
    scores = np.concatenate(scores)  # [windows, labels] or [windows, frames, labels]
    seen = np.concatenate(seen) if embedding else None  # [windows, width] or [windows, frames, width]
    at = 0
    for path, waveform, starts in waiting:
        stretch = slice(at, at + len(starts))
        answer = _answer(bundle, path, scores[stretch], starts, len(waveform))
        yield dataclasses.replace(answer, embedding=seen[stretch].reshape(-1, seen.shape[-1]).mean(axis=0)) if embedding else answer
        at += len(starts)


def _answer(bundle, path, scores, starts, length):
    rate, frames = bundle.sample_rate, None
    if bundle.frame_step:
        frames = _timeline(bundle, scores, starts, length)
        scores = scores.mean(axis=1)
    windows = tuple((start / rate, min(start + bundle.samples, length) / rate, row)
                    for start, row in zip(starts, scores, strict=True))
    return Answer(path, scores.mean(axis=0), windows, frames)


def _timeline(bundle, scores, starts, length):
    """Times and scores of the frames of a whole recording: where windows overlap, the later one speaks."""
    middle = (np.arange(scores.shape[1]) * bundle.frame_step + bundle.frame_length / 2) / bundle.sample_rate
    times, rows = np.zeros(0), scores[0][:0]
    for start, window in zip(starts, scores, strict=True):
        own = middle + start / bundle.sample_rate
        before = times < own[0] - 1e-6
        times, rows = np.concatenate([times[before], own]), np.concatenate([rows[before], window])
    count = max(1, int(np.sum(times <= length / bundle.sample_rate)))  # of a recording shorter than half a frame, its only one
    return times[:count].astype(np.float32), rows[:count]
