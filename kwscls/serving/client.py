"""Asking a served model about recordings, over REST or gRPC. Over REST it needs nothing but Python: no TensorFlow, no numpy."""

import dataclasses
import io
import json
import re
import shlex
import time
from pathlib import Path

from kwscls.errors import KwsclsError
from kwscls.serving.remote import Unanswered, plain

SIGNATURE = "wav_bytes"
SENT = (1, 3, 6, 7, 0xFFFE, None)
"""Format tags of WAV files that are sent as they are: samples, A-law and mu-law; where no tag is found, the server tells why."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a served model hears in one recording.

    Args:
        path: the file.
        scores: label -> score, best first; for a frame model, of the highest frame.
        frames: (time in seconds, label, score) of each frame of a frame model.
        error: why there is no answer, else None.
    """

    path: str
    scores: dict = dataclasses.field(default_factory=dict)
    frames: tuple = ()
    error: str | None = None


def ask(server, paths, batch_size=16, retries=3, wait=0.5):
    """Ask about recordings, in order.

    Args:
        server: a `remote.Rest` or a `remote.Grpc`.
        paths: files; what is no WAV file is made one first.
        batch_size: clips of one request.
        retries: further tries when the server is away or busy.
        wait: seconds before the first of these; it doubles from one to the next.

    Yields:
        An `Answer` a recording; one that cannot be read or is refused carries its error.

    Raises:
        KwsclsError: the server does not answer.
    """
    for start in range(0, len(paths), batch_size):
        batch = [(path, *_read(path)) for path in paths[start:start + batch_size]]
        good = [(path, clip) for path, clip, error in batch if error is None]
        answers = iter(_answers(server, good, retries, wait))
        for path, _, error in batch:
            yield Answer(path, error=error) if error else next(answers)


def _answers(server, clips, retries, wait):
    """Answers about (path, bytes) pairs in one request; where it is refused, each is asked about alone."""
    if not clips:
        return []
    try:
        rows = patiently(lambda: rows_of(server, [clip for _, clip in clips]), retries, wait)
        return [as_answer(path, row) for (path, _), row in zip(clips, rows, strict=True)]
    except Unanswered as failed:
        if failed.again:
            raise KwsclsError(failed.reason, server.url, "is the server running there?") from failed
        if not (failed.too_large or re.search(r"\bclip \d+: ", failed.reason)):  # it is not about one of the clips
            raise KwsclsError(failed.reason, server.url) from failed
        if len(clips) > 1:
            return [answer for clip in clips for answer in _answers(server, [clip], retries, wait)]
        return [Answer(clips[0][0], error=f"{clips[0][0]}: {re.sub(r'^.*?clip 0: ', '', failed.reason)}")]


def rows_of(server, clips):
    """What a server says about WAV files given as bytes: a dict of outputs for each."""
    columns = server.outputs(SIGNATURE, {SIGNATURE: clips})
    if not all(isinstance(column, list) and len(column) == len(clips) for column in columns.values()):
        raise Unanswered("the answer has another number of rows than clips were sent", again=False)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def patiently(action, retries, wait):
    """The result of an action that may be tried again a few times, each time after twice the wait."""
    for tries in range(retries + 1):
        try:
            return action()
        except Unanswered as failed:
            if not failed.again or tries == retries:
                raise
            time.sleep(wait * 2 ** tries)


def as_answer(path, row):
    """The `Answer` that a row of outputs tells."""
    if not isinstance(row, dict) or not {"scores", "labels"} <= set(row):
        raise Unanswered("the answer has no scores and labels; is it a kwscls model?", again=False)
    scores, labels, frames = row["scores"], row["labels"], ()
    if scores and isinstance(scores[0], list):
        best = [max(range(len(labels)), key=frame.__getitem__) for frame in scores]
        frames = tuple((time, labels[label], frame[label])
                       for time, label, frame in zip(row.get("times", range(len(scores))), best, scores))
        scores = [max(column) for column in zip(*scores)]
    order = sorted(range(len(labels)), key=lambda label: -scores[label])
    return Answer(str(path), {labels[label]: scores[label] for label in order}, frames)


def examples(server, path="clip.wav"):
    """curl commands that ask a model, as text.

    Args:
        server: a `remote.Rest`.
        path: of the recording in them.

    Raises:
        KwsclsError: no model is named, and the server names none.
    """
    try:
        server.find_model()
    except Unanswered as failed:
        raise KwsclsError(failed.reason, server.url, "start the server, or name the model with --model") from failed
    body = json.dumps({"signature_name": SIGNATURE, "instances": [{"b64": "@"}]}).split("@")
    predict = (f"printf '%s' '{body[0]}' \"$(base64 -w0 {shlex.quote(path)})\" '{body[1]}' |\n"
               f"  curl -sS -H 'content-type: application/json' --data-binary @- {server.path}:predict")
    return "\n".join((f"# the scores of a WAV file\n{predict}\n",
                      f"# which version answers\ncurl -sS {server.path}\n",
                      f"# what can be asked\ncurl -sS {server.path}/metadata"))


def _read(path):
    """The bytes of a recording as a WAV file, and None; or None and what is wrong with it."""
    try:
        contents = Path(path).read_bytes()
    except OSError as error:
        return None, f"{path}: cannot be read ({plain(error)})"
    if contents[:4] == b"RIFF" and _format_tag(contents) in SENT:
        return contents, None
    import soundfile

    try:
        waveform, rate = soundfile.read(io.BytesIO(contents), dtype="float32", always_2d=True)  # int16 would not scale floats
    except soundfile.LibsndfileError:
        return None, f"{path}: is no recording that can be read"
    made = io.BytesIO()
    soundfile.write(made, waveform.mean(axis=1).clip(-1, 1), rate, format="WAV", subtype="PCM_16")
    return made.getvalue(), None


def _format_tag(contents):
    """The number that stands for the encoding of a WAV file, or None."""
    chunk = contents.find(b"fmt ", 12)
    return None if chunk < 0 else int.from_bytes(contents[chunk + 8:chunk + 10], "little")
