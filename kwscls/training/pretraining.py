"""wav2vec 2.0 without labels: the loop, written by hand since each step hides frames and draws wrong answers."""

import csv
import dataclasses
import functools
import io
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kwscls import console, devices, files, models
from kwscls import settings as settings_room
from kwscls.data.unlabelled import Crops, pack, sounds
from kwscls.errors import KwsclsError
from kwscls.evaluation import plots, plots_inside
from kwscls.layers.feature_encoder import frame_count
from kwscls.layers.span_mask import sample_spans
from kwscls.models.wav2vec2 import Body, wav2vec2
from kwscls.models.wav2vec2_pretraining import Codebook, wav2vec2_pretraining
from kwscls.pretrained.wav2vec2 import to_transformers
from kwscls.training import pretraining_recipes, state
from kwscls.training.choices import chosen_sizes
from kwscls.training.contrastive import (contrastive_logits, contrastive_loss, diversity_loss, perplexity,
                                         sample_negatives)
from kwscls.training.learner import in_precision, spare_convolutions
from kwscls.training.optimizers import NO_DECAY, scaled
from kwscls.training.place import join, leaving_nothing, open_run, tell_workers, unfinished_folder

ROWS = ("step", "loss", "contrastive", "diversity", "accuracy", "perplexity", "temperature", "learning_rate", "seconds")
"""The columns of a history; each row is the mean over the steps since the one before."""

SHOW = 100
"""Steps from row to row, with a checkpoint at each."""


def pretrain(settings):
    """Pre-train on a folder of recordings and leave a folder in transformers' form, which `train --weights` reads.

    Args:
        settings: a `PretrainSettings`.

    Returns:
        The folder, with `model.safetensors`, `config.json`, `settings.json`, `history.csv` and `curves.png`.

    Raises:
        KwsclsError: the data, a setting or the place of the run is not as it should be.
    """
    strategy = devices.begin(settings.strategy)
    if not devices.is_chief():
        return join(settings, strategy, fill)
    out = Path(settings.out or Path("export") / f"{settings.model}_pretrained")
    settings = open_run(out, settings)
    chosen_parts(settings)  # what is wrong with them is told before a folder is made
    unfinished = unfinished_folder(out)
    with leaving_nothing(unfinished):
        files.write_json(unfinished / "settings.json", {
            **settings_room.as_dict(settings), "recipe": dataclasses.asdict(pretraining_recipes.chosen(settings)),
            "sizes": body_sizes(settings)})
        tell_workers(unfinished, settings, strategy)
        fill(unfinished, settings, strategy)
    for name in ("checkpoint.npz", "recordings.int16", "starts.npy"):
        (unfinished / name).unlink()
    files.replace_folder(unfinished, out)
    console.wrote(*sorted(out.iterdir()))
    devices.wait(strategy)
    return out


def fill(folder, settings, strategy):
    """Pre-train; the chief of a job writes what comes of it into the folder."""
    body, codebook = chosen_parts(settings)
    samples = round(settings.seconds * settings.sample_rate)
    building = functools.partial(models.building, settings.model, chosen_sizes(settings))
    with building():
        frames = frame_count(samples, body.conv_kernel, body.conv_stride)
    if frames < 2:
        raise KwsclsError(f"clips of {settings.seconds:g} s have no two frames", None, "raise --seconds")
    if settings.batch_size % strategy.num_replicas_in_sync:
        raise KwsclsError(f"is no multiple of the {strategy.num_replicas_in_sync} devices",
                          f"--batch-size {settings.batch_size}")
    crops = packed_crops(settings, folder, samples)
    keras.utils.set_random_seed(settings.seed)
    with strategy.scope(), in_precision(settings.precision), building():
        model = wav2vec2_pretraining(samples, body, codebook)
    spare_convolutions(model)
    console.say(f"{model.count_params():,} parameters; {len(crops)} recordings of "
                f"{crops.starts[-1] / settings.sample_rate / 3600:.2f} hours")
    history = Loop(settings, model, body, crops, folder / "checkpoint.npz", strategy).run()
    if devices.is_chief():
        write_folder(folder, model, body, codebook, history)


def chosen_parts(settings):
    """The body and the codebook that a model's name and the settings give.

    Raises:
        KwsclsError: the model is no wav2vec 2.0, has no such size, or cannot be built with its value.
    """
    row = models.row(settings.model)
    if row.builder.partition(":")[0] != "wav2vec2":
        raise KwsclsError("is no wav2vec 2.0", settings.model, "only these are pre-trained")
    bodies, books = ({field.name for field in dataclasses.fields(kind)} for kind in (Body, Codebook))
    sizes = chosen_sizes(settings)
    for name in sizes:
        if name not in bodies | books:
            raise KwsclsError("is no size of the body or of the codebooks", name,
                              f"known are {', '.join(sorted(bodies | books))}")
    known = {**wav2vec2.__kwdefaults__, **row.sizes, **sizes}
    with models.building(settings.model, sizes):
        return (Body(**{name: known[name] for name in bodies}),
                Codebook(**{**pretraining_recipes.chosen(settings).codebook,
                            **{name: value for name, value in sizes.items() if name in books}}))


def body_sizes(settings):
    """The sizes that the settings change of what `train --weights` builds again: those of the body."""
    bodies = {field.name for field in dataclasses.fields(Body)}
    return {name: value for name, value in chosen_sizes(settings).items() if name in bodies}


def packed_crops(settings, folder, samples):
    """The recordings, packed in `folder`, or those that an earlier start packed there."""
    target, starts = folder / "recordings.int16", folder / "starts.npy"
    if not starts.exists():
        np.save(starts, pack(sounds(settings.data), settings.sample_rate, target))
    return Crops(target, np.load(starts), samples, settings.seed)


def learning_rate(highest, progress):
    """The learning rate at `progress`, the share of all steps done: up in the first 8 %, then straight to zero."""
    return highest * min(progress / 0.08, (1 - progress) / 0.92)


def temperature(progress, start=2.0, end=0.5):
    """The codes' temperature at `progress`: down by the same factor each step, at its end after 70 % of them.

    In the paper's 400,000 steps that factor is 0.999995.
    """
    return max(start * (end / start) ** (progress / 0.7), end)


class Loop:
    """The training: its model, optimizer and random streams, with a checkpoint every `SHOW` steps.

    Args:
        settings: a `PretrainSettings`.
        model: what `wav2vec2_pretraining` builds.
        body: its `Body`.
        crops: the `Crops` to learn from.
        checkpoint: the file of the checkpoint.
        strategy: the `tf.distribute.Strategy` in whose scope the model was built; one device when None. Each device hides
            frames of its share of a batch; how evenly it uses the codebooks is looked at in that share.
    """

    def __init__(self, settings, model, body, crops, checkpoint, strategy=None):
        self.strategy = strategy or tf.distribute.get_strategy()
        self.settings, self.model, self.body, self.crops, self.checkpoint = settings, model, body, crops, checkpoint
        self.recipe = pretraining_recipes.chosen(settings)
        group = body.feat_extract_norm == "group"
        self.penalty = settings.feature_penalty if settings.feature_penalty is not None else 10.0 * group
        scale = settings.feature_scale if settings.feature_scale is not None else 0.1 if group else 1.0
        self.scales = [scale if weight.path.startswith("feature_encoder") else 1.0
                       for weight in model.trainable_variables]
        with self.strategy.scope():
            self.seeds = keras.random.SeedGenerator(settings.seed)
            optimizer = scaled(keras.optimizers.AdamW)(self.recipe.learning_rate, weight_decay=settings.weight_decay,
                                                       beta_1=0.9, beta_2=0.98, epsilon=1e-6)
            optimizer.factors = [1.0] * len(model.trainable_variables)
            optimizer.exclude_from_weight_decay(var_names=NO_DECAY)
            half = settings.precision == "mixed_float16"
            self.optimizer = keras.optimizers.LossScaleOptimizer(optimizer) if half else optimizer
            self.optimizer.build(model.trainable_variables)
        self.rows, self.steps, self.used = [], settings.steps, 0.0
        if settings.resume and checkpoint.exists():
            self._restore()

    def run(self):
        """Take all steps that are left.

        Returns:
            The history: a list of a dict every `SHOW` steps, with the keys of `ROWS`.
        """
        settings, first = self.settings, self.rows[-1]["step"] if self.rows else 0
        started, begun, seen = time.monotonic() - self.used, time.monotonic(), []
        with console.progress(transient=True) as bar:
            task = bar.add_task("pre-training", total=self.steps, completed=first)
            step = first
            while step < self.steps:
                seen.append(self._take(step))
                step += 1
                if settings.budget and (step - first) % 10 == 0:  # the first steps, which trace, are slow
                    each = (time.monotonic() - begun) / (step - first)
                    left = int((settings.budget - (time.monotonic() - started)) / each)
                    self.steps = int(devices.from_chief(self.strategy, max(step, step + left)))
                bar.update(task, completed=step, total=self.steps)
                if step % SHOW == 0 or step == self.steps:
                    self.used = time.monotonic() - started
                    self._row(step, seen)
                    bar.console.print(self._line())
                    self._keep()
                    seen = []
        return self.rows

    def _take(self, step):
        progress = (step + 1) / self.steps
        self.optimizer.learning_rate = learning_rate(self.recipe.learning_rate, progress)
        self.model.get_layer("quantizer").temperature.assign(temperature(progress))
        waveforms, real = self.crops.batch(step, self.settings.batch_size)
        with devices.lost_workers():
            found = {name: float(value) for name, value in self._step(*map(self._shared_out, (waveforms, real))).items()}
        if not np.isfinite(found["loss"]):
            raise KwsclsError(f"the loss became {found['loss']} at step {step + 1}", None, "lower --learning-rate")
        return found

    def _shared_out(self, values):
        """The share of each device of values [batch, ...]."""
        count = len(values) // self.strategy.num_replicas_in_sync

        def share(context):
            return tf.constant(values[context.replica_id_in_sync_group * count:][:count])

        return self.strategy.experimental_distribute_values_from_function(share)

    @tf.function(reduce_retracing=True, autograph=False)
    def _step(self, waveforms, real):
        """One update of all devices; what it told, averaged over them."""
        told = self.strategy.run(self._step_here, args=(waveforms, real))
        return {name: self.strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None) for name, value in told.items()}

    def _step_here(self, waveforms, real):
        """One update of a device; [batch, samples] and [batch], how many samples of each are real."""
        settings, recipe, body = self.settings, self.recipe, self.body
        batch, samples = waveforms.shape
        frames = frame_count(samples, body.conv_kernel, body.conv_stride)
        heard = tf.maximum(frame_count(real, body.conv_kernel, body.conv_stride), 1)
        mask = sample_spans(batch, frames, recipe.mask_prob, recipe.mask_length, 2, heard, self.seeds)
        negatives = sample_negatives(mask, settings.negatives, self.seeds)
        replica, here = tf.distribute.get_replica_context(), tf.reduce_sum(tf.cast(mask, tf.float32))
        hidden = replica.all_reduce(tf.distribute.ReduceOp.MEAN, here)  # of all devices, for one of them
        count = tf.maximum(hidden, 1.0)
        weights = self.model.trainable_variables
        with tf.GradientTape() as tape:
            answers = self.model({"waveform": waveforms, "time_mask": mask}, training=True)
            logits = contrastive_logits(answers["guesses"], answers["codes"], answers["entries"], mask, negatives)
            contrastive = contrastive_loss(logits) / count
            diversity = diversity_loss(answers["choices"], mask) / count
            loss = contrastive + recipe.diversity * diversity
            if self.penalty:
                loss += self.penalty * tf.reduce_mean(tf.square(answers["conv_features"]))
            scaled_loss = self.optimizer.scale_loss(loss)
        gradients = replica.all_reduce(tf.distribute.ReduceOp.MEAN, tape.gradient(scaled_loss, weights))
        self.optimizer.apply([gradient if scale == 1 else gradient * scale for gradient, scale in
                              zip(gradients, self.scales)], weights)
        right = tf.reduce_sum(tf.cast(tf.argmax(logits, axis=1) == 0, tf.float32)) / count
        return {"loss": loss, "contrastive": contrastive, "diversity": diversity, "accuracy": right,
                "perplexity": perplexity(answers["choices"], mask)}

    def _row(self, step, seen):
        means = {name: float(np.mean([one[name] for one in seen])) for name in seen[0]}
        self.rows.append({"step": step, **means,
                          "temperature": float(self.model.get_layer("quantizer").temperature.numpy()),
                          "learning_rate": float(self.optimizer.learning_rate.numpy()), "seconds": round(self.used, 1)})

    def _line(self):
        row = self.rows[-1]
        return (f"step {row['step']}/{self.steps}  loss {row['loss']:.3f}  right {row['accuracy']:.3f}  "
                f"entries in use {row['perplexity']:.1f}  {row['seconds']:.0f} s")

    def _variables(self):
        return {"model": self.model.variables, "optimizer": self.optimizer.variables, "seeds": [self.seeds.state]}

    def _keep(self):
        state.write(self.checkpoint, {name: state.snapshot(some) for name, some in self._variables().items()},
                    {"rows": self.rows, "steps": self.steps, "used": self.used})

    def _restore(self):
        groups, facts = state.read(self.checkpoint)
        for name, some in self._variables().items():
            state.put_back(some, groups[name])
        self.rows, self.steps, self.used = facts["rows"], facts["steps"], facts["used"]
        console.say(f"going on after step {self.rows[-1]['step']}")


def write_folder(folder, model, body, codebook, history):
    """Write the weights and their config as transformers has them, and the history with its picture."""
    from safetensors.numpy import save

    config = {"model_type": "wav2vec2", "architectures": ["Wav2Vec2ForPreTraining"], "vocab_size": 32,
              **dataclasses.asdict(body), **dataclasses.asdict(codebook)}
    files.write_json(folder / "config.json", config)
    files.write_bytes(folder / "model.safetensors", save(to_transformers(model), metadata={"format": "pt"}))
    table = io.StringIO()
    writer = csv.DictWriter(table, ROWS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    files.write_text(folder / "history.csv", table.getvalue())
    plots.save(plots_inside.pretraining(history), folder / "curves.png")
