"""The outside world of a first run, in a process of its own: other people's shops, a mail server, an SMS gateway.

It shares nothing with the shop: no settings, no database, no Django. What is pushed there is really sent, may
really fail, and is read back from its own storage.
"""
