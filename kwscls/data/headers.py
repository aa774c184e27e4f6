"""What the first bytes of a sound file say: of what kind it is, its rate, and whether all of it is there."""

import re
import shlex
import struct
from pathlib import Path

from kwscls.errors import KwsclsError

KNOWN = ("WAV", "FLAC", "MP3", "Ogg Vorbis", "Opus", "AIFF", "AU", "CAF", "NIST SPHERE")
MAGIC = {b"fLaC": "FLAC", b".snd": "AU", b"caff": "CAF", b"NIST": "NIST SPHERE"}
STRANGERS = {"M4A or MP4": rb".{4}ftyp", "WebM or Matroska": rb"\x1aE\xdf\xa3", "AMR": rb"#!AMR", "WMA": rb"0&\xb2u\x8ef",
             "AAC": rb"\xff[\xf0\xf1\xf8\xf9]", "W64": rb"riff\x2e\x91"}
"""Sounds that nobody here decodes, by how they begin: phones and browsers record them."""


def kind_of(contents):
    """What the first bytes say: one of `KNOWN`, or None."""
    if contents[:4] in (b"RIFF", b"RIFX", b"RF64") and contents[8:12] == b"WAVE":
        return "WAV"
    if contents[:4] in MAGIC:
        return MAGIC[contents[:4]]
    if contents[:4] == b"OggS":
        first = contents[28:80]
        return "Ogg Vorbis" if b"\x01vorbis" in first else "Opus" if b"OpusHead" in first else \
            "FLAC" if b"\x7fFLAC" in first else None
    if contents[:4] == b"FORM" and contents[8:12] in (b"AIFF", b"AIFC"):
        return "AIFF"
    return "MP3" if mp3_frame(contents) is not None else None


def is_sound(path):
    """Whether a file begins like a sound, decoded here or not."""
    with open(path, "rb") as file:
        start = file.read(1 << 14)
    return kind_of(start) is not None or _stranger(start) is not None


def _stranger(contents):
    """Which of `STRANGERS` it is, or None."""
    return next((kind for kind, start in STRANGERS.items() if re.match(start, contents, re.DOTALL)), None)


def unknown(contents, where):
    """The error for what is none of `KNOWN`."""
    if kind := _stranger(contents):
        name = Path(str(where))
        convert = f"ffmpeg -i {shlex.quote(name.name)} {shlex.quote(name.stem + '.wav')}"
        return KwsclsError(f"is {kind}, which is not decoded here ({convert} makes a WAV file of it)", where)
    return KwsclsError(f"is no sound file that is known here ({', '.join(KNOWN)})" if contents else "is empty", where)


def _chunks(contents):
    """The chunks of a WAV file: name to (start, declared size) of the first one of each name."""
    found, at = {}, 12
    while at + 8 <= len(contents):
        name, size = contents[at:at + 4], struct.unpack_from("<I", contents, at + 4)[0]
        found.setdefault(name, (at + 8, size))
        at += 8 + size + size % 2
    return found


def plain_wav_rate(contents):
    """The rate of a WAV file of 16-bit PCM; for any other, tensorflow-io's scale differs from case to case.

    Raises:
        ValueError: it is another kind of WAV.
    """
    start, size = _chunks(contents)[b"fmt "]
    tag, _, rate, _, _, bits = struct.unpack_from("<HHIIHH", contents, start)
    if contents[:4] != b"RIFF" or size < 16 or (tag, bits) != (1, 16):
        raise ValueError("not 16-bit PCM")
    return rate


def with_size(contents):
    """A WAV file whose recorder could not go back to fill in its size, with the size filled in; others as they are.

    A size of 0 is no gap but the truth where a chunk follows that ends with the file, as `dsp.wav` has it too.
    """
    start, size = _chunks(contents).get(b"data", (0, 0))
    left = len(contents) - start
    if contents[:4] != b"RIFF" or start < 8 or not (size == 0 < left or size >= 0x7FFFF000 and left < size):
        return contents
    if size == 0 and left >= 8 and all(32 <= byte < 127 for byte in contents[start:start + 4]):
        follows = struct.unpack_from("<I", contents, start + 4)[0]
        if 8 + follows + follows % 2 == left:
            return contents
    whole, samples = struct.pack("<I", len(contents) - 8), struct.pack("<I", left)
    return contents[:4] + whole + contents[8:start - 4] + samples + contents[start:]


def require_whole(contents, kind, where):
    """Refuse a file that ends before it says it does, which decoders let pass as a shorter sound."""
    if kind == "WAV" and contents[:4] == b"RIFF":
        chunks = _chunks(contents)
        start, size = chunks.get(b"data", (0, 0))
        if b"data" not in chunks or b"fmt " not in chunks:
            raise KwsclsError("is cut off: it has a WAV header but no samples", where)
        if start + size > len(contents):
            raise KwsclsError(f"is cut off: {len(contents) - start} of {size} bytes of samples are there", where)
    end = DECLARED_END[kind](contents) if kind in DECLARED_END else 0
    if end > len(contents):
        raise KwsclsError(f"is cut off: {len(contents)} of {end} bytes are there", where)
    if kind in ("Ogg Vorbis", "Opus"):
        last = contents.rfind(b"OggS")  # a page: 27 bytes, its segments' sizes, the segments
        sizes = contents[last + 27:last + 27 + contents[last + 26]] if len(contents) > last + 26 else b""
        if not sizes or not contents[last + 5] & 4 or last + 27 + len(sizes) + sum(sizes) > len(contents):
            raise KwsclsError("is cut off: its last page is not whole", where)
    if kind == "MP3":
        start = mp3_frame(contents)
        declared = _mp3_bytes(contents[start:])
        if declared and start + declared > len(contents):
            raise KwsclsError(f"is cut off: {len(contents)} of {start + declared} bytes are there", where)


def _aiff_end(contents):
    """Where an AIFF file ends as its header says."""
    return 8 + struct.unpack_from(">I", contents, 4)[0]


def _au_end(contents):
    """Where the samples of an AU file end as its header says, or 0 if it does not."""
    start, size = struct.unpack_from(">II", contents.ljust(12, b"\0"), 4)
    return 0 if size == 0xFFFFFFFF else start + size


def _nist_end(contents):
    """Where the samples of an uncompressed NIST SPHERE file end as its header says, or 0 if it does not."""
    size, fields = re.match(rb"NIST_1A\n\s*(\d{1,9})\n", contents), 1
    for name in (b"sample_count", b"channel_count", b"sample_n_bytes"):
        found = re.search(rb"\n%s -i (\d{1,12})\n" % name, contents[:1 << 16])
        fields *= int(found[1]) if found else 0
    return int(size[1]) + fields if size and fields else 0


DECLARED_END = {"AIFF": _aiff_end, "AU": _au_end, "NIST SPHERE": _nist_end}

_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def mp3_frame(contents):
    """Where the first MPEG frame begins, after ID3 tags; None if there is none near."""
    at = 0
    while contents[at:at + 3] == b"ID3" and len(contents) >= at + 10:
        size = [byte & 127 for byte in contents[at + 6:at + 10]]
        at += 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    tagged = at > 0
    for start in range(at, min(at + (4096 if tagged else 1), len(contents) - 3)):
        if mp3_rate(contents[start:start + 4]):
            return start
    return None


def mp3_rate(frame):
    """The rate that an MPEG layer III frame's header gives in Hz, or 0 if it is no such header."""
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return 0
    version, layer, bitrate, rate = frame[1] >> 3 & 3, frame[1] >> 1 & 3, frame[2] >> 4, frame[2] >> 2 & 3
    return _MP3_RATES[version][rate] if version != 1 and layer == 1 and bitrate not in (0, 15) and rate != 3 else 0


def _mp3_bytes(frame):
    """The bytes of the whole stream as its Xing tag declares them, or 0 without a tag."""
    for start in (36, 21, 13, 38, 23, 15):  # behind the header and the side information, with and without a checksum
        if frame[start:start + 4] in (b"Xing", b"Info"):
            flags = int.from_bytes(frame[start + 4:start + 8], "big")
            at = start + 8 + (4 if flags & 1 else 0)
            return int.from_bytes(frame[at:at + 4], "big") if flags & 2 else 0
    return 0
