"""The loop: epochs of `steps.Steps`, with Keras' callbacks for schedule, best weights, budget, resume and display."""

import time

import keras
import tensorflow as tf

from kwscls import console, devices
from kwscls.augment.spectrograms import set_strengths
from kwscls.data import balance, pipeline
from kwscls.data.frames import FrameClips
from kwscls.data.order import Share
from kwscls.errors import KwsclsError
from kwscls.models.classifier import copied
from kwscls.training import freezing, optimizers, state
from kwscls.training.averages import Averages
from kwscls.training.display import Display
from kwscls.training.keeper import CHECKPOINT, Keeper
from kwscls.training.plan import ENDLESS, Plan
from kwscls.training.rehearsal import rehearse
from kwscls.training.steps import Steps

EXACT, ROUGH = 1.0, 0.1
"""Seconds for which steps are timed beforehand: to keep to a budget, and to tell how long it will take."""

LONG = 600
"""Seconds of training from which on the way to the export is walked once before it begins."""


def fit(model, train, validation, recipe, folder, *, seed=0, budget=None, most=None, resume=False, change=None,
        evened=None, thaw=None, strategy=None, parts=1):
    """Train a model and leave it with the weights that the `Keeper` keeps.

    Args:
        model: an `AudioClassifier` whose statistics are adapted.
        train: `Clips` to learn from.
        validation: `Clips` that say which epoch's weights stay.
        recipe: a `Recipe`.
        folder: where the checkpoint and the TensorBoard logs go.
        seed: of the order and of the augmentation; of weights and dropout the caller has taken care.
        budget: seconds it may take, which then fixes the number of epochs; None leaves that to the recipe.
        most: epochs that it takes at most, however many fit the budget.
        resume: go on from the checkpoint in `folder`.
        change: augmentation, see `pipeline.training_batches`.
        evened: how rare labels are helped: "sampling" draws their clips more often, "weights" lets them weigh more in
            the loss, None leaves them.
        thaw: after how many epochs which frozen layers learn again, see `freezing.thaws`; the optimizer then begins anew.
        strategy: the `tf.distribute.Strategy` in whose scope the model was built; one device when None.
        parts: in how many parts a batch goes through the model, see `Steps`.

    Returns:
        The history: a list of a dict an epoch, with the keys of `ROWS`.

    Raises:
        KwsclsError: the loss is no number any more, layers would learn again after the last epoch, or there are fewer
            clips than devices and parts of a batch.
    """
    strategy = strategy or tf.distribute.get_strategy()
    check_sizes(recipe.batch_size, strategy.num_replicas_in_sync, parts, len(train), len(validation))
    set_strengths(model, recipe)
    per_frame = isinstance(train, FrameClips)
    patient_from = max(thaw or {}, default=0)
    last = most or (ENDLESS if budget else recipe.epochs)
    if patient_from >= last:
        raise KwsclsError(f"the training has but {last} epochs", f"--unfreeze {patient_from}=",
                          "raise --epochs")
    plan = Plan(recipe.epochs, pipeline.steps(train, recipe.batch_size), budget, most, strategy=strategy)
    averages = Averages(model, recipe.average, strategy)
    keeper = Keeper(folder / CHECKPOINT, plan, recipe.patience, len(validation), averages, patient_from)

    def batches(first_epoch):
        return shared_batches(train, recipe, strategy, seed=seed, first_epoch=first_epoch, change=change, evened=evened,
                              parts=parts)

    validation_batches = strategy.distribute_datasets_from_function(lambda context: pipeline.ordered_batches(
        validation, recipe.batch_size, share_of(context)))

    resume = resume and keeper.path.exists()
    for until, prefixes in freezing.stages(thaw or {}, ENDLESS):
        freezing.unfreeze(model, prefixes)
        if resume and until < keeper.stored_epochs():
            continue
        if prefixes:
            console.say(f"{', '.join(prefixes)} may learn from here on")
        steps = Steps(model, recipe, per_frame, not per_frame and balance.is_uneven(train.counts), strategy, parts)
        if resume:
            keeper.restore(model)
            console.say(f"going on after epoch {len(keeper.rows)}")
            resume = False
        elif not keeper.rows:
            foresee(plan, *measure(steps, batches(0), validation_batches, plan.steps, EXACT if budget else ROUGH))
            if patient_from >= plan.epochs:
                raise KwsclsError(f"but {plan.epochs} epochs fit the budget", f"--unfreeze {patient_from}=",
                                  "raise --budget, or unfreeze sooner")
            if plan.foreseen > LONG:
                rehearse(copied(model), next(iter(pipeline.ordered_batches(validation, 1)))[0])
        if keeper.finished:
            break
        if len(keeper.rows) < until:
            with Display(plan, keeper.rows) as display:
                go_through(steps, batches(len(keeper.rows)), validation_batches, range(len(keeper.rows), until), plan.steps,
                           [Rate(recipe, plan), averages, keeper, display,
                            keras.callbacks.TensorBoard(str(folder / "logs"), write_graph=False)])
    keeper.put_kept(model)
    return keeper.rows


def check_sizes(batch_size, replicas, parts, train, validation):
    """Refuse batches or data too small to be shared out.

    Raises:
        KwsclsError: a device, or a part of its batch, would get no clip.
    """
    for what, count, least in (("a batch has", batch_size, replicas * parts),
                               ("there are", train, replicas * parts),
                               ("for validation there are", validation, replicas)):
        if count < least:
            raise KwsclsError(f"{what} {count} clips for {replicas} devices and {parts} parts", None,
                              "raise --batch-size, lower --accumulate, or take fewer devices")


def shared_batches(train, recipe, strategy, *, seed=0, first_epoch=0, change=None, evened=None, parts=1):
    """Endless training batches from an epoch on, of which each device of a strategy gets its share; arguments as of `fit`."""
    chances = balance.clip_chances(train.marks) if evened == "sampling" else None
    weights = balance.label_weights(train.counts) if evened == "weights" else None
    return strategy.distribute_datasets_from_function(lambda context: pipeline.training_batches(
        train, recipe.batch_size, seed, ENDLESS, first_epoch, change, chances, weights, share_of(context, parts)))


def share_of(context, parts=1):
    """Which parts of a batch a worker reads.

    Args:
        context: the `tf.distribute.InputContext` of its pipeline.
        parts: how many each device makes of its share.
    """
    here = context.num_replicas_in_sync // context.num_input_pipelines
    return Share(context.input_pipeline_id * here, here, context.num_replicas_in_sync, parts)


def go_through(steps, batches, validation_batches, epochs, count, callbacks):
    """Train until the callbacks have enough.

    Args:
        steps: a `Steps`.
        batches: training batches, from those of the first epoch on.
        validation_batches: what is looked at after each epoch.
        epochs: the numbers of the epochs, from 0 on.
        count: batches an epoch.
        callbacks: Keras callbacks; one ends the training by the model's `stop_training`.
    """
    model, iterator = steps.model, iter(batches)
    told = keras.callbacks.CallbackList(callbacks, model=model)
    model.stop_training = False
    told.on_train_begin()
    for epoch in epochs:
        steps.reset()
        told.on_epoch_begin(epoch)
        for step in range(count):
            told.on_train_batch_begin(step)
            steps.update(iterator)
            told.on_train_batch_end(step)
        logs = steps.results()
        told.on_test_begin()
        logs |= {f"val_{name}": value for name, value in steps.check(validation_batches).items()}
        told.on_test_end()
        told.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    told.on_train_end()


def measure(steps, batches, validation_batches, epoch, least):
    """Time some steps and a validation, and leave the model as it was.

    Args:
        steps: a `Steps`.
        batches: training batches.
        validation_batches: those of one validation.
        epoch: batches of an epoch, of which no more are tried.
        least: seconds for which steps are timed, if an epoch has as many.

    Returns:
        Seconds a step, seconds a validation; in all workers of a job those of the chief.
    """
    variables = [*steps.model.variables, *steps.model.optimizer.variables]
    before, batches = state.snapshot(variables), iter(batches)

    def timed(action, times=1):
        start = time.monotonic()
        for _ in range(times):
            action()
        steps.results()  # waits until all is done
        return float(devices.from_chief(steps.strategy, time.monotonic() - start))

    timed(lambda: steps.update(batches))  # traces and compiles
    few = min(epoch, 4)
    seconds = timed(lambda: steps.update(batches), few)
    while seconds < least and few < epoch:
        few = min(epoch, 4 * few)
        seconds = timed(lambda: steps.update(batches), few)
    timed(lambda: steps.check(validation_batches))  # traces
    check = timed(lambda: steps.check(validation_batches))
    state.put_back(variables, before)
    return seconds / few, check


def foresee(plan, step, check):
    """Say how long the training will take; with a budget, set the epochs that fit it."""
    epoch = step * plan.steps + check
    what = f"a step takes {1000 * step:.0f} ms, an epoch about {epoch:.1f} s"
    if plan.budget:
        plan.fit_into(epoch)
        console.say(f"{what}: {plan.epochs} epochs fit the budget")
    else:
        console.say(f"{what}: at most {plan.epochs} epochs, {plan.epochs * epoch / 60:.1f} minutes")
    plan.foreseen = plan.epochs * epoch


class Rate(keras.callbacks.Callback):
    """Sets the learning rate of each step from the recipe and the share of the plan that is done."""

    def __init__(self, recipe, plan):
        super().__init__()
        self.recipe, self.plan = recipe, plan

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        done = (self.epoch * self.plan.steps + batch + 1) / (self.plan.epochs * self.plan.steps)
        self.model.optimizer.learning_rate = optimizers.learning_rate(self.recipe, min(done, 1))
