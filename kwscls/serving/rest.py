"""TensorFlow Serving's REST rules: a request's JSON to arrays, and arrays to the answer's JSON.

Source: "RESTful API" in TensorFlow Serving's documentation, https://www.tensorflow.org/tfx/serving/api_rest
"""

import dataclasses
import itertools
import json
import math

import numpy as np
import pybase64

DEFAULT_SIGNATURE = "serving_default"
MOST_ROWS = 4096
"""Clips of one request: each small text of a request may become a whole clip of samples in memory."""
DEEPEST = 16


class Refused(Exception):
    """A request that gets an error for an answer.

    Args:
        status: the HTTP status.
        reason: one line for the client.
    """

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclasses.dataclass(frozen=True)
class Tensor:
    """What a signature says about one of its tensors.

    Args:
        dtype: numpy's; object stands for strings of bytes.
        shape: sizes, None where any is fine; or None when even their number is open.
    """

    dtype: np.dtype
    shape: tuple | None


@dataclasses.dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a signature: names -> `Tensor`."""

    inputs: dict
    outputs: dict

    @property
    def rows(self):
        """Whether every tensor has a first dimension of any size: the batch."""
        return all(tensor.shape and tensor.shape[0] is None for tensor in (*self.inputs.values(), *self.outputs.values()))


def read_request(body, signatures):
    """Read the body of a `:predict` request.

    Args:
        body: its bytes.
        signatures: names -> `Signature`.

    Returns:
        The signature's name; input names -> arrays; whether it came in rows (`instances`) and is answered so.

    Raises:
        Refused: the body is no such request; the reason says where.
    """
    request = parse(body)
    if not isinstance(request, dict):
        raise Refused(400, "the body must be a JSON object with instances or inputs")
    name = request.get("signature_name") or DEFAULT_SIGNATURE
    if not isinstance(name, str) or name not in signatures:
        raise Refused(400, f"there is no signature {str(name)[:80]!r}; known are {', '.join(sorted(signatures))}")
    if ("instances" in request) == ("inputs" in request):
        raise Refused(400, "the body must hold either instances (row format) or inputs (columns)")
    inputs, by_row = signatures[name].inputs, "instances" in request
    columns = rows_to_columns(request["instances"], inputs) if by_row else named_columns(request["inputs"], inputs)
    in_rows = by_row or signatures[name].rows
    if in_rows:  # before they are converted, which takes its time
        _check_rows(columns)
    arrays = {key: to_array(columns[key], inputs[key], key) for key in inputs}
    counts = {key: len(array) for key, array in arrays.items()} if in_rows else {}
    if len(set(counts.values())) > 1:
        raise Refused(400, f"inputs of one request must have equally many rows, not {counts}")
    return name, arrays, by_row


def parse(body):
    """The value of a JSON text.

    Raises:
        Refused: it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(body)
    except RecursionError:
        raise Refused(400, "the JSON is nested too deeply") from None
    except ValueError as error:  # also bytes that are no UTF-8, and integers of thousands of digits
        raise Refused(400, f"the body is not JSON: {error}"[:300]) from None


def rows_to_columns(instances, inputs):
    """Input names -> lists of each row's value."""
    if not isinstance(instances, list) or not instances:
        raise Refused(400, "instances must be a list of at least one")
    _check_rows({"instances": instances})
    if len(inputs) == 1 and not all(_is_named(row, inputs) for row in instances):
        return {next(iter(inputs)): instances}
    for place, row in enumerate(instances):
        _check_names(row, inputs, f"instance {place}")
    return {name: [row[name] for row in instances] for name in inputs}


def named_columns(given, inputs):
    """Input names -> values."""
    if len(inputs) == 1 and not _is_named(given, inputs):
        return {next(iter(inputs)): given}
    _check_names(given, inputs, "inputs")
    return given


def _check_rows(columns):
    most = max((len(column) for column in columns.values() if isinstance(column, list)), default=0)
    if most > MOST_ROWS:
        raise Refused(400, f"one request may hold {MOST_ROWS} rows at most, not {most}")


def _is_named(value, inputs):
    return isinstance(value, dict) and ("b64" not in value or "b64" in inputs)


def _check_names(value, inputs, where):
    if not isinstance(value, dict) or set(value) != set(inputs):
        got = sorted(value) if isinstance(value, dict) else type(value).__name__
        raise Refused(400, f"{where} must hold {', '.join(sorted(inputs))}, not {str(got)[:120]}")


def to_array(value, tensor, name):
    """A JSON value as the array that a tensor takes.

    Raises:
        Refused: a wrong type, a wrong shape, or bad base64.
    """
    array = _strings(value, name) if tensor.dtype == object else _numbers(value, tensor.dtype, name)
    shape = tensor.shape
    fits = shape is None or (len(shape) == array.ndim and all(
        size in (None, given) for size, given in zip(shape, array.shape, strict=True)))
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise Refused(400, f"{name} has the shape {list(array.shape)}, not [{wanted}]")
    return array


def _numbers(value, dtype, name):
    kinds = {"f": {int, float}, "i": {int}, "u": {int}, "b": {bool}}
    try:
        array = np.asarray(value, object)  # as numbers, one long text among them would be as much memory for each of them
    except ValueError:
        raise Refused(400, f"{name} must be numbers in lists of equal length") from None
    if not set(map(type, array.ravel().tolist())) <= kinds.get(dtype.kind, set()):
        raise Refused(400, f"{name} must be {dtype.name} in lists of equal length")
    if dtype.kind in "iu" and array.size:
        limits = np.iinfo(dtype)
        if array.min() < limits.min or array.max() > limits.max:
            raise Refused(400, f"{name} holds numbers that do not fit into {dtype.name}")
    try:
        with np.errstate(over="ignore"):
            return array.astype(dtype)
    except OverflowError:  # an integer of hundreds of digits
        raise Refused(400, f"{name} holds numbers that do not fit into {dtype.name}") from None


def _strings(value, name):
    shape, leaf = [], value
    while isinstance(leaf, list):
        shape.append(len(leaf))
        if len(shape) > DEEPEST:
            raise Refused(400, f"{name} is nested too deeply")
        if not leaf:
            return np.empty(shape, object)
        leaf = leaf[0]
    if math.prod(shape) > MOST_ROWS:
        raise Refused(400, f"one request may hold {MOST_ROWS} strings at most, not {math.prod(shape)}")
    array = np.empty(shape, object)
    for place in itertools.product(*map(range, shape)):  # numpy's ndindex takes as long as all the rest
        item = value
        for index, size in zip(place, shape, strict=True):
            if not isinstance(item, list) or len(item) != size:
                raise Refused(400, f"{name} must be strings in lists of equal length")
            item = item[index]
        array[place] = _bytes(item, name, place)
    return array


def _bytes(item, name, place):
    if isinstance(item, str):
        return item.encode("utf-8", "surrogatepass")
    try:
        if isinstance(item, dict) and set(item) == {"b64"} and isinstance(item["b64"], str):
            return pybase64.b64decode(item["b64"], validate=True)
        wrong = 'must be a string or {"b64": "..."}'
    except ValueError:  # also text beyond ASCII
        wrong = "is not base64"
    raise Refused(400, f"{name}{''.join(f'[{index}]' for index in place)} {wrong}")


def answer_json(outputs, by_row):
    """The body of an answer.

    Args:
        outputs: names -> arrays.
        by_row: whether the request came in rows.

    Returns:
        JSON text: `predictions`, a value a row, or `outputs`, a value an output; a lone output goes without its name.
    """
    columns = {name: to_json(array, name) for name, array in outputs.items()}
    if not by_row:
        return json.dumps({"outputs": columns if len(columns) > 1 else next(iter(columns.values()))})
    if len(columns) == 1:
        return json.dumps({"predictions": next(iter(columns.values()))})
    rows = zip(*columns.values(), strict=True)
    return json.dumps({"predictions": [dict(zip(columns, row, strict=True)) for row in rows]})


def to_json(array, name):
    """An array as JSON values; bytes are text, or base64 where the name ends in `_bytes`."""
    if array.dtype != object:
        return array.tolist()

    def text(value):
        if name.endswith("_bytes"):
            return {"b64": pybase64.b64encode(value).decode()}
        return value.decode("utf-8", "replace")

    def walk(value):
        return [walk(part) for part in value] if isinstance(value, list) else text(value)

    return walk(array.tolist())
