"""Search settings of training in given ranges, and train with the best."""

import sys

from kwscls import console
from kwscls.settings import TuneSettings


def main(argv=None):
    """Run the verb."""
    return console.command(TuneSettings, act, argv)


def act(settings):
    """Search, and print a table or one JSON object."""
    from kwscls.training import search

    results = search.tune(settings)
    if results is None:  # another machine told
        return
    if settings.json:
        console.print_json(results)
    else:
        console.table(*search.table(results))


if __name__ == "__main__":
    sys.exit(main())
