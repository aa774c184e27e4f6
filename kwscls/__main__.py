"""`python -m kwscls` lists the verbs."""

import ast
import sys
from pathlib import Path

VERBS = ("train", "evaluate", "predict", "export", "verify", "prepare", "compare", "tune", "convert", "pretrain", "suspects",
         "combine", "serve", "client", "listen", "models")


def main(argv=None):
    """Print every verb with the first line of its module."""
    if argv is None:
        argv = sys.argv[1:]
    if argv and not argv[0].startswith("-"):
        way = f"write python -m kwscls.{argv[0]}" if argv[0] in VERBS else "python -m kwscls lists them"
        print(f"error: {argv[0]}: verbs are modules; {way}", file=sys.stderr)
        return 2
    print("kwscls: from a folder of recordings to a model that answers\n\n  python -m kwscls.VERB --help\n")
    for verb in VERBS:
        place = Path(__file__).parent / verb
        file = place / "__main__.py" if place.is_dir() else place.with_suffix(".py")
        module = ast.parse(file.read_text(encoding="utf-8"))
        print(f"  {verb:<10} {ast.get_docstring(module).splitlines()[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
