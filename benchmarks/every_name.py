"""Does every model learn under its own recipe? A short training of each name, its loss before and after.

    python benchmarks/every_name.py [--models a b c] [--seconds 30] [--steps 360] [--batch-size 8] [--size units=512] [--out FILE]

Each name trains in a process of its own, on the embedded words at its recipe's settings, for about so many seconds (thirty
steps at least, --steps at most) with its whole schedule, warm-up and cosine, brought to that time. Every finished name is
a line of the file, so that a killed run goes on behind the last one; then all lines are printed as a Markdown table. Losses
are means over the first and the last tenth of the steps; chance is one label in eight and a loss of 2.08. Smaller batches
show large nets more steps on a slow machine, and so do smaller sizes of theirs.
"""

import argparse
import dataclasses
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from kwscls import console
from kwscls.models import MODELS

TENTHS = 10
FEWEST = 30
COLUMNS = ("model", "parameters", "clips a step", "steps", "s a step", "first loss", "last loss", "validation")


def learn(name, seconds, most, batch_size, sizes):
    """Train a name for some time, and say what became of its loss.

    Args:
        name: of `kwscls.models`.
        seconds: that the steps may take.
        most: steps.
        batch_size: clips a step, or None for the recipe's.
        sizes: of the model that differ, by name.

    Returns:
        A dict, the line of the file.
    """
    console.quiet_tensorflow()
    import keras

    from kwscls import models
    from kwscls.augment.change import augmentation, long_noise
    from kwscls.augment.spectrograms import set_strengths
    from kwscls.data import pipeline
    from kwscls.data.noises import noises_of
    from kwscls.data.prepare import ready
    from kwscls.training import fit, plan, recipes, start, statistics
    from kwscls.training.steps import Steps
    from kwscls.training.run import load_clips

    folder = Path(ready("spoken_words"))
    clips, validation, rate = load_clips(folder)
    recipe = recipes.fitted(recipes.recipe(name), len(clips), clips.samples / rate)
    recipe = dataclasses.replace(recipe, batch_size=batch_size or recipe.batch_size)
    keras.utils.set_random_seed(0)
    model = models.build(name, clips.labels, clips.samples, sample_rate=rate, **sizes)
    statistics.adapt(model, clips)
    if recipe.even_start:
        start.even_out(model, clips)
    set_strengths(model, recipe)
    taken = Steps(model, recipe)
    change = augmentation(recipe, rate, long_noise(noises_of(folder, rate), rate, model.samples))
    validation_batches = pipeline.ordered_batches(validation, recipe.batch_size)

    def batches():
        return pipeline.training_batches(clips, recipe.batch_size, 0, plan.ENDLESS, change=change)

    step, check = fit.measure(taken, batches(), validation_batches, most, fit.EXACT)
    tenth = min(most, max(FEWEST, round(seconds / step))) // TENTHS
    schedule, learnt, history = fit.Rate(recipe, plan.Plan(TENTHS, tenth)), iter(batches()), []
    schedule.set_model(model)
    for epoch in range(TENTHS):
        taken.reset()
        schedule.on_epoch_begin(epoch)
        for place in range(tenth):
            schedule.on_train_batch_begin(place)
            taken.update(learnt)
        history.append(taken.results())
    found = taken.check(validation_batches)
    return {"model": name, "parameters": model.count_params(), "clips": recipe.batch_size, "steps": TENTHS * tenth,
            "seconds_a_step": step, "losses": [one["loss"] for one in history], "accuracy": history[-1]["accuracy"],
            "val_loss": found["loss"], "val_accuracy": found["accuracy"]}


def alone(*arguments):
    """`learn` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as room:
        return room.submit(learn, *arguments).result()


def main():
    """Train what is not in the file yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS, metavar="NAME")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--steps", type=int, default=360)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--size", nargs="+", default=[], metavar="NAME=NUMBER")
    parser.add_argument("--out", type=Path, default=Path("build/every_name.jsonl"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.touch()
    sizes = {name: int(number) for name, number in (size.split("=") for size in arguments.size)}
    done = {row["model"] for row in map(json.loads, arguments.out.read_text().splitlines())}
    for name in (name for name in arguments.models if name not in done):
        started = time.monotonic()
        row = alone(name, arguments.seconds, arguments.steps, arguments.batch_size, sizes)
        with open(arguments.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{name}: loss {row['losses'][0]:.3f} to {row['losses'][-1]:.3f}, validation {row['val_accuracy']:.3f}, "
              f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    rows = [json.loads(line) for line in arguments.out.read_text().splitlines()]
    print(f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * (len(COLUMNS) - 1)}")
    for row in sorted(rows, key=lambda row: list(MODELS).index(row["model"])):
        print(f"| `{row['model']}` | {row['parameters']:,} | {row['clips']} | {row['steps']} | {row['seconds_a_step']:.2f} | "
              f"{row['losses'][0]:.2f} | {row['losses'][-1]:.2f} | {100 * row['val_accuracy']:.0f} % |")


if __name__ == "__main__":
    main()
