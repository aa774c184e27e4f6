"""The documented REST rules, on bodies written by hand."""

import base64
import json

import numpy as np
import pytest

from kwscls.serving import rest
from kwscls.serving.rest import Refused, Signature, Tensor

NUMBERS = Signature({"x": Tensor(np.dtype("float32"), (None, None))}, {"y": Tensor(np.dtype("float32"), (None, 2))})
BYTES = Signature({"wav_bytes": Tensor(np.dtype(object), (None,))}, {"label": Tensor(np.dtype(object), (None,))})
TWO = Signature({"a": Tensor(np.dtype("int32"), (None,)), "b64": Tensor(np.dtype(object), (None, None))},
                {"y": Tensor(np.dtype("float32"), (None,))})
SIGNATURES = {"serving_default": NUMBERS, "wav_bytes": BYTES, "two": TWO}


def read(**body):
    return rest.read_request(json.dumps(body).encode(), SIGNATURES)


def test_rows_and_columns_of_one_input_mean_the_same():
    for body in ({"instances": [[1, 2.5], [3, 4]]}, {"inputs": [[1, 2.5], [3, 4]]},
                 {"instances": [{"x": [1, 2.5]}, {"x": [3, 4]}]}, {"inputs": {"x": [[1, 2.5], [3, 4]]}}):
        name, arrays, by_row = read(**body)
        assert name == "serving_default" and by_row == ("instances" in body)
        assert arrays["x"].dtype == np.float32
        np.testing.assert_array_equal(arrays["x"], [[1, 2.5], [3, 4]])


def test_bytes_come_as_base64_and_text_as_itself():
    coded = {"b64": base64.b64encode(b"\x00\xff").decode()}
    for instances in ([coded, "é"], [{"wav_bytes": coded}, {"wav_bytes": "é"}]):
        _, arrays, _ = read(signature_name="wav_bytes", instances=instances)
        assert arrays["wav_bytes"].tolist() == [b"\x00\xff", "é".encode()]


def test_several_inputs_by_name():
    rows = [{"a": 1, "b64": ["u", "v"]}, {"a": 2, "b64": ["w", "x"]}]
    for body in ({"instances": rows}, {"inputs": {"a": [1, 2], "b64": [["u", "v"], ["w", "x"]]}}):
        _, arrays, _ = read(signature_name="two", **body)
        assert arrays["a"].tolist() == [1, 2] and arrays["b64"].tolist() == [[b"u", b"v"], [b"w", b"x"]]


@pytest.mark.parametrize("body,reason", [
    (b"", "not JSON"), (b"{", "not JSON"), (b"\xff\xfe{}", "not JSON"), (b"[]", "JSON object"), (b"null", "JSON object"),
    (b"[" * 100000, "nested too deeply"), (b'{"a":' * 100000, "nested too deeply"),
    (b'{"instances": ' + b"[" * 500 + b"]" * 500 + b"}", "x"),
    (b'{"instances": ' + b"1" * 5000 + b"}", "not JSON"),
    (b'{"signature_name": "none", "instances": [1]}', "known are serving_default, two, wav_bytes"),
    (b'{"signature_name": 3, "instances": [1]}', "no signature"), (b"{}", "either"),
    (b'{"instances": [[1]], "inputs": [[1]]}', "either"), (b'{"instances": []}', "at least one"),
    (b'{"instances": {"x": 1}}', "must be a list"), (b'{"instances": [[1, 2], [3]]}', "equal length"),
    (b'{"instances": [["1", "2"]]}', "float32"), (b'{"instances": [[null]]}', "float32"),
    (b'{"instances": [[{"b64": "AA=="}]]}', "float32"), (b'{"instances": [1, 2]}', r"shape \[2\], not \[any, any\]"),
    (b'{"instances": [[true]]}', "float32"), (b'{"instances": [{"y": [1]}]}', "must hold x"),
    (b'{"inputs": {"x": [[1]], "y": 1}}', "must hold x"),
    (b'{"signature_name": "wav_bytes", "instances": [{"b64": "a*b="}]}', r"wav_bytes\[0\] is not base64"),
    (b'{"signature_name": "wav_bytes", "instances": ["", {"b64": "abc"}]}', r"wav_bytes\[1\] is not base64"),
    (b'{"signature_name": "wav_bytes", "instances": ["a", 3]}', "must be a string or"),
    (b'{"signature_name": "wav_bytes", "instances": [["a"], "b"]}', "equal length"),
    (b'{"signature_name": "wav_bytes", "instances": [' + b"[" * 30 + b"]" * 30 + b"]}", "nested too deeply"),
    (b'{"signature_name": "two", "instances": [{"a": 1.5, "b64": ["a"]}]}', "int32"),
    (b'{"signature_name": "two", "instances": [{"a": 4294967296, "b64": ["a"]}]}', "do not fit"),
    (b'{"signature_name": "two", "inputs": {"a": [1], "b64": [["a"], ["b"]]}}', "equally many rows"),
    (b'{"signature_name": "two", "instances": [{"a": 1}]}', "instance 0 must hold a, b64"),
    (b'{"instances": [' + b"[0]," * 5000 + b"[0]]}", "4096 rows at most"),
    (b'{"inputs": {"x": [' + b'"",' * 5000 + b'""]}}', "4096 rows at most"),
    (b'{"signature_name": "two", "inputs": {"a": [1], "b64": [[' + b'"",' * 5000 + b'""]]}}', "4096 strings at most"),
    (b'{"instances": [[1' + b"0" * 400 + b"]]}", "do not fit"), (b'{"instances": [[1, true]]}', "float32")])
def test_what_is_refused(body, reason):
    with pytest.raises(Refused, match=reason) as error:
        rest.read_request(body, SIGNATURES)
    assert error.value.status == 400 and "\n" not in error.value.reason and len(error.value.reason) < 400


def test_answers_by_row_and_by_column():
    outputs = {"scores": np.array([[.5, .5], [1, 0]], np.float32), "label": np.array([b"a", "é".encode()], object)}
    assert json.loads(rest.answer_json(outputs, True)) == {"predictions": [
        {"scores": [.5, .5], "label": "a"}, {"scores": [1, 0], "label": "é"}]}
    assert json.loads(rest.answer_json(outputs, False)) == {"outputs": {"scores": [[.5, .5], [1, 0]], "label": ["a", "é"]}}
    lone = {"out_bytes": np.array([[b"\xff"]], object)}
    assert json.loads(rest.answer_json(lone, True)) == {"predictions": [[{"b64": "/w=="}]]}
    assert json.loads(rest.answer_json(lone, False)) == {"outputs": [[{"b64": "/w=="}]]}


def test_one_long_text_among_many_numbers_takes_no_memory_for_each():
    """As an array of texts it would take four times its letters in every place: 16 GB here."""
    with pytest.raises(Refused, match="float32"):
        read(instances=[["1"] * 4000 + ["a" * 1_000_000]])
