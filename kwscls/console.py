"""What the user sees: one line of error, progress with time left, tables; and TensorFlow's chatter kept away."""

import json
import logging
import os
import sys
import warnings

from kwscls.errors import KwsclsError


def quiet_tensorflow():
    """Keep TensorFlow's start-up messages off the screen; call before TensorFlow is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    os.environ.setdefault("TFDS_DISABLE_PROGRESS_BAR", "1")
    logging.getLogger("tensorflow").addFilter(lambda record: record.levelno >= logging.ERROR)  # such as advice on retracing
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)


def command(settings_class, action, argv=None):
    """Run a verb: parse the arguments, act, and turn a mendable error into one line and exit code 2.

    Args:
        settings_class: the verb's dataclass in `kwscls.settings`.
        action: a function of the settings.
        argv: the arguments without the program's name; those of the process when None.

    Returns:
        The exit code: 0 done, 2 the user can mend it, 130 interrupted.
    """
    from kwscls.command_line import parse

    try:
        chosen = parse(settings_class, argv)
        quiet_tensorflow()
        action(chosen)
    except KwsclsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0


def screen():
    """The console for people: on standard error, so that standard output stays for answers."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text):
    """Tell the user something in a line of plain text."""
    screen().print(text, markup=False)


def wrote(*paths):
    """Tell the user the path of every file written."""
    for path in paths:
        say(f"wrote {path}")


def progress(transient=False):
    """A rich progress display: what, bar, count, time gone and time left; nothing where no terminal shows it."""
    from rich.progress import (BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn,
                               TimeRemainingColumn)

    shown = screen()
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                    TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
                    console=shown, transient=transient, disable=not shown.is_terminal)


def table(title, columns, rows):
    """Print a table on standard output.

    Args:
        title: the line above it.
        columns: the headings; one that ends in "#" is right-aligned, without the sign.
        rows: sequences of values; floats should come formatted.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=Text(title), title_justify="left")  # Text: names may hold brackets, which rich would take for markup
    for column in columns:
        drawn.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left")
    for row in rows:
        drawn.add_row(*[Text(printable(str(value))) for value in row])
    Console(highlight=False).print(drawn)


def print_json(value):
    """Print one JSON object on a line of standard output, for machines."""
    print(printable(json.dumps(value, ensure_ascii=False)), flush=True)


def printable(text):
    """A text whose bytes that are no UTF-8, as old archives have them in file names, are written as numbers."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
