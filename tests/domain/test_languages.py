import pytest

from domain.languages import conventional


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("FR", "fr"),
        ("fr-ch", "fr-CH"),
        ("ZH-hANT-tw", "zh-Hant-TW"),
        ("DE-ch-1996", "de-CH-1996"),
        ("es-419", "es-419"),
    ],
)
def test_a_language_tag_is_written_one_way(written: str, tag: str) -> None:
    assert conventional(written) == tag
