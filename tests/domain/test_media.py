from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.articles import Draft, LeadImage
from domain.body import Image, Paywall, Span, Text
from domain.media import CROPS, Box, Crop, Facts, Focus, ImageType, Medium, Rendition, flaws_of_pictures

FACTS = Facts(ImageType.JPEG, 900, 600, 10, "0" * 64)
SMALL = Rendition("small", "k1", Facts(ImageType.WEBP, 480, 320, 5, "1" * 64))
WHOLE = Medium("m1", FACTS, "Alt", "Caption", "Credit", "CC0", "a1", datetime(2026, 1, 31, tzinfo=UTC))

BOXES = [
    (Crop(1, 1, 100), Focus(0.5, 0.5), 900, 600, Box(150, 0, 600, 600)),
    (Crop(1, 1, 100), Focus(0, 0), 900, 600, Box(0, 0, 600, 600)),
    (Crop(1, 1, 100), Focus(1, 1), 900, 600, Box(300, 0, 600, 600)),
    (Crop(1, 1, 100), Focus(0.4, 0.9), 900, 600, Box(60, 0, 600, 600)),
    (Crop(1, 1, 100), Focus(0.5, 0.25), 600, 900, Box(0, 0, 600, 600)),
    (Crop(16, 9, 100), Focus(0.5, 0.5), 1600, 900, Box(0, 0, 1600, 900)),
    (Crop(16, 9, 100), Focus(0.5, 1), 1600, 1200, Box(0, 300, 1600, 900)),
    (Crop(16, 9, 100), Focus(1, 0.5), 3200, 900, Box(1600, 0, 1600, 900)),
    (Crop(16, 9, 100), Focus(0.5, 0.5), 1, 1, Box(0, 0, 1, 1)),
    (Crop(16, 9, 100), Focus(0.5, 0.5), 1, 5000, Box(0, 2500, 1, 1)),
]


@pytest.mark.parametrize(("crop", "focus", "width", "height", "box"), BOXES)
def test_a_crop_lies_around_the_focus(crop: Crop, focus: Focus, width: int, height: int, box: Box) -> None:
    assert crop.around(focus, width=width, height=height) == box


UNIT = st.floats(0, 1)
SIDE = st.integers(1, 16_000)


@given(st.sampled_from(sorted(CROPS)), UNIT, UNIT, SIDE, SIDE)
def test_a_crop_never_leaves_the_picture_and_holds_the_focus(
    name: str, x: float, y: float, width: int, height: int
) -> None:
    box = CROPS[name].around(Focus(x, y), width=width, height=height)
    assert 0 <= box.left <= box.left + box.width <= width
    assert 0 <= box.top <= box.top + box.height <= height
    assert min(box.width, box.height) >= 1
    assert box.left - 1 <= x * width <= box.left + box.width + 1
    assert box.top - 1 <= y * height <= box.top + box.height + 1


def test_a_picture_is_served_as_its_original_and_its_renditions() -> None:
    medium = replace(WHOLE, renditions=(SMALL,))
    assert [one.name for one in medium.representations] == ["original", "small"]
    assert medium.represented_as("small") == SMALL
    original = medium.represented_as("original")
    assert original is not None
    assert (original.key, original.facts) == ("", FACTS)
    assert medium.represented_as("large") is None


BARE = replace(WHOLE, id="m2", alt="", caption=None, credit=" ", licence=None)
NO_LICENCE = replace(WHOLE, id="m3", licence="")
MEDIA = {one.id: one for one in (WHOLE, BARE, NO_LICENCE)}
TEXT = Text("b1", (Span("s1", "Words"),))
FLAWS: list[tuple[Draft, list[str]]] = [
    (Draft("T", "t", "en"), []),
    (Draft("T", "t", "en", body=(TEXT,), lead_image=LeadImage("m1")), []),
    (Draft("T", "t", "en", lead_image=LeadImage("m1", alt="")), ["/lead_image/alt"]),
    (
        Draft("T", "t", "en", lead_image=LeadImage("m1", credit=" ", caption="")),
        ["/lead_image/caption", "/lead_image/credit"],
    ),
    (
        Draft("T", "t", "en", lead_image=LeadImage("m2")),
        ["/lead_image/alt", "/lead_image/caption", "/lead_image/credit", "/lead_image/media_id"],
    ),
    (
        Draft("T", "t", "en", lead_image=LeadImage("m2", caption="C", credit="D", alt="A")),
        ["/lead_image/media_id"],
    ),
    (Draft("T", "t", "en", lead_image=LeadImage("m9")), ["/lead_image/media_id"]),
    (
        Draft("T", "t", "en", body=(TEXT, Image("b2", "m1"), Paywall("b3"), Image("b4", "m2", "C", "D"))),
        ["/body/3/alt", "/body/3/media_id"],
    ),
    (
        Draft("T", "t", "en", body=(Image("b1", "m3"), Image("b2", "m3", alt="")), lead_image=LeadImage("m3")),
        ["/lead_image/media_id", "/body/0/media_id", "/body/1/alt", "/body/1/media_id"],
    ),
]


@pytest.mark.parametrize(("draft", "pointers"), FLAWS)
def test_what_must_be_said_of_pictures_before_publication(draft: Draft, pointers: list[str]) -> None:
    flaws = flaws_of_pictures(draft, MEDIA)
    assert [flaw.pointer for flaw in flaws] == pointers
    assert all(flaw.detail.endswith(".") for flaw in flaws)
