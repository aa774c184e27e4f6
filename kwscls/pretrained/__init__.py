"""Weights of the originals, under their own names, into our models: one file an origin."""
