"""Train a model on a folder of recordings and leave a run with its results."""

import sys

from kwscls import console
from kwscls.settings import TrainSettings


def main(argv=None):
    """Run the verb."""
    return console.command(TrainSettings, act, argv)


def act(settings):
    """Train, and say where the run is."""
    from kwscls.training.run import train

    if out := train(settings):  # of several workers, the chief's
        console.say(f"ask it: python -m kwscls.predict {out} FILE")


if __name__ == "__main__":
    sys.exit(main())
