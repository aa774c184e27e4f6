"""Train a model on a folder of recordings and leave a run with its results."""

import contextlib
import sys

from kwscls import console, files
from kwscls.settings import TrainSettings


def main(argv=None):
    """Run the verb."""
    return console.command(TrainSettings, act, argv)


def act(settings):
    """Train, and say where the run is, or print its results as one JSON object and the tables beside the progress."""
    from kwscls.training.lanes import open_lanes
    from kwscls.training.run import train

    open_lanes(settings)
    with contextlib.redirect_stdout(sys.stderr) if settings.json else contextlib.nullcontext():
        out = train(settings)
    if not out:  # of several workers, the chief leaves a run
        return
    found = results(out)
    if settings.json:
        console.print_json({"run": str(out), **found})
    asked = out / found["runs"][0]["name"] if "runs" in found else out
    console.say(f"ask it: python -m kwscls.predict {asked} FILE")


def results(run):
    """What `evaluation.run.evaluate` found of a run, or `repeats.summary` of a folder of runs."""
    from kwscls.evaluation.run import METRICS
    from kwscls.training.repeats import SUMMARY

    return files.read_json(run / (METRICS if (run / METRICS).is_file() else SUMMARY))


if __name__ == "__main__":
    sys.exit(main())
