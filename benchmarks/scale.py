"""What a corpus of millions takes: clips per second of each stage, and from these a sheet for N workers.

    python -m benchmarks.scale [PREPARED_FOLDER] [--model resfold] [--stages read decode ...] [--records 1000000]

Each stage runs alone in a process of its own on one core, then on two, then in two processes of a core each at once; the
figure is clips per second of the machine's clock. `--records` instead writes that many synthetic records into shards and
reads them all, with the memory of the process on the way. The sheet takes the figures of one core, in clips of one second;
AudioSet's clips last ten, so a stage that works on samples takes ten times as long for each.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

AUDIOSET = 2_084_320
"""Clips of AudioSet, of ten seconds."""

SECONDS = 10
WORKERS = (1, 2, 8, 32, 128)
CORES = ({0}, {0, 1})
ENOUGH = 3.0  # seconds of each measurement, at least
BATCH = 64


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", nargs="?")
    words.add_argument("--model", default="resfold")
    words.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    words.add_argument("--records", type=int)
    words.add_argument("--alone", help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if chosen.records:
        stream_records(chosen.records)
    elif chosen.alone:
        print(json.dumps(measured(chosen.alone, Path(chosen.folder), chosen.model)))
    else:
        show(table(chosen), chosen.model)


def table(chosen):
    """Clips per second of each stage: on one core, on two, and of two processes of a core each together."""
    from kwscls.data.prepare import ready

    folder, found = chosen.folder or str(ready("spoken_words")), {}
    with tempfile.TemporaryDirectory() as room:
        pack(Path(folder), Path(room) / "packed")
        for stage in chosen.stages:
            where = f"{room}/packed" if stage.startswith("shards") else folder
            runs = [[CORES[0]], [CORES[1]], [{0}, {1}]]
            found[stage] = [sum(alone(stage, where, chosen.model, cores)) for cores in runs]
            print(f"{stage:<28}" + "".join(f"{rate:12.0f}" for rate in found[stage]), file=sys.stderr, flush=True)
    return found


def alone(stage, folder, model, cores):
    """Clips per second of a stage in as many processes as there are sets of cores, all at once."""
    command = [sys.executable, "-m", "benchmarks.scale", folder, "--model", model, "--alone", stage]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda own=own: os.sched_setaffinity(0, own))
               for own in cores]
    return [json.loads(process.communicate()[0]) for process in started]


def measured(stage, folder, model):
    """Clips per second of a stage in this process, after a first turn that traces."""
    turn = STAGES[stage](folder, model)
    turn()
    clips, start = 0, time.perf_counter()
    while time.perf_counter() - start < ENOUGH:
        clips += turn()
    return clips / (time.perf_counter() - start)


def pack(folder, target):
    """The shards of a prepared folder."""
    from kwscls.data.prepare import prepare
    from kwscls.settings import PrepareSettings

    prepare(PrepareSettings(data=str(folder), out=str(target), split="given", shards=True, shard_megabytes=8))


def reading(batches):
    """A turn that takes all batches of a dataset."""
    return lambda: sum(len(batch[0]) for batch in batches)


def from_files(folder, model):
    """Reading the WAV folder, shuffled, as training does where it does not fit into memory."""
    from kwscls.data.pipeline import Clips, clip_length, training_batches

    return reading(training_batches(Clips(folder / "train", clip_length(folder / "train")[0], memory=0), BATCH, 0, 4))


def from_shards(folder, model):
    """The same of shards."""
    from kwscls.data.pipeline import clip_length, training_batches
    from kwscls.data.stream import StreamedClips

    return reading(training_batches(StreamedClips(folder / "train", clip_length(folder / "train")[0]), BATCH, 0, 16))


def decoding(folder, model):
    """Decoding FLAC of 44.1 kHz, as preparing does."""
    from kwscls.data import decode

    contents = flac(folder)
    return lambda: sum(len(decode.decode_bytes(one).waveform) > 0 for one in contents)


def resampling(folder, model):
    """Bringing a clip from 44.1 to 16 kHz and into a WAV file's bytes."""
    from kwscls.data import convert, decode

    sounds = [decode.decode_bytes(one) for one in flac(folder)]
    return lambda: sum(len(convert.wav_bytes(convert.to_pcm16(convert.at_rate(sound, 16000)), 16000)) > 44 for sound in sounds)


def flac(folder):
    """The bytes of some clips as FLAC of 44.1 kHz: what corpora are like."""
    import io

    import numpy as np
    import soundfile

    from kwscls.data.prepared import split_clips

    made = []
    for clip in split_clips(folder / "train")[:BATCH]:
        samples, rate = soundfile.read(clip.path, dtype="float32")
        times = np.arange(int(len(samples) * 44100 / rate)) * rate / 44100
        made.append(io.BytesIO())
        soundfile.write(made[-1], np.interp(times, np.arange(len(samples)), samples), 44100, format="FLAC")
    return [one.getvalue() for one in made]


def built(folder, model):
    """A model, and a batch for it."""
    from kwscls import models
    from kwscls.data.pipeline import Clips, clip_length

    samples, rate = clip_length(folder / "train")
    clips = Clips(folder / "train", samples)
    return models.build(model, clips.labels, samples, sample_rate=rate), *clips.batch(range(BATCH))


def frontend(folder, model):
    """Log-mel spectrograms of 64 bands."""
    import tensorflow as tf

    from kwscls.dsp import mel, stft

    _, waveforms, _ = built(folder, model)

    @tf.function
    def spectrograms():
        bins = stft.spectrogram(waveforms, 400, 160)
        return mel.log_mel(bins, mel.mel_filters(bins.shape[-1], 64, 16000), offset=1e-6)

    return lambda: len(spectrograms())


def training(folder, model):
    """Training steps of batches that are there."""
    import tensorflow as tf

    from kwscls.training import recipes
    from kwscls.training.steps import Steps

    made, waveforms, targets = built(folder, model)
    steps = Steps(made, recipes.recipe(model))
    batches = iter(tf.data.Dataset.from_tensors((waveforms, targets)).repeat())

    def turn():
        for _ in range(4):
            steps.update(batches)
        steps.results()  # which waits until they are taken
        return 4 * BATCH

    return turn


def predicting(folder, model):
    """Answers of the export to WAV files, read and decoded one by one, as `predict --out` gives them."""
    from kwscls.data.prepared import split_clips
    from kwscls.serving import bundle
    from kwscls.serving.predict import answers

    made, _, _ = built(folder, model)
    room = tempfile.mkdtemp()
    bundle.save(made, Path(room) / "saved_model")
    loaded, paths = bundle.load(room), [str(clip.path) for clip in split_clips(folder / "train")[:4 * BATCH]]
    return lambda: sum(answer.error is None for answer in answers(loaded, paths))


STAGES = {"read a WAV folder": from_files, "shards: read": from_shards, "decode FLAC": decoding,
          "resample 44.1 to 16 kHz": resampling, "frontend": frontend, "train step": training, "predict": predicting}
SHEET = {"prepare: decode and resample": ("decode FLAC", "resample 44.1 to 16 kHz"), "an epoch's reading": ("shards: read",),
         "an epoch's training": ("train step",), "bulk prediction": ("predict",)}


def show(found, model):
    """Print the figures, and the sheet."""
    from kwscls import console

    console.table(f"clips of a second per second ({model}, batch {BATCH})", ("stage", "one core#", "two cores#", "two processes#"),
                  [(stage, *(f"{rate:,.0f}" for rate in rates)) for stage, rates in found.items()])
    rows = []
    for what, stages in SHEET.items():
        if all(stage in found for stage in stages):
            each = SECONDS * sum(1 / found[stage][0] for stage in stages)
            rows.append((what, *(hours(AUDIOSET * each / workers) for workers in WORKERS)))
    console.table(f"AudioSet, {AUDIOSET:,} clips of {SECONDS} s, on workers of one such core",
                  ("job", *(f"{workers}#" for workers in WORKERS)), rows)


def hours(seconds):
    """A length of time in the unit that suits it."""
    for unit, name in ((86400, "days"), (3600, "h")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds / 60:.0f} min"


def stream_records(count):
    """Write so many synthetic clips of 31 ms into shards, read them all once, and print the memory on the way."""
    import numpy as np
    import tensorflow as tf

    from kwscls import files
    from kwscls.data import shards
    from kwscls.data.pipeline import training_batches
    from kwscls.data.stream import StreamedClips

    samples, each = 500, 50_000
    record = shards.example("clip", b"\1" * 2 * samples, [0])
    before, after = record.split(b"\1" * 2 * samples)
    with tempfile.TemporaryDirectory() as room:
        rows = []
        for start in range(0, count, each):
            own = min(each, count - start)
            rows.append({"file": f"train-{start // each:05d}.tfrecord", "split": "train", "clips": own})
            with tf.io.TFRecordWriter(f"{room}/{rows[-1]['file']}") as writer:
                for number in range(start, start + own):
                    told = (number % 32768).to_bytes(2, "little") + (number // 32768).to_bytes(2, "little")
                    writer.write(before + told.ljust(2 * samples, b"\0") + after)
            rows[-1]["bytes"] = (Path(room) / rows[-1]["file"]).stat().st_size
        files.write_json(f"{room}/{shards.INDEX}", {
            "kwscls": "shards", "form": shards.FORM, "place": None, "rate": 16000, "labels": ["even", "odd"], "length": 0.03,
            "several_labels": 0, "shards": rows, "splits": {"train": {"clips": count, "labels": {"even": count}}}})
        clips, seen, done, start = StreamedClips(Path(room) / "train", samples), np.zeros(count, int), 0, time.perf_counter()
        for waveforms, _ in training_batches(clips, 1000, 0, 1):
            low, high = (waveforms.numpy()[:, place] * 32768 for place in (0, 1))
            np.add.at(seen, np.rint(low + high * 32768).astype(int), 1)
            done += len(waveforms)
            if done % (count // 10) == 0:
                most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
                print(f"{done:>12,} records  {done / (time.perf_counter() - start):8,.0f} a second  "
                      f"{memory():6.0f} MB now, {most:6.0f} MB at most", flush=True)
        print(f"each of {count:,} exactly once: {bool((seen == 1).all())}")


def memory():
    """Megabytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
