"""Listening without an end: sound from a microphone, a pipe or a long file, heard in overlapping windows."""

import dataclasses
import itertools
import queue
import sys

import numpy as np

from kwscls import files
from kwscls.errors import KwsclsError
from kwscls.serving.detector import STORED, Detector, ListenRules, of_windows

MICROPHONE = "microphone"
BLOCK = 0.1
"""Seconds of sound that are read at once."""


def stored_rules(bundle):
    """The rules that an evaluation stored with an export, or those that hold where none did."""
    path = bundle.folder / STORED
    if not path.is_file():
        return ListenRules()
    told = files.read_json(path)
    known = {field.name for field in dataclasses.fields(ListenRules)}
    return ListenRules(**{key: value for key, value in told.items() if key in known})


def listen(bundle, blocks, rules):
    """Detections, as they come.

    Args:
        bundle: what answers: `scores(waveforms [batch, samples])`, `labels`, `samples`, `sample_rate`, `stream`.
        blocks: an iterator of float32 arrays [any] at the bundle's rate.
        rules: `ListenRules`.

    Yields:
        `Detection`s. The sound is silent before its start and after its end, so that words there are heard too.
    """
    detector, step = Detector(bundle.labels, rules), max(1, round(rules.hop * bundle.sample_rate))
    hear = streamed(bundle) if bundle.stream and step % bundle.stream["step"] == 0 else windowed(bundle)
    heard, waiting = 0, np.zeros(0, np.float32)
    silence = np.zeros(max(bundle.samples, rules.smooth * step), np.float32)
    for block in itertools.chain(blocks, [silence]):
        waiting = np.concatenate([waiting, block])
        while len(waiting) >= step:
            scores, waiting, heard = of_windows(hear(waiting[:step])[np.newaxis])[0], waiting[step:], heard + step
            if found := detector.hear(heard / bundle.sample_rate, scores):
                yield found


def windowed(bundle):
    """A function from further sound, float32 [any], to the scores of the last clip, computed anew."""
    window = np.zeros(bundle.samples, np.float32)

    def hear(sound):
        nonlocal window
        window = np.concatenate([window, sound])[-bundle.samples:]
        return np.asarray(bundle.scores(window[np.newaxis]))[0]

    return hear


def streamed(bundle):
    """The same by the signature `stream`, which keeps the frames that it has computed."""
    state = np.zeros((1, bundle.stream["state"]), np.float32)

    def hear(sound):
        nonlocal state
        answer = bundle.answer("stream", waveform=sound[np.newaxis], state=state)
        state = answer["state"]
        return answer["scores"][0]

    return hear


def sound(source, sample_rate, rate=16000):
    """Blocks of sound, float32 [any] in [-1, 1] at `sample_rate`.

    Args:
        source: a file's path; "-" for raw 16-bit mono PCM on standard input; "microphone".
        sample_rate: wanted, in Hz.
        rate: of the raw PCM.

    Raises:
        KwsclsError: the file cannot be read, the pipe's rate is not the model's, or there is no microphone.
    """
    if source == MICROPHONE:
        return _microphone(sample_rate)
    if source == "-":
        if rate != sample_rate:
            raise KwsclsError(f"the model listens at {sample_rate} Hz", f"--rate {rate}",
                              f"let the source resample, such as sox ... -r {sample_rate}")
        return _pipe(sys.stdin.buffer, rate)
    from kwscls.serving.predict import read

    waveform, size = read(source, sample_rate), round(BLOCK * sample_rate)
    return (waveform[at:at + size] for at in range(0, len(waveform), size))


def _pipe(stream, rate):
    """Blocks of raw PCM as they arrive; a byte that is left over waits for the next."""
    rest = b""
    while part := stream.read1(2 * round(BLOCK * rate)):
        rest += part
        whole = len(rest) // 2 * 2
        yield np.frombuffer(rest[:whole], "<i2").astype(np.float32) / 32768
        rest = rest[whole:]


def _microphone(rate):
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        raise KwsclsError(f"the microphone needs sounddevice ({error})", None,
                          "pip install sounddevice, or pipe raw PCM to -") from error
    except OSError as error:
        raise KwsclsError(f"the microphone needs PortAudio ({error})", None,
                          "apt-get install libportaudio2, or pipe raw PCM to -") from error

    arrived = queue.Queue()
    try:
        stream = sounddevice.InputStream(rate, round(BLOCK * rate), channels=1, dtype="float32",
                                         callback=lambda block, *_: arrived.put(block[:, 0].copy()))
    except sounddevice.PortAudioError as error:
        raise KwsclsError(f"no microphone can be had ({error})", None, "pipe raw PCM to -") from error
    with stream:
        while True:
            yield arrived.get()
