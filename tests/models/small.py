"""Small sizes of every family, so that the contract tests run over every name in seconds."""

SMALL = {
    "cnn": dict(width=4, units=8),
}
