"""The documents say what the program does."""

import re
from pathlib import Path

from infra.settings import Settings

ROOT = Path(__file__).parents[2]


def test_every_setting_is_documented_as_the_code_has_it() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"| `STANDFIRST_{name.upper()}` |" in page
        assert (field.description or "-").replace("|", "\\|") in page


def test_no_other_setting_is_documented() -> None:
    known = {f"STANDFIRST_{name.upper()}" for name in Settings.model_fields}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "SECURITY.md"]
    named = {found for page in pages for found in re.findall(r"STANDFIRST_[A-Z_]+", page.read_text())}
    assert named <= known


def test_every_link_between_documents_leads_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?![a-z]+:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
