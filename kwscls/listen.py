"""Listen to a microphone, a pipe of raw PCM or a long file, and tell each word as it is heard."""

import sys

from kwscls import console
from kwscls.settings import ListenSettings


def main(argv=None):
    """Run the verb."""
    return console.command(ListenSettings, act, argv)


def act(settings):
    """Print detections until the sound ends."""
    import dataclasses

    from kwscls.serving import bundle as bundles
    from kwscls.serving.listening import listen, sound, stored_rules

    bundle = bundles.load(settings.run)
    rules = stored_rules(bundle)
    said = {name: getattr(settings, name) for name in ("smooth", "refractory", "hop") if getattr(settings, name) is not None}
    if settings.threshold is not None:
        said |= {"threshold": {}, "default": settings.threshold}
    rules = dataclasses.replace(rules, **said)
    blocks = sound(settings.source, bundle.sample_rate, settings.rate)
    console.say(f"{bundle.model} listens to {settings.source}: {rules.told(bundle.labels)}, mean of {rules.smooth} windows, "
                f"one every {rules.hop:g} s, {rules.refractory:g} s between equal labels")
    for found in listen(bundle, blocks, rules):
        if settings.json:
            console.print_json({"time": found.time, "label": found.label, "score": round(found.score, 6)})
        else:
            print(f"{found.time:10.2f} s  {found.label:<16} {found.score:.3f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
