"""Which records belong to a host, and which hosts are changed by one request under one grant."""

from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.host_records import epoch_name, ownership_names, record_names, together

HOST = "burnham.eks-blueprint.example.com"


def hosts(number: int, label: str = "service") -> list[str]:
    return [f"{label}-{index}.eks-blueprint.example.com" for index in range(number)]


def test_beside_its_addresses_a_host_has_ownership_records_and_one_for_the_epoch() -> None:
    assert record_names(HOST) == (
        HOST,
        f"a-{HOST}",
        f"aaaa-{HOST}",
        f"cname-{HOST}",
        f"_crossfade.{HOST}",
    )
    assert {HOST, *ownership_names(HOST), epoch_name(HOST)} == set(record_names(HOST))


def test_a_small_estate_is_changed_by_one_request() -> None:
    assert together(hosts(18)) == (tuple(hosts(18)),)


def test_a_large_estate_is_divided_in_its_order() -> None:
    found = together(hosts(90))

    assert [host for group in found for host in group] == hosts(90)
    assert max(len(group) for group in found) <= 20
    assert len(found) <= 6


@given(st.lists(st.integers(10, 253), max_size=90))
def test_the_names_of_every_group_fit_into_one_managed_policy(lengths: list[int]) -> None:
    given_hosts = [f"{index:02}".ljust(length, "x") for index, length in enumerate(lengths)]

    for group in together(given_hosts):
        assert sum(len(name) + 3 for host in group for name in record_names(host)) <= 4_500


def test_no_hosts_are_no_group() -> None:
    assert together([]) == ()
