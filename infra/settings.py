"""Settings: `STANDFIRST_*` environment variables or a `.env` file. All have defaults that work."""

import os
import re
from datetime import timedelta
from functools import cached_property
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from dotenv import dotenv_values
from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from domain.access import Offer
from domain.desk import House
from domain.gifts import Giving
from domain.languages import conventional
from domain.limits import Limits, limits
from domain.media import CROPS, ORIGINAL
from domain.meters import Metering, Period
from domain.plans import Shop
from domain.teaser import Boundary, Measure, Policy, TeaserSettings
from infra.email_addresses import checked
from infra.issuer_settings import IssuerSetting, refusal_of_all
from infra.limits import check_store
from infra.mail import server_at

PREFIX = "STANDFIRST_"
NARROWEST, WIDEST = 16, 3840
_NO_SIGNING_KEYS = SecretStr("")
Commas = Annotated[tuple[str, ...], NoDecode]


class WrongSettings(Exception):
    """A setting is not usable; the message names it and says what is wrong, without its value."""


class Settings(BaseSettings):
    """What a publisher decides. The names here, in capitals and after `STANDFIRST_`, are the variables."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    data_dir: Path = Path("data")
    """Folder of the SQLite file, the pictures, the signing keys, and letters that no mail server sends."""
    database_url: str = ""
    """`postgresql://…`, or `sqlite:///PATH`; without one, an SQLite file in the data folder."""
    public_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")
    """Where this API is reached from outside; addresses in answers begin with it."""
    article_url: str = "http://127.0.0.1:3000/{language}/{slug}"
    """Where an article is read on the site: a template of `{language}`, `{slug}` and `{id}`."""
    account_url: str = "http://127.0.0.1:3000/account/{action}#{token}"
    """Where the links of letters lead: a template of `{action}` (`confirm` or `reset`) and `{token}`."""
    mail_url: SecretStr = SecretStr("")
    """`smtps://USER:PASSWORD@HOST:PORT`, `smtp://…` for STARTTLS; without, letters go into the data folder."""
    mail_from: str = "noreply@localhost"
    """The e-mail address that letters come from."""
    publisher_name: str = Field(default="Standfirst", min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
    """What the publication is called in feeds, in the news sitemap and in JSON-LD."""
    default_language: str = Field(default="en", pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
    """The language (BCP 47) that wins when a slug stands for articles in several."""
    cors_origins: Commas = ()
    """Origins, separated by commas, whose pages may call this API from a browser. Closed by default."""
    trusted_proxies: Commas = ()
    """Addresses or networks whose `X-Forwarded-For` and `-Proto` are believed."""
    signing_keys: SecretStr = _NO_SIGNING_KEYS
    """PEM private keys (RSA or P-256), one after another; the first signs. Without: made in the data folder."""
    token_algorithm: Literal["RS256", "ES256"] = "RS256"  # noqa: S105 - a name
    """How a signing key that is made here signs."""
    key_rotation_days: int = Field(default=90, ge=0, le=3_650)
    """How many days a signing key that was made here is the newest; 0 never makes another by itself."""
    token_audience: str = Field(default="standfirst", min_length=1)
    """The `aud` of access tokens."""
    issuers: tuple[IssuerSetting, ...] = Field(default=(), max_length=50)
    """Outside issuers whose access tokens are taken, as JSON: see [Sign in with your own](identity.md)."""
    access_token_seconds: int = Field(default=600, ge=10, le=86_400)
    """How long an access token is good for."""
    refresh_token_days: int = Field(default=60, ge=1, le=400)
    """How long a refresh token is good for, unless it is used."""
    teaser_policy: Literal["words", "percent", "blocks"] = "percent"
    """What the default teaser's length is told in."""
    teaser_amount: int = Field(default=20, ge=0, le=100_000)
    """The default teaser's length in words, percent or blocks."""
    teaser_boundary: Boundary = Boundary.SENTENCE
    """Where a default teaser may be cut: `word`, `sentence` or `block`."""
    teaser_ellipsis: str = Field(default=" …", max_length=40)
    """What is printed where a teaser ends."""
    teaser_remaining_step: int = Field(default=10, ge=1, le=50)
    """The step that `remaining_percent` is rounded down to."""
    four_eyes: bool = False
    """Whether it takes somebody else than the draft's last editor to publish, schedule or correct it."""
    meter_articles: int = Field(default=0, ge=0, le=10_000)
    """How many whole articles for subscribers a registered reader may have in a period; 0 is no meter."""
    meter_period: Period = Period.MONTH
    """What that is counted in: `month` (the calendar's, in UTC) or `30-days` (the last thirty)."""
    gifts_a_month: int = Field(default=10, ge=0, le=10_000)
    """How many articles a subscriber may give away in a calendar month (in UTC); 0 lets nobody give any."""
    gift_days: int = Field(default=30, ge=1, le=400)
    """How many days a gift opens its article."""
    offers: tuple[Offer, ...] = ()
    """Offers while there are no plans: `[{"plan", "name", "price": {"amount", "currency"}, "period", "url"}]`."""
    cache_seconds: int = Field(default=60, ge=0, le=3_600)
    """How long shared caches may keep what everybody may read; with the time to renew it 120 at most."""
    cache_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    """How many bytes of answers each worker keeps to give them again; 0 keeps none."""
    reads_a_minute: int = Field(default=3_000, ge=0, le=1_000_000_000)
    """How much an account, a client or, without a token, a network may read in a minute; 0 is no limit."""
    searches_a_minute: int = Field(default=300, ge=0, le=1_000_000_000)
    """How often they may search in a minute."""
    writes_a_minute: int = Field(default=600, ge=0, le=1_000_000_000)
    """How often they may write in a minute."""
    sign_ins_a_minute: int = Field(default=20, ge=0, le=1_000_000_000)
    """How often a network may sign in, sign up or ask for a link in a minute."""
    wrong_passwords: int = Field(default=20, ge=0, le=1_000_000)
    """How many wrong passwords an account takes in ten minutes from places not known for its owner's; 0: any."""
    rate_limit_store: SecretStr = SecretStr("")
    """`redis://[USER:PASSWORD@]HOST:PORT[/NUMBER]`, or `rediss://…`: where processes count together."""
    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    """How large a JSON request may be, and one row of a bulk."""
    max_bulk_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    """How large a bulk of articles may be."""
    max_upload_bytes: int = Field(default=25 * 1024 * 1024, ge=1024)
    """How large an uploaded picture may be."""
    max_pixels: int = Field(default=80_000_000, ge=1)
    """How many pixels (width × height × frames) an uploaded picture may have; in costly formats fewer."""
    renditions: dict[str, int] = Field(default={"small": 480, "medium": 960, "large": 1600}, max_length=10)
    """Names and widths (in pixels, 16 to 3840) that pictures are made in besides their crops, as JSON."""
    media_url_seconds: int = Field(default=600, ge=60, le=86_400)
    """How long the signed address of a gated picture is good for, at least."""

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
        )

    @field_validator("default_language")
    @classmethod
    def _language(cls, value: str) -> str:
        return conventional(value)

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", origin):
                raise ValueError("each must be an origin such as https://www.example.org (no path, no *)")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in value:
            try:
                ip_network(proxy)
            except ValueError:
                raise ValueError("each must be an address or a network such as 10.0.0.0/8") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _base(cls, value: AnyHttpUrl) -> AnyHttpUrl:
        if value.query or value.fragment or value.username or value.password:
            raise ValueError("takes a host, a port and a path, and nothing else")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not value:
            return value
        if not value.startswith(("postgresql://", "sqlite:///")):
            raise ValueError("must begin with postgresql:// or sqlite:///")
        try:
            database = make_url(value).database
        except (ArgumentError, ValueError):
            raise ValueError("is no address of a database") from None
        if value.startswith("sqlite:") and database in {None, "", ":memory:"}:
            raise ValueError("must name a file after sqlite:///")
        return value

    @field_validator("article_url")
    @classmethod
    def _template(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        if re.search(r"[{}]", re.sub(r"\{(language|slug|id)\}", "", value)):
            raise ValueError("may hold {language}, {slug} and {id}, and no other braces")
        if "{slug}" not in value and "{id}" not in value:
            raise ValueError("must hold {slug} or {id}")
        return value

    @field_validator("account_url")
    @classmethod
    def _account_template(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        if re.search(r"[{}\s]", re.sub(r"\{(action|token)\}", "", value)):
            raise ValueError("may hold {action} and {token}, and no other braces or spaces")
        if "{token}" not in value:
            raise ValueError("must hold {token}")
        return value

    @field_validator("mail_url")
    @classmethod
    def _mail_server(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            server_at(value.get_secret_value())
        return value

    @field_validator("rate_limit_store")
    @classmethod
    def _store(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            check_store(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        return value if value == "noreply@localhost" else checked(value)

    @field_validator("offers")
    @classmethod
    def _sellable(cls, value: tuple[Offer, ...]) -> tuple[Offer, ...]:
        for offer in value:
            is_price = re.fullmatch(r"[0-9]+(\.[0-9]+)? [A-Z]{3}", f"{offer.price.amount} {offer.price.currency}")
            is_period = re.fullmatch(r"P([0-9]+[YMWD])+", offer.period)
            if not (is_price and is_period and offer.url.startswith(("http://", "https://"))):
                raise ValueError("each needs a price such as 3.00 EUR, a period such as P1M, and a web address")
        return value

    @field_validator("renditions")
    @classmethod
    def _widths(cls, value: dict[str, int]) -> dict[str, int]:
        for name, width in value.items():
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,29}", name) or name in {ORIGINAL, *CROPS}:
                raise ValueError(f"each needs a name of small letters, and none of {ORIGINAL}, {', '.join(CROPS)}")
            if not NARROWEST <= width <= WIDEST:
                raise ValueError(f"each width must be from {NARROWEST} to {WIDEST}")
        return value

    @model_validator(mode="after")
    def _percent(self) -> Self:
        if self.teaser_policy == "percent" and self.teaser_amount > 100:  # noqa: PLR2004
            raise ValueError("STANDFIRST_TEASER_AMOUNT is a percentage and cannot be more than 100")
        return self

    @model_validator(mode="after")
    def _sender_of_mail(self) -> Self:
        if self.mail_url.get_secret_value() and "mail_from" not in self.model_fields_set:
            raise ValueError("STANDFIRST_MAIL_FROM is needed with STANDFIRST_MAIL_URL")
        return self

    @model_validator(mode="after")
    def _issuers_beside_each_other(self) -> Self:
        if refusal := refusal_of_all(self.issuers, self.base_url):
            raise ValueError(refusal)
        return self

    @property
    def trusted_peers(self) -> list[str]:
        """The trusted proxies as connections come from them: those of IPv4 to a socket for both kinds, too."""
        networks = [ip_network(one) for one in self.trusted_proxies]
        old = [one for one in networks if isinstance(one, IPv4Network)]
        return [*self.trusted_proxies, *(f"::ffff:{one.network_address}/{96 + one.prefixlen}" for one in old)]

    @property
    def teaser(self) -> TeaserSettings:
        """The house style of teasers."""
        policy = Policy(Measure(self.teaser_policy), self.teaser_amount, self.teaser_boundary)
        return TeaserSettings(policy, self.teaser_ellipsis, self.teaser_remaining_step)

    @property
    def house(self) -> House:
        """What the publisher has decided for all articles."""
        return House(self.teaser, four_eyes=self.four_eyes)

    @property
    def metering(self) -> Metering:
        """What registered readers are given."""
        return Metering(self.meter_articles, self.meter_period)

    @property
    def giving(self) -> Giving:
        """What subscribers may give away."""
        return Giving(self.gifts_a_month, timedelta(days=self.gift_days))

    @property
    def limits(self) -> Limits:
        """How much is given to whom."""
        return limits(
            reads=self.reads_a_minute,
            searches=self.searches_a_minute,
            sign_ins=self.sign_ins_a_minute,
            writes=self.writes_a_minute,
            tries=self.wrong_passwords,
        )

    @property
    def shop(self) -> Shop:
        """What is said here of offers."""
        return Shop(self.offers, self.default_language)

    @cached_property
    def base_url(self) -> str:
        """The public address of this API without a slash at the end; the issuer of tokens too."""
        return str(self.public_url).rstrip("/")

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address as SQLAlchemy's asynchronous drivers want it."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data_dir / 'standfirst.db'}"
        return self.database_url.replace("postgresql://", "postgresql+asyncpg://", 1).replace(
            "sqlite:///", "sqlite+aiosqlite:///", 1
        )

    @property
    def mail_dir(self) -> Path:
        """Where letters are kept when no mail server sends them."""
        return self.data_dir / "mail"

    @property
    def media_dir(self) -> Path:
        """Where pictures are kept."""
        return self.data_dir / "media"


def unknown_settings() -> tuple[str, ...]:
    """Return the variables that look like settings and are none: a typing error must not go unnoticed."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = {name.upper() for name in (*os.environ, *dotenv_values(".env"))}
    return tuple(sorted(name for name in given if name.startswith(PREFIX) and name not in known))


def load_settings(**overrides: object) -> Settings:
    """Return the settings of this process, or raise `WrongSettings` with a sentence for each wrong one."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except SettingsError as error:  # JSON that cannot be parsed; its message names the field in quotes
        field = re.search(r'"(\w+)"', str(error))
        name = PREFIX + field.group(1).upper() if field else "A setting"
        raise WrongSettings(f"{name}: is not valid JSON.") from None
    except UnicodeDecodeError:
        raise WrongSettings("The file .env is not in UTF-8.") from None
    except ValidationError as error:
        raise WrongSettings(" ".join(_sentence(flaw["loc"], flaw["msg"]) for flaw in error.errors())) from None


def _sentence(loc: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ").rstrip(".")
    if not loc:
        return f"{message}."
    place = ".".join(str(part) for part in loc[1:])
    where = f" (at {place})" if place else ""
    return f"{PREFIX}{str(loc[0]).upper()}{where}: {message[0].lower()}{message[1:]}."
