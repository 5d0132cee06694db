from datetime import UTC, datetime, timedelta

import pytest

from domain.clients import MARK, MOST_SECRETS, ROLES, Client, Secret, check_room, lies_in, network_of, prefix_of
from domain.errors import Conflict
from domain.people import Person, Role
from domain.permissions import OF_CLIENTS, PERMISSIONS, Permission, may

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
CLIENT = Client(
    "c1", Role.PARTNER, "Wire", ("192.0.2.0/24", "2001:db8::/32"), is_blocked=False, version=1, created_at=NOW
)
SECRET = Secret("s1", "c1", "sfc_abcdefgh", NOW)


@pytest.mark.parametrize(
    ("address", "networks", "lies"),
    [
        (None, (), True),
        ("203.0.113.9", (), True),
        (None, ("0.0.0.0/0", "::/0"), False),
        ("", ("0.0.0.0/0", "::/0"), False),
        ("nonsense", ("0.0.0.0/0",), False),
        ("192.0.2.255", ("192.0.2.0/24",), True),
        ("192.0.3.0", ("192.0.2.0/24",), False),
        ("192.0.2.7", ("198.51.100.0/24", "192.0.2.7/32"), True),
        ("::ffff:192.0.2.7", ("192.0.2.0/24",), True),
        ("::ffff:c000:207", ("192.0.2.0/24",), True),
        ("::ffff:192.0.3.7", ("192.0.2.0/24",), False),
        ("::192.0.2.7", ("192.0.2.0/24",), False),
        ("64:ff9b::192.0.2.7", ("192.0.2.0/24",), False),
        ("192.0.2.7", ("::/0",), False),
        ("::ffff:192.0.2.7", ("::/0",), False),
        ("2001:db8::1", ("0.0.0.0/0",), False),
        ("2001:db8:ffff::1", ("2001:db8::/32",), True),
        ("2001:db9::1", ("2001:db8::/32",), False),
    ],
)
def test_an_address_lies_in_a_network_or_not(address: str | None, networks: tuple[str, ...], lies: bool) -> None:
    assert lies_in(address, networks) is lies


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_is_kept_in_one_way_of_writing(text: str, kept: str) -> None:
    assert network_of(text) == kept
    assert network_of(kept) == kept


@pytest.mark.parametrize("text", ["", "192.0.2.1/24", "192.0.2.0/33", "1", "a", "2001:db8::1/32", "010.0.0.0/8"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text quotes what was sent, and goes nowhere
        network_of(text)


def test_who_is_blocked_may_call_from_nowhere() -> None:
    assert CLIENT.may_call_from("192.0.2.7")
    assert not CLIENT.may_call_from("198.51.100.7")
    assert not Client("c1", Role.PARTNER, "Wire", (), is_blocked=True, version=1, created_at=NOW).may_call_from(
        "192.0.2.7"
    )


def test_there_is_room_for_two_secrets() -> None:
    for number in range(MOST_SECRETS):
        check_room([SECRET] * number)
    with pytest.raises(Conflict) as told:
        check_room([SECRET] * MOST_SECRETS)
    assert told.value.rule == "two-secrets"


def test_a_use_is_noted_once_a_minute() -> None:
    used = Secret("s1", "c1", "sfc_abcdefgh", NOW, last_used_at=NOW)
    assert not SECRET.was_used_lately(NOW)
    assert used.was_used_lately(NOW + timedelta(seconds=59))
    assert not used.was_used_lately(NOW + timedelta(minutes=1))


def test_a_prefix_tells_what_it_is_and_little_more() -> None:
    assert prefix_of(MARK + "a" * 43) == "sfc_aaaaaaaa"


@pytest.mark.parametrize("permission", Permission)
def test_a_client_may_no_more_than_what_clients_may_whatever_its_roles(permission: Permission) -> None:
    everything = Person("c1", frozenset(Role), is_client=True)
    assert may(everything, permission) is (permission in OF_CLIENTS)
    for role in ROLES:
        one = Person("c1", frozenset({role}), is_client=True)
        assert may(one, permission) is (permission in OF_CLIENTS and role in PERMISSIONS[permission])


def test_a_client_is_a_partner_or_a_till() -> None:
    assert {Role.PARTNER, Role.CASHIER} == ROLES
    of_role = {role: {one for one in OF_CLIENTS if role in PERMISSIONS[one]} for role in ROLES}
    assert of_role == {
        Role.PARTNER: {Permission.SEE_OWN_ACCOUNT, Permission.ACKNOWLEDGE},
        Role.CASHIER: {Permission.SEE_OWN_ACCOUNT, Permission.EDIT_SUBSCRIPTIONS},
    }
