"""The catalog of the demo retailer: 400 variants of clothes, bags, home goods and care, priced in VND."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from catalog.gtin import check_digit
from catalog.models import Category, Coupon, Movement, Price, Product, Promotion, StockLevel, Variant
from omni.core.models import Location
from omni.core.text import fold

SIZES = ["S", "M", "L", "XL"]
COLOURS = {
    "trang": ("Trắng", "White"),
    "den": ("Đen", "Black"),
    "xanh-navy": ("Xanh navy", "Navy"),
    "be": ("Be", "Beige"),
    "hong": ("Hồng phấn", "Blush"),
    "reu": ("Xanh rêu", "Moss"),
    "do": ("Đỏ đô", "Burgundy"),
}

# code, Vietnamese, English, parent, tax in 1/100 %
CATEGORIES = [
    ("nu", "Thời trang nữ", "Women", None, 800),
    ("nam", "Thời trang nam", "Men", None, 800),
    ("tre-em", "Trẻ em", "Kids", None, 800),
    ("tui-giay", "Túi & giày", "Bags & shoes", None, 800),
    ("nha", "Nhà cửa", "Home", None, 800),
    ("cham-soc", "Chăm sóc cơ thể", "Body care", None, 1000),
]


@dataclass(frozen=True, slots=True)
class Family:
    """One product and the variants it comes in."""

    handle: str
    vi: str
    en: str
    category: str
    price: int
    sizes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    grams: int = 300


def _f(
    handle: str, vi: str, en: str, category: str, price: int, sizes: str = "", colours: str = "", grams: int = 300
) -> Family:
    return Family(handle, vi, en, category, price * 1000, tuple(sizes.split()), tuple(colours.split()), grams)


S4, S3 = "S M L XL", "S M L"
KIDS, SHOES = "4 6 8 10", "36 37 38 39 40"
FAMILIES = [
    _f("ao-thun-tron", "Áo thun cổ tròn cotton hữu cơ", "Organic cotton crew T-shirt", "nu", 249, S4, "trang den hong"),
    _f("ao-so-mi-lua", "Áo sơ mi lụa tay dài", "Long-sleeve silk shirt", "nu", 690, S3, "trang be"),
    _f("dam-hoa-nhi", "Đầm hoa nhí cổ vuông", "Square-neck floral dress", "nu", 790, S3, "hong reu"),
    _f("dam-linen-suong", "Đầm linen dáng suông", "Relaxed linen dress", "nu", 850, S3, "be trang"),
    _f("chan-vay-midi", "Chân váy midi xếp ly", "Pleated midi skirt", "nu", 520, S3, "den be"),
    _f("quan-ong-rong", "Quần ống rộng lưng cao", "High-waist wide trousers", "nu", 590, S4, "den be"),
    _f("ao-len-mong", "Áo len mỏng cổ tim", "Fine V-neck knit", "nu", 480, S3, "hong xanh-navy"),
    _f("ao-khoac-kaki", "Áo khoác kaki ngắn", "Cropped chino jacket", "nu", 890, S3, "be reu", 600),
    _f("ao-dai-cach-tan", "Áo dài cách tân gấm", "Modern brocade áo dài", "nu", 1490, S4, "do xanh-navy", 500),
    _f("quan-jeans-nu", "Quần jeans ống đứng", "Straight jeans", "nu", 650, S4, "xanh-navy den", 550),
    _f("ao-polo-nam", "Áo polo cá sấu", "Piqué polo shirt", "nam", 390, S4, "trang den xanh-navy"),
    _f("ao-thun-nam", "Áo thun nam thoáng khí", "Breathable T-shirt", "nam", 229, S4, "trang den reu"),
    _f("so-mi-oxford", "Sơ mi Oxford", "Oxford shirt", "nam", 550, S4, "trang xanh-navy"),
    _f("so-mi-linen", "Sơ mi linen cổ trụ", "Stand-collar linen shirt", "nam", 620, S4, "trang be"),
    _f("quan-kaki-nam", "Quần kaki dáng vừa", "Regular chinos", "nam", 560, S4, "be xanh-navy", 500),
    _f("quan-short-nam", "Quần short đi biển", "Beach shorts", "nam", 320, S4, "reu xanh-navy"),
    _f("ao-khoac-gio", "Áo khoác gió chống nước", "Water-resistant windbreaker", "nam", 790, S4, "den reu", 450),
    _f("quan-jeans-nam", "Quần jeans co giãn", "Stretch jeans", "nam", 690, S4, "xanh-navy den", 600),
    _f("ao-thun-be", "Áo thun bé in hình", "Printed kids' T-shirt", "tre-em", 159, KIDS, "trang hong"),
    _f("bo-do-ngu-be", "Bộ đồ ngủ cho bé", "Kids' pyjamas", "tre-em", 289, KIDS, "hong xanh-navy"),
    _f("vay-be-gai", "Váy công chúa bé gái", "Girls' tulle dress", "tre-em", 420, KIDS, "hong"),
    _f("quan-be-trai", "Quần short bé trai", "Boys' shorts", "tre-em", 189, KIDS, "xanh-navy"),
    _f("giay-sneaker", "Giày sneaker da trắng", "White leather sneakers", "tui-giay", 1190, SHOES, "trang", 900),
    _f("giay-bup-be", "Giày búp bê mũi tròn", "Round-toe ballet flats", "tui-giay", 650, SHOES, "den be", 500),
    _f("sandal-quai", "Sandal quai mảnh", "Strappy sandals", "tui-giay", 590, SHOES, "be", 450),
    _f("tui-tote-canvas", "Túi tote canvas", "Canvas tote bag", "tui-giay", 290, "", "trang den be"),
    _f("tui-deo-cheo", "Túi đeo chéo da", "Leather crossbody bag", "tui-giay", 1290, "", "den do be", 600),
    _f("balo-laptop", "Ba lô laptop 15 inch", "15-inch laptop backpack", "tui-giay", 890, "", "den xanh-navy", 900),
    _f("vi-da-nam", "Ví da gập", "Bifold leather wallet", "tui-giay", 450, "", "den do", 120),
    _f("non-la-theu", "Nón lá thêu tay", "Hand-embroidered conical hat", "tui-giay", 190, "", "", 200),
    _f("khan-lua", "Khăn lụa Vạn Phúc", "Vạn Phúc silk scarf", "tui-giay", 390, "", "hong do xanh-navy", 80),
    _f("den-long", "Đèn lồng Hội An", "Hội An lantern", "nha", 320, "", "do trang", 500),
    _f(
        "bo-chen-bat-trang",
        "Bộ chén Bát Tràng 6 cái",
        "Bát Tràng bowls, set of 6",
        "nha",
        480,
        "",
        "trang xanh-navy",
        2200,
    ),
    _f("coc-gom", "Cốc gốm men hỏa biến", "Reactive-glaze mug", "nha", 145, "", "reu trang den", 380),
    _f("ga-giuong", "Ga giường cotton 300TC", "300TC cotton bed sheet", "nha", 990, "1m6 1m8", "trang be reu", 1500),
    _f("khan-tam", "Khăn tắm bông cao cấp", "Plush bath towel", "nha", 259, "", "trang be reu", 500),
    _f("nen-thom-sa", "Nến thơm sả chanh", "Lemongrass scented candle", "nha", 210, "100g 200g", "", 260),
    _f("gio-may", "Giỏ mây đan tay", "Hand-woven rattan basket", "nha", 350, "S M L", "", 700),
    _f("tham-coi", "Thảm cói Kim Sơn", "Kim Sơn sedge rug", "nha", 750, "90cm 120cm", "", 2500),
    _f("goi-tua", "Gối tựa thổ cẩm", "Brocade cushion", "nha", 330, "", "do reu", 600),
    _f("tra-sen", "Trà sen Tây Hồ", "West Lake lotus tea", "cham-soc", 420, "50g 100g", "", 150),
    _f("xa-phong-dua", "Xà phòng dừa Bến Tre", "Bến Tre coconut soap", "cham-soc", 69, "", "", 110),
    _f("tinh-dau-buoi", "Tinh dầu bưởi", "Pomelo essential oil", "cham-soc", 185, "10ml 30ml", "", 90),
    _f("kem-duong-da", "Kem dưỡng da hoa sen", "Lotus hand cream", "cham-soc", 159, "30ml 75ml", "", 120),
    _f("son-duong", "Son dưỡng có màu", "Tinted lip balm", "cham-soc", 145, "", "hong do", 30),
    _f("dau-goi-bo-ket", "Dầu gội bồ kết", "Soapberry shampoo", "cham-soc", 199, "250ml 500ml", "", 560),
    _f("muoi-tam", "Muối tắm thảo dược", "Herbal bath salt", "cham-soc", 129, "", "", 400),
]

# How many variants the shop opens with.
WANTED = 400


def make_catalog(*, now: datetime, random: Random) -> list[Variant]:
    """Categories, products, variants and their prices since 120 days; returns the variants."""
    since = now - timedelta(days=120)
    categories = {
        code: Category.objects.create(code=code, name_vi=vi, name_en=en, tax_rate=tax)
        for code, vi, en, _parent, tax in CATEGORIES
    }
    variants: list[Variant] = []
    prices: list[Price] = []
    for family in _enough_families():
        product = Product.objects.create(
            handle=family.handle,
            name_vi=family.vi,
            name_en=family.en,
            vendor="Mây",
            category=categories[family.category],
            option_names=[*(["Size"] if family.sizes else []), *(["Màu"] if family.colours else [])],
            created_at=since,
        )
        for size in family.sizes or ("",):
            for colour in family.colours or ("",):
                if len(variants) == WANTED:
                    break
                variant = _variant(product, family, size, colour, len(variants), since)
                variants.append(variant)
                prices.append(_price(variant, family, size, since))
    Variant.objects.bulk_create(variants)
    Price.objects.bulk_create(prices)
    return variants


def make_stock(*, variants: list[Variant], sold: dict[tuple[int, int], int], now: datetime, random: Random) -> None:
    """What every location received before the trade began: what it sold since and what lies there today."""
    since = now - timedelta(days=100)
    moves = []
    for location in Location.objects.all():
        warehouse = location.kind == Location.Kind.WAREHOUSE
        for variant in variants:
            left = random.randint(30, 80) if warehouse else random.choice([0, 2, 4, 6, 8, 10, 12, 15])
            quantity = left + sold.get((variant.pk, location.pk), 0)
            if quantity:
                moves.append(
                    Movement(
                        variant=variant,
                        location=location,
                        quantity=quantity,
                        reason=Movement.Reason.RECEIPT,
                        source_kind="opening",
                        source=location.code,
                        moved_by="setup",
                        moved_at=since,
                    )
                )
    Movement.objects.bulk_create(moves, batch_size=2000)
    StockLevel.objects.filter(location__kind=Location.Kind.STORE, variant__product__category__code="tui-giay").update(
        safety=1
    )


def make_promotions(*, now: datetime) -> None:
    """What runs in the shop today: automatic ones of several kinds, and one that a coupon opens."""
    since, until = now - timedelta(days=7), now + timedelta(days=60)

    def promotion(code: str, kind: str, vi: str, en: str, **fields: object) -> Promotion:
        return Promotion.objects.create(
            code=code,
            kind=kind,
            name_vi=vi,
            name_en=en,
            valid_from=since,
            valid_until=until,
            created_at=since,
            **fields,
        )

    promotion(
        "he-ao-thun",
        "percent_off",
        "Áo thun ngày hè",
        "Summer T-shirts",
        params={"percent": 15},
        conditions={"skus": list(Variant.objects.filter(sku__startswith="AO-THUN").values_list("sku", flat=True))},
        stacking=Promotion.Stacking.COMBINABLE,
        priority=10,
    )
    promotion(
        "nha-dep",
        "percent_off",
        "Nhà đẹp đón khách",
        "Home, sweet home",
        params={"percent": 10},
        conditions={"categories": ["nha"]},
        stacking=Promotion.Stacking.COMBINABLE,
        priority=10,
    )
    promotion(
        "don-lon",
        "spend_threshold",
        "Đơn lớn",
        "Big basket",
        params={"spend": 1_500_000, "amount": 100_000},
        stacking=Promotion.Stacking.COMBINABLE,
        priority=5,
    )
    promotion(
        "giao-mien-phi",
        "free_delivery",
        "Giao hàng tận nhà",
        "To your door",
        conditions={"min_spend": 500_000},
        stacking=Promotion.Stacking.COMBINABLE,
        priority=1,
    )
    welcome = promotion(
        "chao-ban-moi",
        "order_amount_off",
        "Chào bạn mới",
        "Welcome",
        params={"amount": 50_000},
        conditions={"min_spend": 300_000},
        needs_coupon=True,
        stacking=Promotion.Stacking.COMBINABLE,
        priority=3,
    )
    Coupon.objects.create(
        code="CHAOBAN", promotion=welcome, max_uses=None, max_uses_per_customer=1, valid_until=until, created_at=since
    )


def _enough_families() -> list[Family]:
    """The families, and again in a second season where they alone make too few variants."""
    count = sum(max(len(f.sizes), 1) * max(len(f.colours), 1) for f in FAMILIES)
    if count >= WANTED:
        return FAMILIES
    season = [
        Family(
            f"{f.handle}-2",
            f"{f.vi} – mùa mới",
            f"{f.en}, new season",
            f.category,
            f.price + 30_000,
            f.sizes,
            f.colours,
            f.grams,
        )
        for f in FAMILIES
    ]
    return FAMILIES + season


def _variant(product: Product, family: Family, size: str, colour: str, index: int, since: datetime) -> Variant:
    options = {}
    if size:
        options["Size"] = size
    if colour:
        options["Màu"] = COLOURS[colour][0]
    sku = "-".join(part for part in (family.handle, size, colour) if part).upper()
    body = f"8938{index + 10_000_000:08d}"
    gtin = f"{body}{check_digit(body)}"
    words = [family.vi, family.en, sku, gtin, *options.values(), COLOURS[colour][1] if colour else "", family.category]
    return Variant(
        sku=sku,
        gtin=gtin,
        product=product,
        options=options,
        weight_grams=family.grams,
        shelf=f"{'ABCDEF'[index % 6]}{index // 6 % 30 + 1:02d}",
        search_text=fold(" ".join(words)),
        created_at=since,
    )


def _price(variant: Variant, family: Family, size: str, since: datetime) -> Price:
    dearer = (
        0 if not family.sizes else family.sizes.index(size) * (0 if size in SIZES else family.price // 20_000 * 1000)
    )
    amount = family.price + dearer
    return Price(
        variant=variant,
        currency="VND",
        amount=amount,
        compare_at=amount + 100_000 if family.category == "nu" and amount > 700_000 else None,
        floor=amount // 2,
        valid_from=since,
        reason="Opening price",
        changed_by="setup",
        created_at=since,
    )
