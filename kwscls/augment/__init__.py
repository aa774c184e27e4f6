"""What is done to waveforms and spectrograms in training only."""
