import json
import os
from pathlib import Path
from typing import Any

import pytest

from domain.access import Money, Offer
from domain.teaser import Boundary, Measure, Policy, TeaserSettings
from infra.settings import PREFIX, Settings, WrongSettings, load_settings, unknown_settings

OFFER: dict[str, Any] = {
    "plan": "monthly",
    "name": "Monthly",
    "price": {"amount": "3.00", "currency": "EUR"},
    "period": "P1M",
    "url": "https://www.test/subscribe",
}


def _offers(**changes: Any) -> str:
    return json.dumps([{**OFFER, **changes}])


ISSUER: dict[str, Any] = {
    "issuer": "https://login.test/realms/readers",
    "audience": "standfirst-api",
    "role_claim": "roles",
    "roles": {"abonne": "subscriber"},
}


def _issuers(**changes: Any) -> str:
    return json.dumps([{name: value for name, value in {**ISSUER, **changes}.items() if value is not None}])


WRONG = {
    "DATABASE_URL": [
        "mysql://canary@h/d",
        "postgres://canary@h/d",
        "sqlite://canary.db",
        "postgresql://u:canary@h:port/d",
        "canary.db",
        "sqlite:///",
        "sqlite:///:memory:",
    ],
    "PUBLIC_URL": [
        "canary",
        "ftp://canary.test",
        "http://",
        "https://canary.test:port",
        "https://canary.test/?a=b",
        "https://canary.test/#a",
        "https://u:canary@www.test",
        "",
    ],
    "ARTICLE_URL": [
        "https://canary.test/",
        "https://canary.test/{slug}/{other}",
        "https://canary.test/{slug",
        "https://canary.test/}{slug}",
        "https://canary.test/{slug}{}",
        "https://canary.test/{slug}{0}",
        "https://canary.test/{slug}{slug.canary}",
        "https://canary.test/{slug}{slug[canary]}",
        "https://canary.test/{slug!r}{slug}",
        "https://canary.test/{slug:>9}{slug}",
        "canary/{slug}",
        "",
    ],
    "ACCOUNT_URL": [
        "https://canary.test/",
        "https://canary.test/{action}",
        "https://canary.test/{token}/{other}",
        "https://canary.test/{token",
        "https://canary.test/{token!r}",
        "https://canary.test/ {token}",
        "canary/{token}",
        "",
    ],
    "MAIL_URL": [
        "canary",
        "http://canary.test",
        "smtp://",
        "smtp://canary.test:port",
        "smtp://canary.test:99999",
        "smtp://canary test",
        "smtps://u:canary@",
        "smtps://canary@mail.test",
        "smtps://:canary@mail.test",
        "smtps://mail.test/canary",
        "smtps://mail.test/#canary",
        "smtps://mail.test?canary=1",
        "smtp://mail.test?tls=canary",
        "smtps://mail.test?tls=never",
        "smtp://u:canary@mail.test?tls=never",
    ],
    "MAIL_FROM": ["canary", "canary@", "a@canary@test", "canary\n@example.org", "Canary <a@example.org>", ""],
    "PUBLISHER_NAME": ["", "canary\n", "canary" * 40],
    "DEFAULT_LANGUAGE": ["canary language", "", "e", "fr_CA", "fr-", "французский"],
    "CORS_ORIGINS": [
        "*",
        "canary.test",
        "https://canary.test/",
        "https://canary.test/path",
        "ftp://canary.test",
        "https://www.test,https://*.canary.test",
        "null",
    ],
    "TRUSTED_PROXIES": ["canary", "*", "10.0.0.5/8", "10.0.0.1,canary", "::1/200"],
    "TOKEN_ALGORITHM": ["canary", "HS256", "none", "rs256", ""],
    "TOKEN_AUDIENCE": [""],
    "KEY_ROTATION_DAYS": ["canary", "-1", "3651", "1.5", ""],
    "ISSUERS": [
        "canary",
        "{",
        '{"issuer": "canary"}',
        "[1]",
        "[{}]",
        _issuers(issuer="canary"),
        _issuers(issuer="http://canary.test"),
        _issuers(issuer="http://127.0.0.1.canary.test"),
        _issuers(issuer="http://localhost.canary.test"),
        _issuers(issuer="ftp://canary.test"),
        _issuers(issuer="https://"),
        _issuers(issuer="https://u:canary@login.test"),
        _issuers(issuer="https://canary.test?a=b"),
        _issuers(issuer="https://canary.test#a"),
        _issuers(issuer="https://canary.test:port"),
        _issuers(issuer="https://canary.test:0"),
        _issuers(issuer="https://canary.test/ a"),
        _issuers(issuer="https://canary.test\\@login.test"),
        _issuers(issuer="https://канарейка.test"),
        _issuers(issuer="https://[canary"),
        _issuers(issuer=f"https://canary.test/{'a' * 255}"),
        _issuers(issuer=None),
        _issuers(issuer="http://127.0.0.1:8000"),
        _issuers(issuer="http://127.0.0.1:8000/"),
        _issuers(audience=""),
        _issuers(audience=None),
        _issuers(audience=["canary"]),
        _issuers(jwks_url="canary"),
        _issuers(jwks_url="http://canary.test/keys"),
        _issuers(jwks_url="file:///canary"),
        _issuers(algorithms=[]),
        _issuers(algorithms=["HS256"]),
        _issuers(algorithms=["none"]),
        _issuers(algorithms=["RS256", "canary"]),
        _issuers(algorithms="RS256"),
        _issuers(types=[]),
        _issuers(types=["canary"]),
        _issuers(types=["id+jwt"]),
        _issuers(types=[""]),
        _issuers(types="JWT"),
        _issuers(role_claim=None),
        _issuers(role_claim=[]),
        _issuers(role_claim=""),
        _issuers(roles=None, role_claim=None),
        _issuers(roles={}),
        _issuers(roles={"a": "canary"}),
        _issuers(roles={"a": "partner"}),
        _issuers(roles=["editor"]),
        _issuers(default_role="editor"),
        _issuers(default_role="canary"),
        _issuers(rolles={"a": "reader"}),
        json.dumps([ISSUER, ISSUER]),
        json.dumps([ISSUER, {**ISSUER, "audience": "canary"}]),
    ],
    "ACCESS_TOKEN_SECONDS": ["canary", "9", "86401", "0", "-1", "1.5", ""],
    "REFRESH_TOKEN_DAYS": ["canary", "0", "401", ""],
    "TEASER_POLICY": ["canary", "marker", ""],
    "TEASER_AMOUNT": ["canary", "-1", "101", "100001"],
    "TEASER_BOUNDARY": ["canary", "Word"],
    "TEASER_ELLIPSIS": ["canary" * 7],
    "TEASER_REMAINING_STEP": ["canary", "0", "51"],
    "FOUR_EYES": ["canary", "2"],
    "METER_ARTICLES": ["canary", "-1", "10001", "1.5", ""],
    "METER_PERIOD": ["canary", "Month", "30", ""],
    "GIFTS_A_MONTH": ["canary", "-1", "10001", ""],
    "GIFT_DAYS": ["canary", "0", "401", ""],
    "OFFERS": [
        "canary",
        "{",
        '{"plan": "canary"}',
        "[1]",
        '[{"plan": "canary"}]',
        _offers(price="canary"),
        _offers(price={"amount": "canary", "currency": "EUR"}),
        _offers(price={"amount": "3,00", "currency": "EUR"}),
        _offers(price={"amount": "3.00", "currency": "canary"}),
        _offers(period="canary"),
        _offers(url="javascript:canary"),
    ],
    "CACHE_SECONDS": ["canary", "-1", "3601"],
    "CACHE_BYTES": ["canary", "-1", "1.5"],
    "READS_A_MINUTE": ["canary", "-1", "1000000001", "1.5", ""],
    "SEARCHES_A_MINUTE": ["canary", "-1", "1000000001"],
    "WRITES_A_MINUTE": ["canary", "-1", "1000000001"],
    "SIGN_INS_A_MINUTE": ["canary", "-1", "1000000001"],
    "WRONG_PASSWORDS": ["canary", "-1", "1000001", ""],
    "RATE_LIMIT_STORE": [
        "canary",
        "http://canary.test:6379",
        "memcached://canary.test:11211",
        "redis://",
        "redis://canary.test",
        "redis://:6379",
        "redis://canary.test:port",
        "redis://canary.test:99999",
        "redis://canary test:6379",
        "redis://canary.test:6379/canary",
        "redis://canary.test:6379/1/2",
        "redis://canary.test:6379?canary=1",
        "redis://canary.test:6379/#canary",
        "redis://u:canary@",
        "redis+cluster://canary.test:6379",
        "unix:///run/canary.sock",
    ],
    "MAX_BODY_BYTES": ["canary", "1023"],
    "MAX_BULK_BYTES": ["canary", "1023"],
    "MAX_UPLOAD_BYTES": ["canary", "1023"],
    "MAX_PIXELS": ["canary", "0"],
    "MEDIA_URL_SECONDS": ["canary", "59", "86401"],
    "RENDITIONS": [
        "canary",
        "{",
        "[1]",
        '{"small": "canary"}',
        '{"small": 15}',
        '{"small": 3841}',
        '{"original": 100}',
        '{"square": 100}',
        '{"A canary": 100}',
        str({f"w{at}": 100 for at in range(11)}).replace("'", '"'),
    ],
}
# Any path is a folder, and a wrong key is told when the keys are read.
ANYTHING_GOES = {"DATA_DIR", "SIGNING_KEYS"}


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting comes from where the tests run."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def test_every_setting_is_tried_here() -> None:
    assert {name.upper() for name in Settings.model_fields} == WRONG.keys() | ANYTHING_GOES


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_setting_is_told_in_a_sentence_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(WrongSettings) as told:
        load_settings()
    sentence = str(told.value)
    assert sentence.startswith(PREFIX + name)
    assert sentence.endswith(".")
    assert "canary" not in sentence
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


def test_every_wrong_setting_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDFIRST_CACHE_SECONDS", "a")
    monkeypatch.setenv("STANDFIRST_MAX_PIXELS", "b")
    with pytest.raises(WrongSettings, match=r"STANDFIRST_CACHE_SECONDS: .+\. STANDFIRST_MAX_PIXELS: .+\."):
        load_settings()


def test_a_flaw_within_a_setting_is_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDFIRST_OFFERS", _offers(price={"amount": "3.00"}))
    with pytest.raises(WrongSettings, match=r"^STANDFIRST_OFFERS \(at 0\.price\.currency\): field required\.$"):
        load_settings()


def test_an_empty_folder_needs_no_setting() -> None:
    settings = load_settings()
    assert settings.sqlalchemy_url == "sqlite+aiosqlite:///data/standfirst.db"
    assert settings.media_dir == Path("data/media")
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.signing_keys.get_secret_value() == ""
    assert settings.teaser == TeaserSettings(Policy(Measure.PERCENT, 20, Boundary.SENTENCE), " …", 10)
    assert (settings.offers, settings.cors_origins, settings.trusted_proxies) == ((), (), ())
    assert list(Path().iterdir()) == []


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATA_DIR": "/srv/standfirst",
        "PUBLIC_URL": "https://api.test/cms/",
        "ARTICLE_URL": "https://www.test/{id}",
        "DEFAULT_LANGUAGE": "pt-BR",
        "CORS_ORIGINS": " https://www.test , http://[::1]:3000,, ",
        "TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1,::1",
        "TEASER_POLICY": "words",
        "TEASER_AMOUNT": "261",
        "TEASER_BOUNDARY": "word",
        "TEASER_ELLIPSIS": " . . .",
        "OFFERS": _offers(),
    }.items():
        monkeypatch.setenv(PREFIX + name, value)
    settings = load_settings()
    assert settings.sqlalchemy_url == "sqlite+aiosqlite:////srv/standfirst/standfirst.db"
    assert settings.base_url == "https://api.test/cms"
    assert settings.cors_origins == ("https://www.test", "http://[::1]:3000")
    assert settings.trusted_proxies == ("10.0.0.0/8", "192.0.2.1", "::1")
    assert settings.teaser == TeaserSettings(Policy(Measure.WORDS, 261, Boundary.WORD), " . . .", 10)
    [offer] = settings.offers
    assert offer == Offer("monthly", "Monthly", Money("3.00", "EUR"), "P1M", "https://www.test/subscribe")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@h:5432/d", "postgresql+asyncpg://u:p@h:5432/d"),
        ("postgresql://u@/d?host=/run/pg", "postgresql+asyncpg://u@/d?host=/run/pg"),
        ("sqlite:///a/b.db", "sqlite+aiosqlite:///a/b.db"),
        ("sqlite:////a/b.db", "sqlite+aiosqlite:////a/b.db"),
    ],
)
def test_the_database_is_where_the_setting_says(monkeypatch: pytest.MonkeyPatch, given: str, used: str) -> None:
    monkeypatch.setenv("STANDFIRST_DATABASE_URL", given)
    assert load_settings().sqlalchemy_url == used


def test_settings_come_from_a_file_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        "# ours\nSTANDFIRST_CACHE_SECONDS=5\nSTANDFIRST_MAX_PIXELS='9'\nSTANDFIRST_TEASER_ELLIPSIS=' [–]'\n"
    )
    monkeypatch.setenv("STANDFIRST_CACHE_SECONDS", "7")
    settings = load_settings()
    assert (settings.cache_seconds, settings.max_pixels, settings.teaser_ellipsis) == (7, 9, " [–]")


def test_a_wrong_setting_in_the_file_is_told() -> None:
    Path(".env").write_text("STANDFIRST_CACHE_SECONDS=canary\n")
    with pytest.raises(WrongSettings, match=r"^STANDFIRST_CACHE_SECONDS: ") as told:
        load_settings()
    assert "canary" not in str(told.value)


def test_a_file_that_is_no_text_is_told() -> None:
    Path(".env").write_bytes(b"STANDFIRST_TEASER_ELLIPSIS=\xff\xfe\n")
    with pytest.raises(WrongSettings, match=r"\.env"):
        load_settings()


def test_settings_cannot_be_changed_and_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDFIRST_SIGNING_KEYS", "canary")
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.cache_seconds = 1  # type: ignore[misc]
    assert "canary" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_name_that_is_no_setting_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("STANDFIRST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STANDFIRST_DATA_DIR", "here")
    monkeypatch.setenv("STANDFIRST_TEASER_WORDS", "3")
    (tmp_path / ".env").write_text("STANDFIRST_OFERS=[]\n")
    assert unknown_settings() == ("STANDFIRST_OFERS", "STANDFIRST_TEASER_WORDS")


def test_letters_of_a_mail_server_need_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDFIRST_MAIL_URL", "smtps://u:canary@mail.example.org")
    with pytest.raises(WrongSettings, match=r"^STANDFIRST_MAIL_FROM is needed with STANDFIRST_MAIL_URL\.$"):
        load_settings()
    monkeypatch.setenv("STANDFIRST_MAIL_FROM", "Readers@Example.org")
    settings = load_settings()
    assert settings.mail_from == "readers@example.org"
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"issuer": "http://login.test"}, r"^STANDFIRST_ISSUERS \(at 0\.issuer\): must begin with https://"),
        ({"roles": {"a": "partner"}}, r"^STANDFIRST_ISSUERS \(at 0\.roles\): cannot give the role partner"),
        ({"rolls": {}}, r"^STANDFIRST_ISSUERS \(at 0\.rolls\): extra inputs"),
        ({"roles": None}, r"^STANDFIRST_ISSUERS \(at 0\): needs role_claim and roles together"),
        ({"issuer": "http://127.0.0.1:8000"}, r"^STANDFIRST_ISSUERS names STANDFIRST_PUBLIC_URL"),
    ],
)
def test_a_wrong_issuer_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], message: str
) -> None:
    monkeypatch.setenv("STANDFIRST_ISSUERS", _issuers(**changes))
    with pytest.raises(WrongSettings, match=message):
        load_settings()


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://localhost:8080/realms/a"},
        {"issuer": "http://[::1]:8080"},
        {"issuer": "https://login.test/"},
        {"jwks_url": "https://keys.test/keys?p=1"},
        {"types": ["JWT", "application/at+jwt"]},
        {"types": [None]},
        {"role_claim": ["a", "b"]},
        {"role_claim": None, "roles": None, "default_role": "reader"},
    ],
)
def test_issuers_that_can_be_trusted_are_taken(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    monkeypatch.setenv("STANDFIRST_ISSUERS", _issuers(**changes))
    [issuer] = load_settings().issuers
    assert issuer.trusted.types <= {"at+jwt", "jwt", None}


def test_the_issuers_of_the_documents_can_be_trusted() -> None:
    page = (Path(__file__).parents[2] / "docs" / "identity.md").read_text()
    examples = [line for line in page.splitlines() if line.startswith("STANDFIRST_ISSUERS=")]
    assert len(examples) == 4
    for example in examples:
        Path(".env").write_text(example)
        assert len(load_settings().issuers) == 1


def test_the_store_of_limits_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("redis://localhost:6379", "rediss://u:canary@store.test:6380/2", "redis://:canary@[::1]:1/"):
        monkeypatch.setenv("STANDFIRST_RATE_LIMIT_STORE", url)
        settings = load_settings()
        assert settings.rate_limit_store.get_secret_value() == url
        assert "canary" not in repr(settings)


def test_limits_are_on_where_nothing_is_said() -> None:
    found = load_settings().limits
    assert not any(limit.is_none for limit in (*found.of_work.values(), found.tries, found.tries_of_a_network))
