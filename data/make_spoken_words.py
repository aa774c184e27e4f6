"""Make the embedded corpus `data/spoken_words`: eight words spoken by synthetic voices.

    python data/make_spoken_words.py            writes data/spoken_words
    python data/make_spoken_words.py --check    makes it again and compares every sample with what is there

It needs espeak-ng (1.51 made what is in the repository), scipy and soundfile. Everything random comes from `SEED`
and a clip's own name, so that the same espeak-ng gives the same samples, whatever else is made before.
"""

import argparse
import csv
import io
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

HERE = Path(__file__).parent / "spoken_words"
SEED = 20240229
RATE = 16000  # of the clips, in Hz; espeak-ng speaks at 22050
WORDS = ("down", "go", "left", "no", "right", "stop", "up", "yes")
TAKES = 3  # of each word by each speaker
SIGNAL_TO_NOISE = (14, 40)  # of a clip, in dB
PEAK = (-23, -2)  # of a clip, in dB of full scale
NOISE_SECONDS = 10

ENGLISH = ("en-gb", "en-us", "en-gb-scotland", "en-029", "en-us-nyc", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd")

# What to write so that a voice of another language says the English word, in the order of WORDS.
FOREIGN = {
    "cs": "daun gou left nou rajt stop ap jes",
    "es": "daun gou left nou rait stop ap yes",
    "fi": "daun gou left nou rait stop ap jes",
    "fr-fr": "daoune gau lefte nau raïte stoppe eupe yesse",
    "hi": "डाउन गो लेफ़्ट नो राइट स्टॉप अप यस",
    "id": "daun gou left nou rait stop ap yes",
    "it": "daun gou left nou rait stop ap ies",
    "pl": "dałn gou left nou rajt stop ap jes",
    "ro": "daun gou left nou rait stop ap ies",
    "ru": "даун гоу лефт ноу райт стоп ап йес",
    "sv": "daun gåo left nåo rajt stopp app jess",
}

# espeak-ng's voice variants (a throat each). No variant speaks in two splits, nor do relatives such as iven and iven2
# or variants that sound nearly the same (adam and klatt2, miguel and michel, rob and robert: one of each is left out).
THROATS = {
    "train": "f1 f2 f4 m1 m2 m4 m5 m7 Alex Alicia Andy Annie AnxiousAndy Denis Diogo Gene Henrique Hugo Jacky "
             "Lee Marco Michael Mike RicishayMax3 Storm adam antonio aunty benjamin boris david grandma gustave "
             "iven iven3 john kaukovalta linda marcelo max miguel paul quincy robosoft robosoft5 steph steph3".split(),
    "validation": "f3 m3 m8 anika belinda ed norbert travis victor zac".split(),
    "test": "f5 m6 Andrea Mario Nguyen edward grandpa pablo pedro robert sandro shelby".split(),
}


def speakers():
    """Every speaker as (name, split, accent, variant); two in seven speak English with another language's voice."""
    made = []
    for split, throats in THROATS.items():
        for index, throat in enumerate(throats):
            foreign = index % 7 in (3, 6)
            accents = tuple(FOREIGN) if foreign else ENGLISH
            accent = accents[zlib.crc32(throat.encode()) % len(accents)]
            made.append((f"{accent}-{throat.lower()}", split, accent, throat))
    return made


def random(*words):
    """A stream of random numbers that depends on the seed and on `words` alone."""
    return np.random.Generator(np.random.PCG64([SEED, zlib.crc32(" ".join(map(str, words)).encode())]))


def speak(accent, throat, text, speed, pitch):
    """Text spoken by espeak-ng, trimmed, at RATE: float64 [samples], its peak 1."""
    said = subprocess.run(["espeak-ng", "-v", f"{accent}+{throat}", "-s", str(speed), "-p", str(pitch), "--stdout",
                           text], check=True, capture_output=True).stdout
    wave, rate = soundfile.read(io.BytesIO(said))
    wave = scipy.signal.resample_poly(wave, RATE, rate)
    loud = np.flatnonzero(np.abs(wave) > 0.01 * np.abs(wave).max())
    wave = wave[loud[0]:loud[-1] + 1]
    return wave / np.abs(wave).max()


def room(rng):
    """An impulse response: the direct sound, then noise that dies away in 60 to 350 ms, weak or strong."""
    length = int(rng.uniform(0.06, 0.35) * RATE)
    tail = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    tail[:int(0.004 * RATE)] = 0
    tail *= rng.uniform(0.05, 0.5) / np.sqrt((tail ** 2).sum())
    tail[0] = 1
    return tail


def noise(rng, samples, colour):
    """Noise between white (colour 0) and nearly brown (colour 1), its root mean square 1."""
    made = scipy.signal.lfilter([1], [1, -0.97 * colour], rng.standard_normal(samples + 2000))[2000:]
    return made / np.sqrt((made ** 2).mean())


def clip(accent, throat, word, take):
    """One recording: int16 [samples], 0.75 to 1 s, the word somewhere in it."""
    place = random("place", accent, throat)  # where this speaker sits: the same in every clip
    reverberation, colour, tilt = room(place), place.uniform(0.3, 1), place.uniform(-0.3, 0.3)
    usual_pitch, usual_speed = place.integers(30, 71), place.integers(140, 186)

    rng = random(accent, throat, word, take)
    written = FOREIGN[accent].split()[WORDS.index(word)] if accent in FOREIGN else word
    spoken = speak(accent, throat, written + rng.choice([".", "!", "?", ","]),
                   int(usual_speed + rng.integers(-20, 21)), int(np.clip(usual_pitch + rng.integers(-15, 16), 0, 99)))
    spoken = scipy.signal.lfilter([1, tilt], [1], np.convolve(spoken, reverberation))
    samples = int(rng.uniform(0.75, 1.0) * RATE)
    spoken = spoken[:samples]
    room_left = samples - min(len(spoken), int(0.65 * RATE))  # only the dying reverberation may be cut at the end
    start = int(rng.integers(0, room_left + 1))
    wave = np.zeros(samples + RATE)
    wave[start:start + len(spoken)] += spoken
    wave = wave[:samples]

    speech = np.sqrt((spoken ** 2).mean())
    wave += noise(rng, samples, colour) * speech * 10 ** (-rng.uniform(*SIGNAL_TO_NOISE) / 20)
    wave *= 10 ** (rng.uniform(*PEAK) / 20) / np.abs(wave).max()
    return coarse(wave)


def coarse(wave):
    """int16 samples with as few bits as the clip's quietest part deserves: FLAC then needs a third of the place."""
    blocks = wave[:len(wave) // 400 * 400].reshape(-1, 400)
    floor = np.sqrt((blocks ** 2).mean(axis=1)).min() * 32768
    step = 2 ** int(np.clip(np.round(np.log2(max(floor, 1))), 0, 7))
    return (np.clip(np.round(wave * 32768 / step), -32768 // step, 32767 // step) * step).astype(np.int16)


def background():
    """Long recordings without a word: name to int16 [samples]."""
    samples = NOISE_SECONDS * RATE
    time = np.arange(samples) / RATE
    hum = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in (1, 2, 3, 5, 7))
    taps = np.zeros(samples)
    rng = random("taps")
    for start in rng.integers(0, samples - 2000, 40):
        taps[start:start + 2000] += rng.standard_normal(2000) * 10 ** (-np.arange(2000) / 500) * rng.uniform(0.2, 1)
    made = {"fan": noise(random("fan"), samples, 0.9), "hiss": noise(random("hiss"), samples, 0.2),
            "hum": hum + 0.2 * noise(random("hum"), samples, 0.6),
            "taps": taps + 0.02 * noise(rng, samples, 0.8)}
    return {name: coarse(wave / np.abs(wave).max() * 0.3) for name, wave in made.items()}


def make(folder):
    """Fill `folder` with the clips, the noises and manifest.csv."""
    rows, jobs = [], []
    for speaker, split, accent, throat in speakers():
        for word in WORDS:
            for take in range(TAKES):
                jobs.append((f"{split}/{word}/{speaker}_nohash_{take}.flac", word, split, speaker,
                             (accent, throat, word, take)))

    def write(path, samples):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / path, samples, RATE, format="FLAC", subtype="PCM_16", compression_level=1.0)
        return round(len(samples) / RATE, 4)

    with ThreadPoolExecutor(2) as pool:
        for (path, word, split, speaker, _), samples in zip(jobs, pool.map(lambda job: clip(*job[-1]), jobs)):
            rows.append((path, word, split, speaker, write(path, samples)))
    for name, samples in background().items():
        path = f"_background_noise_/{name}.flac"
        rows.append((path, "_background_noise_", "", "", write(path, samples)))
    with open(folder / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("path", "label", "split", "speaker", "seconds"))
        table.writerows(sorted(rows))


def check(folder):
    """The paths under `folder` whose samples are not what the maker makes now."""
    with tempfile.TemporaryDirectory() as fresh:
        make(Path(fresh))
        names = {path.relative_to(root).as_posix() for root in (Path(fresh), folder) for path in root.rglob("*.flac")}
        differ = []
        for name in sorted(names):
            pair = [Path(fresh) / name, folder / name]
            if not all(path.exists() for path in pair) or not np.array_equal(
                    *(soundfile.read(path, dtype="int16")[0] for path in pair)):
                differ.append(name)
        if (Path(fresh) / "manifest.csv").read_bytes() != (folder / "manifest.csv").read_bytes():
            differ.append("manifest.csv")
    return differ


def main():
    """Make the corpus, or compare it with a fresh one."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--out", type=Path, default=HERE, help="where it goes")
    words.add_argument("--check", action="store_true", help="compare with what is there instead of writing")
    chosen = words.parse_args()
    if not chosen.check:
        make(chosen.out)
        return 0
    differ = check(chosen.out)
    print(f"{len(differ)} files differ" + "".join(f"\n  {name}" for name in differ[:20]))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
