"""Functions on tensors in stock TensorFlow ops, without state and without Keras."""
