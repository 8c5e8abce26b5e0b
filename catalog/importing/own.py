"""The project's own product CSV: one row a SKU.

Columns: `sku` (blank: handle plus options), `product` (handle), `name_vi`, `price` are needed; `name_en`,
`description`, `brand`, `category`, `tags`, `image`, `options` ("Size=M; Màu=Đỏ"), `compare_at`, `gtin`,
`weight_grams`, `quantity` may be there. The first row of a product tells the product.
"""

from catalog.importing.rows import Parsed, Problem, ProductRow, Sheet, VariantRow, amount, sku_of, whole

NEEDED = ("sku", "product", "name_vi", "price")


def parse(sheet: Sheet) -> Parsed:
    sheet.need(*NEEDED)
    products: dict[str, ProductRow] = {}
    problems: list[Problem] = []
    rows = 0
    for row, cells, fits in sheet.rows():
        rows += 1
        problem = _take(products, row, cells, problems) if fits else Problem(row, "", "too_many_cells")
        if problem is not None:
            problems.append(problem)
    return Parsed(rows, list(products.values()), problems)


def _take(products: dict[str, ProductRow], row: int, cells: dict[str, str], problems: list[Problem]) -> Problem | None:
    handle = cells["product"]
    if not handle or len(handle) > 200:
        return Problem(row, "product", "handle_too_long" if handle else "handle_missing", handle[:300])
    if handle not in products and not 0 < len(cells["name_vi"]) <= 300:
        return Problem(row, "name_vi", "title_too_long" if cells["name_vi"] else "title_missing")
    price = amount(cells["price"])
    if price is None:
        return Problem(row, "price", "price_bad" if cells["price"] else "price_missing", cells["price"][:300])
    options = _options(cells.get("options", ""))
    if options is None:
        return Problem(row, "options", "options_bad", cells["options"][:300])
    sku = cells["sku"] or sku_of(handle, options)
    if len(sku) > 100:
        return Problem(row, "sku", "sku_too_long", sku[:300])
    product = products.setdefault(handle, _product(handle, cells, list(options)))
    product.rows.append(row)
    variant = VariantRow(row=row, sku=sku, options=options, price=price, gtin=cells.get("gtin", ""))
    for column in ("weight_grams", "quantity"):
        told = cells.get(column, "")
        number = whole(told)
        if told and (number is None or number < 0):
            problems.append(Problem(row, column, "number_bad", told[:300], refused=False))
        elif told:
            setattr(variant, column, number)
    told = cells.get("compare_at", "")
    variant.compare_at = amount(told) if told else None
    if told and variant.compare_at is None:
        problems.append(Problem(row, "compare_at", "price_bad", told[:300], refused=False))
    product.variants.append(variant)
    return None


def _product(handle: str, cells: dict[str, str], option_names: list[str]) -> ProductRow:
    image = cells.get("image", "")
    return ProductRow(
        handle=handle,
        name_vi=cells["name_vi"],
        name_en=cells.get("name_en", "")[:300],
        description=cells.get("description", ""),
        brand=cells.get("brand", "")[:200],
        category=cells.get("category", ""),
        tags=[tag.strip() for tag in cells.get("tags", "").split(",") if tag.strip()],
        images=[{"src": image, "alt": ""}] if image else [],
        option_names=option_names,
    )


def _options(text: str) -> dict[str, str] | None:
    """`Size=M; Màu=Đỏ`; None for what cannot be read so."""
    options: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not (name and sign and value) or name in options:
            return None
        options[name] = value
    return options
