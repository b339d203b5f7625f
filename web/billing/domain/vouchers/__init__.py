"""Gift vouchers: bought like anything else, and money in our own books until they are used."""
