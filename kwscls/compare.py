"""Race models on the same clips in the same time, and say which one to take for what."""

import sys

from kwscls import console
from kwscls.errors import KwsclsError
from kwscls.settings import CompareSettings


def main(argv=None):
    """Run the verb."""
    return console.command(CompareSettings, act, argv)


def act(settings):
    """Race, print a table or one JSON object, and tell of trainings that failed."""
    from kwscls.evaluation import comparison_report
    from kwscls.training.race import compare

    results = compare(settings)
    if settings.json:
        console.print_json(results)
    else:
        short = comparison_report.SHORT
        console.table(comparison_report.title(results), comparison_report.headings(short),
                      comparison_report.cells(results, short))
    if results["failed"]:
        raise KwsclsError(f"{len(results['failed'])} of the trainings failed", None, "the same command tries them again")


if __name__ == "__main__":
    sys.exit(main())
