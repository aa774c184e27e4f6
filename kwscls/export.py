"""Hand a run's model over: for TensorFlow Serving, with the proof that it answers as the model does."""

import sys

from kwscls import console
from kwscls.settings import ExportSettings


def main(argv=None):
    """Run the verb."""
    return console.command(ExportSettings, act, argv)


def act(settings):
    """Export, compare with the model in memory, and say where it is."""
    from kwscls.serving.export import export

    change = None
    if settings.calibrate:
        from kwscls.training.combine import calibrated as change
    console.wrote(export(settings, change))


if __name__ == "__main__":
    sys.exit(main())
