"""Ask a trained model what it hears in files, folders or standard input."""

import sys

from kwscls import console, devices
from kwscls.errors import KwsclsError
from kwscls.settings import PredictSettings


MOST_ROWS = 1000
"""Rows of a table that are kept until it is printed; a longer one comes in pieces."""


def main(argv=None):
    """Run the verb."""
    return console.command(PredictSettings, act, argv)


def act(settings):
    """Answer about every recording; those that could not be read are an error at the end."""
    import numpy as np

    from kwscls.serving import bundle as bundles
    from kwscls.serving.predict import predict

    if settings.out:
        write_table(settings)
        return
    for name in ("embedding", "runner"):
        if getattr(settings, name):
            raise KwsclsError("writes into a file", f"--{name}", "name one with --out answers.parquet")
    devices.open_lanes()
    bundle = bundles.load(settings.run)
    rows, failed = [], 0
    for answer in predict(bundle, settings.inputs, settings.hop, settings.batch_size):
        if answer.error:
            failed += 1
            print(f"error: {answer.error}", file=sys.stderr)
            continue
        heard = bundle.heard(answer.scores)
        best = np.argsort(-answer.scores, kind="stable")[:max(settings.top, heard.sum())]
        if settings.json:
            told = {} if bundle.activation == "softmax" else {"heard": [bundle.labels[i] for i in best if heard[i]]}
            console.print_json(as_json(answer, bundle.labels, best) | told)
            continue
        rows.extend((answer.path if place == 0 else "", bundle.labels[label], f"{answer.scores[label]:.4f}")
                    for place, label in enumerate(best))
        if len(answer.windows) > 1:
            rows.extend((f"  {start:.2f} - {end:.2f} s", bundle.labels[scores.argmax()], f"{scores.max():.4f}")
                        for start, end, scores in answer.windows)
        if len(rows) > MOST_ROWS:
            show(bundle, rows)
            rows = []
    show(bundle, rows)
    if failed:
        raise KwsclsError(f"{failed} of the recordings could not be read")


def show(bundle, rows):
    """Print rows as a table, if there are any."""
    if rows:
        console.table(f"{bundle.model} hears", ("recording", "label", "score#"), rows)


def write_table(settings):
    """Write the answers into a file."""
    from kwscls.serving.bulk import predict_table

    clips, failed = predict_table(settings.run, settings.inputs, settings.out, settings.embedding, settings.hop,
                                  settings.batch_size, settings.runner, settings.runner_options, settings.overwrite)
    console.say(f"{clips} recordings")
    console.wrote(settings.out)
    if failed:
        raise KwsclsError(f"{failed} of the recordings could not be read", settings.out, "the column error says why")


def as_json(answer, labels, best):
    """An answer as one JSON object.

    Args:
        answer: a `serving.predict.Answer`.
        labels: the names of the labels.
        best: indices of the labels to name, best first.
    """
    told = {"path": answer.path, "label": labels[best[0]], "score": round(float(answer.scores[best[0]]), 6),
            "scores": {labels[label]: round(float(answer.scores[label]), 6) for label in best},
            "windows": [{"start": round(start, 3), "end": round(end, 3), "label": labels[int(scores.argmax())],
                         "score": round(float(scores.max()), 6)} for start, end, scores in answer.windows]}
    if answer.frames:
        told["frames"] = [{"time": round(float(time), 4), "label": labels[int(row.argmax())],
                           "score": round(float(row.max()), 6)} for time, row in zip(*answer.frames, strict=True)]
    return told


if __name__ == "__main__":
    sys.exit(main())
