"""The pages of the outside world: its shops, and the inbox where a demo's customers read their messages."""

from html import escape

from omni.embedded.peer.answers import Answer, Refused, Request
from omni.embedded.peer.store import Row, Store

WORDS = {
    "vi": {
        "world": "Thế giới bên ngoài",
        "world_hint": "Các cửa hàng này chỉ biết những gì hệ thống bán hàng gửi sang.",
        "inbox": "Hộp thư",
        "inbox_hint": "Tin nhắn và thư mà khách hàng nhận được, mới nhất ở trên.",
        "empty": "Chưa có gì ở đây.",
        "sms": "Tin nhắn",
        "mail": "Thư",
        "to": "Đến",
        "shop": "Cửa hàng",
        "buy": "Đặt mua",
        "left": "Còn {0}",
        "out": "Hết hàng",
        "name": "Họ tên",
        "phone": "Điện thoại",
        "email": "E-mail",
        "address": "Địa chỉ giao hàng",
        "quantity": "Số lượng",
        "thanks": "Cảm ơn bạn! Mã đơn hàng: {0}",
        "more": "Xem tiếp",
        "other": "English",
    },
    "en": {
        "world": "The world outside",
        "world_hint": "These shops know only what the back office sends them.",
        "inbox": "Inbox",
        "inbox_hint": "Text messages and e-mails that customers received, newest first.",
        "empty": "Nothing here yet.",
        "sms": "SMS",
        "mail": "E-mail",
        "to": "To",
        "shop": "Shop",
        "buy": "Order",
        "left": "{0} left",
        "out": "Sold out",
        "name": "Name",
        "phone": "Phone",
        "email": "E-mail",
        "address": "Delivery address",
        "quantity": "Quantity",
        "thanks": "Thank you! Your order: {0}",
        "more": "Show more",
        "other": "Tiếng Việt",
    },
}

STYLE = """
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1c2430;background:#f5f6f8}
header{background:#fff;border-bottom:1px solid #dfe3e8;padding:14px 20px;display:flex;gap:16px;align-items:center}
header strong{font-size:18px;margin-right:auto}a{color:#0a5bd3}main{max-width:1100px;margin:0 auto;padding:20px}
.hint{color:#566072;margin:0 0 16px}
.grid{display:grid;gap:14px;grid-template-columns:repeat(auto-fill,minmax(230px,1fr))}
.card{background:#fff;border:1px solid #dfe3e8;border-radius:10px;padding:14px;overflow-wrap:anywhere}
.card h2{font-size:16px;margin:0 0 2px}.sku{color:#566072;font-size:13px}.price{font-weight:700;font-size:18px}
s{color:#566072;font-weight:400;font-size:14px}.out{color:#b3261e}.in{color:#1a7f37}
input,button{font:inherit;width:100%;min-height:44px;padding:8px 10px;border-radius:8px;border:1px solid #b9c1cc}
button{background:#0a5bd3;color:#fff;border:0;margin-top:8px;cursor:pointer}
label{display:block;font-size:13px;margin-top:6px}
details{margin-top:10px}
summary{cursor:pointer;color:#0a5bd3;padding:8px 0}.thanks{background:#e3f4e8;border-color:#1a7f37}
pre{white-space:pre-wrap;font:inherit;margin:8px 0 0}
iframe{width:100%;height:320px;border:1px solid #dfe3e8;border-radius:8px}
.list .card{margin-bottom:14px}
"""


def front(store: Store, request: Request) -> Answer:
    words = WORDS[request.speaks]
    shops = "".join(
        f'<a class="card" href="/shops/{escape(code)}/?lang={request.speaks}">{words["shop"]} '
        f"<strong>{escape(_name(store, code))}</strong></a>"
        for code in store.shops()
    )
    body = f'<p class="hint">{words["world_hint"]}</p><div class="grid">{shops or words["empty"]}</div>'
    return Answer(200, _page(request, words["world"], body))


def inbox(store: Store, request: Request) -> Answer:
    words = WORDS[request.speaks]
    received = [("sms", row) for row in store.messages("sms")] + [("mail", row) for row in store.messages("mail")]
    received.sort(key=lambda pair: (pair[1]["received_at"], pair[1]["number"]), reverse=True)
    cards = "".join(_message(words, kind, row) for kind, row in received[:200])
    body = f'<p class="hint">{words["inbox_hint"]}</p><div class="list">{cards or words["empty"]}</div>'
    return Answer(200, _page(request, words["inbox"], body))


def storefront(store: Store, request: Request) -> Answer:
    """What this shop shows, with an order form at each product that can be bought."""
    if store.settings(request.code) is None:
        raise Refused(404, "no_such_shop")
    words = WORDS[request.speaks]
    offers = store.offers(request.code, after=request.first("after"), limit=60)
    body = "".join(_offer(request, words, offer) for offer in offers)
    ordered = request.first("ordered")
    thanks = f'<p class="card thanks">{words["thanks"].format(escape(ordered))}</p>' if ordered else ""
    more = ""
    if len(offers) == 60:
        after = escape(str(offers[-1]["sku"]))
        more = f'<p><a href="?lang={request.speaks}&amp;after={after}">{words["more"]}</a></p>'
    body = f'{thanks}<div class="grid">{body or words["empty"]}</div>{more}'
    return Answer(200, _page(request, _name(store, request.code), body))


def _offer(request: Request, words: dict[str, str], offer: Row) -> str:
    currency, price, promoted = offer["currency"], offer["price"], offer.get("promotion_price")
    shown = _money(price if promoted is None else promoted, currency, request.speaks)
    before = f" <s>{_money(price, currency, request.speaks)}</s>" if promoted is not None else ""
    can_buy = offer["sellable"] and offer["atp"] > 0
    state = (
        f'<span class="in">{words["left"].format(offer["atp"])}</span>'
        if can_buy
        else (f'<span class="out">{words["out"]}</span>')
    )
    form = _form(request, words, str(offer["sku"])) if can_buy else ""
    return (
        f'<article class="card"><h2>{escape(title(offer, request.speaks))}</h2>'
        f'<div class="sku">{escape(offer["sku"])}</div>'
        f'<div class="price">{shown}{before}</div>{state}{form}</article>'
    )


def _form(request: Request, words: dict[str, str], sku: str) -> str:
    fields = "".join(
        f'<label>{words[name]}<input name="{name}" type="{kind}" {more}></label>'
        for name, kind, more in (
            ("quantity", "number", 'value="1" min="1" required'),
            ("name", "text", 'required autocomplete="name"'),
            ("phone", "tel", 'required autocomplete="tel"'),
            ("email", "email", 'autocomplete="email"'),
            ("address", "text", 'autocomplete="street-address"'),
        )
    )
    return (
        f"<details><summary>{words['buy']}</summary>"
        f'<form method="post" action="/shops/{escape(request.code)}/orders?lang={request.speaks}">'
        f'<input type="hidden" name="sku" value="{escape(sku)}">{fields}'
        f"<button>{words['buy']}</button></form></details>"
    )


def _message(words: dict[str, str], kind: str, row: Row) -> str:
    title = escape(row["subject"]) if kind == "mail" else words["sms"]
    html = row.get("html")
    # Somebody else's HTML runs nothing here: the frame is sandboxed.
    frame = (
        f'<details><summary>HTML</summary><iframe sandbox srcdoc="{escape(html)}"></iframe></details>' if html else ""
    )
    return (
        f'<article class="card"><h2>{title}</h2><div class="sku">{words[kind]} · {words["to"]}: {escape(row["to"])} · '
        f'<time datetime="{row["received_at"]}">{row["received_at"][:19].replace("T", " ")} UTC</time></div>'
        f"<pre>{escape(row['text'])}</pre>{frame}</article>"
    )


def title(offer: Row, language: str) -> str:
    """The product's name in a language, or in the other where it has none, with what distinguishes the variant."""
    names = offer["name"]
    name = names.get(language) or names.get("vi") or names.get("en") or offer["sku"]
    options = " / ".join(str(value) for value in (offer.get("options") or {}).values())
    return f"{name} ({options})" if options else str(name)


def _name(store: Store, code: str) -> str:
    return str((store.settings(code) or {}).get("name") or code)


def _money(amount: int | None, currency: str, language: str) -> str:
    if amount is None:
        return "–"
    if currency == "VND":
        grouped = f"{amount:,}"
        return f"{grouped.replace(',', '.')} ₫" if language == "vi" else f"₫{grouped}"
    return f"{amount / 100:,.2f} {escape(currency)}"


def _page(request: Request, title: str, body: str) -> str:
    words, other = WORDS[request.speaks], "en" if request.speaks == "vi" else "vi"
    return (
        f'<!doctype html><html lang="{request.speaks}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><header><strong>{escape(title)}</strong>"
        f'<a href="/?lang={request.speaks}">{words["world"]}</a>'
        f'<a href="/inbox?lang={request.speaks}">{words["inbox"]}</a>'
        f'<a href="?lang={other}" lang="{other}">{words["other"]}</a></header><main>{body}</main></body></html>'
    )
