"""How good a model is: scores, intervals, pictures, reports."""
