"""Work in pieces that anyone may do in any order: by threads of this process, or by workers of Apache Beam.

A piece is a JSON value; what comes of it is left in a file beside the others', so work that was stopped goes on with the
pieces that have none. The files lie where all workers see them.
"""

import functools
import json
import os
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kwscls import console
from kwscls.data import storage
from kwscls.errors import KwsclsError


def work(function, pieces, place, what, runner=None, options=None, workers=None):
    """Do all pieces that are not done yet.

    Args:
        function: of a piece, what comes of it as a JSON value; a function of a module, or a `functools.partial` of one.
            It is called again where a worker was lost, so it must not mind what it did before.
        pieces: names to JSON values.
        place: folder or address in which the pieces and what comes of them are kept.
        what: to say beside the progress bar.
        runner: a runner of Apache Beam, such as DirectRunner, FlinkRunner, SparkRunner or DataflowRunner; None for
            threads of this process.
        options: text with Beam's own options, such as --flink_master=host:8081.
        workers: threads, where there is no runner.

    Returns:
        What came of each piece, by its name.

    Raises:
        KwsclsError: Beam is not installed, has no such runner, or the job failed.
    """
    place = Path(place)
    waiting = [name for name in pieces if not storage.exists(place / _done(name))]
    if len(waiting) < len(pieces):
        console.say(f"{what}: {len(pieces) - len(waiting)} of {len(pieces)} pieces are done already")
    if runner and waiting:
        for name in waiting:
            storage.write(place / _todo(name), json.dumps(pieces[name]).encode())
        console.say(f"{what}: {len(waiting)} pieces on {runner}")
        by_beam(functools.partial(do_named, function, storage.address(place)), waiting, runner, options)
    else:
        with console.progress(transient=True) as bar, ThreadPoolExecutor(workers or min(8, os.cpu_count() or 1)) as pool:
            task = bar.add_task(what, total=len(pieces), completed=len(pieces) - len(waiting))
            try:
                for _ in pool.map(lambda name: do(function, place, name, pieces[name]), waiting):
                    bar.advance(task)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return {name: json.loads(storage.read(place / _done(name))) for name in pieces}


def do_named(function, place, name):
    """Do a piece whose value lies in a file."""
    if not storage.exists(Path(place) / _done(name)):
        do(function, place, name, json.loads(storage.read(Path(place) / _todo(name))))


def do(function, place, name, piece):
    """Do a piece, and leave what comes of it."""
    storage.write(Path(place) / _done(name), json.dumps(function(piece), ensure_ascii=False).encode())


def by_beam(function, names, runner, options=None):
    """Call a function with each name, by the workers of a Beam runner, and wait until all are done."""
    try:
        import apache_beam as beam
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError as error:
        raise KwsclsError("needs Apache Beam, which is not installed", f"--runner {runner}",
                          "pip install 'kwscls[beam]'") from error
    try:
        pipeline = beam.Pipeline(options=PipelineOptions(shlex.split(options or ""), runner=runner))
    except ValueError as error:
        raise KwsclsError(f"is refused by Beam: {str(error).splitlines()[0]}", f"--runner {runner}") from error
    with pipeline:
        _ = pipeline | beam.Create(names, reshuffle=True) | beam.Map(function)


def _todo(name):
    return f"{name}.todo.json"


def _done(name):
    return f"{name}.done.json"
