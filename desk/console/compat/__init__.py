"""The routes that programs of two earlier systems call, in their forms: read from our journal, ordered our way.

What differs from those systems: an order needs an Idempotency-Key, a size that comes to nothing is refused and never
"all", an account must be named where there are several, and only what was bought by hand here is sold by hand. A price
is a limit, whatever the type beside it says. A signed order's signature is its key, unless it says one.
"""
