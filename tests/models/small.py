"""Small sizes of every family, so that the contract tests run over every name in seconds."""

SMALL = {
    "ast": dict(hidden_size=24, heads=2, layers=2, mlp_ratio=2),
    "ast_small": dict(hidden_size=24, heads=3, layers=1, mlp_ratio=2),
    "ast_base": dict(hidden_size=16, heads=2, layers=1, mlp_ratio=2, dropout=0.1),
    "cnn": dict(width=4, units=8),
}
