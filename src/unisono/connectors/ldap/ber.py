"""As much of BER (X.690) as the one control needs that comes with every added entry.

The library decodes controls with pyasn1, which takes longer than the server takes for the whole add.
"""

from __future__ import annotations


def attribute_list_request(attribute: str) -> bytes:
    """An AttributeSelection (RFC 4511 §4.5.1) of one attribute with a name of at most 125 characters."""
    name = attribute.encode()
    return bytes((0x30, len(name) + 2, 0x04, len(name))) + name


def first_value(search_result_entry: bytes) -> bytes | None:
    """The first value of the first attribute of a SearchResultEntry (RFC 4511 §4.5.2); None where it has none."""
    data = search_result_entry
    entry, _ = _element(data, 0)
    _, after_name = _element(data, entry)
    attributes, end = _element(data, after_name)
    if attributes == end:
        return None
    attribute, _ = _element(data, attributes)
    _, after_type = _element(data, attribute)
    values, end = _element(data, after_type)
    if values == end:
        return None
    start, end = _element(data, values)
    return data[start:end]


def _element(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at ``at`` starts and ends."""
    length = data[at + 1]
    start = at + 2
    if length & 0x80:  # long form: so many bytes of length follow
        size = length & 0x7F
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    return start, start + length
