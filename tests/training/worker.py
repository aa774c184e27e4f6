"""A worker of a job, for tests: `python -m tests.training.worker FOLDER` prints the losses of some steps of small models."""

import dataclasses
import json
import sys

import keras

from kwscls import devices, models
from kwscls.data import pipeline
from kwscls.data.pipeline import Clips
from kwscls.training import recipes
from kwscls.training.fit import share_of
from kwscls.training.learner import learner
from kwscls.training.statistics import adapt
from kwscls.training.steps import Steps

STEPS = 20
SIZES = {"cnn": dict(width=4, units=8, dropout=(0.0, 0.0)),
         "ast": dict(hidden_size=16, heads=2, layers=1, mlp_ratio=2),
         "res1d": dict(widths=(8,), strides=(2,), stem=8, dropout=0.0)}
CHANGES = {"batch_size": 14, "clip_norm": 0.5, "schedule": "constant", "jit": False}


def losses(name, folder, strategy, parts=1):
    """The losses of the first steps of a small model: batches of 14 of 32 clips, so that some of them have 4."""
    clips = Clips(folder, 4000)
    recipe = dataclasses.replace(recipes.recipe(name), **recipes.UNCHANGED, **CHANGES)
    keras.utils.set_random_seed(5)

    def build():
        return models.build(name, clips.labels, 4000, **SIZES[name])

    plain = build()
    adapt(plain, clips)
    steps = Steps(learner(plain, build, strategy), recipe, strategy=strategy, parts=parts)
    batches = iter(strategy.distribute_datasets_from_function(lambda context: pipeline.training_batches(
        clips, recipe.batch_size, 5, 1000, share=share_of(context, parts))))
    found = []
    for _ in range(STEPS):
        steps.reset()
        steps.update(batches)
        found.append(steps.results()["loss"])
    return found


if __name__ == "__main__":
    job = devices.begin("multiworker")
    told = {name: losses(name, sys.argv[1], job) for name in SIZES}
    told["from the chief"] = devices.bytes_from_chief(job, b"12345" if devices.is_chief() else b"other").decode()
    devices.wait(job)
    print(json.dumps(told))
