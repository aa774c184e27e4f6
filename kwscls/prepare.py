"""Bring recordings into the folder that training reads: split, labelled, one rate, mono, 16 bits."""

import sys

from kwscls import console
from kwscls.settings import PrepareSettings


def main(argv=None):
    """Run the verb."""
    return console.command(PrepareSettings, act, argv)


def act(settings):
    """Prepare, and show what was found."""
    from kwscls.data import corpora, findings
    from kwscls.data.prepare import folder_of, prepare

    if settings.data is None:
        console.table("corpora", ["name", "what it is"],
                      [[name, f"{entry.title} ({entry.licence})"] for name, entry in corpora.CORPORA.items()])
        return
    report = prepare(settings)
    if not settings.json:
        findings.show(report)
    if settings.leak:
        from kwscls.evaluation import leak

        report["leak"] = leak.measure(folder_of(settings))
        if not settings.json:
            leak.show(report["leak"])
    if settings.json:
        console.print_json(report)


if __name__ == "__main__":
    sys.exit(main())
