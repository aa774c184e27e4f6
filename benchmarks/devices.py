"""How many clips a second a device learns from and answers: float32, bfloat16, and bfloat16 compiled by XLA.

    python benchmarks/devices.py [--models cnn resfold ast ...] [--batch-size 128] [--seconds 3] [--out FILE]

One batch of noise of a second a clip goes through the model again and again, so that neither disk nor augmentation counts;
a step is what `train` does with a batch, an answer what `predict` does. The first GPU is taken, or the processor where none
is seen (CUDA_VISIBLE_DEVICES=-1 hides them). Each figure is the best of some rounds; a model in a setting is a line of the file.
"""

import argparse
import dataclasses
import gc
import json
import sys
from pathlib import Path

from kwscls import console
from kwscls.evaluation import cost
from kwscls.models import MODELS

USUAL = ("cnn", "res1d", "resfold", "resfold_large", "sincnet", "wav2vec2", "wav2vec2_base", "ast", "ast_small", "ast_base",
         "resnet18", "resnet50", "densenet121", "convnext_tiny", "vit_base", "vgg16_bn")
SETTINGS = {"float32": ("float32", False), "bfloat16": ("mixed_bfloat16", False), "bfloat16, XLA": ("mixed_bfloat16", True)}
TOGETHER = 4
"""Batches before a clock is read, so that a GPU need not wait for the next one."""

SAMPLES, LABELS = 16000, tuple(f"word {number}" for number in range(8))


def rate(action, clips, seconds):
    """Clips a second, of the quickest of an action's turns."""
    return clips / min(cost.durations(action, seconds))


def measure(name, setting, batch_size, seconds):
    """A model's clips a second in a setting, a dict: of training steps and of answers."""
    import keras
    import numpy as np
    import tensorflow as tf

    from kwscls import models
    from kwscls.training import recipes
    from kwscls.training.learner import learner
    from kwscls.training.steps import Steps

    precision, compiled = SETTINGS[setting]
    keras.utils.set_random_seed(0)
    model = learner(models.build(name, LABELS, SAMPLES), lambda: models.build(name, LABELS, SAMPLES),
                    tf.distribute.get_strategy(), precision)
    draw = np.random.default_rng(0)
    waveforms = draw.normal(0, 0.1, (batch_size, SAMPLES)).astype(np.float32)
    targets = np.eye(len(LABELS), dtype=np.float32)[draw.integers(0, len(LABELS), batch_size)]
    batches = iter(tf.data.Dataset.from_tensors((waveforms, targets)).repeat().prefetch(4))
    steps = Steps(model, dataclasses.replace(recipes.recipe(name), jit=compiled))
    answers = tf.function(lambda clips: model(clips, training=False), autograph=False, jit_compile=compiled)
    clips = tf.constant(waveforms)

    def learn():
        for _ in range(TOGETHER):
            steps.update(batches)
        steps.results()  # waits for the device

    def answer():
        for _ in range(TOGETHER):
            last = answers(clips)
        last.numpy()

    return {"step": rate(learn, TOGETHER * batch_size, seconds), "answer": rate(answer, TOGETHER * batch_size, seconds)}


def table(rows):
    """The rows as Markdown: a line a model, a column a setting."""
    found = {(row["model"], row["setting"]): row for row in rows}
    columns = [f"{what}, {setting}" for what in ("step", "answer") for setting in SETTINGS]
    lines = [f"| model | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    for name in dict.fromkeys(row["model"] for row in rows):
        cells = [f"{found[name, setting][what]:,.0f}" if (name, setting) in found else ""
                 for what in ("step", "answer") for setting in SETTINGS]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    """Measure what is not in the file yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=USUAL, choices=MODELS, metavar="NAME")
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=SETTINGS)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--out", type=Path, default=Path("build/devices.jsonl"))
    arguments = parser.parse_args()
    console.quiet_tensorflow()
    import keras

    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.touch()
    done = {(row["model"], row["setting"]) for row in map(json.loads, arguments.out.read_text().splitlines())}
    for name, setting in ((name, setting) for name in arguments.models for setting in arguments.settings):
        if (name, setting) in done:
            continue
        row = {"model": name, "setting": setting, **measure(name, setting, arguments.batch_size, arguments.seconds)}
        keras.utils.clear_session()
        gc.collect()
        with open(arguments.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{name}, {setting}: {row['step']:,.0f} and {row['answer']:,.0f} clips/s", file=sys.stderr, flush=True)
    print(f"\n{cost.machine()}, batches of {arguments.batch_size}", file=sys.stderr)
    print(table([json.loads(line) for line in arguments.out.read_text().splitlines()]))


if __name__ == "__main__":
    main()
