"""Small recordings for the tests of this room."""

import io

import numpy as np
import soundfile


def tone(seed=0, seconds=0.3, rate=16000, channels=1):
    """A tone with some noise: float32 [samples] or [samples, channels], exact in 16 bits, different for each seed."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    wave = 0.3 * np.sin(2 * np.pi * (200 + 17 * (seed % 60)) * time) + 0.02 * random.standard_normal(len(time))
    wave = np.rint(wave * 32768).astype(np.float32) / 32768
    return wave if channels == 1 else np.stack([wave / 2 ** channel for channel in range(channels)], axis=1)


def encoded(waveform, rate=16000, form="WAV", subtype=None):
    """The bytes of a sound file."""
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, format=form, subtype=subtype)
    return file.getvalue()


def write(path, seed=0, seconds=0.3, rate=16000, form=None, subtype=None):
    """Write a tone; the form follows the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    form = form or {".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}.get(path.suffix, "WAV")
    path.write_bytes(encoded(tone(seed, seconds, rate), rate, form, subtype))
    return path


def corpus(folder, labels=("no", "yes"), speakers=12, takes=1, suffix=".wav", **form):
    """A folder of class folders as Speech Commands names them; no two clips are alike."""
    for place, label in enumerate(labels):
        for speaker in range(speakers):
            for take in range(takes):
                seed = (place * speakers + speaker) * takes + take
                write(folder / label / f"{speaker:08x}_nohash_{take}{suffix}", seed, **form)
    return folder
