"""Text as people search it: lower case, without diacritics."""

import unicodedata


def fold(text: str) -> str:
    """`Áo Thun ĐEN` becomes `ao thun den`: lower case, no diacritics, single spaces."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())
