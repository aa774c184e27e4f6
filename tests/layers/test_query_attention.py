"""Attention to one frame against numpy."""

import numpy as np
import pytest

from kwscls.layers.query_attention import QueryAttention


@pytest.mark.parametrize("query, place", [("last", 8), ("middle", 4)])
def test_every_head_is_a_softmax_of_dot_products(query, place):
    random = np.random.default_rng(0)
    x = random.normal(size=(2, 9, 4)).astype(np.float32)
    layer = QueryAttention(3, query)
    layer.build(x.shape)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.weights])
    kernel, bias = layer.get_weights()
    for clip, answer in zip(x, layer(x).numpy()):
        for head in range(3):
            products = clip @ (clip[place] @ kernel[head] + bias[head])
            weights = np.exp(products - products.max())
            np.testing.assert_allclose(
                answer[4 * head : 4 * head + 4],
                weights / weights.sum() @ clip,
                rtol=1e-4,
                atol=1e-5,
            )
    again = QueryAttention.from_config(layer.get_config())
    assert (again.heads, again.query) == (3, query)
