"""List the models that there are, with what they cost."""

import sys

from kwscls import console
from kwscls.models import MODELS, build
from kwscls.settings import ModelsSettings


def main(argv=None):
    """Run the verb."""
    return console.command(ModelsSettings, act, argv)


def act(settings):
    """Count and print every model, or show one layer by layer."""
    names = [settings.model] if settings.model else list(MODELS)
    rows = list(count(names, settings))
    if settings.json:
        for row in rows:
            console.print_json(row)
        return
    if settings.model:
        made(settings.model, settings).summary(line_length=100)
    console.table(f"{settings.labels} labels, clips of {settings.seconds:g} s at 16 kHz",
                  ("model", "parameters#", "multiply-adds#", "paper"),
                  [(row["model"], f"{row['parameters']:,}", f"{row['multiply_adds'] / 1e6:,.1f} M", row["paper"])
                   for row in rows])


def made(name, settings):
    """The model of a name at the settings' sizes."""
    return build(name, settings.labels, round(16000 * settings.seconds))


def count(names, settings):
    """The facts of each name, one after another: a dict each."""
    import keras

    from kwscls.models.facts import facts

    with console.progress(transient=True) as bar:
        for name in bar.track(names, description="counting"):
            yield {"model": name, "paper": MODELS[name].paper, **facts(made(name, settings))}
            keras.backend.clear_session()


if __name__ == "__main__":
    sys.exit(main())
