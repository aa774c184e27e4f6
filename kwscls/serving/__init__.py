"""The bundle that leaves the house: one SavedModel with preprocessing, model, scores and labels."""
