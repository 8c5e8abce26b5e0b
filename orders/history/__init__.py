"""The second door for a whole year at once: sales of another system, written down as they were.

A file goes through these steps: a format reads its lines (`formats`, one file each), `staging` copies them into a
table, `masters` makes the customers and variants that are missing, `sales` and `returns` write the documents in
chunks, `result` counts. `importing` holds them together. History moves no stock, points, coupons or channels.
"""
