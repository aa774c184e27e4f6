"""What tests of models share."""

import keras
import pytest


@pytest.fixture
def weightless():
    """Models that are built under it have weights with shapes but no values: the largest take no time and no memory."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    keras.utils.clear_session()
