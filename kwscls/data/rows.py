"""The rows of tables as people save them: commas, semicolons or tabs, quotes that are letters, JSON Lines."""

import csv
import io
import json
import re

from kwscls.data import storage
from kwscls.errors import KwsclsError

JSON = (".jsonl", ".json", ".ndjson")
OPEN_QUOTE = re.compile(r'(?:^|\t)"(?!(?:[^"\t\r\n]|"")*"(?:[\t\r\n]|\Z))', re.MULTILINE)
"""A cell between tabs that begins with a quote and does not end with it."""


def read_rows(path):
    """The rows of a table, each with the number of its line, as dicts of text to text.

    Raises:
        KwsclsError: it is missing, or is neither CSV nor JSON Lines.
    """
    try:
        text = storage.read(path).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise KwsclsError("does not exist", path) from error
    except (UnicodeDecodeError, OSError) as error:
        raise KwsclsError("cannot be read as text", path, "a manifest is CSV or JSON Lines in UTF-8") from error
    if path.suffix.lower() in JSON:
        return [(number, _object(line, f"{path}:{number}"))
                for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    first = re.match(r"[^\r\n]*", text)[0]
    mark = _mark(first)
    quoting = csv.QUOTE_NONE if mark == "\t" and '"' not in first and _has_loose_quotes(text) else csv.QUOTE_MINIMAL
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, quoting=quoting)
    try:  # the line is the inner reader's: DictReader's stays behind when it skips blank ones
        return [(table.reader.line_num, row) for row in table if any(any(cell or ()) for cell in row.values())]
    except csv.Error as error:
        raise KwsclsError(f"is no CSV table ({error})", path) from error


def rows_if_table(path):
    """The rows of a table as of `read_rows`; none of what is no table, as a stray file may be."""
    try:
        return read_rows(path)
    except KwsclsError:
        return []


def column_names(path):
    """The names of a table's columns, of CSV from its first line alone; none of what is no table.

    Args:
        path: of a file on this machine.
    """
    if path.suffix.lower() in JSON:
        return list(dict.fromkeys(name for _, row in rows_if_table(path) for name in row))
    with open(path, encoding="utf-8-sig", errors="replace") as table:
        first = table.readline()
    try:
        return next(csv.reader([first], delimiter=_mark(first)), [])
    except csv.Error:
        return []


def _mark(first):
    """What stands between the cells of a table's first line."""
    return max(",\t;", key=first.count)


def _has_loose_quotes(text):
    """Whether quotes in a table with tabs are letters, as in Common Voice: read as quotes they would tear its rows."""
    if not OPEN_QUOTE.search(text):
        return False
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True) if row]
    except csv.Error:
        return True
    return len(set(map(len, rows))) > 1 or any("\n" in cell for row in rows for cell in row)


def _object(line, where):
    try:
        row = json.loads(line)
    except ValueError as error:
        raise KwsclsError("is not JSON", where, "each line of a JSON Lines manifest is one object") from error
    if not isinstance(row, dict):
        raise KwsclsError("is no JSON object", where, 'write {"path": ..., "label": ...}')
    return row
