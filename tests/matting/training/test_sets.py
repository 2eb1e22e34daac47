"""Which pictures are kept aside does not change by itself."""

from __future__ import annotations

from matting.training import sets


def test_the_same_names_always_give_the_same_sets():
    names = [f"book{at % 9}-page{at}.jpg" for at in range(300)] + ["pg28023-a.jpg", "pg45502-b.jpg"]
    chosen = sets.choose("people", names)
    assert chosen == sets.choose("people", reversed(names))
    assert [len(chosen[part]) for part in ("test", "choose")] == [64, 36]


def test_whole_sources_are_kept_aside():
    names = [f"{source}-{at}.jpg" for source in ("pg28023", "pg45502", "other") for at in range(40)]
    chosen = sets.choose("people", names)
    assert all(f"pg28023-{at}.jpg" in chosen["test"] for at in range(40))
    assert not any(name.startswith("pg28023") for name in chosen["choose"])
    assert all(f"pg45502-{at}.jpg" in chosen["choose"] for at in range(40))


def test_what_is_not_listed_is_learnt_from():
    assert sets.part("people", "somebody-new.jpg") == "learn"
    assert sets.part("people", sets.names("people", "test")[0]) == "test"
    assert sets.part("empty", sets.names("empty", "choose")[0]) == "choose"
