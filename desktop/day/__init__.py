"""One day at the hotline, lived by real desks and a real centre, and the checker that trusts none of them."""
