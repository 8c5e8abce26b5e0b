"""Text as people search it: lower case, without diacritics; and as a spreadsheet may safely hold it."""

import unicodedata


def fold(text: str) -> str:
    """`Áo Thun ĐEN` becomes `ao thun den`: lower case, no diacritics, single spaces."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


# A spreadsheet runs a cell that begins with one of these (OWASP, CSV injection).
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(text: object) -> str:
    """Text that a spreadsheet shows and never runs."""
    told = str(text)
    return f"'{told}" if told.startswith(_DANGEROUS) else told
