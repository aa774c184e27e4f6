"""A table of answers about any number of recordings, by threads here or by workers of Apache Beam."""

import csv
import functools
import hashlib
import io
import json
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kwscls import console
from kwscls.data import storage, tasks
from kwscls.errors import KwsclsError
from kwscls.serving import bundle as bundles
from kwscls.serving.predict import answers, recordings
from kwscls.serving.versions import state_of

PIECE = 512
"""Recordings that are answered in one go; what was answered of a piece that is stopped is answered again."""

THREADS = 2
"""Pieces that are answered at once on this machine: one is read while another is heard."""

FORMATS = (".parquet", ".csv")


def predict_table(run, sources, out, embedding=False, hop=None, batch_size=64, runner=None, options=None, overwrite=False):
    """Answer about recordings, and write a row for each, in order; a table that was begun is gone on with.

    Args:
        run: the folder of a run or of an export.
        sources: see `predict.recordings`.
        out: the file to be, .parquet or .csv, here or at an address; its columns are `path`, `label` (the one with the
            highest score), `score`, `error` (why there is no answer), and `embedding` if wanted.
        embedding: whether to add the mean over the windows of what the model's head reads.
        hop, batch_size: see `predict.answers`.
        runner, options: see `tasks.work`.
        overwrite: whether a table of this name may be replaced.

    Returns:
        How many recordings there are, and how many of them could not be read.

    Raises:
        KwsclsError: there is no model or no recording, one is on standard input, the table exists, or its name says no
            known format.
    """
    out = Path(out)
    if out.suffix not in FORMATS:
        raise KwsclsError(f"is named as neither {' nor '.join(FORMATS)}", f"--out {out}")
    if storage.exists(out) and not overwrite:
        raise KwsclsError("exists already", storage.address(out), "choose another --out or pass --overwrite")
    folder, paths = bundles.find(run).absolute(), [_anywhere(path) for path in recordings(sources)]
    place = out.with_name(f".{out.name}.unfinished")
    begin(place, [state_of(folder), embedding, hop, batch_size, paths])
    asked = {"embedding": embedding, "hop": hop, "batch_size": batch_size}
    pieces = {f"answers-{start // PIECE:06d}": paths[start:start + PIECE] for start in range(0, len(paths), PIECE)}
    parts = {name: storage.address((place if storage.is_remote(place) else place.absolute()) / f"{name}.parquet")
             for name in pieces}
    work = functools.partial(answer_piece, run=str(folder), **asked)
    counts = tasks.work(work, {name: {"paths": own, "part": parts[name]} for name, own in pieces.items()}, place,
                        "answering", runner, options, THREADS)
    join(parts.values(), out, schema_of(embedding))
    storage.remove_folder(place)
    return len(paths), sum(counts.values())


def begin(place, plan):
    """Keep what an interrupted call with the same plan has left, and take away what any other has."""
    mark = hashlib.sha256(json.dumps(plan).encode()).hexdigest().encode()
    kept = place / "plan"
    if storage.exists(kept) and storage.read(kept) == mark:
        return
    storage.remove_folder(place)
    storage.write(kept, mark)


def answer_piece(piece, run, embedding, hop, batch_size):
    """Answer about the recordings of a piece, and write its part of the table.

    Args:
        piece: a dict with `paths` and `part`, the Parquet file to write.
        run: the export's folder, whose model is loaded once in each process.
        embedding, hop, batch_size: as of `predict_table`.

    Returns:
        How many recordings could not be read.
    """
    bundle = loaded(run)
    rows = [row_of(answer, bundle.labels) for answer in answers(bundle, piece["paths"], hop, batch_size, embedding)]
    table = pa.Table.from_pylist(rows, schema_of(embedding))
    made = io.BytesIO()
    pq.write_table(table, made)
    storage.write(piece["part"], made.getvalue())
    return sum(row["error"] is not None for row in rows)


def row_of(answer, labels):
    """An answer as a row of the table."""
    path = console.printable(answer.path)
    if answer.error:
        return {"path": path, "label": None, "score": None, "error": console.printable(answer.error), "embedding": None}
    best = int(answer.scores.argmax())
    return {"path": path, "label": labels[best], "score": float(answer.scores[best]), "error": None,
            "embedding": answer.embedding}


def schema_of(embedding):
    """The columns of the table."""
    columns = [("path", pa.string()), ("label", pa.string()), ("score", pa.float32()), ("error", pa.string())]
    return pa.schema(columns + [("embedding", pa.list_(pa.float32()))] * bool(embedding))


def join(parts, out, schema):
    """Write one table of many parts, one part being in memory at a time."""
    with storage.writing_here(out) as beside, console.progress(transient=True) as bar:
        tables = (pq.read_table(io.BytesIO(storage.read(part))) for part in bar.track(list(parts), description="joining"))
        (_write_csv if out.suffix == ".csv" else _write_parquet)(beside, tables, schema)


def _write_parquet(path, tables, schema):
    with pq.ParquetWriter(path, schema) as writer:
        for table in tables:
            writer.write_table(table)


def _write_csv(path, tables, schema):
    """Write tables as CSV; the numbers of an embedding stand with spaces between."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(schema.names)
        for table in tables:
            for row in table.to_pylist():
                writer.writerow(" ".join(f"{number:.6g}" for number in value) if isinstance(value, list) else
                                f"{value:.6f}" if isinstance(value, float) else value for value in row.values())


_loading = threading.Lock()


def loaded(run):
    """The model of an export's folder, loaded once in each process, whichever thread asks first."""
    with _loading:
        return _loaded(run, state_of(run))


@functools.lru_cache(2)
def _loaded(run, state):
    return bundles.load(run)


def _anywhere(path):
    """A path as any worker understands it."""
    if path == "-":
        raise KwsclsError("cannot go into a table", "standard input", "name its file")
    return storage.address(path if storage.is_remote(path) else Path(path).absolute())
