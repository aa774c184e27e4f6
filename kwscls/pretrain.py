"""Let a wav2vec 2.0 learn from recordings without labels; `train --weights` goes on from what it leaves."""

import sys

from kwscls import console
from kwscls.settings import PretrainSettings


def main(argv=None):
    """Run the verb."""
    return console.command(PretrainSettings, act, argv)


def act(settings):
    """Pre-train, and say how to go on."""
    from kwscls.training.pretraining import pretrain

    if out := pretrain(settings):  # of several workers, the chief's
        console.say(f"go on with labels: python -m kwscls.train --model {settings.model} --weights {out} --data FOLDER")


if __name__ == "__main__":
    sys.exit(main())
