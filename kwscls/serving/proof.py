"""The proof that an export carries: a few clips of its own data, and the outputs that they must give."""

import wave
from pathlib import Path

import numpy as np

from kwscls import files
from kwscls.data import frames
from kwscls.data.convert import read_wav, samples_of
from kwscls.data.prepared import has_split, read_bytes, split_clips
from kwscls.errors import KwsclsError
from kwscls.serving import bundle
from kwscls.serving.runtimes import WAVEFORM

FOLDER = "assets.extra/proof"
"""Where the proof lies in an export: WAV files, and what they must give as arrays by name."""

EXPECTED = "expected.npz"

CLIPS = 8
"""Clips of a proof, at most."""

INPUTS = {"serving_default": "waveform", "wav_bytes": "wav_bytes", "top": "wav_bytes", "embedding": "waveform"}
"""The signatures of a SavedModel, and the name of the input of each."""

OUTPUTS = {"top": ("top_labels", "top_scores"), "embedding": ("embedding",)}
"""What those signatures give; the others give all the rest."""


def choose(run, model):
    """Clips of the data that a run was trained with, one a label in turn, from the test or the validation split.

    Args:
        run: the run's folder.
        model: its `AudioClassifier`.

    Returns:
        int16 arrays [samples] at the model's rate by name. Where the data is no longer there, quiet noise: that proves
        the numbers as well, if not the hearing.
    """
    stored = Path(run) / "settings.json"
    data = files.read_json(stored).get("prepared") if stored.is_file() else None
    if data and frames.is_table(data) and Path(data).is_file():
        talks = [talk for talk in frames.read(Path(data)) if talk.split == "test"] or frames.read(Path(data))
        return {f"{place}_{talk.path.stem}": sound[:model.samples]
                for place, (talk, sound) in enumerate(frames.decoded(talks[:CLIPS], model.sample_rate))}
    split = next((Path(data) / name for name in ("test", "validation") if has_split(data, name)), None) if data else None
    if split is None:
        draw = np.random.default_rng(0)
        return {f"{place}_noise": (3000 * draw.normal(size=model.samples)).clip(-32768, 32767).astype(np.int16)
                for place in range(4)}
    first = {}
    for clip in split_clips(split):
        first.setdefault(clip.labels[0], clip.path)
    return {f"{place}_{label}": samples_of(read_bytes(path))[:model.samples]
            for place, (label, path) in enumerate(list(first.items())[:CLIPS])}


def write(folder, made, clips):
    """Write the clips and what the bundle in memory says about them into an export's folder.

    Args:
        folder: the export's.
        made: the `graph.Bundle`.
        clips: int16 [samples] by name, at the model's rate.
    """
    place = Path(folder) / FOLDER
    place.mkdir(parents=True)
    for name, sound in clips.items():
        with wave.open(str(place / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(made.model.sample_rate)
            file.writeframes(np.asarray(sound, "<i2").tobytes())
    np.savez_compressed(place / EXPECTED, **{name: _plain(value) for name, value in bundle.answers_of(
        made, [path.read_bytes() for path in clip_paths(folder)]).items()})


def expect(folder, ask):
    """Take what a quantised model gives here, if it is finite, as what it must give."""
    inputs, _ = read(folder)
    scores = ask(WAVEFORM, waveform=inputs["waveform"])["scores"]
    if not np.isfinite(scores).all():
        raise KwsclsError("the export answers with what is no number", folder)
    np.savez_compressed(Path(folder) / FOLDER / EXPECTED, scores=scores)


def clip_paths(folder):
    """The WAV files of an export's proof, in the order of its arrays.

    Raises:
        KwsclsError: it has none.
    """
    found = sorted((Path(folder) / FOLDER).glob("*.wav"))
    if not found:
        raise KwsclsError("carries no clips to prove it by", folder, "export the run again")
    return found


def read(folder):
    """The proof of an export.

    Returns:
        Inputs by their names: `wav_bytes`, a list of bytes, and `waveform`, float32 [clips, samples]; and what must come
        out, arrays by name.

    Raises:
        KwsclsError: it has none.
    """
    paths = clip_paths(folder)
    sounds = [read_wav(path) for path in paths]
    waveforms = np.zeros((len(sounds), max(len(sound) for sound in sounds)), np.float32)
    for row, sound in zip(waveforms, sounds, strict=True):
        row[:len(sound)] = sound / np.float32(32768)
    with np.load(paths[0].parent / EXPECTED) as stored:
        expected = {name: stored[name] for name in stored.files}
    return {"wav_bytes": [path.read_bytes() for path in paths], "waveform": waveforms}, expected


def replay(ask, folder, signatures):
    """Ask something about the clips of an export's proof, and compare.

    Args:
        ask: see `kwscls.serving.runtimes`.
        folder: the export's.
        signatures: those to ask.

    Returns:
        A list of dicts, one an output, with `signature`, `output`, `clips`, `difference` (the largest of any number,
        relative to the largest expected one where that is above 1), and `words`, the share of differing label names (None
        where the output holds numbers).

    Raises:
        KwsclsError: an output is missing or of another shape.
    """
    inputs, expected = read(folder)
    rows = []
    for signature in signatures:
        name = INPUTS[signature]
        answer = ask(signature, **{name: inputs[name]})
        for output in _outputs(signature, expected, answer):
            rows.append({"signature": signature, "output": output, "clips": len(inputs["wav_bytes"]),
                         **difference(answer.get(output), expected[output], output, folder)})
    return rows


def replay_stream(ask, folder, facts):
    """The same for the signature `stream`: each clip piece by piece, behind as much silence as fills the first piece up."""
    inputs, expected = read(folder)
    step, samples = facts["stream"]["step"], facts["samples"]
    sound = np.pad(inputs["waveform"][:, :samples], ((0, 0), (-samples % step, max(0, samples - inputs["waveform"].shape[1]))))
    state = np.zeros((len(sound), facts["stream"]["state"]), np.float32)
    for piece in np.split(sound, range(10 * step, sound.shape[1], 10 * step), axis=1):
        answer = ask("stream", waveform=piece, state=state)
        state = answer["state"]
    return {"signature": "stream", "output": "scores", "clips": len(sound),
            **difference(answer["scores"], expected["scores"], "scores", folder)}


def difference(answer, expected, output="", folder=None):
    """How far an output lies from what it must be, for `replay`."""
    if answer is None or answer.shape != expected.shape:
        raise KwsclsError(f"gives {output} of shape {getattr(answer, 'shape', None)} instead of {expected.shape}", folder)
    if expected.dtype.kind == "U":
        return {"difference": None, "words": float(np.mean(_plain(answer) != expected))}
    distance = np.abs(answer.astype(np.float64) - expected)
    return {"difference": float(distance.max() / max(1.0, np.abs(expected).max())), "words": None}


def _outputs(signature, expected, answer):
    """The outputs to compare: scores at least, of the formats that hold no strings only what they give."""
    if signature in OUTPUTS:
        return OUTPUTS[signature]
    others = {name for names in OUTPUTS.values() for name in names}
    return sorted(name for name in expected if name not in others and (name in answer or name == "scores" or len(answer) > 1))


def _plain(value):
    """Strings as text, for a file without pickles."""
    value = np.asarray(value)
    return np.vectorize(lambda text: text.decode("utf-8"), otypes=[str])(value) if value.dtype.kind in "OS" else value
