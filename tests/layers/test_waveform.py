"""The waveform's normalisation: over real samples only."""

import numpy as np

from kwscls.layers.waveform import WaveformNormalization

WAVEFORMS = np.random.default_rng(0).normal(0.2, 0.1, (3, 400)).astype(np.float32)


def test_each_clip_gets_mean_zero_and_variance_one():
    normed = WaveformNormalization()(WAVEFORMS).numpy()
    np.testing.assert_allclose(normed.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(normed.std(1), 1, rtol=1e-4)


def test_padding_does_not_count():
    mask = (np.arange(400) < np.array([[400], [150], [30]])).astype(np.int32)
    normed = WaveformNormalization()(WAVEFORMS, sample_mask=mask).numpy()
    for row, length in enumerate((400, 150, 30)):
        alone = WaveformNormalization()(WAVEFORMS[row:row + 1, :length]).numpy()
        np.testing.assert_allclose(normed[row, :length], alone[0], rtol=1e-4, atol=1e-4)
        assert not normed[row, length:].any()


def test_silence_stays_zero():
    assert not WaveformNormalization()(np.zeros((1, 50), np.float32)).numpy().any()
