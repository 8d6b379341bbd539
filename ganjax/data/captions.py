"""Captions as numbers: a fixed list of words, and the tokens of a text."""

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ganjax.errors import BadInput, nearest, one_line

# The number of held-out captions that a record of the data keeps.
SHOWN = 256


@dataclass(frozen=True)
class Captions:
    """The language of a data set's captions.

    A caption is int32 ``[longest]``: the number of each word, counted from 1 in the
    order of ``words``, then zeros (padding).

    Attributes:
        words: the known words, in lower case.
        longest: the largest number of words of a caption.
        shown: held-out captions, for samples that are drawn without a prompt.
    """

    words: tuple[str, ...]
    longest: int
    shown: tuple[str, ...] = ()

    def tokens(self, text: str, field: str = "prompt") -> np.ndarray:
        """Return the caption of a text, int32 ``[longest]``. Upper case and marks
        between words do not count.

        Args:
            field: what the text is, for messages.

        Raises:
            BadInput: the text has no words, too many words, or an unknown word.
        """
        found, said = words_of(text), f"{field}='{one_line(text, 80)}'"
        if not found:
            raise BadInput(f"{said}: expected at least one word")
        if len(found) > self.longest:
            raise BadInput(
                f"{said}: expected at most {self.longest} words, found {len(found)}"
            )
        for word in found:
            if word not in self._numbers:
                raise BadInput(
                    f"{said}: expected words of the captions, which have no "
                    f"'{one_line(word)}'{nearest(word, self.words)}"
                )
        tokens = np.zeros(self.longest, np.int32)
        tokens[: len(found)] = [self._numbers[word] for word in found]
        return tokens

    @functools.cached_property
    def _numbers(self):
        return {word: i for i, word in enumerate(self.words, 1)}

    def text(self, tokens: Iterable[int]) -> str:
        """Return the text of a caption. It is the inverse of ``tokens``, up to case and
        marks."""
        return " ".join(self.words[token - 1] for token in tokens if token)


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case. A word has letters, digits,
    apostrophes and hyphens. Two spellings that look alike are one word: ’ and ', and an
    accent that is a part of its letter or a second character."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return re.findall(r"\w+(?:['-]\w+)*", text)
