"""Check our models against golden files: python -m tests.reference FILE..."""

import argparse
import sys
import traceback
from pathlib import Path

from kwscls import console
from kwscls.errors import KwsclsError


def main(argv=None):
    """Print every output's relative error; 0 when all are small enough, 1 when not, 2 when a file cannot be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.reference", description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE")
    files = parser.parse_args(argv).files
    console.quiet_tensorflow()
    from tests.reference.comparison import TOLERANCE, compare

    rows, worst = [], 0
    for file in files:
        try:
            answers = compare(file)
        except KwsclsError as error:
            print(f"error: {'' if str(error).startswith(file) else f'{file}: '}{error}", file=sys.stderr)
            worst = 2
            continue
        except Exception:  # a bug in one adapter must not keep the other files from being checked
            print(f"{file}:", file=sys.stderr)
            traceback.print_exc()
            worst = max(worst, 1)
            continue
        for answer in answers:
            shown = answer.says or f"{answer.error:.1e}"
            rows.append((Path(file).stem, answer.name, shown, "" if answer.good else "FAILS"))
            worst = max(worst, 0 if answer.good else 1)
    if rows:
        console.table(f"max |ours - theirs| / max |theirs|, at most {TOLERANCE:g}",
                      ("case", "output", "error#", ""), rows)
    return worst


if __name__ == "__main__":
    sys.exit(main())
