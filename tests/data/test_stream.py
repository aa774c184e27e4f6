"""Streams of shards: every clip once an epoch whoever reads, another order each time, and steady memory."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from kwscls.data import shards
from kwscls.data.convert import wav_bytes
from kwscls.data.manifest import Recording
from kwscls.data.order import Share
from kwscls.data.pipeline import open_clips, ordered_batches, steps, training_batches
from kwscls.data.stream import StreamedClips
from kwscls.errors import KwsclsError

CLIPS = 53
LABELS = ["no", "yes"]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """53 clips in 6 uneven shards; the samples of a clip all say its number."""
    top = tmp_path_factory.mktemp("packed")
    clips, names, sizes = [], {}, {}
    for number in range(CLIPS):
        path = top / "made" / f"{number}.wav"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(wav_bytes(np.full(4 + number % 3, number), 16000))
        labels = ("no", "yes") if number == 7 else (LABELS[number % 2],)
        clips.append(Recording(path, labels, "train", group=f"speaker{number % 5}", seconds=0.1))
        names[path], sizes[path] = f"made/{number}.wav", path.stat().st_size
    plans = shards.arrange(clips, names, sizes, sum(sizes.values()) / 5.5 / 1e6)
    made = [shards.write_shard(plan, top, top, LABELS) for plan in plans]
    counts = {split: 0 for split in ("train", "validation", "test")}
    report = {"rate": 16000, "clips": {**counts, "train": CLIPS}, "groups": counts, "several_labels": 1, "shared_groups": {},
              "labels": {"no": {**counts, "train": 27}, "yes": {**counts, "train": 27}}}
    shards.write_tables(top, plans, made, report, [0.1] * CLIPS)
    assert [row["clips"] for row in made] == [8, 9, 9, 9, 9, 9]
    return top


def numbers(batches):
    """The numbers of the clips in each batch."""
    return [np.rint(waveforms.numpy()[:, 0] * 32768).astype(int).tolist() for waveforms, _ in batches]


def test_a_batch_is_samples_and_labels(packed):
    clips = StreamedClips(packed / "train", 5)
    waveforms, targets = next(iter(ordered_batches(clips, CLIPS)))
    for number, waveform, target in zip(numbers([(waveforms, targets)])[0], waveforms.numpy() * 32768, targets.numpy()):
        expected = [number] * min(5, 4 + number % 3) + [0] * (1 - min(1, number % 3))
        assert waveform.tolist() == expected
        assert target.tolist() == [1, 1] if number == 7 else target[number % 2] == 1 and target.sum() == 1
    assert clips.counts.tolist() == [27, 27] and clips.several and len(clips) == CLIPS
    np.testing.assert_array_equal(clips.marks, targets.numpy() > 0)
    turned = StreamedClips(packed / "train", 5, ["yes", "or", "no"])
    np.testing.assert_array_equal(next(iter(ordered_batches(turned, CLIPS)))[1].numpy()[:, [2, 0]], targets)


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("batch_size, least", [(12, 1), (12, 2), (60, 1)])
def test_no_clip_twice_or_lost_in_an_epoch(packed, workers, batch_size, least):
    clips = StreamedClips(packed / "train", 5)
    shares = [Share(index, 1, workers, least) for index in range(workers)]
    streams = [numbers(training_batches(clips, batch_size, 3, 2, share=share)) for share in shares]
    count = steps(clips, batch_size)
    assert [len(stream) for stream in streams] == [2 * count] * workers
    edges = np.diff(Share(of=workers, least=least).edges(CLIPS, batch_size)).tolist()
    for epoch in (0, 1):
        of_epoch = [stream[epoch * count:(epoch + 1) * count] for stream in streams]
        assert collections.Counter(number for stream in of_epoch for batch in stream for number in batch) == {
            number: 1 for number in range(CLIPS)}
        assert [sum(len(stream[step]) for stream in of_epoch) for step in range(count)] == edges
        assert min(len(batch) for stream in of_epoch for batch in stream) >= least
    whole = [numbers(ordered_batches(clips, batch_size, share)) for share in shares]
    assert sorted(number for stream in whole for batch in stream for number in batch) == list(range(CLIPS))


def test_a_worker_feeds_several_replicas(packed, tones):
    from kwscls.data.pipeline import Clips

    for clips in (StreamedClips(packed / "train", 5), Clips(tones / "train", 5)):
        sizes = [[len(waveforms) for waveforms, _ in training_batches(clips, 12, 3, 1, share=Share(first, count, 3, 2))]
                 for first, count in ((0, 2), (2, 1))]
        assert len(sizes[0]) == 2 * len(sizes[1]) and sum(map(sum, sizes)) == len(clips) and min(map(min, sizes)) >= 2


def test_the_order_follows_from_seed_and_epoch(packed):
    clips = StreamedClips(packed / "train", 5)
    two = numbers(training_batches(clips, 10, seed=1, epochs=2))
    assert two[:6] != two[6:] and two[:6] != numbers(training_batches(clips, 10, seed=2, epochs=1))
    assert two[6:] == numbers(training_batches(clips, 10, seed=1, epochs=2, first_epoch=1))
    narrow = StreamedClips(packed / "train", 5, buffer=200)
    order = sum(numbers(training_batches(narrow, 10, seed=1, epochs=1)), [])
    shard_of = {number: place for place, path in enumerate(narrow.paths) for number in numbers(
        ordered_batches(_only(narrow, path), 10))[0]}
    assert len({shard_of[number] for number in order[:20]}) >= 3, "shards are read in turns"


def _only(clips, path):
    one = StreamedClips(clips.folder, clips.samples)
    one.clips = [one.clips[one.paths.index(path)]]
    one.paths = [path]
    return one


def test_augmentation_draws_anew_for_each_step_and_worker(packed):
    clips = StreamedClips(packed / "train", 5)

    def seeds(**more):
        batches = training_batches(clips, 10, 5, 1, change=lambda waveforms, targets, seed: (waveforms, seed[None]), **more)
        return [tuple(seed.numpy()[0]) for _, seed in batches]

    assert seeds() == [(5, step) for step in range(6)]
    assert [seeds(share=Share(index, 1, 2)) for index in (0, 1)] == [[(5, part) for part in range(index, 12, 2)] for index in (0, 1)]


def test_what_a_stream_cannot_do(packed):
    clips = StreamedClips(packed / "train", 5)
    with pytest.raises(KwsclsError, match="--evened sampling.*take --evened weights"):
        clips.shuffled(10, tf.constant([0, 0], tf.int64), chances=np.ones(CLIPS))
    with pytest.raises(KwsclsError, match="--batch-size 10: is no multiple of the 3 replicas"):
        clips.shuffled(10, tf.constant([0, 0], tf.int64), share=Share(of=3))
    with pytest.raises(KwsclsError, match="labels that the model does not know: yes"):
        StreamedClips(packed / "train", 5, ["no"])


def test_workers_share_batches_of_clips_in_memory_too(tones):
    from kwscls.data.pipeline import Clips

    clips = Clips(tones / "train", 100)
    whole = [waveforms.numpy() for waveforms, _ in training_batches(clips, 10, 1, 1)]
    parts = [[waveforms.numpy() for waveforms, _ in training_batches(clips, 10, 1, 1, share=Share(index, 1, 3, 0))]
             for index in range(3)]
    for step, batch in enumerate(whole):
        np.testing.assert_array_equal(np.concatenate([part[step] for part in parts]), batch)


def test_the_workers_of_a_service_read_every_clip_once_for_each_epoch(packed):
    service = tf.data.experimental.service
    dispatcher = service.DispatchServer()
    address = dispatcher.target.removeprefix("grpc://")
    workers = [service.WorkerServer(service.WorkerConfig(dispatcher_address=address)) for _ in range(2)]
    clips = open_clips(packed / "train", 5, service=address)
    seen = numbers(training_batches(clips, 10, 1, 2, change=lambda waveforms, targets, seed: (waveforms, targets)))
    assert collections.Counter(sum(seen, [])) == {number: 2 for number in range(CLIPS)} and len(workers) == 2
    with pytest.raises(KwsclsError, match="--data-service: feeds one process"):
        training_batches(clips, 10, 1, 2, share=Share(of=2))
    with pytest.raises(KwsclsError, match="--data-service: reads shards as they are; make some"):
        open_clips(packed.parent / "train", 5, service=address)
