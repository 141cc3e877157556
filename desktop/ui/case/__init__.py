"""One case or file: facts, clocks, an append-only timeline, referrals and each try to reach them."""
