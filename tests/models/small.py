"""Small sizes of every family, so that the contract tests run over every name in seconds."""

SMALL = {
    "ast": dict(hidden_size=24, heads=2, layers=2, mlp_ratio=2),
    "ast_small": dict(hidden_size=24, heads=3, layers=1, mlp_ratio=2),
    "ast_base": dict(hidden_size=16, heads=2, layers=1, mlp_ratio=2, dropout=0.1),
    "cnn": dict(width=4, units=8),
    "alexnet": dict(widths=(8, 8, 8, 8, 8), pooled=2, units=16, bands=64),
    **dict.fromkeys(("vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"),
                    dict(widths=(4, 4, 8, 8, 8), pooled=2, units=16, bands=32)),
    "googlenet": dict(width=0.1, bands=32),
    "inception_v3": dict(width=0.1, bands=75, pool_features=(32,), channels_7x7=(128,), last_modules=1),
    **dict.fromkeys(("resnet18", "resnet34", "resnet50"), dict(depths=(1, 1, 1, 1), widths=(8, 8, 16, 16), stem=8, bands=32)),
    "densenet121": dict(growth_rate=4, depths=(2, 2, 2, 2), stem=8, bands=32),
    **dict.fromkeys(("squeezenet1_0", "squeezenet1_1"), dict(stem=8, squeezes=(4, 4, 4, 4, 8, 8, 8, 8), bands=32)),
    **dict.fromkeys(("mobilenet_v3_small", "mobilenet_v3_large"), dict(width_mult=0.25, last=64, bands=32)),
    **dict.fromkeys(("vit_tiny", "vit_small", "vit_base"), dict(hidden_dim=24, num_heads=3, num_layers=2, bands=32)),
    "convnext_tiny": dict(depths=(1, 1, 1, 1), dims=(8, 8, 16, 16), bands=32),
}
