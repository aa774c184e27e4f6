"""Batches of what arrives together: who shares one, who is refused, whose error it is."""

import asyncio
import threading

import numpy as np
import pytest

from kwscls.serving.batching import Batcher
from kwscls.serving.rest import Refused, Signature, Tensor

NUMBERS = np.dtype("float32")
TOGETHER = Signature({"x": Tensor(NUMBERS, (None, None))}, {"y": Tensor(NUMBERS, (None,))})
ALONE = Signature({"x": Tensor(NUMBERS, None)}, {"y": Tensor(NUMBERS, ())})


class Sums:
    """Answers with the sum of each row; refuses rows that hold a -1, by their place in the batch."""

    signatures = {"sum": TOGETHER, "alone": ALONE}

    def __init__(self, gate=None):
        self.batches, self.gate = [], gate

    def answer(self, signature, inputs):
        if self.gate:
            assert self.gate.wait(10)
        self.batches.append((signature, inputs["x"].shape))
        if signature == "alone":
            return {"y": inputs["x"].sum()}
        for place, row in enumerate(inputs["x"]):
            if -1 in row:
                raise Refused(400, f"clip {place}: holds -1")
            if -2 in row:
                raise ZeroDivisionError
        return {"y": inputs["x"].sum(axis=1)}


def rows(*values, width=1):
    return {"x": np.array(values, np.float32)[:, None].repeat(width, axis=1)}


def answers(servable, *requests, **settings):
    """The results of requests made at the same time: arrays, or exceptions."""
    async def ask():
        batcher = Batcher(**{"threads": 1, **settings})
        made = await asyncio.gather(*(batcher.answer(servable, name, inputs) for name, inputs in requests),
                                    return_exceptions=True)
        await batcher.close()
        assert batcher.waiting == 0 and not batcher._lanes
        return [one if isinstance(one, Exception) else one["y"].tolist() for one in made]

    return asyncio.run(ask())


def test_equal_shapes_share_a_batch_and_each_gets_its_own():
    servable = Sums()
    requests = [("sum", rows(1)), ("sum", rows(2, 3)), ("sum", rows(4, width=2)), ("sum", rows(5))]
    assert answers(servable, *requests) == [[1], [2, 3], [8], [5]]
    assert sorted(servable.batches) == [("sum", (1, 2)), ("sum", (4, 1))]


def test_a_large_request_is_answered_in_pieces_and_batches_stay_small():
    servable = Sums()
    found = answers(servable, ("sum", rows(*range(10))), ("sum", rows(7)), rows=4)
    assert found == [list(range(10)), [7]]
    assert max(shape[0] for _, shape in servable.batches) == 4


def test_one_bad_clip_is_its_clients_alone_and_named_by_its_place_there():
    found = answers(Sums(), ("sum", rows(1)), ("sum", rows(*range(1, 7), -1)), ("sum", rows(3)), rows=4)
    assert found[0] == [1] and found[2] == [3]
    assert isinstance(found[1], Refused) and found[1].reason == "clip 6: holds -1"


def test_a_failure_reaches_every_client():
    found = answers(Sums(), ("sum", rows(1)), ("sum", rows(-2)))
    assert all(isinstance(one, ZeroDivisionError) for one in found)


def test_a_signature_without_a_batch_is_never_joined():
    servable = Sums()
    assert answers(servable, ("alone", {"x": np.float32(2)}), ("alone", {"x": np.float32(3)})) == [2, 3]
    assert len(servable.batches) == 2


def test_a_full_queue_and_a_slow_answer():
    gate = threading.Event()
    threading.Timer(0.5, gate.set).start()
    found = answers(Sums(gate), ("sum", rows(1, 2)), ("sum", rows(3, 4)), most=3, limit=0.1)
    assert [one.status for one in found] == [504, 503]


def test_what_is_left_when_the_time_is_up_is_not_answered():
    gate, servable = threading.Event(), Sums()
    servable.gate = gate
    threading.Timer(0.4, gate.set).start()
    found = answers(servable, *[("sum", rows(place)) for place in range(3)], rows=1, limit=0.1)
    assert [one.status for one in found] == 3 * [504] and len(servable.batches) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_no_rows_are_answered_too(count):
    assert answers(Sums(), ("sum", {"x": np.ones((count, 3), np.float32)})) == [[3.0] * count]


def test_what_waits_is_shared_out_among_free_threads():
    servable = Sums()
    assert answers(servable, *[("sum", rows(place)) for place in range(6)], threads=2) == [[place] for place in range(6)]
    assert sorted(servable.batches) == [("sum", (3, 1)), ("sum", (3, 1))]
