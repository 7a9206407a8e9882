"""Speed, as ratios against a peer or against the machine's own limit in the same run: `make bench`."""
