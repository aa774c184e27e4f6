"""Write a run's model as one SavedModel that needs neither kwscls nor Keras."""

import sys

from kwscls import console
from kwscls.settings import ExportSettings


def main(argv=None):
    """Run the verb."""
    return console.command(ExportSettings, act, argv)


def act(settings):
    """Export, compare with the model in memory, and say where it is."""
    from kwscls.serving.export import export

    console.wrote(export(settings))


if __name__ == "__main__":
    sys.exit(main())
