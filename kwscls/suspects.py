"""Find clips whose label is probably wrong, and silent, clipped or cut ones."""

import shlex
import sys
from pathlib import Path

from kwscls import console
from kwscls.settings import SuspectsSettings


def main(argv=None):
    """Run the verb."""
    return console.command(SuspectsSettings, act, argv)


def act(settings):
    """Look for suspects, write the page and the table, and print the first of them."""
    from kwscls.data.prepare import ready
    from kwscls.evaluation import suspects, suspects_page

    folder = ready(settings.data)
    found = suspects.suspects(folder, settings.run, settings.seed)
    out = Path(settings.out or folder)
    table, page = suspects.write_table(found, out), suspects_page.write_page(found, folder, out, settings.most)
    if settings.json:
        for row in found:
            console.print_json(row)
    else:
        console.table(f"{folder}: {len(found)} suspects, the likeliest first", suspects.SHOWN, suspects.shown(found[:settings.most]))
    console.wrote(page, table)
    console.say(f"listen to the page, then: python -m kwscls.train --data {shlex.quote(str(folder))} "
                f"--corrections {shlex.quote(str(table))} --out export/corrected")


if __name__ == "__main__":
    sys.exit(main())
