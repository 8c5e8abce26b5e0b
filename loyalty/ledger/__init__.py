"""The ledger's own machinery: accounts are found or made, locked, posted to; lots are taken and restored.

Nothing here knows why points move. Use cases lock a member's accounts, look at their lots, `post`, and then say
which lots the entries took or made.
"""
