"""Keras layers that any model may use: frontends, sinc filters, attention, tokens, blocks."""
