"""Shopify's product CSV: the first row of a handle tells the product, the rows after it more variants or images."""

from html import unescape

from django.utils.html import strip_tags

from catalog.importing.rows import Parsed, Problem, ProductRow, Sheet, VariantRow, amount, sku_of, whole

OPTIONS = (1, 2, 3)
# How Shopify writes the one variant of a product without options.
ONLY = "Default Title"


def parse(sheet: Sheet) -> Parsed:
    """Products in the order of the file; every row belongs to one, or to a refusal."""
    sheet.need("Handle", "Title", "Option1 Name", "Option1 Value", "Variant Price")
    products: dict[str, ProductRow] = {}
    refused: set[str] = set()
    problems: list[Problem] = []
    rows = 0
    for row, cells, fits in sheet.rows():
        rows += 1
        handle = cells["Handle"]
        first = handle not in products and handle not in refused
        why = _why_not(cells, fits, first)
        if why is None and handle in refused:
            why = ("Handle", "product_refused")
        if why is not None:
            problems.append(Problem(row, why[0], why[1], cells.get(why[0], "")[:300]))
            if first and handle:
                refused.add(handle)
            continue
        if first:
            products[handle] = _product(cells)
        product = products[handle]
        problem = _take(product, row, cells, problems)
        if problem is None:
            product.rows.append(row)
        else:
            problems.append(problem)
    return Parsed(rows, list(products.values()), problems)


def _why_not(cells: dict[str, str], fits: bool, first: bool) -> tuple[str, str] | None:
    """(column, code) for a row that can belong to no product."""
    if not fits:
        return "", "too_many_cells"
    if not cells["Handle"]:
        return "Handle", "handle_missing" if any(cells.values()) else "row_empty"
    if len(cells["Handle"]) > 200:
        return "Handle", "handle_too_long"
    if first and not cells["Title"]:
        return "Title", "title_missing"
    if first and len(cells["Title"]) > 300:
        return "Title", "title_too_long"
    if cells.get("Gift Card", "").lower() == "true":
        return "Gift Card", "gift_card_is_no_goods"
    return None


def _product(cells: dict[str, str]) -> ProductRow:
    status = cells.get("Status", "").lower() or "active"
    return ProductRow(
        handle=cells["Handle"],
        name_vi=cells["Title"],
        description=" ".join(unescape(strip_tags(cells.get("Body (HTML)", ""))).split()),
        brand=cells.get("Vendor", "")[:200],
        category=cells.get("Type", ""),
        tags=[tag.strip() for tag in cells.get("Tags", "").split(",") if tag.strip()],
        option_names=[
            name
            for place in OPTIONS
            if (name := cells.get(f"Option{place} Name", "")) and cells.get(f"Option{place} Value") != ONLY
        ],
        active=status == "active" and cells.get("Published", "").lower() != "false",
    )


def _take(product: ProductRow, row: int, cells: dict[str, str], problems: list[Problem]) -> Problem | None:
    """Add what a row tells to its product; the problem that refuses the row, if one does."""
    image = cells.get("Image Src", "")
    if cells["Option1 Value"] or cells["Variant Price"] or cells.get("Variant SKU"):
        refusal = _take_variant(product, row, cells, problems)
        if refusal is not None:
            return refusal
    elif not image:
        return Problem(row, "Option1 Value", "row_tells_nothing")
    if image and image not in {known["src"] for known in product.images}:
        product.images.append({"src": image, "alt": cells.get("Image Alt Text", "")})
    return None


def _take_variant(product: ProductRow, row: int, cells: dict[str, str], problems: list[Problem]) -> Problem | None:
    price = amount(cells["Variant Price"])
    if price is None:
        code = "price_bad" if cells["Variant Price"] else "price_missing"
        return Problem(row, "Variant Price", code, cells["Variant Price"][:300])
    values = [cells.get(f"Option{place} Value", "") for place in OPTIONS]
    options = {
        name: value for name, value in zip(product.option_names, values, strict=False) if value and value != ONLY
    }
    sku = cells.get("Variant SKU", "").removeprefix("'").strip() or sku_of(product.handle, options)
    if len(sku) > 100:
        return Problem(row, "Variant SKU", "sku_too_long", sku[:300])
    variant = VariantRow(row=row, sku=sku, options=options, price=price, gtin=cells.get("Variant Barcode", ""))
    for column, name in (("Variant Grams", "weight_grams"), ("Variant Inventory Qty", "quantity")):
        told = cells.get(column, "")
        number = whole(told)
        if told and (number is None or number < 0):
            problems.append(Problem(row, column, "number_bad", told[:300], refused=False))
        elif told:
            setattr(variant, name, number)
    told = cells.get("Variant Compare At Price", "")
    variant.compare_at = amount(told) if told else None
    if told and variant.compare_at is None:
        problems.append(Problem(row, "Variant Compare At Price", "price_bad", told[:300], refused=False))
    product.variants.append(variant)
    return None
