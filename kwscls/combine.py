"""Make one run of several: an ensemble, or the mean of their weights."""

import sys

from kwscls import console
from kwscls.settings import CombineSettings


def main(argv=None):
    """Run the verb."""
    return console.command(CombineSettings, act, argv)


def act(settings):
    """Combine, and say what can be done with it."""
    from kwscls.training.combine import combine

    out = combine(settings)
    console.say(f"ask it: python -m kwscls.predict {out} FILE; hand it over: python -m kwscls.export --run {out}")


if __name__ == "__main__":
    sys.exit(main())
