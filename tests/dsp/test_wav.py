"""WAV bytes against libsndfile's and numpy's reading of them, in any layout, and mutilated."""

import io
import struct
import time

import numpy as np
import pytest
import soundfile
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kwscls.dsp import wav

RATE = 16000


def chunk(name, content, size=None):
    """A chunk, padded to an even length; `size` is what its header says if not the truth."""
    return (
        name
        + struct.pack("<I", len(content) if size is None else size)
        + content
        + b"\0" * (len(content) % 2)
    )


def fmt(tag=1, channels=1, rate=RATE, bits=16, align=None, extra=b""):
    align = channels * bits // 8 if align is None else align
    return chunk(
        b"fmt ",
        struct.pack("<HHIIHH", tag, channels, rate, rate * align % 2**32, align, bits) + extra,
    )


def extensible(tag, channels, bits, rate=RATE):
    extra = (
        struct.pack("<HHI", 22, bits, 0)
        + struct.pack("<H", tag)
        + bytes.fromhex("000000001000800000aa00389b71")
    )
    return fmt(0xFFFE, channels, rate, bits, extra=extra)


def riff(*chunks, form=b"RIFF"):
    content = b"WAVE" + b"".join(chunks)
    return form + struct.pack("<I", len(content)) + content


def pcm16(values):
    return np.asarray(values, "<i2").tobytes()


VALUES = np.random.default_rng(0).integers(-32768, 32768, 1001)
PLAIN = riff(fmt(), chunk(b"data", pcm16(VALUES)))


def problem(contents, index=None):
    """The sentence that decoding ends with."""
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        wav.decode(contents, index)
    assert caught.value.message.isascii()
    return caught.value.message.partition("assertion failed: [")[2].partition("]\n")[0]


@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"]
)
def test_every_format_reads_as_libsndfile_reads_it(container, channels, subtype):
    file = io.BytesIO()
    samples = np.random.default_rng(1).uniform(-1, 1, (517, channels))
    soundfile.write(file, samples, 22050, subtype, format=container)
    theirs, _ = soundfile.read(io.BytesIO(file.getvalue()), dtype="float32", always_2d=True)
    waveform, rate = wav.decode(file.getvalue())
    assert rate == 22050
    np.testing.assert_allclose(waveform, theirs.mean(1, dtype=np.float64), rtol=0, atol=1e-7)
    if channels == 1:
        np.testing.assert_array_equal(waveform, theirs[:, 0])


def test_all_16_bit_values_are_exact():
    values = np.arange(-32768, 32768)
    waveform, _ = wav.decode(riff(fmt(), chunk(b"data", pcm16(values))))
    np.testing.assert_array_equal(waveform, values / 32768)


@pytest.mark.parametrize("tag, subtype", [(6, "ALAW"), (7, "ULAW")])
def test_all_companded_bytes_read_as_libsndfile_reads_them(tag, subtype):
    data = bytes(range(256))
    theirs, _ = soundfile.read(
        io.BytesIO(data), format="RAW", channels=1, samplerate=RATE, subtype=subtype, dtype="int16"
    )
    waveform, _ = wav.decode(riff(fmt(tag, bits=8), chunk(b"data", data)))
    np.testing.assert_array_equal(waveform, theirs / 32768)


def test_float_samples_are_brought_into_range():
    data = np.array([0.5, 3, -7, np.inf, -np.inf, np.nan], "<f4").tobytes()
    waveform, _ = wav.decode(riff(fmt(3, bits=32), chunk(b"data", data)))
    np.testing.assert_array_equal(waveform, [0.5, 1, -1, 1, -1, 0])


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 2 * 1001 + 1, 10**9])
def test_unknown_and_too_large_sizes_go_to_the_end(size):
    contents = riff(fmt(), chunk(b"LIST", b"odd"), chunk(b"data", pcm16(VALUES) + b"\1", size))[:-1]
    np.testing.assert_array_equal(
        wav.decode(contents)[0], VALUES[: size // 2 if size == 2003 else None] / 32768
    )


@pytest.mark.parametrize(
    "following, samples",
    [
        (chunk(b"LIST", b"INFOabcde"), 0),
        (chunk(b"LIST", b"INFOabcde") + b"12", 10),
        (chunk(b"LIS\1", b"INFOabcd"), 8),
        (bytes(16), 8),
        (b"LIST", 2),
    ],
)
def test_an_empty_clip_does_not_run_into_a_chunk_that_ends_the_file(following, samples):
    assert len(wav.decode(riff(fmt(), chunk(b"data", b"")) + following)[0]) == samples


@pytest.mark.parametrize("kept", [0, 1, 2, 3, 1000])
def test_a_cut_file_gives_what_is_there(kept):
    np.testing.assert_array_equal(wav.decode(PLAIN[: 44 + kept])[0], VALUES[: kept // 2] / 32768)


def test_the_first_data_chunk_counts_and_may_stand_first():
    data, other = chunk(b"data", pcm16(VALUES)), chunk(b"data", pcm16([1, 2]))
    np.testing.assert_array_equal(wav.decode(riff(data, other, fmt()))[0], VALUES / 32768)


@pytest.mark.parametrize(
    "contents, says",
    [
        (b"", "no bytes"),
        (b"RIFF", "its 4 bytes do not start with RIFF and WAVE"),
        (b"\xff\xfe" * 400, "its 800 bytes do not start with RIFF and WAVE"),
        (riff(fmt(), form=b"RIFX"), "big-endian"),
        (riff(fmt(), form=b"RF64"), "RF64"),
        (riff(fmt()), "no data chunk in its 36 bytes"),
        (riff(chunk(b"data", b"12")), "no fmt chunk"),
        (riff(chunk(b"fmt ", b"12"), chunk(b"data", b"12")), "has 2 bytes, not 16 or more"),
        (riff(fmt(channels=0), chunk(b"data", b"12")), "0 channels"),
        (riff(fmt(rate=0), chunk(b"data", b"12")), "rate is 0 Hz"),
        (riff(fmt(rate=2**32 - 1), chunk(b"data", b"12")), "rate is 4294967295 Hz"),
        (
            riff(fmt(align=3), chunk(b"data", b"12")),
            "1 channels of 16 bits do not make its blocks of 3 bytes",
        ),
        (riff(fmt(0x55), chunk(b"data", b"12")), "WAV format 85 of 16 bits: not PCM"),
        (riff(fmt(bits=12), chunk(b"data", b"12")), "WAV format 1 of 12 bits: not PCM"),
        (
            riff(extensible(1, 1, 16).replace(b"\x38\x9b", b"\xff\xff"), chunk(b"data", b"12")),
            "sub-format",
        ),
        (
            riff(*[chunk(b"JUNK", b"")] * 1000, fmt(), chunk(b"data", b"12")),
            "its first 512 chunks lack fmt or data",
        ),
    ],
    ids=range(16),
)
def test_what_is_wrong_is_told(contents, says):
    assert says in problem(contents)
    assert problem(contents, 3).startswith("clip 3: ")


def test_a_walk_over_empty_chunks_ends_soon():
    contents = riff(*[chunk(b"JUNK", b"")] * 200_000)
    problem(contents)
    start = time.perf_counter()
    problem(contents)
    assert time.perf_counter() - start < 1


@st.composite
def layouts(draw):
    """The chunks of a good file in a random layout, and what it holds."""
    tag, bits, kind = draw(
        st.sampled_from(
            [(1, 16, "<i2"), (1, 32, "<i4"), (3, 32, "<f4"), (3, 64, "<f8"), (1, 8, "u1")]
        )
    )
    channels = draw(st.integers(1, 3))
    frames = draw(st.integers(0, 40))
    raw = (
        np.random.default_rng(draw(st.integers(0, 1000))).integers(0, 256, frames * channels) - 128
    )
    top = {"<i2": 2**15, "<i4": 2**31, "u1": 128}.get(kind, 1)
    waveform = raw.reshape(-1, channels).mean(1) / 128
    values = raw + 128 if kind == "u1" else raw * (top // 128) if top > 1 else raw / 128
    rate = draw(st.integers(1, 400_000))
    header = (
        extensible(tag, channels, bits, rate)
        if draw(st.booleans())
        else fmt(tag, channels, rate, bits, extra=draw(st.sampled_from([b"", b"\0\0", b"\0" * 24])))
    )
    others = st.lists(
        st.builds(
            chunk,
            st.sampled_from([b"JUNK", b"LIST", b"fact", b"bext", b"\xff\0\xfe\1"]),
            st.binary(max_size=9),
        ),
        max_size=4,
    )
    before, between, after = draw(others), draw(others), draw(others) if frames else []
    data = chunk(b"data", values.astype(kind).tobytes())
    return riff(*before, header, *between, data, *after), waveform, rate


@settings(deadline=None, max_examples=80)
@given(layouts())
def test_any_layout_of_chunks_is_read(layout):
    contents, expected, rate = layout
    waveform, ours = wav.decode(contents)
    assert ours == rate
    np.testing.assert_allclose(waveform, expected, rtol=0, atol=1e-6)


@st.composite
def mutilated(draw):
    """A good file after bit flips, cuts and wild values in its header; or no file at all."""
    contents = bytearray(
        draw(
            st.one_of(
                st.just(PLAIN[:200]),
                layouts().map(lambda layout: layout[0]),
                st.binary(max_size=99),
            )
        )
    )
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(len(contents) - 1, 0)))
        contents[place:place + 1] = bytes([draw(st.integers(0, 255))])
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, 60))
        contents[place:place + 4] = draw(
            st.sampled_from([b"\0" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80"])
        )
    return bytes(contents[: draw(st.integers(0, 300))])


@settings(deadline=None, max_examples=200)
@given(mutilated())
def test_mutilated_bytes_give_a_waveform_or_a_reason(contents):
    try:
        waveform, rate = wav.decode(contents)
    except tf.errors.InvalidArgumentError as error:
        assert "WAV" in error.message and error.message.isascii()
    else:
        assert rate > 0 and waveform.dtype == tf.float32 and waveform.shape[0] <= len(contents)
        assert np.isfinite(waveform).all() and np.abs(waveform).max(initial=0) <= 1


def test_a_batch_may_mix_rates_formats_and_lengths():
    clips = [
        PLAIN,
        riff(fmt(rate=8000), chunk(b"data", b"")),
        riff(extensible(3, 2, 32), chunk(b"data", b"\0" * 16)),
    ]
    waveforms, lengths, rates = wav.decode_batch(clips)
    assert waveforms.shape == (3, 1001)
    np.testing.assert_array_equal(lengths, [1001, 0, 2])
    np.testing.assert_array_equal(rates, [RATE, 8000, RATE])
    np.testing.assert_array_equal(waveforms[0], VALUES / 32768)
    assert not waveforms[1:].numpy().any()
    assert wav.decode_batch(tf.zeros([0], tf.string))[0].shape[0] == 0


def test_a_bad_clip_of_a_batch_is_named():
    with pytest.raises(tf.errors.InvalidArgumentError, match="clip 2: not a WAV file"):
        wav.decode_batch([PLAIN, PLAIN, b"\xff\xfe\xfd", PLAIN])


def test_it_works_in_tf_data_and_in_a_saved_model(tmp_path):
    dataset = tf.data.Dataset.from_tensors(PLAIN).map(wav.decode)
    assert dataset.element_spec[0].shape.as_list() == [None]
    np.testing.assert_array_equal(next(iter(dataset))[0], VALUES / 32768)
    module = tf.Module()
    module.one = tf.function(wav.decode, input_signature=[tf.TensorSpec([], tf.string)])
    module.many = tf.function(wav.decode_batch, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_array_equal(loaded.one(PLAIN)[0], VALUES / 32768)
    np.testing.assert_array_equal(loaded.many([PLAIN, PLAIN[:50]])[1], [1001, 3])
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="clip 1: bad WAV file: no data chunk in its 40 bytes"
    ):
        loaded.many([PLAIN, PLAIN[:40]])
