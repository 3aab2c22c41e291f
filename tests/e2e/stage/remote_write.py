"""Prometheus remote-write 1.0 on the wire: snappy (block format) around a protobuf `WriteRequest`. Strict: bytes that
the formats do not allow are an error, never a guess. A series is (labels, [(value, milliseconds)])."""

import struct

# Far above what a sender makes of its 2000 samples; a guard against a length that is a lie.
MAX_SIZE = 256 << 20
STALE_MARKER = struct.pack("<Q", 0x7FF0000000000002)

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class MalformedError(Exception):
    pass


def is_stale(value):
    """Whether the value is the marker that ends a series."""
    return struct.pack("<d", value) == STALE_MARKER


def _varint(data, at, bits=64):
    """An unsigned number and the offset behind it."""
    number = 0
    for shift in range(0, bits, 7):
        if at >= len(data):
            raise MalformedError("the data ends within a number")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number >> bits:
                raise MalformedError(f"a number of more than {bits} bits")
            return number, at
    raise MalformedError(f"a number of more than {bits} bits")


def _take(data, at, size):
    if at + size > len(data):
        raise MalformedError(f"{size} bytes wanted, {len(data) - at} left")
    return data[at : at + size], at + size


# --- snappy -----------------------------------------------------------------------------------------------------------


def _literal(data, at, tag):
    size = tag >> 2
    if size >= 60:
        raw, at = _take(data, at, size - 59)
        size = int.from_bytes(raw, "little")
    return _take(data, at, size + 1)


def _copy(data, at, tag):
    """Size and distance of a back reference, and the offset behind it."""
    kind = tag & 3
    raw, at = _take(data, at, {1: 1, 2: 2, 3: 4}[kind])
    distance = int.from_bytes(raw, "little")
    if kind == 1:
        return ((tag >> 2) & 7) + 4, distance | (tag >> 5) << 8, at
    return (tag >> 2) + 1, distance, at


def decompress(data, max_size=MAX_SIZE):
    size, at = _varint(data, 0, bits=32)
    if size > max_size:
        raise MalformedError(f"{size} bytes after decompression, more than {max_size}")
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            piece, at = _literal(data, at, tag)
            out += piece
        else:
            length, distance, at = _copy(data, at, tag)
            if not 0 < distance <= len(out):
                raise MalformedError(f"a copy from {distance} bytes back, where {len(out)} are")
            # A copy may run into what it writes: the piece then repeats.
            piece = out[len(out) - distance :][:length]
            out += (piece * (length // len(piece) + 1))[:length]
        if len(out) > size:
            raise MalformedError(f"more than the {size} bytes announced")
    if len(out) != size:
        raise MalformedError(f"{len(out)} bytes instead of the {size} announced")
    return bytes(out)


def compress(data):
    """Valid snappy, not smaller: literals alone."""
    out = bytearray(_to_varint(len(data)))
    for start in range(0, len(data), 1 << 16):
        piece = data[start : start + (1 << 16)]
        out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
    return bytes(out)


# --- protobuf ---------------------------------------------------------------------------------------------------------


def _fields(data):
    """(number, wire type, value) of each field of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at, bits=32)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise MalformedError("a field with the number 0")
        if kind == _VARINT:
            value, at = _varint(data, at)
        elif kind == _BYTES:
            size, at = _varint(data, at)
            value, at = _take(data, at, size)
        elif kind in (_FIXED64, _FIXED32):
            value, at = _take(data, at, 8 if kind == _FIXED64 else 4)
        else:
            raise MalformedError(f"field {number} has the wire type {kind}")
        yield number, kind, value


def _known(data, kinds):
    """The fields of `kinds` (number -> wire type), which must have that type; others are skipped, as protobuf wants."""
    for number, kind, value in _fields(data):
        if number in kinds:
            if kind != kinds[number]:
                raise MalformedError(f"field {number} has the wire type {kind} instead of {kinds[number]}")
            yield number, value


def _label(data):
    texts = {1: "", 2: ""}
    for number, value in _known(data, {1: _BYTES, 2: _BYTES}):
        try:
            texts[number] = value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError(f"a label is not UTF-8: {value!r}") from error
    return texts[1], texts[2]


def _sample(data):
    value, milliseconds = 0.0, 0
    for number, raw in _known(data, {1: _FIXED64, 2: _VARINT}):
        if number == 1:
            (value,) = struct.unpack("<d", raw)
        else:
            milliseconds = raw - (1 << 64) if raw >> 63 else raw
    return value, milliseconds


def _one_series(data):
    labels, samples = [], []
    for number, value in _known(data, {1: _BYTES, 2: _BYTES}):
        if number == 1:
            labels.append(_label(value))
        else:
            samples.append(_sample(value))
    names = [name for name, _ in labels]
    if names != sorted(set(names)) or not all(name and text for name, text in labels):
        raise MalformedError(f"labels not in order, twice or empty: {labels}")
    if "__name__" not in names:
        raise MalformedError(f"a series without a name: {labels}")
    return dict(labels), samples


def _raw_series(message):
    return [value for _, value in _known(message, {1: _BYTES})]


def decode(body):
    """The series of a request's body."""
    return [_one_series(raw) for raw in _raw_series(decompress(body))]


def _to_varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def _to_field(number, value):
    return _to_varint(number << 3 | _BYTES) + _to_varint(len(value)) + value


def encode(series):
    """A body with these series."""
    message = bytearray()
    for labels, samples in series:
        one = bytearray()
        for name, text in sorted(labels.items()):
            one += _to_field(1, _to_field(1, name.encode()) + _to_field(2, text.encode()))
        for value, milliseconds in samples:
            time = _to_varint(2 << 3 | _VARINT) + _to_varint(milliseconds % (1 << 64))
            one += _to_field(2, _to_varint(1 << 3 | _FIXED64) + struct.pack("<d", value) + time)
        message += _to_field(1, bytes(one))
    return compress(bytes(message))
