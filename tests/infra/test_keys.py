import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from pydantic import SecretStr

from infra.keys import SigningKey, generate, load_keyring
from infra.settings import Settings, WrongSettings

ROUNDS = 5


def _settings(folder: Path, keys: str = "", algorithm: str = "RS256") -> Settings:
    return Settings(
        _env_file=None,
        data_dir=folder / "data",
        signing_keys=SecretStr(keys),
        token_algorithm=algorithm,
    )


def _pem(private: object, form: PrivateFormat = PrivateFormat.PKCS8, password: bytes = b"") -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    pem: bytes = private.private_bytes(Encoding.PEM, form, encryption)  # type: ignore[attr-defined]
    return pem.decode()


@pytest.fixture(scope="module")
def curve() -> SigningKey:
    return generate("ES256")


def test_a_key_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        [first] = load_keyring(_settings(tmp_path))
    finally:
        os.umask(before)
    [second] = load_keyring(_settings(tmp_path))
    assert first.kid == second.kid
    assert first.algorithm == "RS256"
    path = tmp_path / "data" / "signing-keys.pem"
    assert path.name == "signing-keys.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_setting_says_what_kind_of_key_is_made(tmp_path: Path) -> None:
    [key] = load_keyring(_settings(tmp_path, algorithm="ES256"))
    assert key.algorithm == "ES256"
    assert load_keyring(_settings(tmp_path, algorithm="RS256"))[0].kid == key.kid  # what is there stays


def test_starters_in_one_process_get_the_same_key(tmp_path: Path) -> None:
    for at in range(ROUNDS):
        settings, barrier = _settings(tmp_path / str(at), algorithm="ES256"), Barrier(8)

        def start(_: int, settings: Settings = settings, barrier: Barrier = barrier) -> str:
            barrier.wait()
            return load_keyring(settings)[0].kid

        with ThreadPoolExecutor(8) as pool:
            kids = set(pool.map(start, range(8)))
        assert len(kids) == 1
        assert {path.name for path in settings.data_dir.iterdir()} == {"signing-keys.pem", "signing-keys.lock"}


def test_starters_in_several_processes_get_the_same_key(tmp_path: Path) -> None:
    program = "from infra.keys import load_keyring; from infra.settings import Settings; "
    program += "print(load_keyring(Settings(_env_file=None))[0].kid)"
    environment = {
        **os.environ,
        "STANDFIRST_DATA_DIR": str(tmp_path / "data"),
        "STANDFIRST_TOKEN_ALGORITHM": "ES256",
    }
    starters = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    kids = {starter.communicate(timeout=60)[0] for starter in starters}
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert len(kids) == 1
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"signing-keys.pem", "signing-keys.lock"}


def test_given_keys_are_used_in_their_order_and_none_is_made(tmp_path: Path, curve: SigningKey) -> None:
    other = generate("RS256")
    keyring = load_keyring(_settings(tmp_path, curve.private_pem + other.private_pem))
    assert [key.kid for key in keyring] == [curve.kid, other.kid]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_may_be_given_in_one_line(tmp_path: Path, curve: SigningKey, form: PrivateFormat) -> None:
    in_one_line = _pem(curve.private, form).replace("\n", "\\n")
    assert "\n" not in in_one_line
    assert load_keyring(_settings(tmp_path, in_one_line))[0].kid == curve.kid


def test_a_key_may_be_given_with_windows_line_ends_and_words_around_it(tmp_path: Path, curve: SigningKey) -> None:
    text = "Our key:\r\n" + curve.private_pem.replace("\n", "\r\n") + "Do not lose it.\r\n"
    assert load_keyring(_settings(tmp_path, text))[0].kid == curve.kid


def test_the_kid_is_the_thumbprint_of_rfc_7638(tmp_path: Path) -> None:
    # The key of RFC 7638, section 3.1, with a private part made to fit.
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi"
        "FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb"
        "9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls"
        "1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = SigningKey(generate("RS256").private)
    key.__dict__["public_jwk_members"] = {"kty": "RSA", "n": modulus, "e": "AQAB"}
    assert key.kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def _wrong_keys(curve: SigningKey) -> dict[str, str]:
    return {
        "no PEM": "secret",
        "a public key": curve.public_pem,
        "an empty PEM": "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        "garbage in a PEM": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
        "not ASCII": "-----BEGIN PRIVATE KEY-----\nключ\n-----END PRIVATE KEY-----\n",
        "half of one": curve.private_pem[: len(curve.private_pem) // 2],
        "a good one and garbage": curve.private_pem
        + "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n",
        "one with a password": _pem(curve.private, password=b"secret"),
        "a weak one": _pem(rsa.generate_private_key(65_537, 1024)),  # noqa: S505 - so it is refused
        "another curve": _pem(ec.generate_private_key(ec.SECP384R1())),
        "the curve of Bitcoin": _pem(ec.generate_private_key(ec.SECP256K1())),
        "Ed25519": _pem(ed25519.Ed25519PrivateKey.generate()),
        "DSA": _pem(dsa.generate_private_key(1024)),  # noqa: S505 - so it is refused
    }


def test_a_key_that_is_not_good_is_told_in_a_sentence(tmp_path: Path, curve: SigningKey) -> None:
    for name, text in _wrong_keys(curve).items():
        with pytest.raises(WrongSettings) as told:
            load_keyring(_settings(tmp_path, text))
        sentence = str(told.value)
        assert sentence.startswith("STANDFIRST_SIGNING_KEYS: "), name
        assert sentence.endswith("."), name
        assert "BEGIN" not in sentence, name
        assert not any(line in sentence for line in text.split()[3:] if len(line) > 8), name


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe\x00", b"-----BEGIN PRIVATE KEY-----\n\xff"])
def test_a_kept_key_that_is_not_good_is_named_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data" / "signing-keys.pem"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(WrongSettings, match=str(path)):
        load_keyring(_settings(tmp_path))
    assert path.read_bytes() == content


def test_secrets_differ_by_key_and_by_purpose(curve: SigningKey) -> None:
    again = SigningKey(curve.private)
    assert curve.secret("cursors") == again.secret("cursors")
    assert len({curve.secret("cursors"), curve.secret("media"), generate("ES256").secret("cursors")}) == 3
    assert len(curve.secret("cursors")) == 64


def test_nothing_prints_a_key(tmp_path: Path, curve: SigningKey) -> None:
    settings = _settings(tmp_path, curve.private_pem)
    shown = repr(settings) + str(settings) + repr(load_keyring(settings))
    assert "PRIVATE KEY" not in shown
    assert curve.private_pem[40:80] not in shown
