"""Damage to tokens: each must be found and named, and none may hide another."""

from tests.checks.registry import damage
from tests.checks.shops import Faults, Shop, event


def token_event(record_id: str, number: int) -> str:
    return event(record_id, number, "_tokens")


@damage
def token_with_a_flipped_byte(shop: Shop) -> Faults:
    key = token_event(shop.token(), 1)
    shop.flip(key)
    return [("event_corrupt", key)]


@damage
def both_events_of_a_token_flipped(shop: Shop) -> Faults:
    record_id = shop.token(revoked=True)
    keys = [token_event(record_id, number) for number in (1, 2)]
    for key in keys:
        shop.flip(key)
    return [("event_corrupt", key) for key in keys]


@damage
def token_whose_first_event_is_gone(shop: Shop) -> Faults:
    record_id = shop.token(revoked=True)
    shop.path(token_event(record_id, 1)).unlink()
    return [("event_hole", token_event(record_id, 2))]


@damage
def token_with_another_role_sealed_anew(shop: Shop) -> Faults:
    record_id = shop.token(revoked=True)
    key = token_event(record_id, 1)
    shop.reseal(key, data=shop.members(key)["data"] | {"role": "admin"})
    return [("event_chain_broken", token_event(record_id, 2))]


@damage
def token_with_a_role_that_is_none(shop: Shop) -> Faults:
    key = token_event(shop.token(), 1)
    shop.reseal(key, data=shop.members(key)["data"] | {"role": "king"})
    return [("token_corrupt", key)]


@damage
def token_that_expires_at_no_moment(shop: Shop) -> Faults:
    key = token_event(shop.token(), 1)
    shop.reseal(key, data=shop.members(key)["data"] | {"expires_at_utc": "some day"})
    return [("token_corrupt", key)]


@damage
def token_under_another_name(shop: Shop) -> Faults:
    key = token_event(shop.token(), 1)
    other = token_event("tok_0a", 1)
    shop.overwrite(other, shop.path(key).read_bytes())
    return [("misnamed", other)]


@damage
def token_event_of_a_newer_release(shop: Shop) -> Faults:
    key = token_event(shop.token(), 1)
    shop.reseal(key, schema="rmos.event/2")
    return [("newer_schema", key)]


@damage
def token_event_of_an_unknown_kind(shop: Shop) -> Faults:
    record_id = shop.token(revoked=True)
    shop.reseal(token_event(record_id, 2), kind="extend")
    return [("token_corrupt", token_event(record_id, 1))]


@damage
def folder_in_the_place_of_a_token(shop: Shop) -> Faults:
    key = token_event("tok_0b", 1)
    shop.path(key).mkdir(parents=True)
    return [("not_a_file", key)]
