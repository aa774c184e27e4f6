"""Recipes and the training run: fit, resume, what a run folder holds."""
