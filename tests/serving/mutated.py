"""WAV files with something wrong in them: bit flips, truncations, huge sizes, absurd fields, random bytes, moved pieces."""

import io
import wave

FIELDS = {"RIFF size": 4, "fmt size": 16, "rate": 24, "data size": 40}
HUGE = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def good_clip(draw, samples=4000, rate=16000):
    """A WAV file of noise."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(rate)
        made.writeframes((3000 * draw.normal(size=samples)).astype("<i2").tobytes())
    return file.getvalue()


def mutated(clip, draw):
    """A file with one of the mutations, and its kind."""
    kind = ("bits", "cut", "field", "short field", "random", "moved")[draw.integers(6)]
    changed = bytearray(clip)
    if kind == "bits":
        for place in draw.integers(0, 64 if draw.random() < 0.7 else len(clip), draw.integers(1, 9)):
            changed[place] ^= 1 << draw.integers(8)
    elif kind == "cut":
        changed = changed[:draw.integers(len(clip))]
    elif kind == "field":
        place = list(FIELDS.values())[draw.integers(len(FIELDS))]
        changed[place:place + 4] = int(HUGE[draw.integers(len(HUGE))]).to_bytes(4, "little")
    elif kind == "short field":  # tag, channels, block, bits
        place = (20, 22, 32, 34)[draw.integers(4)]
        changed[place:place + 2] = int((0, 1, 2, 3, 255, 0x7FFF, 0xFFFE, 0xFFFF)[draw.integers(8)]).to_bytes(2, "little")
    elif kind == "random":
        size = int(draw.integers(0, 3000))
        changed = bytearray((clip[:12] if draw.random() < 0.5 else b"") + draw.bytes(size))
    else:
        start, end = sorted(int(place) for place in draw.integers(0, len(clip), 2))
        changed = changed[:end] + changed[start:]
    return bytes(changed), kind
