"""Recordings: which corpora exist, manifests, splits, decoding, preparing, and the tf.data pipeline."""
