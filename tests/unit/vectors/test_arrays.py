from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vtr.contracts.vector import Vector
from vtr.vectors.arrays import mean_direction, normalised, to_array, to_vector


@given(arrays.arrays(np.float32, st.integers(1, 64), elements=st.floats(-1, 1, width=32)))
def test_float32_travels_without_loss_and_float16_within_its_precision(array: np.ndarray) -> None:
    np.testing.assert_array_equal(to_array(to_vector(array, "float32")), array)
    np.testing.assert_allclose(to_array(to_vector(array)), array, atol=2**-11)


def test_the_wire_is_little_endian() -> None:
    assert to_vector(np.array([1.0], dtype=">f4"), "float32").data == b"\x00\x00\x80\x3f"
    assert to_array(Vector(dtype="float32", dim=1, data=b"\x00\x00\x80\x3f")).tolist() == [1.0]


def test_what_is_read_can_be_written_to() -> None:
    array = to_array(to_vector(np.ones(3, dtype=np.float32)))
    array[0] = 2.0
    assert array.dtype == np.float32


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e6])
def test_values_that_do_not_travel_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite as float16"):
        to_vector(np.array([bad, 0.0]))


def test_a_vector_that_holds_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        to_array(Vector(dtype="float16", dim=1, data=b"\xff\xff"))
    with pytest.raises(ValueError, match="shape"):
        to_vector(np.ones((2, 2)))


def test_directions() -> None:
    two = np.array([[3.0, 4.0], [0.0, 2.0]], dtype=np.float32)
    np.testing.assert_allclose(normalised(two), [[0.6, 0.8], [0.0, 1.0]], atol=1e-6)
    # Length does not weigh: the mean of a long east and a short north is north-east.
    mean = mean_direction([np.array([100.0, 0.0], np.float32), np.array([0.0, 0.1], np.float32)])
    np.testing.assert_allclose(mean, [2**-0.5, 2**-0.5], atol=1e-6)
    with pytest.raises(ValueError, match="norm 0"):
        normalised(np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="norm 0"):
        mean_direction([np.array([1.0], np.float32), np.array([-1.0], np.float32)])
    with pytest.raises(ValueError, match="empty"):
        mean_direction([])
