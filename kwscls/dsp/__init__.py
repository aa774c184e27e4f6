"""Functions on waveforms in stock TensorFlow ops: WAV bytes, resampling, spectra, mel and Kaldi filterbanks."""
