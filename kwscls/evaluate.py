"""Say how good a run's model is: scores with intervals, pictures, a report and the worst mistakes."""

import sys
from pathlib import Path

from kwscls import console, devices
from kwscls.settings import EvaluateSettings


def main(argv=None):
    """Run the verb."""
    return console.command(EvaluateSettings, act, argv)


def act(settings):
    """Evaluate, print tables or one JSON object, and name what was written."""
    if settings.stream:
        act_on_stream(settings)
        return
    from kwscls.evaluation.report import write_report
    from kwscls.evaluation.run import evaluate, written

    devices.open_lanes(settings.strategy)
    strategy = devices.begin(settings.strategy)
    with devices.chiefs(Path(settings.out or settings.run), strategy) as out:
        results = evaluate(settings.run, settings.data, settings.split, out, settings.batch_size, settings.mistakes,
                           settings.noise, settings.seed, strategy)
    if not devices.is_chief():
        return
    report = write_report(results, out)
    if settings.json:
        console.print_json(results)
    else:
        show(results)
    console.wrote(*written(results, out), report)


def act_on_stream(settings):
    """The same for a long recording."""
    from kwscls.evaluation import tables
    from kwscls.evaluation.streams import evaluate_stream

    results, paths = evaluate_stream(settings.run, settings.data, settings.out, split=settings.split, hours=settings.hours,
                                     per_hour=settings.per_hour, noise=settings.noise, seed=settings.seed,
                                     batch_size=settings.batch_size)
    if settings.json:
        console.print_json(results)
    else:
        console.table(f"{results['model']} listens to {results['hours']:.2f} hours with {results['words']} words",
                      tables.STREAM_COLUMNS, tables.stream(results))
        console.table(f"Thresholds for {results['wanted_per_hour']:g} false accepts per hour, chosen on {results['chosen']} clips",
                      tables.WORD_COLUMNS, tables.stream_words(results))
        console.say("with hindsight, by thresholds chosen on this recording itself: {false_accepts_per_hour:.2f} false accepts per "
                    "hour, {false_reject_rate:.1%} of the words missed".format(**results["hindsight"]))
    console.wrote(*paths)


def show(results):
    """Print the results as tables."""
    from kwscls.evaluation import tables

    console.table(tables.title(results), tables.measure_columns(results), tables.measures(results))
    console.table(*tables.label_table(results))
    if "robustness" in results:
        console.table(f"Disturbed, {results['robustness'][0]['clips']} of the clips", tables.DISTURBED_COLUMNS,
                      tables.disturbed(results))
    if results["mistakes"]:
        console.table("The worst mistakes", tables.MISTAKE_COLUMNS, tables.mistakes(results))


if __name__ == "__main__":
    sys.exit(main())
