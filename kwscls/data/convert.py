"""One recording brought to the form that training reads: mono, one sample rate, 16-bit PCM WAV."""

import functools
import hashlib
import struct

import numpy as np

from kwscls.data import storage
from kwscls.data.decode import decode
from kwscls.errors import KwsclsError

CLIPPED = 32767  # a sample at least this large stands at the end of the scale
HEADER = 44  # bytes of the WAV files that are written here, before their samples
SILENT = 0.001  # of full scale (-60 dB): a recording whose peak is below holds nothing


def convert(source, target, rate, shortest=0.0, longest=None):
    """Decode `source`, resample it to `rate` and write it to `target`; it stays whole.

    Args:
        source: a sound file, or the address of one.
        target: the WAV file to write, or its address.
        rate: in Hz.
        shortest, longest: in seconds; what is outside is not written.

    Returns:
        What was found, as a dict for JSON: seconds, rate and channels of the source, decoder, peak (0 to 1), clipped
        (share of samples at the end of the scale), content (a hash of the samples); or only `why` it cannot be used.

    Raises:
        KwsclsError: `target` cannot be written.
    """
    try:
        sound = decode(source)
        seconds = len(sound.waveform) / sound.rate
        if seconds < shortest:
            raise KwsclsError(f"lasts {seconds:.3f} s, less than {shortest:g} s")
        if longest is not None and seconds > longest:
            raise KwsclsError(f"lasts {seconds:.3f} s, more than {longest:g} s")
        waveform = at_rate(sound, rate)
    except KwsclsError as error:
        return {"why": error.what}
    samples = to_pcm16(waveform)
    storage.write(target, wav_bytes(samples, rate))
    return {"seconds": round(len(samples) / rate, 4), "rate": sound.rate, "channels": sound.channels,
            "decoder": sound.decoder, "peak": round(float(np.abs(sound.waveform).max()), 6),
            "clipped": round(float((np.abs(samples.astype(np.int32)) >= CLIPPED).mean()), 6),
            "content": hashlib.sha1(samples.tobytes()).hexdigest()}


def to_pcm16(waveform):
    """int16 samples of a waveform in [-1, 1]: rounded to the nearest of 32768 steps (halves to even), without dither.

    What was 16-bit PCM of this rate before comes back bit for bit; what exceeds the scale is clipped.
    """
    return np.clip(np.rint(waveform * np.float32(32768)), -32768, 32767).astype(np.int16)


def wav_bytes(samples, rate):
    """A WAV file of int16 samples [samples], mono."""
    data = samples.astype("<i2").tobytes()
    return wav_header(len(data), rate) + data


def wav_header(size, rate):
    """What stands before so many bytes of mono int16 samples in a WAV file."""
    form = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    return b"RIFF" + struct.pack("<I", HEADER - 8 + size) + b"WAVEfmt " + form + b"data" + struct.pack("<I", size)


def read_wav(path):
    """int16 samples of a file that `convert` wrote."""
    return samples_of(storage.read(path))


def samples_of(contents):
    """int16 samples of the bytes of a WAV file that `wav_bytes` made."""
    return np.frombuffer(contents[HEADER:], "<i2")


def at_rate(sound, rate):
    """The waveform of a `decode.Sound` at a rate, by the function that the exported models use too.

    Raises:
        KwsclsError: its own rate cannot be brought to that one.
    """
    if sound.rate == rate:
        return sound.waveform
    import tensorflow as tf

    try:
        return _resampler(sound.rate, rate)(tf.constant(sound.waveform)).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise KwsclsError(f"has a rate of {sound.rate} Hz, which cannot be brought to {rate} Hz") from error


@functools.lru_cache(32)
def _resampler(source, target):
    """`resample` between two rates as a graph: a fifth of the time that it takes outside."""
    import tensorflow as tf

    from kwscls.dsp.resample import resample

    function = tf.function(lambda waveform: resample(waveform, source, target), autograph=False)
    return function.get_concrete_function(tf.TensorSpec([None], tf.float32))
