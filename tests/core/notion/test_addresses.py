import pytest

from core.notion.addresses import object_id

ID = "0123abcd-4567-89ab-cdef-0123456789ab"
BARE = ID.replace("-", "")
OTHER = "f" * 32


@pytest.mark.parametrize(
    "pasted",
    [
        BARE,
        BARE.upper(),
        ID,
        f"  {ID}\n",
        f"https://www.notion.so/Launch-checklist-{BARE}",
        f"https://www.notion.so/acme/Launch-checklist-{BARE}?pvs=4",
        f"https://app.notion.com/p/acme/{BARE}",
        f"https://notion.com/{BARE}#{OTHER}",
        f"https://acme.notion.site/{ID}",
        f"notion.so/{BARE}",
        f"notion://www.notion.so/acme/{BARE}",
        f"<https://www.notion.so/{BARE}>",
        f"https://www.notion.so/acme/{OTHER}?v={'e' * 32}&p={BARE}&pm=s",
        f"https://www.notion.so/acme/{BARE}?v={OTHER}",
        f"http://localhost:8080/sandbox/notion/Launch-checklist-{BARE}",
        f"https://www.notion.so/Caf%C3%A9-{BARE}/",
    ],
)
def test_every_form_a_person_pastes_gives_the_id(pasted: str) -> None:
    assert object_id(pasted) == ID


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "Meeting notes",
        "deadbeef",
        BARE + "0",
        f"https://example.com/{BARE}",
        f"https://evilnotion.so/{BARE}",
        "https://www.notion.so/",
        f"https://www.notion.so/acme?v={BARE}",
        f"https://www.notion.so/a{BARE}",
        "https://[broken/",
        f"page {BARE}",
    ],
)
def test_anything_else_is_no_id(pasted: str) -> None:
    assert object_id(pasted) is None
