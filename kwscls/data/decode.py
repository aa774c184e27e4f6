"""From a sound file to a waveform: WAV, FLAC, MP3, Ogg Vorbis, Opus, AIFF, AU, CAF and NIST SPHERE, whatever decodes them.

tensorflow-io decodes 16-bit WAV, MP3 and Ogg Vorbis. soundfile decodes the rest, and everything where tensorflow-io
cannot be loaded (newer TensorFlow, other platforms). FLAC is soundfile's too: tensorflow-io 0.37.1 never comes back
from some damaged FLAC files, and a lossless file has the same samples either way. Nothing outside this file knows who
decodes.
"""

import dataclasses
import functools
import io
import os
import stat
import struct
import threading

import numpy as np

from kwscls.data import headers, parts, storage
from kwscls.errors import KwsclsError

FOR_TENSORFLOW_IO = ("WAV", "MP3", "Ogg Vorbis")


@dataclasses.dataclass(frozen=True)
class Sound:
    """A decoded file.

    Args:
        waveform: float32 [samples], the mean of the channels; 16-bit samples are exactly int16 / 32768.
        rate: in Hz.
        channels: how many the file had.
        decoder: "tensorflow-io" or "soundfile".
    """

    waveform: np.ndarray
    rate: int
    channels: int
    decoder: str


def decode(path):
    """Decode a sound file, by its content and not its name, or a part of one, see `parts`.

    What the encoder of an MP3 added before and after the sound is cut off where its gapless tag tells how much it was.

    Returns:
        A `Sound`.

    Raises:
        KwsclsError: the file is missing, empty, cut off, damaged or no sound; the text says which.
    """
    file, stretch = parts.parted(path)
    if stretch is None:
        return _decode_file(path)
    with _ALONE:  # the parts of a recording come one after the other: it is decoded once for them
        whole = _decoded_last(file, os.path.getmtime(file) if os.path.isfile(file) else None)
    return dataclasses.replace(whole, waveform=parts.cut(whole.waveform, whole.rate, stretch, path))


_ALONE = threading.Lock()


def _decode_file(path):
    try:
        if not storage.is_remote(path) and not stat.S_ISREG(os.stat(path).st_mode):
            raise KwsclsError("is no regular file", path)  # a named pipe would be waited for without end
        contents = storage.read(path)
    except OSError as error:
        raise KwsclsError("cannot be read: " + (error.strerror or str(error)).lower(), path) from error
    return decode_bytes(contents, path)


@functools.lru_cache(maxsize=1)
def _decoded_last(path, changed):
    """As `_decode_file`, which is not done again for a file that has not changed since."""
    return _decode_file(path)


def decode_bytes(contents, where="the sound"):
    """Decode the bytes of a sound file; errors name `where`. See `decode`."""
    kind = headers.kind_of(contents)
    if kind is None:
        raise headers.unknown(contents, where)
    contents = headers.with_size(contents) if kind == "WAV" else contents
    headers.require_whole(contents, kind, where)
    samples, rate, decoder = _try_decoders(contents, kind, where)
    if not len(samples):
        raise KwsclsError("holds no samples", where)
    if not np.isfinite(samples).all():
        raise KwsclsError("holds samples that are no numbers", where)
    if rate <= 0:
        raise KwsclsError(f"says that its rate is {rate} Hz", where)
    waveform = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
    return Sound(np.ascontiguousarray(waveform), rate, samples.shape[1], decoder)


def decoder_for(kind):
    """Who decodes a kind of file here: "tensorflow-io" or "soundfile"."""
    return "tensorflow-io" if kind in FOR_TENSORFLOW_IO and _tensorflow_io() else "soundfile"


def _try_decoders(contents, kind, where):
    """Samples, rate and decoder by the kind's own decoder, then by soundfile, which knows varieties such as A-law."""
    problem = None
    for decoder in dict.fromkeys((decoder_for(kind), "soundfile")):
        try:
            return *DECODERS[decoder](contents, kind), decoder
        except Exception as error:  # of many kinds, even UnicodeDecodeError where a message quotes the bytes
            problem = error
    raise KwsclsError(f"cannot be decoded as {kind}: it is damaged or of an unknown variety", where) from problem


def _with_tensorflow_io(contents, kind):
    """Samples float32 [samples, channels] and rate by tensorflow-io."""
    audio = _tensorflow_io()
    if kind == "WAV":
        rate = headers.plain_wav_rate(contents)
        return audio.decode_wav(contents, dtype="int16").numpy() / np.float32(32768), rate
    if kind == "MP3":
        return audio.decode_mp3(contents).numpy(), headers.mp3_rate(contents[headers.mp3_frame(contents):])
    rate, = struct.unpack_from("<I", contents, contents.index(b"\x01vorbis") + 12)
    return audio.decode_vorbis(contents).numpy(), rate


def _with_soundfile(contents, kind):
    """Samples float32 [samples, channels] and rate by soundfile."""
    import soundfile

    with soundfile.SoundFile(io.BytesIO(contents)) as file:
        if file.frames == _UNKNOWN:
            file.seekable = lambda: False  # or it would look for the end behind the last block, and fail
            return np.concatenate(list(_blocks(file))), file.samplerate
        samples = file.read(dtype="float32", always_2d=True)
        if kind == "FLAC" and len(samples) != file.frames:
            raise ValueError("cut off")
        return samples, file.samplerate


_UNKNOWN = 2 ** 63 - 1  # frames that soundfile tells of a FLAC whose encoder could not go back to fill in its length


def _blocks(file):
    """All samples of a sound file of unknown length, float32 [samples, channels], in pieces; the last may be empty."""
    while True:
        samples = file.read(1 << 20, dtype="float32", always_2d=True)
        yield samples
        if len(samples) < 1 << 20:
            return


DECODERS = {"tensorflow-io": _with_tensorflow_io, "soundfile": _with_soundfile}


@functools.cache
def _tensorflow_io():
    """tensorflow-io's audio operations, or None where it does not load."""
    try:
        import tensorflow as tf
        import tensorflow_io

        tf.constant(tensorflow_io.audio.decode_wav(_SILENCE, dtype="int16"))
        return tensorflow_io.audio
    except Exception:  # a missing package, an undefined symbol, an operation that is not there: all mean the same
        return None


_SILENCE = b"RIFF\x26\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\2\0\0\0\0\0"
