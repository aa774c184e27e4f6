"""The page in a headless Chromium with a fake microphone. The model behind it is arithmetic: it counts zero crossings."""

import io
import re
import types
import wave

import numpy as np
import pytest

from kwscls.serving import server
from kwscls.serving.rest import Signature, Tensor
from tests.conftest import tone, write_wav
from tests.serving.browser import chromium, driven
from tests.serving.conftest import running

ANY = np.dtype(object)


class Pitch:
    """Hears whether a WAV file is high or low, from 0 to 4 kHz, and silence as neither."""

    version, definitions = 1, {}
    facts = {"labels": ["high", "low", "<b>none</b>"], "sample_rate": 16000, "samples": 8000}
    signatures = {"wav_bytes": Signature({"wav_bytes": Tensor(ANY, (None,))}, {"label": Tensor(ANY, (None,))})}

    def answer(self, signature, inputs):
        rows = []
        for contents in inputs["wav_bytes"]:
            with wave.open(io.BytesIO(contents)) as file:
                assert (file.getframerate(), file.getnchannels()) == (16000, 1)
                samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
            assert 0 < len(samples) <= 8000
            high = min(1, np.mean(np.diff(np.sign(samples.astype(float) + 0.5)) != 0) * 16000 / 2 / 4000)
            quiet = np.abs(samples).max() < 1000
            rows.append([0, 0, 1] if quiet else [high, 1 - high, 0])
        labels = np.tile(np.array([label.encode() for label in self.facts["labels"]], object), (len(rows), 1))
        return {"scores": np.array(rows), "labels": labels, "label": labels[np.arange(len(rows)), np.argmax(rows, axis=1)]}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page, opened; the microphone hears a low tone."""
    found = chromium()
    if not found:
        pytest.skip("no Chromium with its chromedriver is installed")
    microphone = tmp_path_factory.mktemp("microphone") / "low.wav"
    write_wav(microphone, tone(400, 4, 48000), 48000)
    flags = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
             f"--use-file-for-fake-audio-capture={microphone}", "--window-size=1000,1200")
    with running(types.SimpleNamespace(current=Pitch(), refresh=lambda: None)) as (address, _), driven(*found, *flags) as opened:
        opened.open(address)
        opened.until("return document.title === 'small'")
        yield opened


def heard(page):
    """The best label, its percentage, and what stands above them; waits until the model was asked."""
    page.until("return document.getElementById('answer').textContent && !recording && sound && sound.labels"
               " && !document.getElementById('which').textContent.startsWith('listening')")
    answer = page.run("return document.getElementById('answer').firstChild.textContent")
    return answer, page.run("return document.getElementById('which').textContent")


def test_a_file_is_heard_where_it_is_loudest_and_over_time(page, tmp_path):
    clip = np.concatenate([tone(500, 1) * 0.5, np.zeros(16000), tone(3500, 1) * 0.9])
    write_wav(tmp_path / "low_high.wav", clip)
    page.give_file("#file", tmp_path / "low_high.wav")
    label, title = heard(page)
    assert label == "high" and re.match(r"Where it is loudest \(2\.\d\d – 2\.\d\d s\)", title)
    assert page.run("return document.querySelectorAll('#bars b').length") == 3
    assert "3.00 s" in page.run("return document.getElementById('name').textContent")
    cells = page.run("return sound.cells.map(cell => [cell.middle, ...cell.scores])")
    for middle, high, low, none in cells:
        if 0.25 <= middle <= 0.75:
            assert low == pytest.approx(1 - 500 / 4000, abs=0.03)
        if 1.25 <= middle <= 1.75:
            assert none == 1
        if middle >= 2.25:
            assert high == pytest.approx(3500 / 4000, abs=0.03)
    page.run("chooseAt(0.3)")
    assert heard(page)[0] == "low"
    assert page.run("return [...document.querySelectorAll('#names span')].map(one => one.textContent)") == [
        "<b>none</b>", "low", "high"]  # a label is text, whatever it holds


def test_pictures_are_drawn(page):
    """The waveform has its accent colour where it is loud and none in the silence; the spectrogram peaks at 3.5 kHz."""
    script = """
        const canvas = document.getElementById('%s'), pen = canvas.getContext('2d');
        const x = Math.round(%f * canvas.width), data = pen.getImageData(x, 0, 1, canvas.height).data;
        return [...Array(canvas.height).keys()].map(y => [...data.slice(4 * y, 4 * y + 4)]);"""
    loud, still = (sum(pixel[3] > 200 for pixel in page.run(script % ("wave", place))) for place in (0.85, 0.5))
    assert loud > 50 and still <= 2
    column = np.array(page.run(script % ("spectrum", 0.85)))[:, :3].sum(axis=1)
    assert 1 - column.argmax() / len(column) == pytest.approx(3500 / 8000, abs=0.02)


def test_the_microphone_is_heard_while_recording_and_after(page):
    page.click("#record")
    page.until("return document.getElementById('which').textContent === 'Hearing now'")
    assert page.run("return document.getElementById('answer').firstChild.textContent") == "low"
    page.click("#record")
    label, _ = heard(page)
    assert label == "low" and page.run("return sound.name") == "recording"
    assert page.run("return sound.samples.length") >= 8000
    page.click("#play")
    assert page.run("return document.getElementById('play').textContent") == "Stop"
    page.until("return player === null")


def test_what_is_no_sound_is_told(page, tmp_path):
    (tmp_path / "notes.txt").write_text("no sound")
    page.give_file("#file", tmp_path / "notes.txt")
    page.until("return document.getElementById('error').style.display === 'block'")
    assert page.run("return document.getElementById('error').textContent") == "notes.txt: this browser cannot decode it."


def test_the_page_met_no_error_and_asks_nobody_else(page):
    assert not [line for line in page.messages() if line["level"] == "SEVERE"]
    text = server.PAGE.read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", text) and "@import" not in text
