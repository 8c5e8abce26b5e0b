"""Products from files: every row is taken or refused by name, and running again changes nothing."""

import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.importing.rows import BadFile
from catalog.importing.run import BadRate, ImportRunning, Options, import_products
from catalog.models import Movement, Offer, Price, Product, StockLevel, Variant
from catalog.prices import set_price
from catalog.search import search
from omni.core.models import ImportRun
from tests.factories.catalog import VariantFactory
from tests.factories.core import LocationFactory

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "catalog" / "samples" / "shopify-sample.csv"
REAL = ROOT.parent / "shared" / "data" / "shopify"
HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,"
    "Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Alt Text"
)


@pytest.fixture
def hue(db):
    return LocationFactory(code="hue")


@pytest.fixture
def take(tmp_path, hue, now):
    """Import a Shopify file of these lines; `rate` 25 000 and at Huế unless told otherwise."""

    def run(*lines, header=HEADER, at=now, format="shopify", **options):
        path = tmp_path / "products.csv"
        path.write_text("\n".join([header, *lines]), encoding="utf-8")
        told = {"currency": "USD", "rate": Decimal(25_000), "location": "hue", **options}
        return import_products(path=path, options=Options(format=format, **told), by="staff:an", now=at)

    return run


def problems(run):
    return list(run.problems.order_by("row", "column").values_list("row", "column", "code", "refused"))


def state():
    """All that an import may change."""
    return [
        list(model.objects.order_by("pk").values()) for model in (Product, Variant, Price, StockLevel, Movement, Offer)
    ]


TEE = 'tee,Áo thun,<p>Cotton &amp; mềm</p>,Mây,Áo,"men, hè",true,Size,S,,200,7,19.99,25,8938507849506,http://a/1.jpg,Trước'


def test_a_product_comes_in_with_variants_prices_stock_and_images(take, hue):
    run = take(TEE, "tee,,,,,,,,M,TEE-M,210,0,19.99,,,,", "tee,,,,,,,,,,,,,,,http://a/2.jpg,Sau")
    assert (run.rows_total, run.rows_taken, run.rows_refused, run.state) == (3, 3, 0, "done")
    product = Product.objects.get()
    assert (product.name_vi, product.description, product.vendor) == ("Áo thun", "Cotton & mềm", "Mây")
    assert (product.category.code, product.tags) == ("ao", ["men", "hè"])
    assert product.images == [{"src": "http://a/1.jpg", "alt": "Trước"}, {"src": "http://a/2.jpg", "alt": "Sau"}]
    small, medium = Variant.objects.order_by("pk")
    assert (small.sku, small.gtin, small.options, small.weight_grams) == ("tee-s", "8938507849506", {"Size": "S"}, 200)
    assert (medium.sku, medium.gtin) == ("TEE-M", None)
    assert list(Price.objects.order_by("pk").values_list("amount", "compare_at")) == [
        (499_750, 625_000),
        (499_750, None),
    ]
    assert Movement.objects.get().reason == "receipt"
    assert Offer.objects.get(variant=small).availability == [{"location": "hue", "atp": 7, "status": "in_stock"}]
    assert list(search("ao thun s")) == [small]


def test_running_again_changes_nothing(take, now):
    first = take(TEE, "tee,,,,,,,,M,TEE-M,210,0,19.99,,,,")
    before = state()
    again = take(TEE, "tee,,,,,,,,M,TEE-M,210,0,19.99,,,,")
    assert state() == before
    assert (again.rows_taken, again.rows_refused) == (first.rows_taken, first.rows_refused)
    assert not any(again.result.values())


def test_what_was_sold_since_is_not_put_back_by_the_same_file_but_a_new_file_counts(take, hue, now):
    from catalog import stock

    take(TEE)
    pk = Variant.objects.get().pk
    stock.count(variant_id=pk, location_id=hue.pk, counted=4, by="staff:an", now=now)
    take(TEE)
    assert StockLevel.objects.get().on_hand == 4
    take(TEE.replace(",7,", ",9,"))
    assert StockLevel.objects.get().on_hand == 9
    assert [move.reason for move in Movement.objects.order_by("pk")] == ["receipt", "count", "count"]


def test_a_changed_file_changes_what_it_says(take, now):
    take(TEE)
    run = take(TEE.replace("19.99", "9.99").replace("Áo thun", "Áo mới"))
    assert Product.objects.get().name_vi == "Áo mới"
    assert list(Price.objects.order_by("pk").values_list("amount", flat=True)) == [249_750] or (
        Price.objects.get(valid_until=None).amount == 249_750
    )
    assert (run.result["products_changed"], run.result["prices_set"]) == (1, 1)


def test_a_planned_price_stays_planned(take, now):
    from datetime import timedelta

    take(TEE)
    later = now + timedelta(days=3)
    set_price(sku="tee-s", amount=1_000, reason="r", by="b", valid_from=later, now=now)
    take(TEE.replace("19.99", "9.99"), at=now + timedelta(days=1))
    rows = list(Price.objects.order_by("valid_from").values_list("amount", "valid_until"))
    assert rows == [(499_750, now + timedelta(days=1)), (249_750, later), (1_000, None)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (",No handle,,,,,,Size,S,A,,,5,,,,", (2, "Handle", "handle_missing", True)),
        (",,,,,,,,,,,,,,,,", (2, "Handle", "row_empty", True)),
        ("a,,,,,,,Size,S,A,,,5,,,,", (2, "Title", "title_missing", True)),
        ("a,A,,,,,,Size,S,A,,,dear,,,,", (2, "Variant Price", "price_bad", True)),
        ("a,A,,,,,,Size,S,A,,,-1,,,,", (2, "Variant Price", "price_bad", True)),
        ("a,A,,,,,,Size,S,A,,,NaN,,,,", (2, "Variant Price", "price_bad", True)),
        ("a,A,,,,,,Size,S,A,,,,,,,", (2, "Variant Price", "price_missing", True)),
        ("a,A,,,,,,Size,,,,,,,,,", (2, "Option1 Value", "row_tells_nothing", True)),
        ("a,A,,,,,,,,,,,,,,http://a/1.jpg,", (2, "Handle", "product_without_variants", True)),
        ("a,A,,,,,,Size,S,A,,,5,,,,,,more", (2, "", "too_many_cells", True)),
        ("a,A,,,,,,Size,S,OTHERS,,,5,,,,", (2, "SKU", "sku_of_other_product", True)),
        (f"a,A,,,,,,Size,S,{'x' * 101},,,5,,,,", (2, "Variant SKU", "sku_too_long", True)),
        ("a,A,,,,,,Size,S,A,,,5,,8938507849507,,", (2, "Barcode", "gtin_bad", False)),
        ("a,A,,,,,,Size,S,A,,,5,,4006381333931,,", (2, "Barcode", "gtin_taken", False)),
        ("a,A,,,,,,Size,S,A,,,5,cheap,,,", (2, "Variant Compare At Price", "price_bad", False)),
        ("a,A,,,,,,Size,S,A,heavy,,5,,,,", (2, "Variant Grams", "number_bad", False)),
        ("a,A,,,,,,Size,S,A,,-3,5,,,,", (2, "Variant Inventory Qty", "number_bad", False)),
    ],
)
def test_each_row_that_is_not_taken_is_named_and_a_doubtful_cell_is_a_remark(take, line, problem):
    VariantFactory(sku="OTHERS", gtin="4006381333931")
    run = take(line)
    assert problems(run) == [problem]
    assert (run.rows_taken, run.rows_refused) == ((0, 1) if problem[3] else (1, 0))
    assert Variant.objects.filter(product__handle="a").exists() is not problem[3]


def test_one_bad_row_costs_no_other(take):
    run = take(TEE, "tee,,,,,,,,M,tee-s,,,5,,,,", "tee,,,,,,,,L,,,,x,,,,", "tee,,,,,,,,XL,,,,5,,,,")
    assert problems(run) == [(3, "SKU", "sku_twice", True), (4, "Variant Price", "price_bad", True)]
    assert set(Variant.objects.values_list("sku", flat=True)) == {"tee-s", "tee-xl"}


def test_a_price_below_the_floor_is_not_set(take, now):
    take(TEE)
    set_price(sku="tee-s", amount=499_750, compare_at=625_000, floor=400_000, reason="r", by="b", now=now)
    run = take(TEE.replace("19.99", "9.99"))
    assert problems(run) == [(2, "Price", "below_floor", False)]
    assert Price.objects.get(valid_until=None).amount == 499_750


@pytest.mark.parametrize(
    ("options", "error"),
    [({"rate": None}, BadRate), ({"rate": Decimal(0)}, BadRate), ({"currency": "XYZ"}, BadFile)],
)
def test_terms_that_can_never_be_right_are_refused(take, options, error):
    with pytest.raises(error):
        take(TEE, **options)
    assert not ImportRun.objects.exists()


def test_a_file_of_another_kind_is_refused_whole(take, tmp_path, now):
    with pytest.raises(BadFile) as refusal:
        take("1,2", header="a,b")
    assert "Handle" in refusal.value.details["missing columns"]
    path = tmp_path / "latin.csv"
    path.write_bytes("Handle,Título\n".encode("latin-1"))
    with pytest.raises(BadFile):
        import_products(path=path, options=Options("shopify"), by="b", now=now)


def test_the_projects_own_format(take):
    header = "sku,product,name_vi,name_en,category,options,price,quantity,gtin"
    run = take(
        "TEA-1,tea,Trà,Tea,Đồ uống,Gói=50 g; Loại=Xanh,45000,3,",
        ",tea,,,,Gói=100 g,80000,,",
        ",tea,,,,Gói,80000,,",
        header=header, format="csv", currency=None, rate=None,
    )  # fmt: skip
    assert problems(run) == [(4, "options", "options_bad", True)]
    assert list(Variant.objects.order_by("pk").values_list("sku", flat=True)) == ["TEA-1", "tea-100-g"]
    assert Variant.objects.get(sku="TEA-1").ordered_options() == {"Gói": "50 g", "Loại": "Xanh"}
    assert Price.objects.get(variant__sku="TEA-1").amount == 45_000


def test_a_killed_import_goes_on_as_itself(take, now, monkeypatch):
    import catalog.importing.run as module

    lines = [f"p{n},P{n},,,,,,Title,Default Title,,,1,5,,,," for n in range(6)]
    monkeypatch.setattr(module, "BATCH", 2)
    calls = []

    def dies(products, terms, now):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(products, terms, now)

    real = module.take
    monkeypatch.setattr(module, "take", dies)
    with pytest.raises(KeyboardInterrupt):
        take(*lines)
    assert (ImportRun.objects.get().state, Variant.objects.count()) == ("running", 4)
    monkeypatch.setattr(module, "take", real)
    run = take(*lines)
    assert ImportRun.objects.get() == run
    assert (run.rows_taken, Variant.objects.count(), Movement.objects.count()) == (6, 6, 6)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_mix(take):
    from concurrent.futures import ThreadPoolExecutor

    from omni.core.db import fetch_all

    with ThreadPoolExecutor(1) as other:
        other.submit(fetch_all, "SELECT pg_advisory_lock(hashtext('catalog.import_products'))").result()
        with pytest.raises(ImportRunning):
            take(TEE)
        other.submit(lambda: connection.close()).result()
    take(TEE)


def command(*args):
    out = io.StringIO()
    call_command("import_products", *args, stdout=out)
    return out.getvalue()


def test_the_command_takes_our_sample_whole(hue):
    told = command(str(SAMPLE), "--format", "shopify", "--currency", "USD", "--rate", "25000", "--location", "hue")
    assert told.strip().endswith("Refused 0, remarks 0.")
    assert Variant.objects.filter(sku="gio-may-dan-tay").exists()
    assert Variant.objects.filter(sku="ao-linen-co-tau-s-trang-nga").exists()


@pytest.mark.parametrize(
    "args",
    [("none.csv", "--format", "csv"), (str(SAMPLE), "--format", "shopify", "--rate", "many"),
     (str(SAMPLE), "--format", "shopify", "--location", "none"), (str(SAMPLE), "--format", "csv")],
)  # fmt: skip
def test_the_command_says_what_is_wrong(db, args):
    with pytest.raises(CommandError):
        command(*args)


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_dir(), reason=f"the shared Shopify files are not at {REAL}")
@pytest.mark.parametrize(("name", "rows"), [("apparel", 22), ("home-and-garden", 21), ("jewelery", 41)])
def test_real_files_come_in_whole_and_again(hue, name, rows):
    args = (
        str(REAL / f"{name}.csv"),
        "--format",
        "shopify",
        "--currency",
        "USD",
        "--rate",
        "25000",
        "--location",
        "hue",
    )
    first = command(*args)
    before = state()
    again = command(*args)
    assert state() == before
    run = ImportRun.objects.latest("pk")
    assert f"Took {rows} of {rows} rows: products 20 new" in first
    assert f"of {run.rows_total} rows: products 0 new, 0 changed; variants 0 new, 0 changed" in again
