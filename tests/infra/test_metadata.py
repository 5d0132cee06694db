from time import perf_counter

import pytest

from infra.metadata import MAX_CREDIT, MAX_XMP, suggested_credit

RDF = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
)
CREATOR = "<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>Bo</rdf:li></rdf:Seq></dc:creator>"
RIGHTS = '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Ada</rdf:li></rdf:Alt></dc:rights>'


def xmp(elements: str = "", attributes: str = "") -> bytes:
    return RDF.format(elements=elements, attributes=attributes).encode()


def iptc(*sets: tuple[int, bytes]) -> bytes:
    data = b"".join(b"\x1c\x02" + bytes([number]) + len(text).to_bytes(2, "big") + text for number, text in sets)
    return b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00" + data


def suggested(*, iptc: bytes = b"", xmp: bytes = b"", artist: str = "", rights: str = "") -> str | None:
    return suggested_credit(iptc=iptc, xmp=xmp, artist=artist, rights=rights)


def test_a_file_that_says_nothing_suggests_nothing() -> None:
    assert suggested() is None
    assert suggested(artist="  ", rights="\x00") is None


def test_the_credit_comes_first_then_the_maker_then_whose_the_rights_are() -> None:
    everything = iptc((116, b"(c) Ada"), (80, b"Ada"), (110, b"Ada / Agency"))
    assert suggested(iptc=everything, artist="Artist") == "Ada / Agency"
    assert suggested(iptc=iptc((116, b"(c) Ada"), (80, b"Ada")), artist="Artist") == "Ada"
    assert suggested(iptc=iptc((116, b"(c) Ada")), artist="Artist") == "Artist"
    assert suggested(rights="(c) Ada") == "(c) Ada"
    assert suggested(iptc=iptc((80, b"Ada")), xmp=xmp("<photoshop:Credit>X</photoshop:Credit>")) == "X"


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (xmp("<photoshop:Credit>Ada &amp; Bo</photoshop:Credit>"), "Ada & Bo"),
        (xmp(attributes='photoshop:Credit="Agency"'), "Agency"),
        (xmp(CREATOR + RIGHTS), "Ada"),
        (xmp(RIGHTS), "© Ada"),
        (xmp(RIGHTS).decode().encode("utf-16"), "© Ada"),
        (b"<?xpacket begin=''?>" + xmp(RIGHTS) + b"\n  <?xpacket end='w'?>\x00", "© Ada"),
        (xmp(CREATOR)[:-40], "Ada"),
        (xmp("<other>Ada</other>"), None),
        (b"<", None),
        (b"\xff\xfe\x00", None),
        (b" " * MAX_XMP + xmp(CREATOR), None),
    ],
)
def test_xmp_is_read_as_far_as_it_goes(packet: bytes, expected: str | None) -> None:
    assert suggested(xmp=packet) == expected


def test_entities_that_grow_and_endless_depth_are_not_read() -> None:
    laughs = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'.encode() + xmp(CREATOR.replace("Ada", "&l11;"))
    started = perf_counter()
    assert suggested(xmp=bomb) is None
    assert suggested(xmp=b"<a>" * 100_000) is None
    assert perf_counter() - started < 1


def test_text_is_cleaned_and_short() -> None:
    assert suggested(iptc=iptc((110, "Élise".encode("latin-1")))) == "Élise"
    assert suggested(iptc=iptc((110, "Élise".encode()))) == "Élise"
    assert suggested(artist="Ada\x00\n  \u202eLovelace\x1b") == "Ada Lovelace"
    assert len(suggested(artist="x" * 5000) or "") == MAX_CREDIT
    assert suggested(iptc=iptc((110, b"Ada"))[:-1] + b"") == "Ad"
