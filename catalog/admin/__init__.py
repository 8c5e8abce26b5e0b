"""The catalog in the desk: what is sold, its prices and promotions, its stock and why it is what it is."""

from catalog.admin import pricing, products, stock

__all__ = ["pricing", "products", "stock"]
