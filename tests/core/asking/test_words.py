import pytest

from core.asking.words import hits, passages, telling


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("When do we launch the mobile app?", ["launch", "mobile", "app"]),
        ("Wann ist die Übergabe an das Team in München?", ["übergabe", "team", "münchen"]),
        ("¿Cuándo es el lanzamiento?", ["lanzamiento"]),
        ("What is it?", ["what", "is", "it"]),
        ("Launch, LAUNCH and launch", ["launch"]),
        ("発売日は", ["発売", "売日", "日は"]),
        ("Q3 2026 v1.2 O'Brien", ["q3", "2026", "v1.2", "o'brien"]),
        ("?!", []),
    ],
)
def test_the_words_that_tell_are_picked(question: str, words: list[str]) -> None:
    assert telling(question) == words


def test_a_long_question_has_a_bounded_number_of_words() -> None:
    assert len(telling(" ".join(f"word{n}" for n in range(500)))) == 12


@pytest.mark.parametrize(
    ("word", "text", "there"),
    [
        ("deploying", "Deployment of the app", True),
        ("age", "a page of it", False),
        ("app", "the app.", True),
        ("app", "an apple", False),
        ("münchen", "MÜNCHEN", True),
        ("発売", "新発売の日", True),
        ("c++", "c++", True),
    ],
)
def test_a_word_is_found_in_any_of_its_forms(word: str, text: str, there: bool) -> None:
    assert bool(hits([word], text)) is there


def test_the_best_passages_of_a_long_page_stay_in_their_order() -> None:
    filler = "\n\n".join(f"Paragraph {n} about nothing much at all." for n in range(200))
    text = f"{filler}\n\n## Dates\n\nWe launch in May.\n\n{filler}\n\nThe launch is in Oslo."
    found = passages(text, ["launch"], 600)
    assert len(found) <= 600
    assert found.index("## Dates\n\nWe launch in May.") < found.index("The launch is in Oslo.")
    assert "\n\n…\n\n" in found


def test_a_short_page_is_whole_and_one_without_paragraphs_is_cut() -> None:
    assert passages(" All of it. ", ["launch"], 600) == "All of it."
    assert 0 < len(passages("x" * 5000 + " launch", ["launch"], 600)) <= 600
