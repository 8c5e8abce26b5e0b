"""Products from files: each format reads its file into the same rows, and one function takes them."""

from collections.abc import Callable

from catalog.importing import own, shopify
from catalog.importing.rows import Parsed, Sheet

# A format is one file here that turns a sheet into products and problems, and one line in this table.
FORMATS: dict[str, Callable[[Sheet], Parsed]] = {
    "shopify": shopify.parse,
    "csv": own.parse,
}
