"""Replay an export's own clips in a runtime or on a server, and print how far its answers are from what they must be."""

import sys

from kwscls import console
from kwscls.errors import KwsclsError
from kwscls.settings import VerifySettings


def main(argv=None):
    """Run the verb."""
    return console.command(VerifySettings, act, argv)


def act(settings):
    """Replay and print one table; an export that answers otherwise is an error."""
    from kwscls.serving import verify

    found = verify.verify(settings.folder, settings.runtime, settings.url, settings.name, settings.tolerance)
    if settings.json:
        console.print_json(found)
    else:
        console.table(f"{found['folder']} in {found['runtime']}, fingerprint {found['fingerprint'][:16]}", verify.COLUMNS,
                      verify.table(found))
    if not found["same"]:
        raise KwsclsError("answers otherwise than it must", found["folder"], "do not serve it; export the run again")


if __name__ == "__main__":
    sys.exit(main())
