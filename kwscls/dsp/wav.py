"""WAV bytes -> waveform in stock TensorFlow ops: in eager mode, in tf.data and in a SavedModel.

The layout is that of "Multimedia Programming Interface and Data Specifications 1.0" (IBM,
Microsoft, 1991) and "Multiple channel audio data and WAVE files" (Microsoft, 2007); A-law and
mu-law are those of ITU-T G.711.
"""

import numpy as np
import tensorflow as tf

from kwscls.dsp.require import checked

MAX_CHUNKS = 512  # a walk over more is given up: a file of empty chunks would keep it busy for long
EXTENSIBLE = 0xFFFE
# The 14 bytes behind the format tag in the sub-format of WAVE_FORMAT_EXTENSIBLE.
SUBFORMAT = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
SUPPORTED = "not PCM (1) of 8, 16, 24 or 32 bits, float (3) of 32 or 64, A-law (6), mu-law (7)"
STREAMED = 0xFFFFFFFF  # the size of the data chunk, if not 0, left by writers that could not seek back


@tf.autograph.experimental.do_not_convert
def decode(contents, index=None):
    """Decode one WAV file, mixed down to mono.

    Reads PCM of 8, 16, 24 and 32 bits, float of 32 and 64, A-law and mu-law, plain or
    WAVE_FORMAT_EXTENSIBLE, with any other chunks around. A data chunk cut short gives the samples
    that are there; one of size 0 or 0xFFFFFFFF, as streaming writers leave it, goes to the end of
    the bytes, but one of size 0 is empty where another chunk follows that ends with them. Channels
    are averaged. Float samples are clipped to [-1, 1] and samples that are no numbers become 0.

    Args:
        contents: the file's bytes, a scalar string.
        index: the clip's place in its batch, a scalar integer, only for the error's text.

    Returns:
        waveform, float32 [samples] in [-1, 1] (16-bit PCM is exactly int16 / 32768), and rate in
        Hz, a scalar int32.

    Raises:
        tf.errors.InvalidArgumentError: the bytes are not such a file; the text says why, in ASCII.
    """
    index = tf.constant(-1) if index is None else tf.cast(index, tf.int32)
    return _decode_at_once(contents, index) if tf.executing_eagerly() else _decode(contents, index)


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
def decode_batch(contents):
    """Decode a batch of WAV files, whose rates may differ (see `decode`).

    The result is as wide as the longest clip. Where strangers choose the lengths, map over
    `decode`, `resample` and the cut to the model's length clip by clip instead.

    Args:
        contents: the files' bytes, strings [batch].

    Returns:
        waveforms, float32 [batch, longest], zeros behind a clip's end; lengths in samples, int32
        [batch]; rates in Hz, int32 [batch].

    Raises:
        tf.errors.InvalidArgumentError: one of them cannot be decoded; the text gives its index,
            counted from 0.
    """
    ragged = tf.RaggedTensorSpec([None], tf.float32, ragged_rank=0)
    waveforms, rates = tf.map_fn(
        lambda clip: _decode(*clip),
        (contents, tf.range(tf.size(contents))),
        fn_output_signature=(ragged, tf.int32),
    )
    return waveforms.to_tensor(), tf.cast(waveforms.row_lengths(), tf.int32), rates


def _decode(contents, index):
    def prefix():
        return tf.where(index < 0, "", tf.strings.format("clip {}: ", index))

    length = tf.strings.length(contents)
    head = tf.io.decode_raw(contents, tf.int32, fixed_length=44)  # what is missing reads as zeros
    form = (head[0] == _code(b"RIFF")) & (head[2] == _code(b"WAVE"))
    with checked(
        (length == 0, "not a WAV file: there are no bytes"),
        (head[0] == _code(b"RIFX"), "big-endian WAV (RIFX) is not supported: save it as RIFF"),
        (head[0] == _code(b"RF64"), "64-bit WAV (RF64) is not supported: save it as RIFF"),
        (~form, "not a WAV file: its {} bytes do not start with RIFF and WAVE", length),
        prefix=prefix,
    ):
        format_chunk, data_chunk = _chunks(contents, tf.cast(length, tf.int64), head, prefix)
    kind, channels, rate, block = _format(contents, *format_chunk, prefix)
    at, size = data_chunk
    available = tf.cast(length, tf.int64) - at
    streamed = tf.cond(
        size == 0,
        lambda: ~_is_last_chunk(contents, at, available),
        lambda: size == STREAMED,
    )
    frames = tf.where(streamed, available, tf.minimum(size, available)) // block
    data = tf.strings.substr(contents, at, frames * block)
    samples = tf.switch_case(kind, [lambda read=read: read(data) for _, _, read in FORMATS])

    def mixed():
        return tf.reduce_mean(tf.reshape(samples, [frames, channels]), axis=1)

    waveform = tf.cond(channels == 1, lambda: samples, mixed)
    return tf.ensure_shape(waveform, [None]), rate


_decode_at_once = tf.function(
    _decode,
    input_signature=[tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int32)],
    autograph=False,
)


def _code(name):
    """The four letters of a chunk's name as the int32 that stands in the file."""
    return int(np.frombuffer(name, "<i4")[0])


def _unsigned(field):
    return tf.cast(tf.bitcast(field, tf.uint32), tf.int64)


def _chunks(contents, length, head, prefix):
    """Find the first fmt and the first data chunk: the start of its content and its size, each.

    `head` holds the first 44 bytes as int32: nearly all files have both there and need no walk.
    """
    plain = (head[3] == _code(b"fmt ")) & (head[4] == 16) & (head[9] == _code(b"data"))
    plain &= length >= 44
    nowhere = tf.constant([-1, 0], tf.int64)

    def more(at, form, data, seen):
        return (at + 8 <= length) & ((form[0] < 0) | (data[0] < 0)) & (seen < MAX_CHUNKS)

    def step(at, form, data, seen):
        name, size = tf.unstack(tf.io.decode_raw(tf.strings.substr(contents, at, 8), tf.int32), 2)
        size = _unsigned(size)
        this = tf.stack([at + 8, size])
        form = tf.where((name == _code(b"fmt ")) & (form[0] < 0), this, form)
        data = tf.where((name == _code(b"data")) & (data[0] < 0), this, data)
        return at + 8 + size + size % 2, form, data, seen + 1  # a byte pads odd chunks

    form = tf.where(plain, tf.constant([20, 16], tf.int64), nowhere)
    data = tf.where(plain, tf.stack([44, _unsigned(head[10])]), nowhere)
    _, form, data, seen = tf.while_loop(more, step, (tf.constant(12, tf.int64), form, data, 0))
    lost = (form[0] < 0) | (data[0] < 0)
    with checked(
        (lost & (seen == MAX_CHUNKS), "bad WAV file: its first {} chunks lack fmt or data", seen),
        (form[0] < 0, "bad WAV file: no fmt chunk in its {} bytes", length),
        (data[0] < 0, "bad WAV file: no data chunk in its {} bytes", length),
        (form[1] < 16, "bad WAV file: its fmt chunk has {} bytes, not 16 or more", form[1]),
        prefix=prefix,
    ):
        return tf.unstack(tf.identity(form)), tf.unstack(tf.identity(data))


def _is_last_chunk(contents, at, available):
    """Whether the bytes from a place on are a chunk, of a name in ASCII, that ends with them."""
    head = tf.io.decode_raw(tf.strings.substr(contents, at, 8), tf.uint8, fixed_length=8)
    named = tf.reduce_all((head[:4] >= 32) & (head[:4] < 127))
    size = _unsigned(tf.bitcast(head[4:], tf.int32))
    return named & (8 + size + size % 2 == available)


def _format(contents, at, size, prefix):
    """Read the fmt chunk: row of `FORMATS`, channels, rate, bytes per sample of all channels."""
    content = tf.strings.substr(contents, at, 40)
    fields = tf.cast(tf.io.decode_raw(content, tf.uint16, fixed_length=40), tf.int64)  # [20]
    channels, rate, align, bits = fields[1], fields[2] + 65536 * fields[3], fields[6], fields[7]
    extensible = (fields[0] == EXTENSIBLE) & (size >= 40)
    subformat = tf.strings.substr(content, tf.minimum(26, tf.strings.length(content)), 14)
    tag = tf.where(extensible, fields[12], fields[0])
    known = 65536 * tag + bits == [65536 * tag + bits for tag, bits, _ in FORMATS]  # [formats]
    block = channels * bits // 8
    with checked(
        (extensible & (subformat != SUBFORMAT), "WAV sub-format unknown: " + SUPPORTED),
        (~tf.reduce_any(known), "WAV format {} of {} bits: " + SUPPORTED, tag, bits),
        (channels == 0, "bad WAV file: it has 0 channels"),
        ((rate == 0) | (rate > tf.int32.max), "bad WAV file: its rate is {} Hz", rate),
        (align != block, "bad WAV file: {} channels of {} bits do not make its blocks of {} bytes",
         channels, bits, align),
        prefix=prefix,
    ):
        kind = tf.argmax(tf.cast(known, tf.int32), output_type=tf.int32)
    return kind, channels, tf.cast(rate, tf.int32), tf.maximum(block, 1)


def _unsigned8(data):
    return (tf.cast(tf.io.decode_raw(data, tf.uint8), tf.float32) - 128) / 128


def _signed16(data):
    return tf.cast(tf.io.decode_raw(data, tf.int16), tf.float32) / 32768


def _signed24(data):
    low, middle, high = tf.unstack(tf.reshape(tf.io.decode_raw(data, tf.uint8), [-1, 3]), axis=1)
    value = (
        tf.cast(tf.bitcast(high, tf.int8), tf.int32) * 65536
        + tf.cast(middle, tf.int32) * 256
        + tf.cast(low, tf.int32)
    )
    return tf.cast(value, tf.float32) / 2**23


def _signed32(data):
    return tf.cast(tf.io.decode_raw(data, tf.int32), tf.float32) / 2**31


def _float32(data):
    return _in_range(tf.io.decode_raw(data, tf.float32))


def _float64(data):
    return _in_range(tf.cast(tf.io.decode_raw(data, tf.float64), tf.float32))


def _in_range(samples):
    return tf.where(tf.math.is_nan(samples), 0.0, tf.clip_by_value(samples, -1.0, 1.0))


def _a_law(data):
    return tf.gather(_a_law_table(), tf.cast(tf.io.decode_raw(data, tf.uint8), tf.int32))


def _mu_law(data):
    return tf.gather(_mu_law_table(), tf.cast(tf.io.decode_raw(data, tf.uint8), tf.int32))


def _a_law_table():
    """The value of each byte (G.711, table 1): even bits are inverted, a set sign is positive."""
    byte = np.arange(256) ^ 0x55
    segment, step = byte >> 4 & 7, byte & 15
    size = np.where(segment == 0, 16 * step + 8, (16 * step + 264) << np.maximum(segment - 1, 0))
    return (np.where(byte & 128, size, -size) / 32768).astype(np.float32)


def _mu_law_table():
    """The value of each byte (G.711, table 2): all bits are inverted, a set sign is negative."""
    byte = np.arange(256) ^ 0xFF
    size = ((8 * (byte & 15) + 132) << (byte >> 4 & 7)) - 132
    return (np.where(byte & 128, -size, size) / 32768).astype(np.float32)


FORMATS = (  # format tag, bits per sample, reader: the samples of all channels, interleaved
    (1, 16, _signed16),
    (1, 8, _unsigned8),
    (1, 24, _signed24),
    (1, 32, _signed32),
    (3, 32, _float32),
    (3, 64, _float64),
    (6, 8, _a_law),
    (7, 8, _mu_law),
)
