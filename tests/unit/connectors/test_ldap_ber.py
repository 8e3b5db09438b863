"""The little BER that is read and written by hand is what the library reads and writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap.controls.readentry import PostReadControl

from unisono.connectors.ldap.ber import attribute_list_request, first_value
from unisono.connectors.ldap.requests import Reply


def _element(tag: int, content: bytes) -> bytes:
    """Tag, length and content; the length in the long form where it must be (X.690 §8.1.3)."""
    size = len(content)
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, size] if size < 128 else [tag, 0x80 | len(long), *long]) + content


def _entry(dn: bytes, attributes: list[tuple[bytes, list[bytes]]]) -> bytes:
    """A SearchResultEntry (RFC 4511 §4.5.2)."""
    encoded = [
        _element(0x30, _element(0x04, name) + _element(0x31, b"".join(_element(0x04, value) for value in values)))
        for name, values in attributes
    ]
    return _element(0x64, _element(0x04, dn) + _element(0x30, b"".join(encoded)))


@given(dn=st.binary(min_size=1, max_size=300), value=st.binary(max_size=70_000))
def test_the_first_value_is_found_whatever_its_length(dn: bytes, value: bytes) -> None:
    assert first_value(_entry(dn, [(b"entryUUID", [value]), (b"cn", [b"x"])])) == value


def test_an_entry_that_shows_nothing_has_no_value() -> None:
    assert first_value(_entry(b"cn=x", [])) is None
    assert first_value(_entry(b"cn=x", [(b"entryUUID", [])])) is None


@pytest.mark.parametrize("name", ["entryUUID", "a", "userCertificate;binary"])
def test_the_request_is_the_librarys(name: str) -> None:
    assert attribute_list_request(name) == PostReadControl(attrList=[name]).encodeControlValue()


def test_the_servers_words_do_not_show_when_a_reply_is_printed() -> None:
    assert "secret" not in repr(Reply(19, "secret"))
