# SPDX-License-Identifier: Apache-2.0
"""XML of strangers' files, parsed without entities, document types or surprises of encoding."""

from xml.etree import ElementTree


def parse_xml(content: bytes) -> ElementTree.Element:
    """Parse XML in UTF-8 (or any encoding that writes ASCII as such) and return its root.

    Raises ValueError, saying why, for a document type or an entity, for UTF-16 and UTF-32 (in
    which neither would be seen), and for damaged XML.
    """
    if b"\x00" in content[:64] or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("an encoding that no export has")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ValueError("a document type, which no export has")
    try:
        return ElementTree.fromstring(content)  # noqa: S314 # entities are refused above
    except ElementTree.ParseError as fault:
        raise ValueError(f"damaged XML ({fault})") from None
    except (LookupError, UnicodeDecodeError):
        raise ValueError("an encoding that no export has") from None


def local(element: ElementTree.Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]
