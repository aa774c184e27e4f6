"""Write an original's weights into our own file, once."""

import sys

from kwscls import console
from kwscls.settings import ConvertSettings


def main(argv=None):
    """Run the verb."""
    return console.command(ConvertSettings, act, argv)


def act(settings):
    """Convert, and say what changed on the way."""
    from kwscls.pretrained.convert import convert

    for sentence in convert(settings.source, settings.model, settings.out, settings.seconds, settings.allow_pickle):
        console.say(sentence)
    console.wrote(settings.out)


if __name__ == "__main__":
    sys.exit(main())
