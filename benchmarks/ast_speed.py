"""How fast AST is here and in transformers on PyTorch: clips of 1 s per second, from log-mel features on.

    python benchmarks/ast_speed.py [--pytorch PYTHON] [--sizes ast ast_base] [--rounds 3] [--threads 2]

Forward passes and training steps (AdamW, batch 16) in float32 and bfloat16, beside the rate of a plain matrix product
on the same threads. Both sides run in processes of their own, turn by turn, and the best of all rounds counts: what
disturbs a machine only ever makes it slower. PYTHON is an interpreter that has torch and transformers
(`pip install kwscls[benchmarks]`); without one, or where they are missing, our side stands alone.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial

BATCH, FRAMES, BANDS, LABELS, MATRIX = 16, 98, 128, 35, 1024
WIDTHS = {"ast": (192, 3), "ast_small": (384, 6), "ast_base": (768, 12)}
SECONDS = 4.0  # for one measurement


def rate(action, amount):
    """The most of `amount` a second that an action reaches within some seconds, after two runs that do not count."""
    action(), action()
    best, end = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return amount / best


def kwscls_side(sizes, threads):
    """Yield (what, rate) of our models, the forward pass as TensorFlow runs it and compiled by XLA."""
    from kwscls import console

    console.quiet_tensorflow()
    import keras
    import numpy as np
    import tensorflow as tf

    from kwscls import models
    from kwscls.models.ast import features_model

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    matrix = tf.random.normal([MATRIX, MATRIX])
    yield "matrix product, GFLOP/s", rate(lambda: (matrix @ matrix).numpy(), 2e-9 * MATRIX**3)
    features = np.random.default_rng(0).normal(size=(BATCH, FRAMES, BANDS)).astype(np.float32)
    labels = np.arange(BATCH) % LABELS
    for size in sizes:
        for precision, policy in (("float32", "float32"), ("bfloat16", "mixed_bfloat16")):
            keras.config.set_dtype_policy(policy)
            model = features_model(models.build(size, LABELS, 16000, input_tdim=FRAMES))
            for compiled, suffix in ((False, ""), (True, ", XLA")):
                forward = tf.function(lambda batch: model(batch, training=False), jit_compile=compiled)
                yield f"{size} forward {precision}{suffix}", rate(lambda: forward(features).numpy(), BATCH)
            model.compile(keras.optimizers.AdamW(1e-4), keras.losses.SparseCategoricalCrossentropy(True),
                          jit_compile=False)  # XLA takes minutes to compile a step, and is no faster in float32
            yield f"{size} training {precision}", rate(partial(model.train_on_batch, features, labels), BATCH)


def pytorch_side(sizes, threads):
    """Yield (what, rate) of transformers' models under PyTorch's own attention kernel."""
    import torch
    from transformers import ASTConfig, ASTForAudioClassification

    torch.set_num_threads(threads)
    matrix = torch.randn(MATRIX, MATRIX)
    yield "matrix product, GFLOP/s", rate(lambda: matrix @ matrix, 2e-9 * MATRIX**3)
    features, labels = torch.randn(BATCH, FRAMES, BANDS), torch.arange(BATCH) % LABELS
    for size in sizes:
        width, heads = WIDTHS[size]
        config = ASTConfig(hidden_size=width, num_attention_heads=heads, num_hidden_layers=12, num_labels=LABELS,
                           intermediate_size=4 * width, max_length=FRAMES, num_mel_bins=BANDS)
        model = ASTForAudioClassification._from_config(config, attn_implementation="sdpa")
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
        for precision in ("float32", "bfloat16"):
            half = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")

            def forward():
                with torch.inference_mode(), half:
                    model(features)

            def training():
                with half:
                    loss = torch.nn.functional.cross_entropy(model(features).logits.float(), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

            yield f"{size} forward {precision}", rate(forward, BATCH)
            yield f"{size} training {precision}", rate(training, BATCH)


def run_side(side, python, arguments):
    """Rates by what was measured, from a process of its own; empty where the side cannot run."""
    words = [python, __file__, "--side", side, "--threads", str(arguments.threads), "--sizes", *arguments.sizes]
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
    parser.add_argument("--sizes", nargs="+", default=["ast", "ast_base"], choices=WIDTHS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", choices=("kwscls", "pytorch"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        measure = {"kwscls": kwscls_side, "pytorch": pytorch_side}[arguments.side]
        print(json.dumps(dict(measure(arguments.sizes, arguments.threads))))
        return
    ours, theirs = {}, {}
    for _ in range(arguments.rounds):
        for best, side, python in ((ours, "kwscls", sys.executable), (theirs, "pytorch", arguments.pytorch)):
            for what, value in run_side(side, python, arguments).items():
                best[what] = max(value, best.get(what, 0.0))
    report(ours, theirs)


def report(ours, theirs):
    """Print the rates side by side; a row of XLA stands against the same row of PyTorch."""
    from kwscls import console

    rows = []
    for what, value in ours.items():
        other = theirs.get(what.removesuffix(", XLA"))
        rows.append((what, f"{value:.1f}", f"{other:.1f}" if other else "-", f"{value / other:.2f}" if other else "-"))
    console.table("clips of 1 s per second, the best of all rounds", ("", "kwscls#", "PyTorch#", "ratio#"), rows)


if __name__ == "__main__":
    main()
