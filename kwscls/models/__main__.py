"""List the models that there are, with what they cost."""

import sys

from kwscls import console
from kwscls.errors import KwsclsError
from kwscls.models import MODELS, build
from kwscls.settings import ModelsSettings


def main(argv=None):
    """Run the verb."""
    return console.command(ModelsSettings, act, argv)


def act(settings):
    """Count and print every model, or show one layer by layer."""
    names = [settings.model] if settings.model else list(MODELS)
    if settings.diagram:
        require_picture(settings)
    if settings.model and (settings.diagram or not settings.json):
        look_at(made(settings.model, settings), settings)
    rows = count(names, settings)
    if settings.json:
        for row in rows:
            console.print_json(row)
        return
    rows = list(rows)
    console.table(f"{settings.labels} labels, clips of {settings.seconds:g} s at 16 kHz",
                  ("model", "input", "parameters#", "multiply-adds#", "paper"),
                  [(row["model"], row["input"], f"{row['parameters']:,}", f"{row['multiply_adds'] / 1e6:,.1f} M", row["paper"])
                   for row in rows])


def require_picture(settings):
    """Refuse what cannot be drawn, before a large model is built."""
    from kwscls.models import diagram

    if not settings.model:
        raise KwsclsError("is drawn of one model", "--diagram", "name it with --model")
    diagram.form_of(settings.diagram)


def look_at(model, settings):
    """Draw a model where a file is named, and print it layer by layer and as blocks but for JSON."""
    from kwscls.models import diagram

    if settings.diagram:
        diagram.draw(model, settings.diagram)
        console.wrote(settings.diagram)
    if settings.json:
        return
    model.summary(line_length=100)
    console.table("Its blocks, from the waveform to the logits", ("block", "answer", "layers", "parameters#", "reads from"),
                  [(f"{one.name} x {one.times}" if one.times > 1 else one.name, one.shape, ", ".join(one.layers),
                    f"{one.parameters * one.times:,}", ", ".join(one.sources)) for one in diagram.blocks(model)])


def made(name, settings):
    """The model of a name at the settings' sizes."""
    return build(name, settings.labels, round(16000 * settings.seconds))


def count(names, settings):
    """The facts of each name, one after another: a dict each; its input is what the first layer that learns reads."""
    import keras

    from kwscls.models import diagram
    from kwscls.models.facts import facts

    with console.progress(transient=True) as bar:
        for name in bar.track(names, description="counting"):
            model = made(name, settings)
            found = diagram.blocks(model)
            yield {"model": name, "paper": MODELS[name].paper, "input": found[diagram.frontend(found) - 1].shape,
                   **facts(model)}
            keras.backend.clear_session()


if __name__ == "__main__":
    sys.exit(main())
