import numpy as np
import pytest

from ganjax.data.captions import Captions, words_of
from ganjax.errors import BadInput

LANGUAGE = Captions(("a", "blue", "cat", "red"), longest=3)


def test_tokens_and_back():
    tokens = LANGUAGE.tokens("A red, CAT!")
    np.testing.assert_array_equal(tokens, [1, 4, 3])
    assert tokens.dtype == np.int32
    assert LANGUAGE.text(tokens) == "a red cat"
    np.testing.assert_array_equal(LANGUAGE.tokens("cat"), [3, 0, 0])
    assert LANGUAGE.text([3, 0, 0]) == "cat"


def test_spellings_that_look_alike_are_one_word():
    """The accent is a part of the letter (U+00E9), or a second character (U+0301)."""
    assert words_of("the cat\u2019s caf\u00e9") == ["the", "cat's", "caf\u00e9"]
    assert words_of("CAFE\u0301 half-open, re-") == ["caf\u00e9", "half-open", "re"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a rid cat", "have no 'rid'; did you mean 'red'"),
        ("", "prompt='': expected at least one word"),
        (" ,.", "expected at least one word"),
        ("a a a cat", "expected at most 3 words, found 4"),
        ("a\nblau", "prompt='a blau': expected words of the captions, which have no"),
    ],
)
def test_a_wrong_text_is_one_line(text, problem):
    with pytest.raises(BadInput) as refused:
        LANGUAGE.tokens(text)
    assert problem in str(refused.value) and "\n" not in str(refused.value)
