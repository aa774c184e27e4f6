"""How fast AST and wav2vec 2.0 are here and in transformers on PyTorch: clips of about 1 s per second.

    python benchmarks/ast_speed.py [--pytorch PYTHON] [--sizes ast ast_base wav2vec2_base] [--precisions float32 bfloat16]
                                    [--rounds 3] [--threads 2] [--xla]

Forward passes and training steps (AdamW, batch 8; AST from 104 frames of log-mel features, wav2vec 2.0 from 16,000
samples) in float32 and bfloat16, each with its share of the rate of plain matrix products of that precision on the same
threads; a step counts as three forward passes. Ours go as `train` and `predict` let them go: shares of the batch side by
side, each operation on one thread (see `devices.open_lanes`); with --xla the whole batch at once. A processor that has no
units for bfloat16 imitates it, which is slow: leave it out there. Both sides run in processes of their own, turn by turn, and
the best of all rounds counts: what disturbs a machine only ever makes it slower. Where other work never ends,
`--threads 1 --clock cpu` counts the seconds of one core instead. PYTHON is an interpreter that has torch and transformers
(`pip install kwscls[benchmarks]`); without one, or where they are missing, our side stands alone.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial

BATCH, FRAMES, BANDS, SAMPLES, LABELS, MATRIX = 8, 104, 128, 16000, 35, 1024
WIDTHS = {"ast": (192, 3), "ast_small": (384, 6), "ast_base": (768, 12)}
SIZES = (*WIDTHS, "wav2vec2_base")
STILL = {"layerdrop": 0.0, "apply_spec_augment": False}  # of wav2vec 2.0 on both sides: every step does the same work
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}  # by precision
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
SECONDS = 4.0  # for one measurement
MATRICES = "matrix product {}, GFLOP/s"


class Stopwatch:
    """Measures rates by a clock, "wall" or "cpu"."""

    def __init__(self, clock):
        self.clock = CLOCKS[clock]

    def rate(self, action, amount=BATCH):
        """The most of `amount` a second that an action reaches within some seconds, after two runs that do not count."""
        action(), action()
        best, end = float("inf"), time.perf_counter() + SECONDS
        while best == float("inf") or time.perf_counter() < end:
            start = self.clock()
            action()
            best = min(best, self.clock() - start)
        return amount / best


def kwscls_side(arguments):
    """Yield (what, rate) of our models; (name, work) of each model."""
    from kwscls import console, devices

    console.quiet_tensorflow()
    import keras
    import numpy as np
    import tensorflow as tf

    from kwscls.models.facts import multiply_adds
    from kwscls.training.learner import convolve_in_float32
    from kwscls.training.recipes import Recipe
    from kwscls.training.steps import Steps

    rate = Stopwatch(arguments.clock).rate
    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads if arguments.xla else 1)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    lanes = devices.lanes()
    for precision in arguments.precisions:
        matrices = [tf.cast(tf.random.normal([MATRIX, MATRIX]), precision) for _ in range(lanes)]
        products = tf.function(lambda: [tf.matmul(one, one)[0, 0] for one in matrices])
        yield MATRICES.format(precision), rate(lambda: products()[-1].numpy(), 2e-9 * lanes * MATRIX**3)
    targets = np.eye(LABELS, dtype=np.float32)[np.arange(BATCH) % LABELS]
    for size in arguments.sizes:
        for precision in arguments.precisions:
            keras.config.set_dtype_policy(POLICIES[precision])
            model = our_model(size)
            convolve_in_float32(model)  # as training does where there is no GPU
            inputs = np.random.default_rng(0).normal(size=(BATCH, *model.inputs[0].shape[1:])).astype(np.float32)
            given = tf.constant(inputs)
            forward = tf.function(lambda: tf.concat([model(given[lane::lanes], training=False) for lane in range(lanes)], 0),
                                  jit_compile=arguments.xla)
            yield f"{size} forward {precision}", rate(lambda: forward().numpy())
            steps = Steps(model, Recipe(optimizer="adamw", learning_rate=1e-4, weight_decay=0.01, jit=arguments.xla))
            batches = iter(tf.data.Dataset.from_tensors((inputs, targets)).repeat())
            yield f"{size} training {precision}", rate(partial(steps.update, batches))
        yield size, multiply_adds(model)


def our_model(size):
    """AST behind its frontend, or wav2vec 2.0 from the waveform on."""
    from kwscls import models
    from kwscls.models.ast import features_model
    from kwscls.models.classifier import AudioClassifier

    if size in WIDTHS:
        body = features_model(models.build(size, LABELS, SAMPLES, input_tdim=FRAMES))
        return AudioClassifier(body.inputs[0], body.outputs[0], name=size)
    return models.build(size, LABELS, SAMPLES, **STILL)


def pytorch_side(arguments):
    """Yield (what, rate) of transformers' models under PyTorch's own attention kernel."""
    import torch

    rate = Stopwatch(arguments.clock).rate
    torch.set_num_threads(arguments.threads)
    for precision in arguments.precisions:
        matrix = torch.randn(MATRIX, MATRIX).to(getattr(torch, precision))
        yield MATRICES.format(precision), rate(lambda: matrix @ matrix, 2e-9 * MATRIX**3)
    labels = torch.arange(BATCH) % LABELS
    for size in arguments.sizes:
        model, inputs = their_model(size)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
        for precision in arguments.precisions:
            half = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")

            def forward():
                with torch.inference_mode(), half:
                    model(inputs)

            def training():
                with half:
                    loss = torch.nn.functional.cross_entropy(model(inputs).logits.float(), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

            model.eval()
            yield f"{size} forward {precision}", rate(forward)
            model.train()
            yield f"{size} training {precision}", rate(training)


def their_model(size):
    """transformers' model of the same sizes, and its inputs."""
    import torch
    from transformers import ASTConfig, ASTForAudioClassification, Wav2Vec2Config, Wav2Vec2ForSequenceClassification

    if size in WIDTHS:
        width, heads = WIDTHS[size]
        kind, inputs = ASTForAudioClassification, torch.randn(BATCH, FRAMES, BANDS)
        config = ASTConfig(hidden_size=width, num_attention_heads=heads, num_hidden_layers=12, num_labels=LABELS,
                           intermediate_size=4 * width, max_length=FRAMES, num_mel_bins=BANDS)
    else:
        kind, inputs = Wav2Vec2ForSequenceClassification, torch.randn(BATCH, SAMPLES)
        config = Wav2Vec2Config(num_labels=LABELS, **STILL)
    return kind._from_config(config, attn_implementation="sdpa"), inputs


def run_side(side, python, arguments):
    """Rates by what was measured, from a process of its own; empty where the side cannot run."""
    words = [python, __file__, "--side", side, "--threads", str(arguments.threads), "--clock", arguments.clock,
             *["--xla"] * arguments.xla, "--sizes", *arguments.sizes, "--precisions", *arguments.precisions]
    environment = os.environ | {"OMP_NUM_THREADS": str(arguments.threads)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{side} cannot run: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return {}
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Measure both sides in turn and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pytorch", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--sizes", nargs="+", default=["ast", "ast_base"], choices=SIZES)
    parser.add_argument("--precisions", nargs="+", default=list(POLICIES), choices=POLICIES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--xla", action="store_true", help="ours compiled by XLA, as --jit does, which takes minutes")
    parser.add_argument("--side", choices=("kwscls", "pytorch"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        measure = {"kwscls": kwscls_side, "pytorch": pytorch_side}[arguments.side]
        print(json.dumps(dict(measure(arguments))))
        return
    ours, theirs = {}, {}
    for _ in range(arguments.rounds):
        for best, side, python in ((ours, "kwscls", sys.executable), (theirs, "pytorch", arguments.pytorch)):
            for what, value in run_side(side, python, arguments).items():
                best[what] = max(value, best.get(what, 0.0))
    report(ours, theirs, arguments.sizes)


def report(ours, theirs, sizes):
    """Print the rates side by side."""
    from kwscls import console

    rows = []
    for what, value in ours.items():
        if what in sizes:  # that is the model's work
            continue
        other = theirs.get(what)
        rows.append((what, f"{value:.1f}", f"{other:.1f}" if other else "-", f"{value / other:.2f}" if other else "-",
                     share(what, value, ours, theirs)))
    console.table("clips of 1 s per second, the best of all rounds",
                  ("", "kwscls#", "PyTorch#", "ratio#", "of the matrix rate#"), rows)


def share(what, value, ours, theirs):
    """What part of the machine's matrix rate, the better of both sides, our model reaches."""
    size, *kind = what.split()
    if size not in ours:
        return ""
    matrices = MATRICES.format(kind[1])
    passes = 3 if kind[0] == "training" else 1
    return f"{2e-9 * passes * ours[size] * value / max(ours[matrices], theirs.get(matrices, 0)):.0%}"


if __name__ == "__main__":
    main()
