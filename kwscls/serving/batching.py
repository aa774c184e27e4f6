"""Requests that arrive together are answered together: a bounded queue, batches of equal signature and shape."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kwscls.serving.rest import Refused


class Batcher:
    """Gathers requests into batches and lets threads answer them.

    A batch starts as soon as a thread is free: what arrives while all are busy becomes the next one, so nothing waits for
    company. What waits is shared out evenly among the free threads.

    Args:
        rows: of a batch, at most; a larger request is answered in pieces, so that memory stays bounded.
        most: rows that may wait; requests beyond are refused with 503.
        limit: seconds until a request that got no answer is given up with 504.
        threads: batches answered at the same time.
        observe: a function of the rows of each batch, for metrics; or None.
    """

    def __init__(self, rows=64, most=8192, limit=60.0, threads=2, observe=None):
        self.rows, self.most, self.limit = rows, most, limit
        self.waiting, self.idle = 0, threads
        self._observe = observe or (lambda rows: None)
        self._lanes = {}
        self._tasks = set()
        self._free = asyncio.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads, "answer")

    async def answer(self, servable, signature, inputs):
        """The outputs of a signature: names -> arrays.

        Args:
            servable: what answers: `answer(signature, inputs)` and `signatures`.
            signature: its name.
            inputs: names -> arrays, the batch first where the signature has one.

        Raises:
            Refused: the inputs are bad, the queue is full, or the time is up.
        """
        together = servable.signatures[signature].rows
        count = len(next(iter(inputs.values()))) if together else 1
        if self.waiting + count > self.most:
            raise Refused(503, f"{self.waiting} clips are waiting already; try again later")
        starts = range(0, max(count, 1), self.rows) if together else (0,)
        pieces = [_Piece({name: array[start:start + self.rows] if together else array for name, array in inputs.items()},
                         start, together) for start in starts]
        shapes = tuple((name, array.shape[1:]) for name, array in inputs.items()) if together else object()
        for piece in pieces:
            self._enter((servable, signature, shapes), piece)
        try:
            answers = await asyncio.wait_for(asyncio.gather(*(piece.outputs for piece in pieces)), self.limit)
        except asyncio.TimeoutError:
            raise Refused(504, f"no answer within {self.limit:g} s") from None
        finally:
            for piece in pieces:
                piece.outputs.cancel()
        if len(answers) == 1:
            return answers[0]
        return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}

    async def close(self):
        """Answer what is waiting, then let the threads go."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._pool.shutdown()

    def _enter(self, key, piece):
        lane = self._lanes.setdefault(key, [])
        lane.append(piece)
        self.waiting += piece.rows
        if len(lane) == 1:
            self._start(key)

    def _start(self, key):
        task = asyncio.get_running_loop().create_task(self._batch(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _batch(self, key):
        servable, signature, _ = key
        async with self._free:
            pieces = self._take(key)
            if not pieces:
                return
            self._observe(sum(piece.rows for piece in pieces))
            self.idle -= 1
            try:
                results = await asyncio.get_running_loop().run_in_executor(self._pool, _answers, servable, signature, pieces)
            finally:
                self.idle += 1
        for piece, result in zip(pieces, results, strict=True):
            if piece.outputs.done():  # its client's time is up
                continue
            if isinstance(result, Exception):
                piece.outputs.set_exception(result)
            else:
                piece.outputs.set_result(result)

    def _take(self, key):
        """The next batch of a lane; what is left of it starts one of its own."""
        lane, taken, rows = self._lanes[key], [], 0
        share = min(self.rows, -(-sum(piece.rows for piece in lane) // max(1, self.idle)))
        while lane and (not taken or rows + lane[0].rows <= share):
            piece = lane.pop(0)
            self.waiting -= piece.rows
            if not piece.outputs.done():
                taken.append(piece)
                rows += piece.rows
        if lane:
            self._start(key)
        else:
            del self._lanes[key]
        return taken


class _Piece:
    """A request's rows, or as many of them as go into one batch."""

    def __init__(self, inputs, start, together):
        self.inputs, self.start = inputs, start
        self.rows = len(next(iter(inputs.values()))) if together else 1
        self.outputs = asyncio.get_running_loop().create_future()


def _answers(servable, signature, pieces):
    """Outputs, or an exception, for each piece: in one call, or each alone where one of them is bad."""
    if len(pieces) > 1:
        try:
            joined = {name: np.concatenate([piece.inputs[name] for piece in pieces]) for name in pieces[0].inputs}
            outputs = servable.answer(signature, joined)
        except Refused:
            return [_alone(servable, signature, piece) for piece in pieces]
        except Exception as error:  # told to each client as a failure of the server
            return [error] * len(pieces)
        ends = np.cumsum([piece.rows for piece in pieces])
        return [{name: array[end - piece.rows:end] for name, array in outputs.items()}
                for piece, end in zip(pieces, ends, strict=True)]
    return [_alone(servable, signature, pieces[0])]


def _alone(servable, signature, piece):
    try:
        return servable.answer(signature, piece.inputs)
    except Refused as error:  # the graph counts the clips of its batch, the client those of its request
        reason = re.sub(r"^clip (\d+):", lambda found: f"clip {int(found[1]) + piece.start}:", error.reason)
        return Refused(error.status, reason)
    except Exception as error:
        return error
